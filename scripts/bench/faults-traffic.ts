import { parseEther } from "ethers";
import { devAccount } from "../devnet/accounts.ts";
import type { Call } from "../demo/account.ts";
import { messageCall, transferCall } from "../demo/calls.ts";
import { percentile } from "../demo/chapters/core/figures.ts";
import type { Site, World } from "../demo/world.ts";
import { ACTORS, siteAt } from "../demo/world.ts";
import { sendMany } from "./bench-network.ts";

/** Messages to a rollup that has closed mailboxes too: of ten, three go there. */
const POISON_PER_GOOD = 3 / 7;
const FINAL_PER_STEP = 2;
const AMOUNT = parseEther("0.001");

/** The rollup to which poison goes; its neighbours get as many good messages and no bad ones. */
export function isPoisoned({ sites }: Pick<World, "sites">, dst: Site): boolean {
  return dst === sites[1];
}

/** Sends over every lane: fast and final messages, poison to one rollup, and ERA over one lane. */
export async function sendStep(world: World, step: number): Promise<void> {
  await Promise.all(
    world.sites.map(async (src) => {
      const others = world.sites.filter((site) => site !== src);
      await sendMany(
        src,
        ACTORS.faults,
        others.flatMap((dst) => callsTo(world, src, dst, step)),
      );
    }),
  );
  const src = siteAt(world, step % world.sites.length);
  const dst = siteAt(world, (step + 1) % world.sites.length);
  const holder = devAccount(ACTORS.treasurer).address;
  await sendMany(src, ACTORS.treasurer, [{ gas: 300_000n, ...transferCall(src, dst, holder, AMOUNT) }]);
}

function callsTo(world: World, src: Site, dst: Site, step: number): Call[] {
  const good = 1 + FINAL_PER_STEP;
  const poisonUpTo = (steps: number): number => Math.floor(steps * good * POISON_PER_GOOD);
  const poison = isPoisoned(world, dst) ? poisonUpTo(step + 1) - poisonUpTo(step) : 0;
  const { fast, final, shy } = dst.mailboxes;
  const recipients = [
    ...Array.from({ length: poison }, () => shy),
    fast,
    ...Array.from({ length: FINAL_PER_STEP }, () => final),
  ];
  return recipients.map((recipient, index) => messageCall(src, dst, recipient, `step ${step} message ${index}`));
}

/** Median delay of good final messages, in blocks of their sources: to the rollup with poison, and to the others. */
export interface Slowdown {
  readonly withPoison: number;
  readonly without: number;
}

export function slowdownOf({ sites }: World): Slowdown {
  const delays = { withPoison: [] as number[], without: [] as number[] }; // CAST: empty lists have no type
  for (const dst of sites) {
    for (const src of sites) {
      for (const { message, arrivedAt } of src.observer.sent.values()) {
        const delivery = dst.observer.delivered.get(message.sendId);
        const isGood = message.recipient.toLowerCase() === dst.mailboxes.final.toLowerCase();
        if (message.dstChainId !== dst.chainId || !isGood || delivery === undefined) continue;
        const blocks = (delivery.arrivedAt - arrivedAt) / src.blockTimeMs;
        delays[isPoisoned({ sites }, dst) ? "withPoison" : "without"].push(blocks);
      }
    }
  }
  const median = (values: number[]): number =>
    percentile(
      values.sort((a, b) => a - b),
      0.5,
    );
  return { withPoison: median(delays.withPoison), without: median(delays.without) };
}
