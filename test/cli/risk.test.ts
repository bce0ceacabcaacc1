import { expect } from "chai";
import { parseEther } from "ethers";
import { coalitions, exposureOf, sumOf, type InboundLimit } from "../../scripts/cli/exposure.ts";
import type { LocalNetwork } from "./localNetwork.ts";
import { startLocalNetwork } from "./localNetwork.ts";
import { run, runJson } from "./run.ts";

const ERA = 10n ** 18n;

describe("risk", () => {
  const limit: InboundLimit = {
    isHome: false,
    capacity: 100n * ERA,
    level: 40n * ERA,
    share: 600n * ERA,
    exposure: 0n,
    feeLevel: 3n * 10n ** 9n,
    feeCapacity: 10n * 10n ** 9n,
  };

  describe("exposureOf", () => {
    it("is bounded by the bucket: what is in it now, and what refills in a day", () => {
      expect(exposureOf(limit)).to.deep.equal({ now: 40n * ERA, day: 140n * ERA, fees: 13n * ERA });
    });

    it("is bounded by the source's share of its ceiling, a thirtieth of which comes back in a day", () => {
      const used = { ...limit, exposure: 590n * ERA };
      expect(exposureOf(used)).to.deep.include({ now: 10n * ERA, day: 30n * ERA });
      expect(exposureOf({ ...limit, exposure: 700n * ERA })).to.deep.include({ now: 0n, day: 20n * ERA });
    });

    it("knows no ceiling for home", () => {
      const used = { ...limit, isHome: true, exposure: 600n * ERA };
      expect(exposureOf(used)).to.deep.include({ now: 40n * ERA, day: 140n * ERA });
    });

    it("sums over sources", () => {
      const one = exposureOf(limit);
      expect(sumOf([one, one])).to.deep.equal({ now: 80n * ERA, day: 280n * ERA, fees: 26n * ERA });
      expect(sumOf([])).to.deep.equal({ now: 0n, day: 0n, fees: 0n });
    });
  });

  describe("coalitions", () => {
    it("counts the fewest that hold a third, and more than two thirds: two thirds are not enough to lie", () => {
      const table = [1n, 1n, 1n, 1n, 1n, 1n].map((weight, index) => ({ weight, stake: BigInt(index) }));
      expect(coalitions(table)).to.deep.equal({
        toHalt: { guardians: 2, weight: 2n, stake: 1n },
        toLie: { guardians: 5, weight: 5n, stake: 10n },
      });
    });

    it("begins with the heaviest, and has no one in an empty table", () => {
      const table = [10n, 30n, 20n, 40n].map((weight) => ({ weight, stake: weight }));
      expect(coalitions(table).toHalt).to.deep.equal({ guardians: 1, weight: 40n, stake: 40n });
      expect(coalitions(table).toLie).to.deep.equal({ guardians: 2, weight: 70n, stake: 70n });
      expect(coalitions([]).toLie.guardians).to.equal(0);
    });
  });

  describe("./metalayer risk on a local network", () => {
    let network: LocalNetwork;

    before(async () => {
      network = await startLocalNetwork(2);
    });

    after(async () => network.close());

    const at = (...argv: readonly string[]): readonly string[] => [...argv, "--network", network.file];

    interface Risk {
      readonly name: string;
      readonly guardians: number;
      readonly toHalt: { readonly guardians: number };
      readonly toLie: { readonly guardians: number; readonly weight: string; readonly stake: string };
      readonly atRisk: { readonly now: string; readonly day: string };
      readonly terms: { readonly fraction: string };
    }

    it("tells what a captured quorum could take in a day, and how many guardians make one", async () => {
      const { code, result } = await runJson<{ rollups: Risk[]; total: { day: string } }>(...at("risk"));
      expect(code).to.equal(0);
      const [a, b] = result.rollups;
      expect([a?.name, a?.guardians, a?.toHalt.guardians, a?.toLie]).to.deep.equal([
        ...["rollupA", 4, 2],
        { guardians: 3, weight: "3000", stake: "0" },
      ]);
      // 50,000,000 ERA in the bucket and as the share; from home the bucket alone, twice within a day.
      const [bucket, share] = [parseEther("50000000"), parseEther("50000000")];
      expect([a?.atRisk.now, a?.atRisk.day]).to.deep.equal([String(bucket), String(share + share / 30n)]);
      expect([b?.atRisk.now, b?.atRisk.day]).to.deep.equal([String(bucket), String(2n * bucket)]);
      expect(result.total.day).to.equal(String(share + share / 30n + 2n * bucket));
      expect(a?.terms.fraction).to.equal("1000000");
    });

    it("shows people tables", async () => {
      const { code, out } = await run(...at("risk"));
      expect(code).to.equal(0);
      expect(out).to.contain("151666666").and.to.contain("3 guardians").and.to.contain("all rollups");
    });
  });
});
