import { MetalayerError } from "../../sdk/src/errors.ts";
import type { Part, World } from "./world.ts";

/** A part that breaks off is a failed check; the others go on. */
export async function tryPart<T>(world: World, part: Part, task: () => Promise<T>): Promise<T | undefined> {
  try {
    return await task();
  } catch (error) {
    if (world.signal.aborted) throw error;
    const code = error instanceof MetalayerError ? `${error.code}: ` : "";
    const detail = `${code}${error instanceof Error ? error.message : String(error)}`;
    world.check(part, "the part ran to its end", false, detail);
    return undefined;
  }
}
