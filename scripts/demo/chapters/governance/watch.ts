import { governanceOf } from "../../../cli/governance/contracts.ts";
import type { Part, Site, World } from "../../world.ts";

/** A step of the chapter and how long it took. */
export interface TimedStep {
  readonly what: string;
  readonly seconds: number;
}

/** Measures steps one after the other. What goes on at the same time is measured by a branch. */
export class Watch {
  readonly steps: TimedStep[];
  #last = performance.now();

  constructor(steps: TimedStep[] = []) {
    this.steps = steps;
  }

  /** Its first step begins now; all steps are kept together. */
  branch(): Watch {
    return new Watch(this.steps);
  }

  /** Ends the step that is under way. */
  mark(world: World, part: Part, what: string): void {
    const now = performance.now();
    const seconds = (now - this.#last) / 1_000;
    this.#last = now;
    this.steps.push({ what, seconds });
    world.note(part, `${what} (${seconds.toFixed(1)} s)`);
  }
}

/** Governance's contracts of a site, for reading and for calldata. */
export function governanceAt({ connection }: Site) {
  return governanceOf(connection.description, connection.provider);
}

/** Seconds since 1970 by the rollup's own clock. */
export async function timeOf({ connection }: Site): Promise<bigint> {
  const block = await connection.provider.getBlock("latest");
  return BigInt(block?.timestamp ?? 0);
}
