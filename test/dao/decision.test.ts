import { expect } from "chai";
import { parseEther } from "ethers";
import type { Hex } from "../../sdk/src/bytes.ts";
import type { GovernanceCall } from "../../sdk/src/governance.ts";
import { addressOf } from "../helpers/economy.ts";
import {
  decide,
  decisionOf,
  executeLeg,
  openGround,
  pass,
  setToll,
  standingDao,
  TIMELOCK_DELAY,
  type Dao,
  type DaoSite,
} from "../helpers/dao.ts";
import { shared } from "../helpers/shared.ts";

const TOLL = 25n;
const COINS = parseEther("3");
const TOKENS = parseEther("40");
/** Belongs to nobody who sends anything. */
const GARDENER: Hex = `0x${"00".repeat(18)}9a4d`;

/** The treasuries of B and C have coins and ERA, of which one payment each is decided. */
const fundedDao = shared(async () => {
  const ground = await openGround(["rollupA", "rollupB", "rollupC", "rollupD"]);
  const dao = await standingDao(ground);
  const [home, b, c] = dao.sites as [DaoSite, DaoSite, DaoSite, DaoSite]; // CAST: four were asked for
  await b.stranger.sendTransaction({ to: b.place.timelock, value: 2n * COINS });
  await home.rollup.era.crosschainTransfer(await c.rollup.interop(c.place.timelock), 2n * TOKENS);
  await dao.net.deliverAll();
  const coins: GovernanceCall = { target: GARDENER, data: "0x", value: COINS };
  const tokens: GovernanceCall = {
    target: await addressOf(c.rollup.era),
    data: c.rollup.era.interface.encodeFunctionData("transfer", [GARDENER, TOKENS]) as Hex, // CAST: ethers returns hex
  };
  const parts = await Promise.all(
    dao.sites.map(async (site) => ({
      site,
      calls: [await setToll(site, TOLL), ...(site === b ? [coins] : site === c ? [tokens] : [])],
    })),
  );
  return { connections: ground.connections, dao, b, c, decision: await decisionOf(dao, parts) };
});

const tolls = ({ sites }: Dao): Promise<bigint[]> => Promise.all(sites.map(({ booth }) => booth.toll()));

describe("a community's DAO on four rollups", () => {
  it("one vote changes a parameter on four rollups and pays from the treasuries of two", async () => {
    const { dao, b, c, decision } = await fundedDao();
    await decide(dao, decision);
    expect(await tolls(dao)).to.deep.equal([TOLL, 0n, 0n, 0n]);
    await dao.net.deliverAll();
    await pass(dao, TIMELOCK_DELAY);
    const remote = dao.sites.slice(1);
    for (const [index, leg] of decision.legs.entries()) await executeLeg(remote[index] as DaoSite, leg); // CAST: as many
    expect(await tolls(dao)).to.deep.equal([TOLL, TOLL, TOLL, TOLL]);
    const { provider } = b.rollup;
    expect([await provider.getBalance(GARDENER), await provider.getBalance(b.place.timelock)]).to.deep.equal([
      COINS,
      COINS,
    ]);
    const { era } = c.rollup;
    expect([await era.balanceOf(GARDENER), await era.balanceOf(c.place.timelock)]).to.deep.equal([TOKENS, TOKENS]);
  });

  it("NEEDS 21 a rollup that is down keeps no other from its part, and does its own when it is back", async () => {
    const { dao, c, decision } = await fundedDao();
    await decide(dao, decision);
    await dao.net.deliverAll({ drop: ({ dstChainId }) => dstChainId === c.rollup.chainId });
    await pass(dao, TIMELOCK_DELAY);
    const legOf = (site: DaoSite) => decision.legs.find(({ chainId }) => chainId === site.rollup.chainId);
    const execute = async (site: DaoSite) => {
      const leg = legOf(site);
      if (leg !== undefined) await executeLeg(site, leg);
    };
    for (const site of dao.sites.filter((each) => each !== c)) await execute(site);
    expect(await tolls(dao)).to.deep.equal([TOLL, TOLL, 0n, TOLL]);
    await dao.net.deliverAll();
    await pass(dao, TIMELOCK_DELAY);
    await execute(c);
    expect(await tolls(dao)).to.deep.equal([TOLL, TOLL, TOLL, TOLL]);
  });

  it("stands at other addresses on every rollup, with no right for who placed it", async () => {
    const { sites, plan } = await standingDao(await openGround());
    expect(new Set(sites.map(({ place }) => place.timelock)).size).to.equal(sites.length);
    for (const { timelock, place, rollup, canceller } of sites) {
      const proposer = place.executor ?? plan.governor;
      const [admin, propose, cancel, execute] = await Promise.all([
        timelock.DEFAULT_ADMIN_ROLE(),
        timelock.PROPOSER_ROLE(),
        timelock.CANCELLER_ROLE(),
        timelock.EXECUTOR_ROLE(),
      ]);
      const granted = await timelock.queryFilter(timelock.filters.RoleGranted());
      const nobody = `0x${"00".repeat(20)}`;
      const holders = granted.map(({ args }) => `${args.role} ${args.account}`);
      expect(holders.sort(), `chain ${rollup.chainId}`).to.deep.equal(
        [
          `${admin} ${place.timelock}`,
          `${propose} ${proposer}`,
          `${cancel} ${proposer}`,
          `${cancel} ${await canceller.getAddress()}`,
          `${execute} ${nobody}`,
        ].sort(),
      );
    }
  });
});
