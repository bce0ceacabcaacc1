import { expect } from "chai";
import { CLASS_FAST } from "../../sdk/src/fact.ts";
import type { TestRollup } from "../../sdk/src/testkit/index.ts";
import { RecipientMock__factory } from "../../typechain-types/index.js";
import { until } from "../helpers/daemonNetwork.ts";
import { ETHER, INCIDENT_DELAY, laneTruth, members, WRONG } from "../slashing/world.ts";
import {
  anchorA,
  forge,
  frozenOn,
  LIARS,
  recordHead,
  relay,
  relayArgs,
  sendMined,
  startWatch,
  startWatchedNetwork,
  type TestWatch,
  type WatchedNetwork,
} from "./network.ts";

const ALL = LIARS.length;

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
    await until("the others are told", async () => (await told()).length > 0);
    expect((await told())[0]?.args[2]).to.have.length(ALL);
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
    const [attestation, batches] = relayArgs(network, await forge(network, 2n, 4n));
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
});
