import { MetalayerError } from "../../sdk/src/errors.ts";

/** Code of the error that `action` throws; any other outcome is a failure of the test. */
export function refusalCode(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof MetalayerError) return error.code;
    throw error;
  }
  throw new Error("expected a refusal, but nothing was thrown");
}
