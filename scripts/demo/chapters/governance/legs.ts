import type { Proposal } from "../../../../sdk/src/governance.ts";
import { readProposal, type SentLeg } from "../../../../sdk/src/proposalRead.ts";
import { governanceAddress } from "../../../cli/governance/contracts.ts";
import type { Site, World } from "../../world.ts";
import { ACTORS, pairsOf, siteAt, siteOf, until } from "../../world.ts";
import { PRICES } from "./vote.ts";
import { governanceAt, timeOf } from "./site.ts";
import type { Watch } from "../../watch.ts";

const GAS = 8_000_000n;
const LEG_GAS = 4_000_000n;
const LIMIT_MS = 60_000;
/** OpenZeppelin's states of an operation. */
const UNSET = 0n;
const READY = 2n;

/** Queues and executes what was decided: home's parts send every other rollup its legs, which wait there in its timelock. */
export async function legs(world: World, watch: Watch, proposals: readonly Proposal[]): Promise<true> {
  const home = siteAt(world, 0);
  const before = await changedLanes(world);
  await perform(world, home, "queue", proposals);
  const { eraGovernor } = governanceAt(home);
  const early = await Promise.allSettled(
    proposals.map((proposal) => eraGovernor.execute.staticCall(...argumentsOf(proposal))),
  );
  const isRefused = early.every(({ status }) => status === "rejected");
  world.check("legs", "home's timelock lets nobody execute before its delay is over", isRefused);
  const etas = await Promise.all(proposals.map(({ proposalId }) => eraGovernor.proposalEta(proposalId)));
  await until(world, "home's delay is over", LIMIT_MS, async () => {
    const now = await timeOf(home);
    return etas.every((eta) => now >= eta);
  });
  watch.mark(world, "legs", "queued, and home's delay is over");
  await perform(world, home, "execute", proposals);
  watch.mark(world, "legs", "executed on home, which sends every other rollup its legs");

  const gateway = home.connection.description.contracts.MetalayerGateway;
  const sent = proposals.flatMap((proposal) => readProposal(gateway, proposal).legs);
  await Promise.all(sent.map((leg) => untilState(world, leg, "has arrived", (state) => state !== UNSET)));
  watch.mark(world, "legs", `${sent.length} legs arrived in the other rollups' timelocks`);
  await Promise.all(sent.map((leg) => untilState(world, leg, "has waited", (state) => state >= READY)));
  await Promise.all(
    sent.map((leg) => {
      const site = siteOf(world, leg.chainId);
      const call = { to: leg.timelock, data: leg.execute, gas: LEG_GAS };
      return site.account(ACTORS.treasurer).execute([call], world.signal);
    }),
  );
  watch.mark(world, "legs", "executed on all other rollups");
  const after = await changedLanes(world);
  const lanes = pairsOf(world).length;
  const detail = `${after} of ${lanes} lanes, ${before} before`;
  world.check(
    "legs",
    "the decided price is in force on every lane of every rollup",
    before === 0 && after === lanes,
    detail,
  );
  return true;
}

async function perform(
  world: World,
  home: Site,
  what: "queue" | "execute",
  proposals: readonly Proposal[],
): Promise<void> {
  const { interface: abi } = governanceAt(home).eraGovernor;
  const to = governanceAddress(home.connection.description, "EraGovernor");
  const calls = proposals.map((proposal) => {
    const args = argumentsOf(proposal);
    const data = what === "queue" ? abi.encodeFunctionData("queue", args) : abi.encodeFunctionData("execute", args);
    return { to, data, gas: GAS };
  });
  await home.account(ACTORS.treasurer).execute(calls, world.signal);
}

function argumentsOf({ targets, values, payloads, descriptionHash }: Proposal): [string[], bigint[], string[], string] {
  return [[...targets], [...values], [...payloads], descriptionHash];
}

async function untilState(
  world: World,
  { chainId, id }: SentLeg,
  what: string,
  isSo: (state: bigint) => boolean,
): Promise<void> {
  const site = siteOf(world, chainId);
  const { rollupTimelock } = governanceAt(site);
  await until(world, `the leg of ${site.name} ${what}`, LIMIT_MS, async () => {
    return isSo(await rollupTimelock.getOperationState(id));
  });
}

/** Lanes on which messages cost what was proposed. */
async function changedLanes(world: World): Promise<number> {
  const lanes = await Promise.all(
    pairsOf(world).map(([src, dst]) => src.connection.contracts.gateway.outLane(dst.chainId)),
  );
  return lanes.filter(({ prices }) => prices.basePrice === PRICES.basePrice).length;
}
