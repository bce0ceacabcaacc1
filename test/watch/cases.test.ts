import { expect } from "chai";
import { CLASS_FAST, CLASS_FINAL } from "../../sdk/src/fact.ts";
import { leastNeeded, type Case, type OpenCharge } from "../../scripts/watch/cases.ts";

type Told = readonly [key: string, factClass: number, ...progress: OpenCharge["progress"][]];

describe("watchtower: which case it forgets when there are too many", () => {
  function forgotten(...told: readonly Told[]): string {
    const cases = told.map(([key, factClass, ...progress]): [string, Case] => {
      const charges = progress.map((each) => ({ progress: each }));
      const some = { key, seen: [{ fact: { class: factClass } }], charges };
      return [key, some as unknown as Case]; // CAST: what it looks at
    });
    return leastNeeded(new Map(cases));
  }

  it("forgets the oldest in which nothing is left to do, on whichever rollup", () => {
    const settled: Told = ["b", CLASS_FINAL, "settled", "refused"];
    expect(forgotten(["a", CLASS_FAST, "open"], settled, ["c", CLASS_FINAL, "settled"])).to.equal("b");
    expect(forgotten(["a", CLASS_FINAL, "settled", "open"], ["b", CLASS_FINAL, "refused"])).to.equal("b");
  });

  it("keeps a final lie whose stake is not settled, however many fast ones follow it", () => {
    const lie: Told = ["lie", CLASS_FINAL, "convicted", "open"];
    const flood = Array.from({ length: 1_000 }, (_, index): Told => [`fast ${index}`, CLASS_FAST, "open"]);
    expect(forgotten(lie, ...flood)).to.equal("fast 0");
  });

  it("forgets the oldest of all only if every one may still cost stake", () => {
    expect(forgotten(["a", CLASS_FINAL, "open"], ["b", CLASS_FINAL, "open"])).to.equal("a");
  });
});
