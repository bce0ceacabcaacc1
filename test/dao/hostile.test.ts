import { expect } from "chai";
import type { Signer } from "ethers";
import type { Hex } from "../../sdk/src/bytes.ts";
import { buildLeg, legCall } from "../../sdk/src/governance.ts";
import { explainRevert } from "../../sdk/src/reverts.ts";
import type { FailedDelivery } from "../../sdk/src/testkit/index.ts";
import { GovernanceExecutor__factory } from "../../typechain-types/index.js";
import { addressOf } from "../helpers/economy.ts";
import { interop } from "../helpers/network.ts";
import {
  decide,
  decisionOf,
  executeLeg,
  legInput,
  openGround,
  pass,
  setToll,
  standingDao,
  TIMELOCK_DELAY,
  type Dao,
  type DaoPart,
  type DaoSite,
} from "../helpers/dao.ts";
import { shared } from "../helpers/shared.ts";
import { DAY } from "../helpers/votes.ts";

const TOLL = 25n;
const EXECUTOR = GovernanceExecutor__factory.createInterface();

const fixture = shared(async () => {
  const ground = await openGround();
  const dao = await standingDao(ground);
  const [home, b, c] = dao.sites as [DaoSite, DaoSite, DaoSite]; // CAST: three were asked for
  const part = async (change: Partial<DaoPart> = {}): Promise<DaoPart> => ({
    site: b,
    calls: [await setToll(b, TOLL)],
    ...change,
  });
  const { connections } = ground;
  return { connections, ground, dao, home, b, c, part, leg: buildLeg(await legInput(await part())) };
});

const timeOf = async ({ rollup }: DaoSite): Promise<bigint> =>
  BigInt((await rollup.provider.getBlock("latest"))?.timestamp ?? 0);

/** Sends a leg to an executor over the real gateway in somebody else's name, and returns why it was not taken. */
async function sendAs({ net }: Dao, from: DaoSite, sender: Signer, to: DaoSite, payload: Hex): Promise<string> {
  const recipient = await to.rollup.interop(to.executor);
  await from.rollup.gateway.connect(sender).sendMessage(recipient, payload, []);
  const { failed } = await net.deliver({ drop: ({ srcChainId }) => srcChainId !== from.rollup.chainId });
  expect(failed.length).to.equal(1);
  return reasonsOf(failed);
}

/** What an executor said. */
const reasonsOf = (failed: readonly FailedDelivery[]): string =>
  failed.map(({ data }) => explainRevert(data, [EXECUTOR])).join("; ");

