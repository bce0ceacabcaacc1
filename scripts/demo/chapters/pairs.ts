import type { Hex } from "../../../sdk/src/bytes.ts";
import { delay } from "../../chain/tasks.ts";
import { messageCall } from "../calls.ts";
import type { SeenSend } from "../observer.ts";
import type { Site, World } from "../world.ts";
import { ACTORS, deliveryOf, messagesOf, pairsOf, untilDelivered } from "../world.ts";

export type MessageClass = "fast" | "final";

/** What chapter 1 sent, for the figures. */
export interface PairMessages {
  readonly class: MessageClass;
  readonly messages: readonly SeenSend[];
}

const ROUNDS = 5;
const ROUND_MS = 900;
const LIMIT_MS = 70_000;

/** Sends messages of both classes between all pairs, a few at a time, and waits for all of them. */
export async function pairs(world: World): Promise<PairMessages[]> {
  const lanes = pairsOf(world);
  world.note("pairs", `${ROUNDS} messages of each class over each of ${lanes.length} lanes`);
  const [fast, final] = await Promise.all([sendRounds(world, "fast"), sendRounds(world, "final")]);
  for (const { class: name, messages } of [fast, final]) {
    await untilDelivered(world, messages, LIMIT_MS);
    const direct = messages.filter((each) => deliveryOf(world, each) !== undefined).length;
    world.check(
      "pairs",
      `every ${name} message arrived`,
      direct === messages.length,
      `${direct} of ${messages.length}`,
    );
  }
  return [fast, final];
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
