import { expect } from "chai";
import { AbiCoder } from "ethers";
import type { Hex } from "../../sdk/src/bytes.ts";
import type { Evidence } from "../../sdk/src/evidence.ts";
import {
  createWorld,
  DAY,
  govern,
  INCIDENT_DELAY,
  include,
  laneTruth,
  members,
  proveAndConvict,
  remember,
  send,
  settleArgs,
  trueFact,
  WRONG,
  type World,
} from "./world.ts";

const FREEZE = 14n * BigInt(DAY);

describe("GuardianSlashing, other rollups", () => {
  let world: World;
  let back: () => Promise<void>;
  let truth: Awaited<ReturnType<typeof laneTruth>>;

  before(async () => {
    world = await createWorld(6, ["rollupA", "rollupB", "rollupC"]);
    await send(world, 30);
    await world.net.deliver();
    truth = await laneTruth(world);
    back = await remember(world);
  });

  beforeEach(async () => back());

  const keysOf = (...places: readonly number[]): bigint[] =>
    places.map((place) => members(world.net)[place]?.key.x ?? 0n);
  const operatorOf = (place: number): string => members(world.net)[place]?.operator ?? "";
  const now = async (): Promise<bigint> => BigInt((await world.b.provider.getBlock("latest"))?.timestamp ?? 0);

  async function lie(signers: readonly number[]): Promise<Evidence> {
    const fact = { ...trueFact(world.lane, truth, 10n, 20n), batchRoot: WRONG };
    const inclusion = include(world.net, fact, { signers });
    const evidence: Evidence = { kind: "laneRoot", fact, inclusion, hashes: truth.hashes(10n, 20n) };
    await proveAndConvict(world.net, world.a, evidence);
    return evidence;
  }

  const announce = (keys: readonly bigint[]) => world.a.guardianSlashing.announce(world.b.chainId, [...keys]);

  it("R17 a conviction travels as a freeze for a bounded time and takes nothing", async () => {
    await lie([0]);
    await expect(announce(keysOf(0))).to.emit(world.a.guardianSlashing, "ConvictionsAnnounced");
    await world.net.deliver();
    const until = await world.b.guardianSet.frozenUntil(operatorOf(0));
    expect(until - (await now())).to.be.within(FREEZE - 60n, FREEZE);
    const [event] = await world.b.guardianSlashing.queryFilter(world.b.guardianSlashing.filters.ForeignFreeze());
    expect([...(event?.args ?? [])]).to.deep.equal([world.a.chainId, operatorOf(0), until]);
    expect((await world.b.guardianSet.operatorInfo(operatorOf(0))).convicted).to.equal(false);
    expect(await world.b.guardianSlashing.standing(operatorOf(0))).to.deep.equal([0n, 0n]);
    // The other rollups are told on their own.
    expect(await world.net.rollups[2]?.guardianSet.frozenUntil(operatorOf(0))).to.equal(0n);
  });

  it("R17 a captured rollup cannot freeze the same guardian again before as much time has passed after the freeze", async () => {
    await lie([0]);
    await announce(keysOf(0));
    await world.net.deliver();
    const first = await world.b.guardianSet.frozenUntil(operatorOf(0));
    for (const wait of [Number(FREEZE), Number(FREEZE) - 120]) {
      await world.b.passTime(wait);
      await announce(keysOf(0));
      await world.net.deliver();
      expect(await world.b.guardianSet.frozenUntil(operatorOf(0))).to.equal(first);
    }
    await world.b.passTime(240);
    await announce(keysOf(0));
    await world.net.deliver();
    expect(await world.b.guardianSet.frozenUntil(operatorOf(0))).to.be.greaterThan(first);
  });

  it("R17 never freezes below the floor: what is left keeps its quorum", async () => {
    await lie([0, 1, 2, 3, 4]);
    await announce(keysOf(0, 1, 2, 3, 4));
    await world.net.deliver();
    const frozen = await Promise.all(
      [0, 1, 2, 3, 4].map((place) => world.b.guardianSet.frozenUntil(operatorOf(place))),
    );
    expect(frozen.map((until) => until !== 0n)).to.deep.equal([true, true, false, false, false]);
    const refused = await world.b.guardianSlashing.queryFilter(world.b.guardianSlashing.filters.FreezeRefused());
    expect(refused.map(({ args }) => args.operator)).to.deep.equal([2, 3, 4].map(operatorOf));
    expect(await world.b.guardianSet.isAccepted(await world.b.acceptedSerial())).to.equal(true);
  });

  it("announces only keys with a conviction that was not lifted, at most 8, to rollups that governance named", async () => {
    const { guardianSlashing } = world.a;
    const refuses = (call: Promise<unknown>, error: string) =>
      expect(call).to.be.revertedWithCustomError(guardianSlashing, error);
    await refuses(announce(keysOf(0)), "SlashingNotConvicted");
    const evidence = await lie([0]);
    await refuses(announce(keysOf(0, 1)), "SlashingNotConvicted");
    await refuses(announce([]), "SlashingTooManyKeys");
    await refuses(announce(Array.from({ length: 9 }, () => keysOf(0)[0] ?? 0n)), "SlashingTooManyKeys");
    await refuses(guardianSlashing.announce(4711n, keysOf(0)), "SlashingUnknownSibling");
    const subject = "fact" in evidence && "laneId" in evidence.fact ? evidence.fact.laneId : WRONG;
    await govern(world, world.a, "guardianSlashing", "declareIncident", [subject, 1n, 1_000n]);
    await guardianSlashing.settle(...settleArgs(world.net, evidence, operatorOf(0)));
    await refuses(announce(keysOf(0)), "SlashingNotConvicted");
  });

  it("announces burnt convictions too", async () => {
    const evidence = await lie([0]);
    await world.a.passTime(INCIDENT_DELAY);
    await world.a.guardianSlashing.settle(...settleArgs(world.net, evidence, operatorOf(0)));
    await announce(keysOf(0));
    await world.net.deliver();
    expect(await world.b.guardianSet.frozenUntil(operatorOf(0))).to.be.greaterThan(await now());
  });

  describe("receiveMessage", () => {
    const payload = (): Hex => AbiCoder.defaultAbiCoder().encode(["uint256[]"], [keysOf(0)]) as Hex; // CAST: ethers returns hex

    it("R17 takes freezes from the gateway alone", async () => {
      const { guardianSlashing } = world.b;
      const sender = await world.a.interop(world.a.guardianSlashing);
      await expect(guardianSlashing.receiveMessage(WRONG, sender, payload()))
        .to.be.revertedWithCustomError(guardianSlashing, "SlashingUnauthorized")
        .withArgs(await world.b.signer.getAddress());
    });

    it("R17 takes freezes from nobody but the sibling of the rollup that they come from", async () => {
      const { a, b, net } = world;
      await a.gateway.sendMessage(await b.interop(b.guardianSlashing), payload(), []);
      const recipient = (await b.guardianSlashing.getAddress()).toLowerCase();
      const { failed } = await net.deliver();
      expect(failed.filter(({ message }) => message.recipient.toLowerCase() === recipient)).to.have.length(1);
      expect(await b.guardianSet.frozenUntil(operatorOf(0))).to.equal(0n);
      // A sibling that governance has withdrawn counts no more.
      await govern(world, b, "guardianSlashing", "setSibling", [a.chainId, `0x${"00".repeat(20)}`]);
      await lie([0]);
      await announce(keysOf(0));
      expect(
        (await net.deliver()).failed.filter(({ message }) => message.recipient.toLowerCase() === recipient),
      ).to.have.length(2);
      expect(await b.guardianSet.frozenUntil(operatorOf(0))).to.equal(0n);
    });
  });

  it("C14 R17 is not lost to a deliverer who gives too little gas: the key is frozen, or the message stays deliverable", async () => {
    const { a, b } = world;
    const { guardianSlashing, guardianSet, gateway } = b;
    const [, connection] = world.connections;
    if (connection === undefined) throw new Error("two rollups");
    const at = await gateway.getAddress();
    await connection.networkHelpers.impersonateAccount(at);
    await connection.networkHelpers.setBalance(at, 10n ** 18n);
    const asGateway = guardianSlashing.connect(await connection.ethers.getSigner(at));
    const sender = await a.interop(a.guardianSlashing);
    const payload = AbiCoder.defaultAbiCoder().encode(["uint256[]"], [keysOf(0)]);
    const start = await connection.networkHelpers.takeSnapshot();
    const outcomes = new Set<string>();
    const fine = Array.from({ length: 60 }, (_, step) => 40_000n + 6_000n * BigInt(step));
    // Instrumented code takes more.
    for (const gasLimit of [...fine, 800_000n, 1_600_000n, 3_200_000n]) {
      const call = asGateway.receiveMessage(WRONG, sender, payload, { gasLimit });
      const accepted = await call.then(
        () => true,
        () => false,
      );
      const isFrozen = (await guardianSet.frozenUntil(operatorOf(0))) > (await now());
      expect(isFrozen, `with ${gasLimit} gas`).to.equal(accepted);
      outcomes.add(String(accepted));
      await start.restore();
    }
    expect([...outcomes].sort()).to.deep.equal(["false", "true"]);
  });

  describe("a decision of governance", () => {
    it("R3 convicts and takes stake elsewhere, and nobody else can", async () => {
      const { guardianSlashing, guardianSet, guardianStaking, era, signer } = world.a;
      await era.approve(guardianStaking, 1_000n * 10n ** 18n);
      await guardianStaking.stake(operatorOf(3), 1_000n * 10n ** 18n);
      await expect(guardianSlashing.slash(operatorOf(3), 400_000))
        .to.be.revertedWithCustomError(guardianSlashing, "AccessManagedUnauthorized")
        .withArgs(await signer.getAddress());
      await expect(govern(world, world.a, "guardianSlashing", "slash", [operatorOf(3), 400_000]))
        .to.emit(guardianSlashing, "SlashedByDecision")
        .withArgs(operatorOf(3), 400_000n, 400n * 10n ** 18n);
      expect((await guardianSet.operatorInfo(operatorOf(3))).convicted).to.equal(true);
    });

    it("keeps terms within fixed bounds", async () => {
      const { guardianSlashing } = world.a;
      const good = { fraction: 100_000, reporterShare: 50_000, incidentDelay: 1, foreignFreeze: 1, fastSuspension: 1 };
      await expect(govern(world, world.a, "guardianSlashing", "setTerms", [good])).to.emit(
        guardianSlashing,
        "TermsSet",
      );
      for (const bad of [
        { fraction: 99_999 },
        { fraction: 1_000_001 },
        { reporterShare: 50_001 },
        { incidentDelay: 0 },
        { incidentDelay: 30 * DAY + 1 },
        { foreignFreeze: 0 },
        { foreignFreeze: 30 * DAY + 1 },
        { fastSuspension: 0 },
        { fastSuspension: 365 * DAY + 1 },
      ]) {
        await expect(
          govern(world, world.a, "guardianSlashing", "setTerms", [{ ...good, ...bad }]),
          JSON.stringify(bad),
        ).to.be.revertedWithCustomError(guardianSlashing, "SlashingInvalidTerms");
      }
      await expect(
        govern(world, world.a, "guardianSlashing", "slash", [operatorOf(3), 1_000_001]),
      ).to.be.revertedWithCustomError(guardianSlashing, "SlashingInvalidFraction");
    });

    it("alone sets terms, incidents and siblings", async () => {
      const { guardianSlashing } = world.a;
      const [fraction, reporterShare, incidentDelay, foreignFreeze, fastSuspension] = await guardianSlashing.terms();
      for (const call of [
        guardianSlashing.setTerms({ fraction, reporterShare, incidentDelay, foreignFreeze, fastSuspension }),
        guardianSlashing.declareIncident(WRONG, 1, 2),
        guardianSlashing.setSibling(1, world.a.guardianSlashing),
        guardianSlashing.upgradeToAndCall(world.a.guardianSlashing, "0x"),
      ]) {
        await expect(call).to.be.revertedWithCustomError(guardianSlashing, "AccessManagedUnauthorized");
      }
    });
  });
});
