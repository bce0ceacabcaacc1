import { expect } from "chai";
import { CLASS_FAST, CLASS_FINAL } from "../../sdk/src/fact.ts";
import type { FactClass } from "../../sdk/src/fact.ts";
import type { Faults } from "../../scripts/devnet/faults.ts";
import { openChain, rollupSchema } from "../../scripts/network/config.ts";
import type { AnvilNetwork, AnvilRollup } from "../helpers/daemonNetwork.ts";
import { sendMessages, startAnvilNetwork } from "../helpers/daemonNetwork.ts";
import type { Fleet } from "../helpers/guardianFleet.ts";
import { createFleet } from "../helpers/guardianFleet.ts";
import { commitBody, laneFact, post } from "./asking.ts";

/** Every way in which an RPC endpoint can fail, for one or for two of a guardian's three. */
const FAULTS: Readonly<Record<string, Partial<Faults>>> = {
  "is cut off": { cut: true },
  hangs: { hang: true },
  "answers errors": { errors: 1 },
  "answers HTTP 503": { httpStatus: 503 },
  "serves another chain": { chainId: 1 },
  "forges block hashes": { lies: ["blockHash"] },
  "claims a head far ahead": { lies: ["head"] },
  "lags five blocks": { lagBlocks: 5 },
};

/** Faults in logs alone: they carry no vote, because the hash chain shows them to be wrong. */
const LOG_FAULTS: Readonly<Record<string, Partial<Faults>>> = {
  "leaves out logs": { dropLogs: 1 },
  "forges logs": { lies: ["logs"] },
  "takes one block of logs at a time": { maxLogRange: 1 },
};

describe("EXPLOITS 38: guardian with failing endpoints", function () {
  this.timeout(60_000);
  let network: AnvilNetwork;
  let fleet: Fleet;
  let a: AnvilRollup;
  let b: AnvilRollup;

  before(async () => {
    network = await startAnvilNetwork({ rollups: 2, guardians: 4, blockTimeMs: 50 });
    [a, b] = network.rollups as [AnvilRollup, AnvilRollup]; // CAST: two were asked for
    fleet = await createFleet(network, { rpcTimeoutMs: 1_000, followEveryMs: 60_000, burst: 1_000 });
    await fleet.start(0);
  });

  afterEach(() => {
    for (const proxy of a.proxies) proxy.heal();
  });

  after(async () => {
    await fleet.close();
    await network.close();
  });

  /** Sends one more message and asks the guardian about it. */
  async function ask(faults: Partial<Faults>, faulty: number, factClass: FactClass): Promise<string> {
    const from = (await a.gateway.outLane(b.chainId)).nonce;
    await sendMessages(a, b, ["0x01"]);
    await a.mine(factClass === CLASS_FAST ? 1 : 4);
    const fact = await laneFact(network, a, b, { class: factClass, from, to: from + 1n });
    for (const proxy of a.proxies.slice(0, faulty)) proxy.set(faults);
    const answer = await post(fleet.seats[0]?.url ?? "", "/v1/commit", commitBody([fact]));
    return answer.status === 200 ? "signs" : String(answer.body["code"]);
  }

  for (const [what, faults] of Object.entries(FAULTS)) {
    it(`signs when one of three ${what}`, async () => {
      expect([await ask(faults, 1, CLASS_FINAL), await ask(faults, 1, CLASS_FAST)]).to.deep.equal(["signs", "signs"]);
    });

    it(`refuses when two of three: each ${what}`, async () => {
      const codes = [await ask(faults, 2, CLASS_FINAL), await ask(faults, 2, CLASS_FAST)];
      // A false claim about the newest block has no part in a fact about a block that all have.
      const harmless = faults.lies?.includes("head") ? ["signs"] : [];
      expect(codes[0]).to.be.oneOf(["QUORUM_NOT_REACHED", "FACT_NOT_FINAL", "RPC_ALL_FAILED", "FINALITY_NONE"]);
      expect(codes[1]).to.be.oneOf(["QUORUM_NOT_REACHED", "RPC_ALL_FAILED", ...harmless]);
    });
  }

  for (const [what, faults] of Object.entries(LOG_FAULTS)) {
    it(`signs when two of three: each ${what}`, async () => {
      expect([await ask(faults, 2, CLASS_FINAL), await ask(faults, 2, CLASS_FAST)]).to.deep.equal(["signs", "signs"]);
    });
  }

  it("refuses when no endpoint gives the logs, and signs when one does again", async () => {
    expect(await ask({ dropLogs: 1 }, 3, CLASS_FINAL)).to.equal("LOGS_UNCONFIRMED");
    for (const proxy of a.proxies) proxy.heal();
    expect(await ask({}, 0, CLASS_FINAL)).to.equal("signs");
  });

  it("one rollup's outage does not keep it from signing about another", async () => {
    await sendMessages(b, a, ["0x01"]);
    await b.mine(4);
    for (const proxy of a.proxies) proxy.set({ hang: true });
    const fact = await laneFact(network, b, a);
    const answer = await post(fleet.seats[0]?.url ?? "", "/v1/commit", commitBody([fact]));
    expect(answer.status).to.equal(200);
  });

  it("no settings express a quorum of a minority, of none, or of one endpoint listed twice", () => {
    const settings = { ...a.settings, rpc: a.proxies.map(({ url }) => url) };
    for (const agree of [1, 4]) {
      expect(() => openChain(rollupSchema.parse({ ...settings, agree })))
        .to.throw()
        .with.property("code", "CONFIG_QUORUM");
    }
    const twice = { ...settings, rpc: [a.proxies[0]?.url, a.proxies[0]?.url, a.proxies[1]?.url] };
    expect(() => openChain(rollupSchema.parse(twice)))
      .to.throw()
      .with.property("code", "CONFIG_QUORUM");
    expect(rollupSchema.safeParse({ ...settings, agree: 0 }).success).to.equal(false);
  });
});
