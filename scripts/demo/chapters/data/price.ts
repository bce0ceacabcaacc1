import { formatEther, isError, parseEther } from "ethers";
import { IAutomations__factory } from "../../../../typechain-types/factories/contracts/data/IAutomations__factory.js";
import { Sentinel__factory } from "../../../../typechain-types/factories/contracts/examples/Sentinel__factory.js";
import { Tollbooth__factory } from "../../../../typechain-types/factories/contracts/examples/Tollbooth__factory.js";
import type { Automation } from "../../../../sdk/src/automation.ts";
import { automationArgument, automationId } from "../../../../sdk/src/automation.ts";
import type { Address } from "../../../../sdk/src/bytes.ts";
import { toHex, uintBytes } from "../../../../sdk/src/bytes.ts";
import type { Receipt } from "../../../chain/blocks.ts";
import { devAccount, PARTS } from "../../../devnet/accounts.ts";
import { place } from "../../place.ts";
import type { Site, World } from "../../world.ts";
import { ACTORS, siteAt, until } from "../../world.ts";
import type { Watch } from "../../watch.ts";
import { addressOn, LIMIT_MS, namesOf, othersOf } from "./chain.ts";

/** Of Tollbooth, behind its owner. */
const TOLL_SLOT = 1n;
const CHEAP = parseEther("2000");
const DEAR = parseEther("2060");
const WATCHED = parseEther("2050");
const CALL_GAS = 200_000n;

const TOLLBOOTH = Tollbooth__factory.createInterface();
const SENTINEL = Sentinel__factory.createInterface();

/** On another rollup: what is to be called when the price rises. */
interface Post {
  readonly site: Site;
  readonly sentinel: Address;
}

/** A price is set on one rollup, and contracts on the others are called as soon as it is proven to be high. */
export async function price(world: World, watch: Watch): Promise<void> {
  const site = siteAt(world, 0);
  const owner = site.account(ACTORS.treasurer);
  const booth = await place(owner, new Tollbooth__factory(), [owner.address], world.signal);
  await set(world, booth, CHEAP);
  const condition: Automation = {
    ...{ chainId: site.chainId, incarnation: 1n, account: booth, slot: toHex(uintBytes("slot", TOLL_SLOT, 32)) },
    ...{ mask: 2n ** 256n - 1n, comparison: "atLeast", operand: WATCHED },
    ...{ maxAge: 600n, period: 0n, gasLimit: CALL_GAS, reward: 0n },
  };
  const posts = await Promise.all(othersOf(world).map((each) => placePost(world, each, condition)));
  watch.mark(world, "price", `contracts that watch a price, on ${namesOf(othersOf(world))}`);
  const early = await Promise.all(posts.map(alarmsOf));
  const receipts = await set(world, booth, DEAR);
  watch.mark(world, "price", `it rises to ${text(DEAR)} on ${site.name}`, receipts);
  await triggers(world, watch, posts, condition);
  world.check(
    "price",
    "nobody was called before the price rose",
    early.every((count) => count === 0n),
    early.join(", "),
  );
}

function set(world: World, to: Address, toll: bigint): Promise<Receipt[]> {
  const data = TOLLBOOTH.encodeFunctionData("setToll", [toll]);
  return siteAt(world, 0).account(ACTORS.treasurer).execute([{ to, data }], world.signal);
}

async function placePost(world: World, site: Site, condition: Automation): Promise<Post> {
  const owner = site.account(ACTORS.treasurer);
  const sentinel = await place(owner, new Sentinel__factory(), [addressOn(world, site, "Automations")], world.signal);
  const data = SENTINEL.encodeFunctionData("watch", [automationArgument(condition)]);
  await owner.execute([{ to: sentinel, data }], world.signal);
  return { site, sentinel };
}

/** By automations, which the relayer executes: the slot is proven, the condition holds, the contract is called, once. */
async function triggers(world: World, watch: Watch, posts: readonly Post[], condition: Automation): Promise<void> {
  await until(world, "the contracts are called", LIMIT_MS, async () => {
    return (await Promise.all(posts.map(alarmsOf))).every((count) => count > 0n);
  });
  const executions = (await Promise.all(posts.map((post) => executionsOf(world, post, condition)))).flat();
  watch.mark(world, "price", `contracts on ${posts.length} rollups are called, by automation`, executions);
  const relayer = devAccount(PARTS.relayer).address;
  const values = await Promise.all(posts.map((post) => sentinelOf(post).value()));
  const isCalled = values.every((value) => value === DEAR) && executions.every(({ from }) => from === relayer);
  world.check("price", "each was called with the proven price, by the relayer", isCalled, values.map(text).join(", "));
  const again = await Promise.all(posts.map((post) => tryAgain(world, post, condition)));
  const counts = await Promise.all(posts.map(alarmsOf));
  const isOnce = counts.every((count) => count === 1n) && again.every((reason) => reason === "AutomationsUnknown");
  world.check("price", "and once: nobody can execute it again", isOnce, `${counts.join(", ")}; ${again.join(", ")}`);
}

async function executionsOf(world: World, { site, sentinel }: Post, condition: Automation) {
  const { provider, description } = site.connection;
  const automations = IAutomations__factory.connect(addressOn(world, site, "Automations"), provider);
  const filter = automations.filters.AutomationExecuted(automationId(sentinel, condition));
  const logs = await automations.queryFilter(filter, description.fromBlock);
  const receipts = await Promise.all(
    logs.map(({ transactionHash }) => provider.getTransactionReceipt(transactionHash)),
  );
  return receipts.flatMap((receipt) => (receipt === null ? [] : [receipt]));
}

async function tryAgain(world: World, { site, sentinel }: Post, condition: Automation): Promise<string> {
  const automations = IAutomations__factory.connect(addressOn(world, site, "Automations"), site.connection.provider);
  const { inbox } = site.connection.contracts;
  const [anchorIndex] = await inbox.latestHead(condition.chainId);
  return automations.execute.staticCall(sentinel, automationArgument(condition), anchorIndex, "0x").then(
    () => "accepted",
    (error: unknown) => (isError(error, "CALL_EXCEPTION") ? (error.revert?.name ?? "") : String(error)),
  );
}

function sentinelOf({ site, sentinel }: Post) {
  return Sentinel__factory.connect(sentinel, site.connection.provider);
}

function alarmsOf(post: Post): Promise<bigint> {
  return sentinelOf(post).alarms();
}

function text(value: bigint): string {
  return formatEther(value);
}
