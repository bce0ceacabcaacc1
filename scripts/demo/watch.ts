import type { FindingTable } from "./chapter.ts";
import type { Part, World } from "./world.ts";

/** A step of a chapter: how long it took, and what its transactions cost. */
export interface TimedStep {
  readonly part: Part;
  readonly what: string;
  readonly seconds: number;
  readonly transactions: number;
  /** Of all its transactions together. */
  readonly gas: bigint;
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
  mark(world: World, part: Part, what: string, receipts: readonly { readonly gasUsed: bigint }[] = []): void {
    const now = performance.now();
    const seconds = (now - this.#last) / 1_000;
    this.#last = now;
    const gas = receipts.reduce((sum, { gasUsed }) => sum + gasUsed, 0n);
    this.steps.push({ part, what, seconds, transactions: receipts.length, gas });
    const cost = receipts.length === 0 ? "" : `, ${gas.toLocaleString("en")} gas`;
    world.note(part, `${what} (${seconds.toFixed(1)} s${cost})`);
  }
}

/** The steps with their gas, part by part. */
export function gasTable(title: string, steps: readonly TimedStep[], parts: readonly Part[]): FindingTable {
  const rows = parts.flatMap((part, index) =>
    steps
      .filter((step) => step.part === part)
      .map(({ what, seconds, transactions, gas }) => {
        const each = transactions === 0 ? "" : (gas / BigInt(transactions)).toLocaleString("en");
        return [`${index + 1}. ${what}`, `${seconds.toFixed(1)} s`, transactions === 0 ? "" : transactions, each];
      }),
  );
  return { title, head: ["step", "seconds", "transactions", "gas each"], rows };
}
