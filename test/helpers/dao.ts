import { Wallet, type Provider, type Signer } from "ethers";
import { network } from "hardhat";
import { hashText, type Address, type Hex } from "../../sdk/src/bytes.ts";
import { planDao, type DaoPlace, type DaoPlan, type DaoSettings } from "../../sdk/src/dao/plan.ts";
import { buildDecision, type Decision } from "../../sdk/src/decision.ts";
import { bindingsOf } from "../../sdk/src/deployment/calls.ts";
import { providerReader } from "../../sdk/src/deployment/view.ts";
import type { GovernanceCall, Leg, LegInput } from "../../sdk/src/governance.ts";
import { createNetwork, type TestNetwork, type TestRollup } from "../../sdk/src/testkit/index.ts";
import {
  DaoGovernor__factory,
  DaoToken__factory,
  GovernanceExecutor__factory,
  RollupTimelock__factory,
  Tollbooth__factory,
  type DaoGovernor,
  type DaoToken,
  type GovernanceExecutor,
  type RollupTimelock,
  type Tollbooth,
} from "../../typechain-types/index.js";
import { addressOf } from "./economy.ts";
import type { RollupName } from "./rollup.ts";
import { DAY, ERA } from "./votes.ts";

export const TIMELOCK_DELAY = 2n * DAY;
const VALIDITY = 60n * DAY;
const COINS = 10n * 10n ** 18n;

/** A DAO on one rollup, beside an application that obeys it. */
export interface DaoSite {
  readonly rollup: TestRollup;
  readonly place: DaoPlace;
  readonly timelock: RollupTimelock;
  /** On home nobody stands behind this address. */
  readonly executor: GovernanceExecutor;
  readonly booth: Tollbooth;
  /** May cancel at the timelock. */
  readonly canceller: Signer;
  readonly stranger: Signer;
}

export interface Dao {
  readonly net: TestNetwork;
  readonly plan: DaoPlan;
  readonly governor: DaoGovernor;
  readonly token: DaoToken;
  /** Has three quarters of the token. */
  readonly holder: Signer;
  readonly sites: readonly DaoSite[];
}

/** What is decided for one rollup. */
export interface DaoPart extends Partial<Omit<LegInput, "calls">> {
  readonly site: DaoSite;
  readonly calls: readonly GovernanceCall[];
}

/** Rollups with the protocol on them, and three accounts of each: holder, canceller, stranger. */
interface Ground {
  readonly connections: readonly Awaited<ReturnType<typeof network.create>>[];
  readonly net: TestNetwork;
  readonly accounts: readonly (readonly [Signer, Signer, Signer])[];
}

export async function openGround(names: readonly RollupName[] = ["rollupA", "rollupB", "rollupC"]): Promise<Ground> {
  const connections = [];
  for (const name of names) connections.push(await network.create(name));
  const signers = await Promise.all(connections.map(async ({ ethers }) => ethers.getSigners()));
  // CAST: twenty accounts exist
  const accounts = signers.map((all) => all.slice(1, 4) as unknown as [Signer, Signer, Signer]);
  return { connections, net: await createNetwork({ rollups: connections }), accounts };
}

/** A DAO with a token of its own, at other addresses on each rollup; the first one is its home. */
export async function standingDao(
  ground: Ground,
  change: Partial<DaoSettings> = {},
  hasCanceller = true,
): Promise<Dao> {
  const { net, accounts } = ground;
  const [[holder, canceller]] = accounts as unknown as readonly [readonly [Signer, Signer, Signer]]; // CAST: there is one rollup at least
  const settings = await settingsOf(net, holder);
  const plan = planDao({ ...settings, ...(hasCanceller ? { canceller: await addressOf(canceller) } : {}), ...change });
  const sites = [];
  for (const [index, rollup] of net.rollups.entries()) {
    const place = plan.places[index] as DaoPlace; // CAST: one for each rollup
    await placeDao(rollup.signer, place);
    const [, local, stranger] = accounts[index] as [Signer, Signer, Signer]; // CAST: as above
    sites.push(await siteOf(rollup, place, local, stranger));
  }
  const governor = DaoGovernor__factory.connect(plan.governor, holder);
  const token = DaoToken__factory.connect(plan.token, holder);
  return { net, plan, governor, token, holder, sites };
}

/** Deployers differ, hence so do the addresses. */
const deployerOf = (chainId: bigint, provider: Provider | null): Wallet =>
  new Wallet(hashText(`deployer of DAOs on ${chainId}`), provider);