describe("a community's DAO under attack", () => {
  it("EXPLOITS 33 an executor obeys nobody but home's timelock, over its own gateway alone", async () => {
    const { dao, home, b, c, leg } = await fixture();
    const unauthorized = "ERC7786RecipientUnauthorizedGateway";
    expect(await sendAs(dao, home, home.stranger, b, leg.schedule), "a stranger on home").to.contain(unauthorized);
    expect(await sendAs(dao, c, c.stranger, b, leg.schedule), "a stranger elsewhere").to.contain(unauthorized);
    const asHome = interop(home.rollup, home.place.timelock);
    const id = `0x${"11".repeat(32)}`;
    await expect(b.executor.connect(b.stranger).receiveMessage(id, asHome, leg.schedule), "another gateway")
      .to.be.revertedWithCustomError(b.executor, unauthorized)
      .withArgs(b.stranger, asHome);
    expect(await b.timelock.isOperation(leg.id)).to.equal(false);
  });

  it("EXPLOITS 33 another community's decision is a stranger's, on the same rollups and by the same gateway", async () => {
    const { ground, dao, b, part } = await fixture();
    const others = await standingDao(ground, { name: "Weeds" });
    expect(others.plan.governor).to.not.equal(dao.plan.governor);
    await decide(others, await decisionOf(others, [await part()]));
    const { failed, delivered } = await dao.net.deliver();
    expect(delivered.length).to.equal(0);
    expect(reasonsOf(failed)).to.contain("ERC7786RecipientUnauthorizedGateway");
    expect((await b.timelock.queryFilter(b.timelock.filters.CallScheduled())).length).to.equal(0);
  });

  it("a leg arrives once and takes effect once, however often it is relayed or executed", async () => {
    const { dao, b, part } = await fixture();
    const decision = await decisionOf(dao, [await part()]);
    const [leg] = decision.legs;
    if (leg === undefined) throw new Error("one leg");
    await decide(dao, decision);
    await dao.net.deliverAll({ duplicate: true });
    await expect(executeLeg(b, leg), "before its delay").to.be.revertedWithCustomError(
      b.timelock,
      "TimelockUnexpectedOperationState",
    );
    await pass(dao, TIMELOCK_DELAY);
    await expect(executeLeg(b, leg)).to.emit(b.booth, "TollChanged").withArgs(TOLL);
    await expect(executeLeg(b, leg), "again").to.be.revertedWithCustomError(
      b.timelock,
      "TimelockUnexpectedOperationState",
    );
    await dao.net.deliverAll({ duplicate: true });
    expect((await b.booth.queryFilter(b.booth.filters.TollChanged())).length).to.equal(1);
  });

  it("EXPLOITS 36 a leg that waited beyond its expiry does nothing any more", async () => {
    const { dao, b, part } = await fixture();
    const expiry = (await timeOf(b)) + 12n * DAY;
    const decision = await decisionOf(dao, [await part({ expiry })]);
    await decide(dao, decision);
    await dao.net.deliverAll();
    await pass(dao, 10n * DAY);
    const [leg] = decision.legs;
    if (leg === undefined) throw new Error("one leg");
    await expect(executeLeg(b, leg)).to.be.revertedWithCustomError(b.timelock, "TimelockExpired").withArgs(expiry);
    expect(await b.booth.toll()).to.equal(0n);
  });

  it("C17 a leg for one rollup is refused on another, and one that arrives expired is not scheduled", async () => {
    const { dao, home, b, c, part } = await fixture();
    const forC = buildLeg(await legInput(await part({ chainId: c.rollup.chainId })));
    const toB = legCall(home.place.gateway, b.place.executor ?? home.place.timelock, {
      ...forC,
      chainId: b.rollup.chainId,
    });
    const expiry = (await timeOf(b)) + DAY;
    await decide(dao, await decisionOf(dao, [{ site: home, calls: [toB] }, await part({ expiry })]));
    const { failed, delivered } = await dao.net.deliver();
    expect(delivered.length).to.equal(0);
    expect(reasonsOf(failed)).to.contain("ConditionsWrongRollup").and.to.contain("ConditionsInvalidExpiry");
  });

  it("EXPLOITS 24 a contract whose code changed after the vote is not called", async () => {
    const { dao, b, part } = await fixture();
    const decision = await decisionOf(dao, [await part()]);
    await decide(dao, decision);
    await dao.net.deliverAll();
    await pass(dao, TIMELOCK_DELAY);
    const booth = await addressOf(b.booth);
    const { provider } = b.rollup;
    // CAST: in-process rollups have development methods
    await (provider as unknown as { send(method: string, args: unknown[]): Promise<void> }).send("hardhat_setCode", [
      booth,
      "0x00",
    ]);
    const [leg] = decision.legs;
    if (leg === undefined) throw new Error("one leg");
    await expect(executeLeg(b, leg)).to.be.revertedWithCustomError(b.timelock, "TimelockChangedCode");
  });

  it("R3 a canceller stops a leg and can do nothing else; where there is none, nobody but home can", async () => {
    const { ground, dao, b, part } = await fixture();
    const bare = await standingDao(ground, { name: "Meadow" }, false);
    const [, meadow] = bare.sites as [DaoSite, DaoSite]; // CAST: three
    const decisions = [
      [dao, await decisionOf(dao, [await part()])],
      [bare, await decisionOf(bare, [{ site: meadow, calls: [await setToll(meadow, TOLL)] }])],
    ] as const;
    for (const [each, decision] of decisions) await decide(each, decision);
    await dao.net.deliverAll();
    const [leg, bareLeg] = decisions.map(([, { legs }]) => legs[0]?.id ?? "0x");
    if (leg === undefined || bareLeg === undefined) throw new Error("two legs");
    const unauthorized = "AccessControlUnauthorizedAccount";
    for (const who of [b.stranger, b.rollup.signer])
      await expect(b.timelock.connect(who).cancel(leg)).to.be.revertedWithCustomError(b.timelock, unauthorized);
    await expect(meadow.timelock.connect(meadow.canceller).cancel(bareLeg)).to.be.revertedWithCustomError(
      meadow.timelock,
      unauthorized,
    );
    await expect(b.timelock.connect(b.canceller).cancel(leg)).to.emit(b.timelock, "Cancelled").withArgs(leg);
    const again = buildLeg(await legInput(await part()));
    await expect(b.canceller.sendTransaction({ to: b.timelock, data: again.schedule })).to.be.revertedWithCustomError(
      b.timelock,
      unauthorized,
    );
    const [, bareDecision] = decisions[1];
    await pass(dao, TIMELOCK_DELAY);
    const [open] = bareDecision.legs;
    if (open === undefined) throw new Error("a leg");
    await expect(executeLeg(meadow, open)).to.emit(meadow.booth, "TollChanged").withArgs(TOLL);
  });
});
