import path from "node:path";
import { expect } from "chai";
import { planFaults } from "../../scripts/bench/faults-plan.ts";
import { runFaults } from "../../scripts/bench/faults-run.ts";
import { FUZZ_SEED } from "../helpers/fuzz.ts";

const root = path.resolve(import.meta.dirname, "../..");

describe("faults", function () {
  this.timeout(900_000);
  const seed = FUZZ_SEED;

  it("come by a plan that the seed decides, with every kind in it", () => {
    const scope = { rollups: 3, endpointsPerNode: 3, services: ["guardian1", "relayer"], softBlocks: 3 };
    const plan = planFaults({ ...scope, seed: 1, steps: 8 });
    expect(planFaults({ ...scope, seed: 1, steps: 8 })).to.deep.equal(plan);
    expect(planFaults({ ...scope, seed: 2, steps: 8 })).not.to.deep.equal(plan);
    const kinds = new Set(plan.flat().map(({ kind }) => kind));
    expect([...kinds].sort()).to.deep.equal(["endpoint", "kill", "outage", "reorg", "restart"]);
  });

  it(`C16, C18, NEEDS 9, NEEDS 10, NEEDS 11: nothing is lost, doubled or stuck by kills, bad endpoints, reorgs and poison (seed ${seed})`, async () => {
    const notes: string[] = [];
    const { signal } = new AbortController();
    const report = await runFaults({ root, seed, steps: 10, signal, note: (text) => notes.push(text) });
    const failed = report.findings.filter(({ ok }) => !ok).map(({ what, detail }) => `${what}: ${detail}`);
    expect(failed, `seed ${seed}:\n${notes.join("\n")}`).to.deep.equal([]);
    expect(report.messages).to.be.greaterThan(0);
  });
});
