import { expect } from "chai";
import type { ContractTransactionReceipt, ContractTransactionResponse } from "ethers";
import { decodeBatches, TAG_HASH, TAG_MESSAGE } from "../../sdk/src/batch.ts";
import type { Address } from "../../sdk/src/bytes.ts";
import { readSentMessages } from "../../sdk/src/events.ts";
import { encodeKeyedAttestation, type Evidence } from "../../sdk/src/evidence.ts";
import { CLASS_FAST, factProof, laneFactHash, networkRoot } from "../../sdk/src/fact.ts";
import { openBatch } from "../../sdk/src/lane.ts";
import { provePossession } from "../../sdk/src/possession.ts";
import { publicKey } from "../../sdk/src/schnorr.ts";
import type { TestRollup } from "../../sdk/src/testkit/index.ts";
import { RecipientMock__factory } from "../../typechain-types/index.js";
import { chargesFor } from "../../scripts/watch/charges.ts";
import { pursue } from "../../scripts/watch/prosecute.ts";
import type { SeenFact } from "../../scripts/watch/seen.ts";
import { until } from "../helpers/daemonNetwork.ts";
import { ETHER, INCIDENT_DELAY, laneTruth, members, signTogether, trueFact, WRONG } from "../slashing/world.ts";
import {
  anchorA,
  forge,
  frozenOn,
  LIARS,
  openDesk,
  recordHead,
  relay,
  relayArgs,
  sendMined,
  startWatch,
  startWatchedNetwork,
  type Lie,
  type TestWatch,
  type WatchedNetwork,
} from "./network.ts";

const ALL = LIARS.length;
/** As `RecipientMock.Mode` counts. */
const REENTER = 7;

async function mined(sent: Promise<ContractTransactionResponse>): Promise<ContractTransactionReceipt> {
  const receipt = await (await sent).wait();
  if (receipt === null) throw new Error("it is in a block");
  return receipt;
}

