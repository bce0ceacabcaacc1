import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { id } from "ethers";
import type { Address } from "../../sdk/src/bytes.ts";
import { createView } from "../../sdk/src/deployment/view.ts";
import { providerReader } from "../../sdk/src/deployment/view.ts";
import type { KeyPowers } from "../../deploy/takeover.ts";
import { isExecutionOpen, keysOf, readTakeover } from "../../deploy/takeover.ts";
import { deployOn, openNetwork } from "../helpers/deployedNetwork.ts";

const FILE = path.resolve("docs/takeover.md");
const [BEGIN, END] = ["<!-- begin: read from a deployment -->", "<!-- end -->"];
const DAY = 86_400n;
const SPONSOR: Address = `0x${id("sponsor").slice(26)}`;

describe("what a single stolen key can do", function () {
  this.timeout(180_000);
  const found = new Map<string, readonly KeyPowers[]>();

  before(async () => {
    const { rollups, parameters } = await openNetwork(["rollupA", "rollupB"], () => ({
      eraSponsor: SPONSOR,
    }));
    for (const [index, rollup] of rollups.entries()) {
      const { plan } = await deployOn(rollup, parameters);
      const view = createView(plan, providerReader(rollup.ethers.provider));
      expect(await isExecutionOpen(view)).to.equal(true);
      found.set(index === 0 ? "home" : "another rollup", await readTakeover(view, keysOf(view)));
    }
  });

  const within = (seconds: bigint): string[] =>
    [...found.values()].flatMap((keys) =>
      keys.flatMap(({ name, powers }) =>
        powers.filter(({ after }) => after < seconds).map(({ contract, call }) => `${name}: ${contract}.${call}`),
      ),
    );

  it("EXPLOITS 33 within a day it is only stopping, and prices within their bounds: nothing that moves ERA or stake, mints, replaces code or changes who may what", () => {
    expect([...new Set(within(DAY))]).to.deep.equal([
      "canceller: RollupTimelock.cancel",
      "pauser 1: MetalayerGateway.pause",
      "pauser 2: MetalayerGateway.pause",
      "price keeper: PriceKeeper.movePrices",
    ]);
  });

  it("EXPLOITS 32 the deployer's key is worth nothing, then and later", () => {
    for (const keys of found.values()) {
      expect(keys.find(({ name }) => name === "deployer")?.powers).to.deep.equal([]);
    }
  });

  it("docs/takeover.md says the same of every key on home and elsewhere", () => {
    const old = readFileSync(FILE, "utf8");
    const [before = "", after = ""] = [old.split(BEGIN)[0], old.split(END)[1]];
    const fresh = `${before}${BEGIN}\n\n${[...found].map(section).join("\n")}\n${END}${after}`;
    if (process.env["METALAYER_WRITE"] === "1") writeFileSync(FILE, fresh);
    expect(readFileSync(FILE, "utf8"), "renew it with METALAYER_WRITE=1").to.equal(fresh);
  });
});

function section([rollup, keys]: readonly [string, readonly KeyPowers[]]): string {
  const rows = keys.map(({ name, powers }) => {
    const said = (chosen: KeyPowers["powers"]): string =>
      chosen.map(({ contract, call }) => `${contract}.${call}`).join(", ");
    const later = powers
      .filter(({ after }) => after >= DAY)
      .map((power) => `${said([power])} after ${power.after / DAY} days`);
    return `| ${name} | ${said(powers.filter(({ after }) => after < DAY)) || "–"} | ${later.join(", ") || "–"} |`;
  });
  return [`### On ${rollup}`, "", "| key | within a day | later |", "|---|---|---|", ...rows, ""].join("\n");
}