async function settingsOf({ rollups }: TestNetwork, holder: Signer): Promise<DaoSettings> {
  const [home] = rollups as [TestRollup]; // CAST: checked by the caller
  const shares = [
    { to: await addressOf(holder), amount: 750n * ERA },
    { to: "treasury" as const, amount: 250n * ERA },
  ];
  return {
    name: "Garden",
    home: home.chainId,
    token: { name: "Garden", symbol: "GRDN", shares },
    terms: { votingDelay: DAY, votingPeriod: 5n * DAY, proposalThreshold: ERA, quorum: 400n },
    timelockDelay: TIMELOCK_DELAY,
    rollups: await Promise.all(
      rollups.map(async ({ chainId, gateway }) => ({
        chainId,
        gateway: await addressOf(gateway),
        deployer: await addressOf(deployerOf(chainId, null)),
      })),
    ),
  };
}

/** Places what is missing on a rollup, with the account that the plan was made for. */
export async function placeDao(funder: Signer, { chainId, contracts }: DaoPlace): Promise<number> {
  const { provider } = funder;
  if (provider === null) throw new Error("a signer with a provider");
  const deployer = deployerOf(chainId, provider);
  await (await funder.sendTransaction({ to: deployer, value: COINS })).wait();
  let placed = 0;
  for (const { address, to, data } of contracts) {
    if ((await provider.getCode(address)) !== "0x") continue;
    await (await deployer.sendTransaction({ to, data })).wait();
    placed += 1;
  }
  return placed;
}

async function siteOf(rollup: TestRollup, place: DaoPlace, canceller: Signer, stranger: Signer): Promise<DaoSite> {
  const timelock = RollupTimelock__factory.connect(place.timelock, rollup.signer);
  const executor = GovernanceExecutor__factory.connect(place.executor ?? place.timelock, rollup.signer);
  const booth = await new Tollbooth__factory(rollup.signer).deploy(place.timelock);
  return { rollup, place, timelock, executor, booth, canceller, stranger };
}

export const setToll = async ({ booth }: DaoSite, toll: bigint): Promise<GovernanceCall> => ({
  target: await addressOf(booth),
  data: booth.interface.encodeFunctionData("setToll", [toll]) as Hex, // CAST: ethers returns hex
});

/** A leg as the plan has it, with what is to be different. */
export async function legInput({ site, calls, ...change }: DaoPart): Promise<LegInput> {
  const { rollup, place } = site;
  const reader = providerReader(rollup.provider);
  return {
    chainId: rollup.chainId,
    timelock: place.timelock,
    calls,
    bindings: await bindingsOf(
      reader,
      calls.map(({ target }) => target),
    ),
    expiry: (await reader.time()) + VALIDITY,
    delay: TIMELOCK_DELAY,
    ...change,
  };
}

/** One proposal with a leg for every rollup that is named. */
export async function decisionOf(dao: Dao, parts: readonly DaoPart[], description = "tolls"): Promise<Decision> {
  const [home] = dao.sites as [DaoSite]; // CAST: a DAO has a home
  const own = parts.find(({ site }) => site === home) ?? { site: home, calls: [] };
  const { gateway } = home.place;
  const input = await legInput(own);
  const bindings = await bindingsOf(providerReader(home.rollup.provider), [
    ...own.calls.map(({ target }) => target),
    gateway,
  ]);
  const remote = parts.filter(({ site }) => site !== home);
  const inputs = await Promise.all(
    remote.map(async (part) => ({ ...(await legInput(part)), executor: part.site.place.executor as Address })), // CAST: not home
  );
  return buildDecision({ ...input, bindings, governor: dao.plan.governor, gateway }, inputs, description);
}

type Calls = [Address[], bigint[], Hex[]];

export const callsOf = ({ proposal: { targets, values, payloads } }: Decision): Calls => [
  [...targets],
  [...values],
  [...payloads],
];

export async function pass({ net }: Dao, seconds: bigint): Promise<void> {
  for (const rollup of net.rollups) await rollup.passTime(Number(seconds));
}

/** Proposes, votes with everything, queues, waits and executes home's part, which sends the legs. */
export async function decide(dao: Dao, decision: Decision): Promise<void> {
  const { governor } = dao;
  const { description, descriptionHash, proposalId } = decision.proposal;
  await governor.propose(...callsOf(decision), description);
  await pass(dao, DAY + 10n);
  await governor.castVote(proposalId, 1);
  await pass(dao, 5n * DAY);
  await governor.queue(...callsOf(decision), descriptionHash);
  await pass(dao, TIMELOCK_DELAY);
  await governor.execute(...callsOf(decision), descriptionHash);
}

export const executeLeg = ({ stranger }: DaoSite, { timelock, execute }: Leg) =>
  stranger.sendTransaction({ to: timelock, data: execute });
