import type { Proposal } from "../../../../sdk/src/governance.ts";
import { readProposal, type SentLeg } from "../../../../sdk/src/proposalRead.ts";
import { governanceAddress } from "../../../cli/governance/contracts.ts";
import type { Site, World } from "../../world.ts";
import { ACTORS, pairsOf, siteAt, siteOf, until } from "../../world.ts";
import { PRICES } from "./vote.ts";
import { governanceAt, timeOf, type Watch } from "./watch.ts";

const GAS = 8_000_000n;
const LIMIT_MS = 60_000;
/** OpenZeppelin's states of an operation. */
const UNSET = 0n;
const READY = 2n;

/** Queues and executes what was decided: home's part sends every other rollup its leg, which waits there in its timelock. */
export async function legs(world: World, watch: Watch, proposal: Proposal): Promise<void> {
  const home = siteAt(world, 0);
  const before = await changedLanes(world);
  await perform(world, home, "queue", proposal);
  const { eraGovernor } = governanceAt(home);
  const isEarly = await eraGovernor.execute.staticCall(...argumentsOf(proposal)).then(
    () => true,
    () => false,
  );
  world.check("legs", "home's timelock lets nobody execute before its delay is over", !isEarly);
  const readyAt = await eraGovernor.proposalEta(proposal.proposalId);
  await until(world, "home's delay is over", LIMIT_MS, async () => (await timeOf(home)) >= readyAt);
  watch.mark(world, "legs", "queued, and home's delay is over");
  await perform(world, home, "execute", proposal);
  watch.mark(world, "legs", "executed on home, which sends every other rollup its leg");

  const sent = readProposal(home.connection.description.contracts.MetalayerGateway, proposal).legs;
  await Promise.all(sent.map((leg) => untilState(world, leg, "has arrived", (state) => state !== UNSET)));
  watch.mark(world, "legs", `${sent.length} legs arrived in the other rollups' timelocks`);
  await Promise.all(sent.map((leg) => untilState(world, leg, "has waited", (state) => state >= READY)));
  await Promise.all(
    sent.map((leg) => {
      const site = siteOf(world, leg.chainId);
      const call = { to: leg.timelock, data: leg.execute, gas: 2_000_000n };
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
}

async function perform(world: World, home: Site, what: "queue" | "execute", proposal: Proposal): Promise<void> {
  const { eraGovernor } = governanceAt(home);
  const args = argumentsOf(proposal);
  const data =
    what === "queue"
      ? eraGovernor.interface.encodeFunctionData("queue", args)
      : eraGovernor.interface.encodeFunctionData("execute", args);
  const to = governanceAddress(home.connection.description, "EraGovernor");
  await home.account(ACTORS.treasurer).execute([{ to, data, gas: GAS }], world.signal);
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