describe("watchtower, lies of a corrupted quorum on real nodes", function () {
  this.timeout(240_000);
  let network: WatchedNetwork;
  let back: () => Promise<void>;
  let watch: TestWatch;

  before(async () => {
    network = await startWatchedNetwork(3);
    await sendMined(network, 5);
    await network.net.deliver({ drop: ({ nonce }) => nonce >= 2n });
    back = await network.remember();
  });

  beforeEach(() => {
    watch = startWatch(network);
  });

  afterEach(async () => {
    network.endpoints.flat().forEach((endpoint) => endpoint.heal());
    await watch.stop();
    await back();
  });

  after(() => network.close());

  const frozen = (rollups: readonly TestRollup[]) =>
    Promise.all(rollups.map((rollup) => frozenOn(rollup, network.net, LIARS)));
  const untilFrozen = (rollups: readonly TestRollup[]) =>
    until("all liars are frozen", async () => (await frozen(rollups)).every((count) => count === ALL));
  const untilAlert = (code: string) => until(code, () => watch.alerts.some((alert) => alert.code === code));
  const evidenceUsed = () => watch.service.status().cases.map(({ kind }) => kind);

  it("R1 EXPLOITS 17 false lane fact, head: forged messages freeze their signers at home, and the other rollups are told", async () => {
    const { a, b } = network.world;
    await relay(network, await forge(network, 2n, 4n));
    await untilFrozen([a]);
    expect(evidenceUsed()).to.deep.equal(["laneHead"]);
    const told = () => a.guardianSlashing.queryFilter(a.guardianSlashing.filters.ConvictionsAnnounced(b.chainId));
    const keys = async () => new Set((await told()).flatMap(({ args }) => [...args[2]]));
    await until("the others are told", async () => (await keys()).size === ALL);
  });

  it("false lane fact, batch root: any rollup can judge it, and every one freezes", async () => {
    const truth = await laneTruth(network.world);
    await relay(network, await forge(network, 2n, 4n, { headBefore: truth.headAt(2n), headAt: truth.headAt(4n) }));
    await untilFrozen(network.net.rollups);
    expect(evidenceUsed()).to.deep.equal(["laneRoot"]);
  });

  it("a rollup that stands still keeps no other waiting, and is dealt with when it goes on", async () => {
    const { a, b } = network.world;
    const truth = await laneTruth(network.world);
    const release = network.hold(2);
    await relay(network, await forge(network, 2n, 4n, { headBefore: truth.headAt(2n), headAt: truth.headAt(4n) }));
    await untilFrozen([a, b]);
    for (const { guardianSet } of [a, b])
      await until("a table of the honest", async () => (await guardianSet.currentSerial()) > 1n);
    expect(await frozen(network.net.rollups)).to.deep.equal([ALL, ALL, 0]);
    await release();
    await untilFrozen(network.net.rollups);
  });

  it("false lane fact, nonce ahead: messages that the lane does not have", async () => {
    await relay(network, await forge(network, 5n, 7n));
    await untilFrozen([network.world.a]);
    expect(evidenceUsed()).to.deep.equal(["laneAhead"]);
  });

  it("false head fact, anchor: a block that was never anchored", async () => {
    const fact = await anchorA(network);
    await recordHead(network, { ...fact, anchorIndex: fact.anchorIndex + 7n });
    await untilFrozen([network.world.a]);
    expect(evidenceUsed()).to.deep.equal(["head"]);
  });

  it("false head fact, state root: the header shows it to every rollup", async () => {
    await recordHead(network, { ...(await anchorA(network)), stateRoot: WRONG });
    await untilFrozen(network.net.rollups);
    expect(evidenceUsed()).to.deep.equal(["head"]);
  });

  it("equivocation: while the source cannot be reached, two facts that contradict each other suffice elsewhere", async () => {
    const { a, b } = network.world;
    const lie = await forge(network, 2n, 4n, { headBefore: WRONG });
    await until("the true delivery was judged", () => watch.service.status().judged > 0);
    network.endpoints[0]?.forEach((endpoint) => endpoint.set({ cut: true }));
    await relay(network, lie);
    await untilFrozen(network.net.rollups.slice(1));
    expect(evidenceUsed()).to.deep.equal(["laneConflict"]);
    expect(watch.alerts.map(({ code }) => code)).to.include.members(["WATCH_OUT_OF_REACH", "WATCH_CONTRADICTION"]);
    expect(await frozen([a, b])).to.deep.equal([0, ALL]);
  });

  it("a false fast fact suspends its signers from fast signing and freezes nobody", async () => {
    const { a } = network.world;
    const srcBlockHash = await a.latestBlockHash();
    await relay(network, await forge(network, 2n, 4n, { class: CLASS_FAST, srcBlockHash }));
    const [liar] = members(network.net);
    const suspended = () => a.guardianSlashing.fastSuspendedUntil(liar?.operator ?? "");
    await until("suspended", async () => (await suspended()) > 0n);
    expect(await frozen([a])).to.deep.equal([0]);
  });

  it("finds a lie that came through another contract, under a root that was stored before", async () => {
    const { a, b } = network.world;
    const mule = await new RecipientMock__factory(b.signer).deploy();
    await mule.waitForDeployment();
    const [attestation, batches] = relayArgs(network, [await forge(network, 2n, 4n)]);
    const through = async (target: string, data: string): Promise<void> => {
      await (await mule.call(target, data, { gasLimit: 4_000_000n })).wait();
    };
    const submit = b.stateRootInbox.interface.encodeFunctionData("submit", [attestation]);
    await through(await b.stateRootInbox.getAddress(), submit);
    const root = attestation.slice(0, 66);
    await through(await b.gateway.getAddress(), b.gateway.interface.encodeFunctionData("relay", [root, batches]));
    await untilFrozen([a]);
    expect(evidenceUsed()).to.deep.equal(["laneHead"]);
  });

  it("finds a final lie inside a delivery whose own call data explain it by a fast fact about a block that nobody has", async () => {
    const { a, b, lane } = network.world;
    const mule = await new RecipientMock__factory(b.signer).deploy();
    await mule.waitForDeployment();
    const sent = await mined(a.gateway.sendMessage(await b.interop(mule), "0x12", []));
    const [message] = readSentMessages(sent.logs);
    if (message === undefined) throw new Error("a message was sent");
    const lie = await forge(network, 2n, 4n);
    const inside = relayArgs(network, [lie]);
    const inner = b.gateway.interface.encodeFunctionData("relay", inside);
    await mined(mule.setCall(b.gateway, inner));
    await mined(mule.setMode(REENTER));
    const { nonce } = message;
    const fact = trueFact(lane, await laneTruth(network.world), nonce, nonce + 1n);
    const call: Lie = { fact, entries: [{ tag: TAG_MESSAGE, ...message }], gasBoost: 3_000_000n };
    const [batch] = decodeBatches(inside[1]);
    const hashes = batch === undefined ? [] : openBatch(lane, batch).hashes;
    const cover: Lie = {
      fact: { ...lie.fact, class: CLASS_FAST, srcBlockHash: WRONG },
      entries: hashes.map((messageHash) => ({ tag: TAG_HASH, messageHash })),
    };
    const [attestation, batches] = relayArgs(network, [call, cover]);
    await mined(b.gateway.relay(attestation, batches, { gasLimit: 6_000_000n }));
    expect(await mule.reentrySucceeded()).to.equal(true);
    await untilFrozen([a]);
    expect(evidenceUsed()).to.include("laneHead");
  });

  it("finds a lie though an endpoint that answers before all others denies the transaction", async () => {
    network.endpoints[1]?.forEach((endpoint, index) => {
      endpoint.set(index === 0 ? { lies: ["transactions"] } : { delayMs: 600 });
    });
    await relay(network, await forge(network, 2n, 4n));
    await untilFrozen([network.world.a]);
  });

  it("burns the stake of the liars after the delay, and a new table is formed without them", async () => {
    const { a } = network.world;
    const [liar] = members(network.net);
    const operator = liar?.operator ?? "";
    const amount = 100n * ETHER;
    await (await a.era.approve(a.guardianStaking, amount)).wait();
    await (await a.guardianStaking.stake(operator, amount)).wait();
    await relay(network, await forge(network, 2n, 4n));
    await untilFrozen([a]);
    await until("a table of the honest", async () => (await a.guardianSet.currentSerial()) > 1n);
    await a.passTime(INCIDENT_DELAY);
    await until("burnt", async () => (await a.guardianSlashing.standing(operator)).burnt > 0n);
    const burnt = await a.guardianSlashing.queryFilter(a.guardianSlashing.filters.ConvictionBurnt(operator));
    expect(burnt[0]?.args.taken).to.equal(amount);
    await untilAlert("WATCH_CONVICTED");
  });

  it("R2 settles with who answers for a key on a rollup to which it was imported", async () => {
    const { world, net } = network;
    const { a, b } = world;
    const [secret, operator] = [4_711n, (await a.signer.getAddress()) as Address]; // CAST: ethers returns an address
    const key = publicKey(secret);
    const proof = provePossession(secret, net.networkId, operator);
    await (await a.guardianSet.register(operator, key, proof)).wait();
    await (await b.guardianSet.importKey(operator, key, proof)).wait();
    const truth = await laneTruth(world);
    const fact = { ...trueFact(world.lane, truth, 0n, 2n), batchRoot: WRONG };
    const leaves = [laneFactHash(fact), WRONG];
    const signature = signTogether(net.networkId, [{ secret, key, operator }], networkRoot(leaves));
    const attestation = encodeKeyedAttestation(networkRoot(leaves), signature, [key.x]);
    const inclusion = { attestation, proof: factProof(leaves, laneFactHash(fact)) };
    const evidence: Evidence = { kind: "laneRoot", fact, inclusion, hashes: truth.hashes(0n, 2n) };
    const used = { chainId: a.chainId, transactionHash: WRONG, factHash: laneFactHash(fact), attestedAt: 0, seenAt: 0 };
    const seen: SeenFact = { kind: "lane", fact, lane: world.lane, hashes: undefined, ...inclusion, ...used };

    const desk = openDesk(network);
    const charges = await chargesFor(net.networkId, desk.posts, evidence, [seen]);
    const charge = charges.find(({ post }) => post.rollup.chainId === b.chainId);
    if (charge?.post.sender === undefined) throw new Error("no charge");
    expect(await pursue(charge, charge.post.sender)).to.equal("convicted");
    await b.passTime(INCIDENT_DELAY);
    const { sender } = charge.post;
    await until("settled", async () => (await pursue(charge, sender)) === "settled");
    await desk.close();
    expect(await b.guardianSlashing.standing(await b.guardianSet.operatorOf(key.x))).to.deep.equal([0n, 1n]);
    expect(await b.guardianSlashing.standing(operator)).to.deep.equal([0n, 0n]);
  });
});
