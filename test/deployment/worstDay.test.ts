import { readFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { DEFAULT_LIMITS } from "../../deploy/params/defaults.ts";
import { WEI_PER_ERA } from "../../sdk/src/deployment/parameters.ts";

/** Fee units are 1e-9 ERA. */
const UNITS_PER_ERA = 10n ** 9n;

/** Most that leaves one rollup, and most that all lose together, in 24 hours in which every guardian key is a thief's; whole ERA. */
function worstDay(rollups: bigint): { readonly one: bigint; readonly all: bigint; readonly fees: bigint } {
  const { ceiling, eraCapacity, feeCapacity } = DEFAULT_LIMITS;
  const destinations = rollups - 1n;
  const share = ceiling / destinations;
  // A full bucket, and what flows into it in a day; the share, and what of it decays in a day.
  const speed = 2n * eraCapacity;
  const exposure = share + share / 30n;
  const perDestination = speed < exposure ? speed : exposure;
  const fromHome = destinations * speed;
  const one = destinations * perDestination;
  const fees = destinations * rollups * 2n * (feeCapacity / UNITS_PER_ERA);
  return { one: one / WEI_PER_ERA, all: (fromHome + destinations * one) / WEI_PER_ERA, fees };
}

describe("docs/security.md", () => {
  const text = readFileSync(path.resolve(import.meta.dirname, "../../docs/security.md"), "utf8");

  for (const rollups of [3n, 5n, 8n]) {
    it(`EXPLOITS 14 names what a day with all guardian keys stolen costs at most on ${rollups} rollups with the default limits`, () => {
      const { one, all, fees } = worstDay(rollups);
      const cells = [rollups, one, all, fees].map((value) => value.toLocaleString("en-US"));
      expect(text).to.contain(`| ${cells.join(" | ")} |`);
      expect(one * WEI_PER_ERA <= (DEFAULT_LIMITS.ceiling * 31n) / 30n).to.equal(true);
    });
  }
});
