import { parseEther } from "ethers";
import { eraText } from "../../../cli/format.ts";
import { governanceAddress } from "../../../cli/governance/contracts.ts";
import { votesText } from "../../../cli/governance/votes-text.ts";
import type { Call } from "../../account.ts";
import { transferCall } from "../../calls.ts";
import type { Site, World } from "../../world.ts";
import { ACTORS, messagesOf, siteAt, untilDelivered } from "../../world.ts";
import type { Watch } from "../../watch.ts";
import { governanceAt, timeOf } from "./site.ts";

/** Too little for the quorum of 10,000,000 votes without the other rollups. */
const ON_HOME = parseEther("7500000");
/** Below what home's bucket lets out at once. Under a term it votes twice. */
const ELSEWHERE = parseEther("900000");
const TERM_PERIODS = 4n;
const LIMIT_MS = 60_000;

/** Those of the other rollups on which is voted. */
export function votingSites(world: World): readonly [Site, Site] {
  return [siteAt(world, 1), siteAt(world, 2)];
}

/** Brings ERA to two other rollups and deposits it on all three: free on home, under a term elsewhere. */
export async function deposits(world: World, watch: Watch): Promise<true> {
  const home = siteAt(world, 0);
  const voting = votingSites(world);
  const treasurer = home.account(ACTORS.treasurer);
  const hashes = await Promise.all(
    voting.map((dst) => treasurer.send(transferCall(home, dst, treasurer.address, ELSEWHERE))),
  );
  await treasurer.execute(depositCalls(home, ON_HOME), world.signal);
  await untilDelivered(world, await messagesOf(world, home, hashes), LIMIT_MS);
  watch.mark(world, "deposits", `${eraText(ELSEWHERE)} arrived on ${voting.map(({ name }) => name).join(" and ")}`);
  await Promise.all(voting.map((site) => lock(world, site)));
  watch.mark(world, "deposits", "deposited on three rollups, under a term on two of them");
  const votes = await Promise.all(
    [home, ...voting].map((site) => governanceAt(site).eraVotes.getVotes(treasurer.address)),
  );
  const isRight = votes[0] === ON_HOME && votes.slice(1).every((each) => each === 2n * ELSEWHERE);
  world.check(
    "deposits",
    "a free deposit votes once, one under a term twice",
    isRight,
    votes.map(votesText).join(", "),
  );
  return true;
}

function depositCalls(site: Site, amount: bigint): Call[] {
  const { contracts, description } = site.connection;
  const votes = governanceAddress(description, "EraVotes");
  const approve = contracts.era.interface.encodeFunctionData("approve", [votes, amount]);
  const deposit = governanceAt(site).eraVotes.interface.encodeFunctionData("deposit", [amount]);
  return [
    { to: description.contracts.Era, data: approve },
    { to: votes, data: deposit },
  ];
}

async function lock(world: World, site: Site): Promise<void> {
  const { eraVotes } = governanceAt(site);
  const account = site.account(ACTORS.treasurer);
  const period = await eraVotes.period();
  const end = ((await timeOf(site)) / period + TERM_PERIODS) * period;
  const data = eraVotes.interface.encodeFunctionData("lock", [ELSEWHERE, end]);
  const calls = [
    ...depositCalls(site, ELSEWHERE),
    { to: governanceAddress(site.connection.description, "EraVotes"), data },
  ];
  await account.execute(calls, world.signal);
}
