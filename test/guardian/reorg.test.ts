import { copyFileSync } from "node:fs";
import { expect } from "chai";
import { CLASS_FAST } from "../../sdk/src/fact.ts";
import { openRecord } from "../../scripts/guardian/record.ts";
import { guardianKey } from "../../scripts/guardian/keystore.ts";
import type { AnvilNetwork, AnvilRollup } from "../helpers/daemonNetwork.ts";
import { devWallet, guardianSecret, reorg, sendMessages, startAnvilNetwork, until } from "../helpers/daemonNetwork.ts";
import type { Fleet } from "../helpers/guardianFleet.ts";
import { createFleet } from "../helpers/guardianFleet.ts";
import type { Answer } from "./asking.ts";
import { commitBody, laneFact, post } from "./asking.ts";

describe("C18: guardian and reorganised sources", function () {
  this.timeout(60_000);
  let network: AnvilNetwork;
  let fleet: Fleet;
  let a: AnvilRollup;
  let b: AnvilRollup;

  const snapshots = new Map<AnvilRollup, unknown>();

  before(async () => {
    network = await startAnvilNetwork({ rollups: 2, guardians: 4, blockTimeMs: 50, finalityBlocks: 3 });
    [a, b] = network.rollups as [AnvilRollup, AnvilRollup]; // CAST: two were asked for
  });

  beforeEach(async () => {
    for (const rollup of network.rollups) snapshots.set(rollup, await rollup.anvil.rpc("evm_snapshot"));
    // No reorg reaches down to the snapshot.
    await a.mine(12);
    fleet = await createFleet(network, { followEveryMs: 100, burst: 1_000 });
    await fleet.start(0);
  });

  afterEach(async () => {
    await fleet.close();
    for (const [rollup, snapshot] of snapshots) await rollup.anvil.rpc("evm_revert", snapshot);
  });

  after(() => network.close());

  /** Asks again while the guardian has only not looked since the last block. */
  const ask = async (fact: Awaited<ReturnType<typeof laneFact>>): Promise<Answer> => {
    for (let left = 200; ; left--) {
      const answer = await post(fleet.seats[0]?.url ?? "", "/v1/commit", commitBody([fact]));
      if (answer.body["code"] !== "FACT_NOT_FINAL" || left === 0) return answer;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };

  it("signs about a soft head, refuses that block once it is gone, and signs about the one in its place", async () => {
    await sendMessages(a, b, ["0x01"]);
    await a.mine();
    const lost = await laneFact(network, a, b, { class: CLASS_FAST });
    expect((await ask(lost)).status).to.equal(200);
    await reorg(a, 1);
    await until("it refuses the block", async () => (await ask(lost)).body["code"] === "QUORUM_NOT_REACHED");
    await sendMessages(a, b, ["0x02"], { account: 5 });
    await a.mine();
    const found = await laneFact(network, a, b, { class: CLASS_FAST });
    expect(found.hash).not.to.equal(lost.hash);
    expect((await ask(found)).status).to.equal(200);
    await a.mine(4);
    expect((await ask(await laneFact(network, a, b))).status).to.equal(200);
    expect((await ask(lost)).status).not.to.equal(200);
  });

  for (const depth of [1, 3, 4, 8]) {
    const isDeep = depth > 3;
    it(`a reorg of ${depth} blocks with finality 3 blocks deep ${isDeep ? "halts the rollup until it is resumed" : "changes nothing"}`, async () => {
      await sendMessages(a, b, ["0x01", "0x02"]);
      await a.mine(9);
      const signed = await laneFact(network, a, b, { to: 1n });
      expect((await ask(signed)).status).to.equal(200);
      await untilFollowed();
      const nonce = await a.provider.getTransactionCount(devWallet(3));
      await reorg(a, depth);
      await sendMessages(a, b, ["0x03"], { account: 5 });
      await a.mine(12);
      const after = await laneFact(network, a, b);
      const answer = await ask(after);
      if (!isDeep) {
        expect(answer.status, JSON.stringify(answer.body)).to.equal(200);
        expect(await a.provider.getTransactionCount(devWallet(3))).to.be.lte(nonce);
        return;
      }
      expect(answer.body["code"]).to.equal("ROLLUP_HALTED");
      await fleet.stop(0);
      await fleet.start(0);
      expect((await ask(signed)).body["code"]).to.equal("ROLLUP_HALTED");
      await fleet.stop(0);
      resume();
      await fleet.start(0);
      // What it signed was sent before the blocks that went: it stands, and the rest is read anew.
      expect((await ask(after)).status).to.equal(200);
    });
  }

  it("after a deep reorg that removed what it signed, resuming does not make it contradict itself", async () => {
    await sendMessages(a, b, ["0x01"]);
    await a.mine(6);
    const signed = await laneFact(network, a, b);
    expect((await ask(signed)).status).to.equal(200);
    await untilFollowed();
    await reorg(a, 7);
    await sendMessages(a, b, ["0x02"], { account: 5 });
    await a.mine(12);
    const other = await laneFact(network, a, b);
    expect(other.hash).not.to.equal(signed.hash);
    expect((await ask(other)).body["code"]).to.equal("ROLLUP_HALTED");
    await fleet.stop(0);
    resume();
    await fleet.start(0);
    expect((await ask(other)).status).not.to.equal(200);
  });

  it("R24 restored from an older copy of its record it signs nothing, and says why", async () => {
    const seat = fleet.seats[0];
    if (seat === undefined) throw new Error("no guardian");
    await sendMessages(a, b, ["0x01"]);
    await a.mine(5);
    const fact = await laneFact(network, a, b);
    await fleet.stop(0);
    copyFileSync(seat.recordFile, `${seat.recordFile}.backup`);
    await fleet.start(0);
    expect((await ask(fact)).status).to.equal(200);
    await fleet.stop(0);
    copyFileSync(`${seat.recordFile}.backup`, seat.recordFile);
    await fleet.start(0);
    const answer = await ask(fact);
    expect(answer.body["code"]).to.equal("ROLLUP_HALTED");
    expect(String(answer.body["message"])).to.contain("restored from an older copy");
    expect((await fetch(new URL("/readyz", seat.url))).status).to.equal(503);
  });

  /** Until the guardian has seen the newest final block. */
  async function untilFollowed(): Promise<void> {
    const final = (await a.provider.getBlockNumber()) - 3;
    await until("the guardian follows", () => {
      const info = fleet.seats[0]?.service?.guardian.info();
      return info?.rollups.find(({ chainId }) => chainId === a.chainId)?.finalBlock === final;
    });
  }

  function resume(): void {
    const seat = fleet.seats[0];
    const key = guardianKey(guardianSecret(0)).hex;
    const record = openRecord(seat?.recordFile ?? "", { networkId: network.networkId, key });
    expect(record.resume(BigInt(a.settings.chainId))).to.equal(true);
    record.close();
  }
});
