import { parseEther } from "ethers";
import { eraText } from "../../../cli/format.ts";
import { devAccount, operatorAccount } from "../../../devnet/accounts.ts";
import { freePort } from "../../../devnet/children.ts";
import { startWatch } from "../../../devnet/watch.ts";
import { messageCall } from "../../calls.ts";
import type { Chapter, Played } from "../../chapter.ts";
import { tryPart } from "../../parts.ts";
import type { SeenSend } from "../../observer.ts";
import type { Site, Theft, World } from "../../world.ts";
import { ACTORS, deliveryOf, messagesOf, siteAt, until, untilDelivered } from "../../world.ts";
import { forgeTransfer } from "./forgery.ts";

/** The first three hold more than two thirds together, and each less than a third; the others are enough for a table without them. */
const LIARS = [0, 1, 2] as const;
const HEAVY = 300_000n;
const TOTAL_LIGHT = 400_000n;
const STAKE = parseEther("50000");
const GOAL_SECONDS = 10;
const LIMIT_MS = 60_000;
const MOST_ATTEMPTS = 4;

/** A corrupted quorum signs a false fact and steals; a watchtower proves it, on every rollup, and the network goes on without the liars. */
export const guardians: Chapter = {
  name: "guardians",
  parts: ["lie", "verdict", "after"],
  guardians: {
    least: 7,
    weightOf: (index, count) => (index < LIARS.length ? HEAVY : TOTAL_LIGHT / BigInt(count - LIARS.length)),
  },
  play,
};

interface Freeze {
  readonly rollup: string;
  readonly blockMs: number;
  readonly seconds: number;
}

interface Story {
  readonly theft: Theft;
  readonly couldTake: readonly { readonly rollup: string; readonly wei: bigint }[];
  freezes: readonly Freeze[];
  burnt: bigint;
}

async function play(world: World): Promise<Played> {
  const story = await tryPart(world, "lie", () => lie(world));
  if (story !== undefined) {
    await tryPart(world, "verdict", () => burn(world, story));
    await tryPart(world, "after", () => goOn(world));
  }
  return {
    theft: story?.theft,
    conclude: () =>
      Promise.resolve({
        figures: story === undefined ? {} : figuresOf(story),
        tables: story === undefined ? [] : tablesOf(story),
      }),
  };
}

/** Stake, a watchtower, an honest message; then the lie, and how long every rollup takes to freeze its signers. */
async function lie(world: World): Promise<Story> {
  const [src, dst] = [siteAt(world, 0), siteAt(world, 1)];
  await Promise.all([
    stakeForLiars(world, src),
    startWatch(world.devnet, await freePort(), ACTORS.watchtower, world.signal),
  ]);
  world.note(
    "lie",
    `three guardians hold a quorum and ${eraText(STAKE)} of stake each on ${src.name}; a watchtower runs`,
  );
  await untilDelivered(world, await sendOne(src, dst, world), LIMIT_MS);
  const couldTake = await Promise.all(
    world.sites
      .filter((site) => site !== src)
      .map(async ({ name, connection }) => {
        return { rollup: name, wei: await connection.contracts.era.acceptable(src.chainId) };
      }),
  );
  const wei = couldTake.find(({ rollup }) => rollup === dst.name)?.wei ?? 0n;
  const to = devAccount(ACTORS.thief).address;
  const before = await dst.connection.contracts.era.balanceOf(to);
  const { lost, liedAt } = await steal(world, { src, dst }, { to, wei, liars: LIARS });
  world.note("lie", `the three attest a transfer that nobody sent: ${eraText(wei)} from ${src.name} to ${dst.name}`);
  const freezes = await Promise.all(world.sites.map((site) => untilFrozen(world, site, liedAt)));
  const stolen = (await dst.connection.contracts.era.balanceOf(to)) - before;
  world.check("lie", "the lie was believed by the rollup: a quorum is a quorum", stolen === wei, eraText(stolen));
  for (const { rollup, seconds } of freezes)
    world.note("verdict", `${rollup} has frozen the three, ${seconds.toFixed(1)} s after the lie`);
  const slowest = Math.max(...freezes.map(({ seconds }) => seconds));
  world.check(
    "verdict",
    `every rollup froze the liars within ${GOAL_SECONDS} s`,
    slowest <= GOAL_SECONDS,
    `${slowest.toFixed(1)} s`,
  );
  return { theft: { lost, wei: stolen }, couldTake, freezes, burnt: 0n };
}

/** The forged message has to come before the true one, which the relayer delivers as soon as it is final: thieves try again. */
async function steal(
  world: World,
  lane: { readonly src: Site; readonly dst: Site },
  prize: Parameters<typeof forgeTransfer>[3],
): Promise<{ readonly lost: SeenSend; readonly liedAt: number }> {
  const { src, dst } = lane;
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    const [lost] = await sendOne(src, dst, world);
    if (lost === undefined) throw new Error("a message was sent");
    const { call, receiveId } = await forgeTransfer(world, lane, lost, prize);
    await dst.account(ACTORS.thief).send(call);
    const isDecided = (): boolean => dst.observer.delivered.has(receiveId) || deliveryOf(world, lost) !== undefined;
    await until(world, "one of the two is delivered", LIMIT_MS, isDecided);
    const lie = dst.observer.delivered.get(receiveId);
    if (lie !== undefined) return { lost, liedAt: lie.arrivedAt };
  }
  throw new Error("the true message was always faster");
}

