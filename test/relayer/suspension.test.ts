import { expect } from "chai";
import { decodeAttestation, indexesOf } from "../../sdk/src/attestation.ts";
import { decodeBatches } from "../../sdk/src/batch.ts";
import type { Hex } from "../../sdk/src/bytes.ts";
import type { Evidence } from "../../sdk/src/evidence.ts";
import { CLASS_FAST, CLASS_FINAL, networkRoot, type LaneFact } from "../../sdk/src/fact.ts";
import { chainHeads } from "../../sdk/src/message.ts";
import { laneId } from "../../sdk/src/route.ts";
import { pointToHex } from "../../sdk/src/schnorr.ts";
import { sortEntries } from "../../sdk/src/session.ts";
import type { TestRollup } from "../../sdk/src/testkit/index.ts";
import { createSuspensions } from "../../scripts/guardian/suspensions.ts";
import { openChain, rollupSchema } from "../../scripts/network/config.ts";
import type { FactToSign } from "../../scripts/network/coordinator.ts";
import { createCoordinator } from "../../scripts/network/coordinator.ts";
import type { CommitRequest } from "../../scripts/network/guardian-api.ts";
import type { GuardianClient } from "../../scripts/network/guardian-client.ts";
import { createGuardianClient, refusalOf } from "../../scripts/network/guardian-client.ts";
import { RecipientMock__factory, type RecipientMock } from "../../typechain-types/index.js";
import type { LocalNetwork } from "../cli/localNetwork.ts";
import { startLocalNetwork } from "../cli/localNetwork.ts";
import { laneFact, tableOf } from "../guardian/asking.ts";
import type { Fleet, FleetNetwork } from "../helpers/guardianFleet.ts";
import { createFleet } from "../helpers/guardianFleet.ts";
import { startRelayer } from "../helpers/relayers.ts";
import { include, members, proveAndConvict, WRONG } from "../slashing/world.ts";

const GUARDIANS = 5;
const FINAL_AFTER = 6;

/** What guardians and relayers are told of a network with the whole protocol on it. */
async function daemonsView({ nodes, metalayer }: LocalNetwork): Promise<FleetNetwork> {
  const rollups = await Promise.all(
    metalayer.rollups.map(async ({ chainId, gateway, guardianSet, guardianSlashing }, index) => {
      const node = nodes[index];
      if (node === undefined) throw new Error("a node per rollup");
      const contracts = {
        gateway: await gateway.getAddress(),
        guardianSet: await guardianSet.getAddress(),
        guardianSlashing: await guardianSlashing.getAddress(),
      };
      const finality = { kind: "depth" as const, blocks: FINAL_AFTER };
      const about = { name: node.name, chainId: Number(chainId), rpc: [node.url], blockTimeMs: 100 };
      return { settings: { ...about, finality, contracts } };
    }),
  );
  const guardians = members(metalayer).map(({ secret, operator }) => ({ secret, operator: { address: operator } }));
  return { networkId: metalayer.networkId, rollups, guardians };
}

function withoutSlashing({ settings }: FleetNetwork["rollups"][number]): FleetNetwork["rollups"][number] {
  const { gateway, guardianSet } = settings.contracts;
  return { settings: { ...settings, contracts: { gateway, guardianSet } } };
}

function commitOf(fact: FactToSign): CommitRequest {
  return { coordinator: "test", root: networkRoot([fact.hash]), facts: [fact.request] };
}

