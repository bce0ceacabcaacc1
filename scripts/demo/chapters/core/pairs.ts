import type { Hex } from "../../../../sdk/src/bytes.ts";
import { delay } from "../../../chain/tasks.ts";
import { messageCall } from "../../calls.ts";
import type { SeenSend } from "../../observer.ts";
import type { Site, World } from "../../world.ts";
import { ACTORS, messagesOf, pairsOf, untilDelivered } from "../../world.ts";

export type MessageClass = "fast" | "final";

/** What chapter 1 sent, for the figures. */
export interface PairMessages {
  readonly class: MessageClass;
  readonly messages: readonly SeenSend[];
}

/** Chapter 1 under way. */
export interface Pairs {
  /** Resolves when what can be fast has arrived: from then on others may disturb the network without spoiling the figures. */
  readonly measured: Promise<void>;
  /** Resolves when all have arrived. */
  readonly done: Promise<readonly PairMessages[]>;
}

const ROUNDS = 5;
const ROUND_MS = 900;
/** What final messages take at most from a rollup whose finality does not lag. */
const CALM_MS = 9_000;
const LIMIT_MS = 70_000;

/** Sends messages of both classes between all pairs, a few at a time. */
export function pairs(world: World): Pairs {
  const lanes = pairsOf(world);
  world.note("pairs", `${ROUNDS} messages of each class over each of ${lanes.length} lanes`);
  const sending = Promise.all([sendRounds(world, "fast"), sendRounds(world, "final")]);
  const measured = sending.then(async ([fast]) => {
    await Promise.all([untilDelivered(world, fast.messages, LIMIT_MS), delay(CALM_MS, world.signal)]);
  });
  const done = sending.then(async (sent) => {
    for (const { class: name, messages } of sent) {
      await untilDelivered(world, messages, LIMIT_MS);
      world.note("pairs", `all ${messages.length} ${name} messages have arrived`);
      world.check("pairs", `every ${name} message arrived`, true, `${messages.length} of ${messages.length}`);
    }
    return sent;
  });
  return { measured, done };
}

async function sendRounds(world: World, name: MessageClass): Promise<PairMessages> {
  const bySource = world.sites.map(async (src) => {
    const hashes: Hex[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      hashes.push(...(await sendRound(world, src, name, round)));
      await delay(ROUND_MS, world.signal);
    }
    return messagesOf(world, src, hashes);
  });
  return { class: name, messages: (await Promise.all(bySource)).flat() };
}

async function sendRound({ sites }: World, src: Site, name: MessageClass, round: number): Promise<Hex[]> {
  const account = src.account(ACTORS.pairs);
  const others = sites.filter((site) => site !== src);
  return Promise.all(
    others.map((dst) =>
      account.send(messageCall(src, dst, dst.mailboxes[name], `${name} message ${round}`.padEnd(32))),
    ),
  );
}