async function sendOne(src: Site, dst: Site, world: World): Promise<SeenSend[]> {
  const hash = await src.account(ACTORS.pairs).send(messageCall(src, dst, dst.mailboxes.final, "hello"));
  return messagesOf(world, src, [hash]);
}

async function stakeForLiars(world: World, home: Site): Promise<void> {
  const { contracts, description } = home.connection;
  const { Era, GuardianStaking } = description.contracts;
  const total = STAKE * BigInt(LIARS.length);
  const approval = contracts.era.interface.encodeFunctionData("approve", [GuardianStaking, total]);
  const stakes = LIARS.map((index) => {
    const data = contracts.guardianStaking.interface.encodeFunctionData("stake", [
      operatorAccount(index).address,
      STAKE,
    ]);
    return { to: GuardianStaking, data };
  });
  await home.account(ACTORS.treasurer).execute([{ to: Era, data: approval }, ...stakes], world.signal);
}

async function untilFrozen(world: World, site: Site, liedAt: number): Promise<Freeze> {
  const { guardianSet } = site.connection.contracts;
  await until(world, `${site.name} has frozen the liars`, LIMIT_MS, async () => {
    const until = await Promise.all(LIARS.map((index) => guardianSet.frozenUntil(operatorAccount(index).address)));
    return until.every((time) => time > 0n);
  });
  return { rollup: site.name, blockMs: site.blockTimeMs, seconds: (Date.now() - liedAt) / 1_000 };
}

/** After the delay in which governance could have declared an incident, the stake burns. */
async function burn(world: World, story: Story): Promise<void> {
  const home = siteAt(world, 0);
  const { guardianStaking } = home.connection.contracts;
  const held = async (): Promise<bigint> => {
    const pools = await Promise.all(LIARS.map((index) => guardianStaking.pool(operatorAccount(index).address)));
    return pools.reduce((sum, { tokens }) => sum + tokens, 0n);
  };
  await until(world, "the stake of the liars is burnt", LIMIT_MS, async () => (await held()) === 0n);
  story.burnt = STAKE * BigInt(LIARS.length);
  const reward = await home.connection.contracts.era.balanceOf(devAccount(ACTORS.watchtower).address);
  world.check("verdict", "the liars lost all their stake at home", true, eraText(story.burnt));
  world.check(
    "verdict",
    "at most 5 % of it went to the reporter",
    reward * 20n <= story.burnt && reward > 0n,
    eraText(reward),
  );
}

/** Tables are formed without the liars, and messages arrive again. */
async function goOn(world: World): Promise<void> {
  const pairs = [
    [siteAt(world, 1), siteAt(world, 0)],
    [siteAt(world, 0), siteAt(world, 2)],
  ] as const;
  const sent = await Promise.all(pairs.map(([src, dst]) => sendOne(src, dst, world)));
  await untilDelivered(world, sent.flat(), LIMIT_MS);
  const weighted = await Promise.all(
    world.sites.map(async ({ connection }) => {
      const { guardianSet } = connection.contracts;
      const table = await guardianSet.guardians(await guardianSet.currentSerial(), 0, 256);
      return table.filter(({ weight }) => weight > 0n).map(({ operator }) => operator);
    }),
  );
  const liars = LIARS.map((index): string => operatorAccount(index).address);
  const isRid = weighted.every((operators) => operators.length >= 4 && !operators.some((each) => liars.includes(each)));
  const counts = weighted.map((operators) => operators.length).join(", ");
  const detail = `${counts} guardians have weight; ${sent.flat().length} messages delivered`;
  world.check("after", "the honest guardians go on without the liars", isRid, detail);
}

function figuresOf({ theft, couldTake, freezes, burnt }: Story): Readonly<Record<string, unknown>> {
  return { secondsToFreeze: freezes, stolen: theft.wei, lostByAttackers: burnt, couldTake };
}

function tablesOf({ theft, couldTake, freezes, burnt }: Story) {
  return [
    {
      title: "From the lie's block to the freeze, as one observer sees both:",
      head: ["rollup", "its blocks", "seconds"],
      rows: freezes.map(({ rollup, blockMs, seconds }) => [rollup, `${blockMs / 1_000} s`, seconds.toFixed(1)]),
    },
    {
      title: "What it was about:",
      head: ["", "ERA"],
      rows: [
        ["lost by the attackers, burnt at home", eraText(burnt)],
        ["taken by the lie on one rollup", eraText(theft.wei)],
        ...couldTake.map(({ rollup, wei }) => [`the most that ${rollup} would have let in at once`, eraText(wei)]),
      ],
    },
  ];
}
