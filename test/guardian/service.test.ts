import { expect } from "chai";
import { attestationDigest } from "../../sdk/src/attestation.ts";
import type { Hex } from "../../sdk/src/bytes.ts";
import { CLASS_FAST, networkRoot } from "../../sdk/src/fact.ts";
import { openSession, sortEntries, verifyPartial } from "../../sdk/src/session.ts";
import { pointToHex, publicKey } from "../../sdk/src/schnorr.ts";
import type { GuardianClient } from "../../scripts/network/guardian-client.ts";
import { createGuardianClient } from "../../scripts/network/guardian-client.ts";
import { formatEvmAccount } from "../../sdk/src/interop.ts";
import { LookAlikeMock__factory } from "../../typechain-types/index.js";
import type { AnvilNetwork, AnvilRollup } from "../helpers/daemonNetwork.ts";
import { devWallet, sendMessages, startAnvilNetwork } from "../helpers/daemonNetwork.ts";
import type { Fleet } from "../helpers/guardianFleet.ts";
import { createFleet } from "../helpers/guardianFleet.ts";
import { commitBody, coordinatorFor, laneFact, post, serialFor, tableOf } from "./asking.ts";

describe("guardian service on real nodes", function () {
  this.timeout(60_000);
  let network: AnvilNetwork;
  let fleet: Fleet;
  let client: GuardianClient;
  let [a, b] = [] as unknown as [AnvilRollup, AnvilRollup]; // CAST: set before any test runs
  const url = (index: number): string => fleet.seats[index]?.url ?? "";

  before(async () => {
    network = await startAnvilNetwork({ rollups: 2, blockTimeMs: 100 });
    [a, b] = network.rollups as [AnvilRollup, AnvilRollup]; // CAST: two were asked for
    fleet = await createFleet(network, { requestsPerSecond: 1_000, burst: 1_000 });
    for (const { index } of fleet.seats) await fleet.start(index);
    client = createGuardianClient();
    await sendMessages(a, b, ["0x01", "0x02", "0x03"]);
    await a.mine(4);
  });

  after(async () => {
    await client.close();
    await fleet.close();
    await network.close();
  });

  describe("attestations", () => {
    it("come from four of five guardians and are accepted by the contract, for a final fact", async () => {
      const fact = await laneFact(network, a, b);
      const attested = await coordinatorFor(network, fleet, client).attest([fact], [tableFor()]);
      expect(attested.signers.length).to.be.gte(4);
      expect(await serialFor(network, b, attested)).to.equal(1n);
    });

    it("are given for a fast fact about a message that is in the newest block only", async () => {
      await sendMessages(a, b, ["0x04"]);
      await a.mine();
      const fact = await laneFact(network, a, b, { class: CLASS_FAST });
      const attested = await coordinatorFor(network, fleet, client).attest([fact], [tableFor()]);
      expect(await serialFor(network, b, attested)).to.equal(1n);
      await a.mine(3);
    });

    it("cover facts of several lanes and both classes in one signature", async () => {
      await sendMessages(b, a, ["0x05"]);
      await b.mine(4);
      const facts = [await laneFact(network, a, b, { from: 1n, to: 3n }), await laneFact(network, b, a)];
      const attested = await coordinatorFor(network, fleet, client).attest(facts, [tableFor()]);
      expect(await serialFor(network, a, attested)).to.equal(1n);
      expect(await serialFor(network, b, attested)).to.equal(1n);
    });

    it("leave out the fact that is not true and sign the rest", async () => {
      const good = await laneFact(network, a, b, { to: 2n });
      const bad = await laneFact(network, a, b, { from: 1n, to: 3n, change: { batchRoot: good.hash } });
      const attested = await coordinatorFor(network, fleet, client).attest([good, bad], [tableFor()]);
      expect(attested.facts).to.deep.equal([good]);
      expect(attested.refused.map(({ fact, code }) => [fact, code])).to.deep.equal([[bad, "FACT_FALSE"]]);
    });

    it("come on without a guardian that stopped, and with it again", async () => {
      const coordinator = coordinatorFor(network, fleet, client);
      const fact = await laneFact(network, a, b, { to: 1n });
      const { signers } = await coordinator.attest([fact], [tableFor()]);
      const gone = tableFor().guardians.find(({ key }) => signers.includes(key))?.index ?? 0;
      await fleet.stop(gone);
      const without = await coordinator.attest([fact], [tableFor()]);
      expect(without.signers).not.to.include(tableFor().guardians[gone]?.key);
      expect(await serialFor(network, b, without)).to.equal(1n);
      await fleet.start(gone);
    });
  });

  describe("refusals", () => {
    const refusals: readonly [string, string, () => Promise<object>][] = [
      ["a message that was never sent", "FACT_NOT_FINAL", async () => commitBody([await laneFact(network, a, b, { to: 4n, change: { to: 900n } })])],
      ["another head", "FACT_FALSE", async () => commitBody([await laneFact(network, a, b, { change: { headAt: `0x${"11".repeat(32)}` } })])],
      ["another head before", "FACT_FALSE", async () => commitBody([await laneFact(network, a, b, { change: { headBefore: `0x${"11".repeat(32)}` } })])],
      ["another batch root", "FACT_FALSE", async () => commitBody([await laneFact(network, a, b, { change: { batchRoot: `0x${"11".repeat(32)}` } })])],
      ["a rollup that is not configured", "ROLLUP_UNKNOWN", async () => withFact({ srcChainId: 5n })],
      ["a lane that does not exist", "LANE_UNKNOWN", async () => withFact({ dstChainId: 5n })],
      ["an empty range", "FACT_RANGE", async () => withFact({ to: 0n })],
      ["a range of more than 1,024 messages", "FACT_RANGE", async () => withFact({ to: 1_025n })],
      ["another root than that of the facts", "ROOT_MISMATCH", async () => ({ ...commitBody([await laneFact(network, a, b)]), root: `0x${"22".repeat(32)}` })],
    ]; // prettier-ignore
    const withFact = async (change: object): Promise<object> => {
      const fact = await laneFact(network, a, b, { to: 2n });
      return { coordinator: "test", root: fact.hash, facts: [{ ...fact.request, ...change }] };
    };
    for (const [what, code, body] of refusals) {
      it(`${code} for ${what}`, async () => {
        const answer = await post(url(0), "/v1/commit", await body());
        expect([answer.status, answer.body["code"]]).to.deep.equal([422, code]);
      });
    }

    it("BLOCK_FINAL for a fast fact about a block that is final already", async () => {
      const old = await a.provider.getBlock(1);
      const change = { srcBlockHash: old?.hash as Hex, srcBlockNumber: 1n }; // CAST: block hash
      const fact = await laneFact(network, a, b, { class: CLASS_FAST, change });
      const answer = await post(url(0), "/v1/commit", commitBody([fact]));
      expect(answer.body["code"]).to.equal("BLOCK_FINAL");
    });

    it("QUORUM_NOT_REACHED for a fast fact about a block that no node has", async () => {
      const head = BigInt(await a.provider.getBlockNumber());
      const change = { srcBlockHash: `0x${"33".repeat(32)}`, srcBlockNumber: head } as const;
      const fact = await laneFact(network, a, b, { class: CLASS_FAST, change });
      const answer = await post(url(0), "/v1/commit", commitBody([fact]));
      expect(answer.body["code"]).to.equal("QUORUM_NOT_REACHED");
    });

    it("FACT_AHEAD for a fast fact about more messages than the block's state holds", async () => {
      const [early] = [await laneFact(network, a, b, { class: CLASS_FAST })];
      await sendMessages(a, b, ["0x06"]);
      await a.mine();
      const { srcBlockHash, srcBlockNumber } = early.request as { srcBlockHash: Hex; srcBlockNumber: bigint }; // CAST: lane fact
      const fact = await laneFact(network, a, b, { class: CLASS_FAST, change: { srcBlockHash, srcBlockNumber } });
      const answer = await post(url(0), "/v1/commit", commitBody([fact]));
      expect(answer.body["code"]).to.equal("FACT_AHEAD");
      await a.mine(3);
    });

    it("REQUEST_INVALID for anything that is not a request, and no answer tells what went wrong inside", async () => {
      const bodies = ["", "{", "[]", "null", '{"coordinator":"x"}', '{"coordinator":"","root":"0x","facts":[]}'];
      for (const body of bodies) {
        const answer = await post(url(0), "/v1/commit", body);
        expect([answer.status, answer.body["code"]], body).to.deep.equal([400, "REQUEST_INVALID"]);
      }
    });

    it("a body beyond the limit, and more facts than allowed", async () => {
      const big = await post(url(0), "/v1/commit", `{"x":"${"a".repeat(1_100_000)}"}`);
      expect(big.status).to.equal(413);
      const fact = await laneFact(network, a, b, { to: 1n });
      const many = { coordinator: "test", root: fact.hash, facts: Array.from({ length: 300 }, () => fact.request) };
      expect((await post(url(0), "/v1/commit", many)).body["code"]).to.equal("FACTS_TOO_MANY");
    });
  });

  describe("signing sessions", () => {
    it("R18 sign once: the nonce is gone after any attempt, good or bad", async () => {
      const { session, entries, digest, keys, seat } = await openAll();
      const first = await post(url(seat), "/v1/sign", { session, entries });
      expect(first.status).to.equal(200);
      const context = openSession({ networkId: network.networkId, message: digest, entries });
      const position = entries.findIndex(({ key }) => key === keys[0]);
      expect(verifyPartial(context, position, first.body["partial"] as Hex)).to.equal(true); // CAST: checked by the schema
      const again = await post(url(seat), "/v1/sign", { session, entries });
      expect([again.status, again.body["code"]]).to.deep.equal([404, "SESSION_UNKNOWN"]);
    });

    it("R18 are used up by a list without the guardian's own nonce, with a duplicate, or in another order", async () => {
      const changes: readonly [string, (entries: SessionList) => SessionList][] = [
        ["SESSION_NOT_MINE", (list) => list.slice(1)],
        ["SESSION_NOT_MINE", (list) => list.map((entry, index) => (index === 0 ? { ...entry, R: entry.S, S: entry.R } : entry))],
        ["SESSION_INVALID", (list) => [...list, ...list]],
        ["SESSION_INVALID", (list) => list.toReversed()],
        ["SESSION_INVALID", (list) => list.map((entry, index) => (index === 1 ? { ...entry, R: list[0]?.R ?? entry.R } : entry))],
      ]; // prettier-ignore
      for (const [code, change] of changes) {
        const { session, entries, seat } = await openAll();
        const bad = await post(url(seat), "/v1/sign", { session, entries: change(entries) });
        expect(bad.body["code"]).to.equal(code);
        const after = await post(url(seat), "/v1/sign", { session, entries });
        expect(after.body["code"]).to.equal("SESSION_UNKNOWN");
      }
    });

    it("R2 refuse a key that was proven nowhere", async () => {
      const { session, entries, seat } = await openAll();
      const stranger = pointToHex(publicKey(12_345n));
      const list = sortEntries([
        ...entries,
        { key: stranger, R: pointToHex(publicKey(7n)), S: pointToHex(publicKey(8n)) },
      ]);
      const answer = await post(url(seat), "/v1/sign", { session, entries: list });
      expect(answer.body["code"]).to.equal("KEY_NOT_PROVEN");
    });

    it("R25 are one per coordinator: a new one takes the place of the old", async () => {
      const fact = await laneFact(network, a, b, { to: 1n });
      const old = await post(url(0), "/v1/commit", commitBody([fact]));
      const young = await post(url(0), "/v1/commit", commitBody([fact]));
      const entries = [pickEntry(old.body)];
      const used = await post(url(0), "/v1/sign", { session: old.body["session"], entries });
      expect(used.body["code"]).to.equal("SESSION_UNKNOWN");
      expect(young.status).to.equal(200);
    });
  });

  it("EXPLOITS 2, 4, 23: events of other emitters and of reverted calls change nothing", async () => {
    const mock = await new LookAlikeMock__factory(devWallet(4, a.provider)).deploy({ gasLimit: 2_000_000n });
    await a.mine();
    const to = formatEvmAccount({ chainId: b.chainId, address: (await b.recipient.getAddress()) as Hex }); // CAST: address
    const count = (await a.gateway.outLane(b.chainId)).nonce;
    let nonce = await a.provider.getTransactionCount(devWallet(4), "pending");
    const fees = { gasLimit: 300_000n, maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 10n ** 9n };
    for (let i = 0n; i < 50n; i++) {
      const id: Hex = `0x${(i + 1n).toString(16).padStart(64, "0")}`;
      await mock.pretend(id, b.chainId, count + i, 1n << 184n, to, to, "0x", false, { ...fees, nonce: nonce++ });
    }
    await mock.sendAndRevert(a.gateway, to, "0x77", { gasLimit: 500_000n });
    await mock.pretend(`0x${"44".repeat(32)}`, b.chainId, count, 0n, to, to, "0x", true, { gasLimit: 300_000n });
    await sendMessages(a, b, ["0x07"]);
    await a.mine(4);
    const fact = await laneFact(network, a, b, { from: count, to: count + 1n });
    const attested = await coordinatorFor(network, fleet, client).attest([fact], [tableFor()]);
    expect(attested.root).to.equal(networkRoot([fact.hash]));
    expect(await serialFor(network, b, attested)).to.equal(1n);
  });

  describe("operation", () => {
    it("says how it is: health, readiness, information and metrics", async () => {
      const info = await client.info(url(0));
      expect(info.networkId).to.equal(network.networkId);
      expect(info.rollups.map(({ state }) => state)).to.deep.equal(["ready", "ready"]);
      for (const path of ["/healthz", "/readyz"]) expect((await fetch(new URL(path, url(0)))).status).to.equal(200);
      // Any quorum signs: which guardians that were is not said.
      const metrics = (
        await Promise.all(fleet.seats.map(async (_, index) => (await fetch(new URL("/metrics", url(index)))).text()))
      ).join("\n");
      expect(metrics).to.match(/guardian_signatures_total [1-9]/);
      expect(metrics).to.match(/guardian_refusals_total\{code="FACT_FALSE"\} [1-9]/);
      expect((await fetch(new URL("/nothing", url(0)))).status).to.equal(404);
    });
  });

  type SessionList = readonly { readonly key: Hex; readonly R: Hex; readonly S: Hex }[];

  function tableFor(): ReturnType<typeof tableOf> {
    return tableOf(network);
  }

  function pickEntry(body: Readonly<Record<string, unknown>>): { key: Hex; R: Hex; S: Hex } {
    return { key: body["key"] as Hex, R: body["R"] as Hex, S: body["S"] as Hex }; // CAST: a commit's answer
  }

  /** Sessions at all guardians for one fact; `seat` is whose session it is: the first of the list. */
  async function openAll(): Promise<{
    session: unknown;
    entries: SessionList;
    digest: Hex;
    keys: Hex[];
    seat: number;
  }> {
    const fact = await laneFact(network, a, b, { to: 1n });
    const answers = await Promise.all(
      fleet.seats.map(({ index }) => post(url(index), "/v1/commit", commitBody([fact]))),
    );
    const entries = sortEntries(answers.map(({ body }) => pickEntry(body)));
    const seat = answers.findIndex(({ body }) => body["key"] === entries[0]?.key);
    const digest = attestationDigest(network.networkId, networkRoot([fact.hash]));
    return { session: answers[seat]?.body["session"], entries, digest, keys: [entries[0]?.key ?? "0x"], seat };
  }
});