describe("guardians that were convicted of a false fast fact", function () {
  this.timeout(300_000);
  let local: LocalNetwork;
  let network: FleetNetwork;
  let fleet: Fleet;
  let client: GuardianClient;
  let recipient: RecipientMock;
  let [a, b] = [] as unknown as [TestRollup, TestRollup]; // CAST: set before any test runs

  before(async () => {
    local = await startLocalNetwork(2, { guardians: GUARDIANS });
    [a, b] = local.metalayer.rollups as [TestRollup, TestRollup]; // CAST: two were asked for
    network = await daemonsView(local);
    fleet = await createFleet(network, { requestsPerSecond: 10_000, burst: 10_000 });
    for (const { index } of fleet.seats) await fleet.start(index);
    client = createGuardianClient();
    recipient = await new RecipientMock__factory(b.signer).deploy();
    await recipient.waitForDeployment();
    const address = await recipient.getAddress();
    const optIn = b.gateway.interface.encodeFunctionData("setFastLimit", [address, a.chainId, 1_000n]);
    await (await recipient.call(b.gateway, optIn)).wait();
  });

  after(async () => {
    await client.close();
    await fleet.close();
    await local.close();
  });

  const keyOf = (place: number): Hex => pointToHex(members(local.metalayer)[place]?.key ?? { x: 0n, y: 0n });

  /** Convicts a guardian on rollup A of a fast fact that contradicts itself. */
  async function suspend(place: number): Promise<void> {
    const lane = await local.metalayer.client.lane(a.chainId, b.chainId);
    const [headBefore, hashes] = [laneId(lane), [WRONG]];
    const range = { laneId: headBefore, from: 0n, to: 1n, headBefore, headAt: chainHeads(headBefore, hashes) };
    const fact: LaneFact = { ...range, class: CLASS_FAST, batchRoot: headBefore, srcBlockHash: WRONG };
    const inclusion = include(local.metalayer, fact, { signers: [place] });
    const evidence: Evidence = { kind: "laneRoot", fact, inclusion, hashes };
    await proveAndConvict(local.metalayer, a, evidence);
  }

  async function send(payload: Hex): Promise<void> {
    const to = await b.interop(recipient);
    await (await a.gateway.sendMessage(to, payload, [])).wait();
  }

  /** One visit of a relayer that begins anew, as after a restart. */
  async function relayOnce(): Promise<number> {
    const service = startRelayer(network, fleet, { extra: { rotate: false } });
    try {
      return await service.once();
    } finally {
      await service.close();
    }
  }

  /** Places of those who signed the newest delivery, and the class of what they signed. */
  async function newestDelivery(): Promise<{ readonly places: readonly number[]; readonly class: number | undefined }> {
    const [event] = (await b.gateway.queryFilter(b.gateway.filters.MessageDelivered())).slice(-1);
    const transaction = await event?.getTransaction();
    const call = b.gateway.interface.parseTransaction({ data: transaction?.data ?? "0x" });
    const [attestation, batches] = call?.args.toArray() as [Hex, Hex]; // CAST: what `relay` takes
    const [batch] = decodeBatches(batches);
    return { places: indexesOf(decodeAttestation(attestation).bitmap), class: batch?.class };
  }

  it("R5 are asked by no relayer for fast signatures: the others deliver", async () => {
    await suspend(0);
    await send("0x01");
    expect(await relayOnce()).to.equal(1);
    expect(await newestDelivery()).to.deep.equal({ places: [1, 2, 3, 4], class: CLASS_FAST });
    expect(await recipient.received()).to.equal(1n);
  });

  it("R5 sign no fast fact, and no honest guardian signs one with them, whoever asks", async () => {
    const tables = [tableOf(network)];
    const [src, dst] = network.rollups;
    if (src === undefined || dst === undefined) throw new Error("two rollups");
    const ends = [
      { ...src, gateway: a.gateway, provider: a.provider },
      { ...dst, chainId: b.chainId },
    ] as const;
    const fact = await laneFact(network, ...ends, { class: CLASS_FAST });
    const urls = new Map(fleet.seats.map(({ url }, place) => [keyOf(place), url]));
    const options = { networkId: local.metalayer.networkId, client, urls };
    const attested = await createCoordinator({ ...options, name: "naive" }).attest([fact], tables);
    expect(attested.signers).to.not.include(keyOf(0));
    // A guardian that does not know of its suspension signs alone: nobody else does with it.
    await fleet.stop(0);
    const ignorant = await createFleet({ ...network, rollups: network.rollups.map(withoutSlashing) });
    await ignorant.start(0);
    urls.set(keyOf(0), ignorant.seats[0]?.url ?? "");
    try {
      const without = new Set([keyOf(0)]);
      const known = await createCoordinator({ ...options, name: "knows" }).attest([fact], tables, undefined, without);
      expect([...known.signers].sort()).to.deep.equal([1, 2, 3, 4].map(keyOf).sort());
      const commit = (place: number) => client.commit(urls.get(keyOf(place)) ?? "", commitOf(fact));
      const answers = await Promise.all([0, 1, 2, 3, 4].map(commit));
      const entries = sortEntries(answers.map(({ key, R, S }) => ({ key, R, S })));
      // Nor does a key that is none, in an earlier session, make it forget to look the others up.
      const url = urls.get(keyOf(1)) ?? "";
      const spoilt = (await client.commit(url, { ...commitOf(fact), coordinator: "hostile" })).session;
      const nobody = { key: `0x02${"ff".repeat(32)}`, R: keyOf(2), S: keyOf(3) } as const;
      const stranger = await client.sign(url, { session: spoilt, entries: [...entries, nobody] }).catch(refusalOf);
      const session = answers[1]?.session ?? "";
      const refusal = await client.sign(url, { session, entries }).catch(refusalOf);
      expect(refusal).to.have.property("code", "FAST_SUSPENDED");
      expect(stranger).to.have.property("code", "KEY_NOT_PROVEN");
    } finally {
      await ignorant.close();
      await fleet.start(0);
    }
  });

  it("R25 are not forgotten for one more key, whoever registers how many", async () => {
    const rollup = rollupSchema.parse(network.rollups[0]?.settings);
    const access = openChain(rollup);
    try {
      const suspensions = createSuspensions([{ rollup, access }], undefined, 3);
      const [suspended, ...others] = [0, 2, 3, 4].map(keyOf) as [Hex, ...Hex[]]; // CAST: four places
      await suspensions.learn([suspended]);
      for (const other of others) await suspensions.learn([suspended, other]);
      expect(suspensions.among([suspended])).to.deep.equal([suspended]);
    } finally {
      access.pool.close();
    }
  });

  it("R5 leave no fast quorum when they are too many: messages wait and come as final", async () => {
    await suspend(1);
    await send("0x02");
    expect(await relayOnce()).to.equal(0);
    expect(await recipient.received()).to.equal(1n);
    for (let i = 0; i <= FINAL_AFTER; i++) await local.nodes[0]?.rpc("evm_mine");
    expect(await relayOnce()).to.equal(1);
    expect(await recipient.received()).to.equal(2n);
    // A quorum of these five needs one of the two: for final facts they are asked as before.
    expect(await newestDelivery()).to.have.property("class", CLASS_FINAL);
  });
});
