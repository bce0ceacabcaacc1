import type { Hex } from "../../sdk/src/bytes.ts";
import { delay } from "../chain/tasks.ts";
import { messageCall } from "../demo/calls.ts";
import type { MessageClass } from "../demo/chapters/core/pairs.ts";
import { percentile } from "../demo/chapters/core/figures.ts";
import type { SeenSend } from "../demo/observer.ts";
import { deliveryOf, messagesOf, pairsOf, untilDelivered } from "../demo/world.ts";
import { seededRandom } from "../devnet/faults.ts";
import type { Field, FieldOptions } from "./bench-network.ts";
import { openField, runRelayer, spreadBlocks } from "./bench-network.ts";

/** Source block to destination block, both as they arrive at one observer. */
export interface LatencyResult {
  readonly class: MessageClass;
  readonly blockTimeMs: number;
  readonly messages: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
}

const ROLLUPS = 3;
const GUARDIANS = 5;
const ACCOUNT = 7;
const LIMIT_MS = 120_000;

type LatencyOptions = Pick<FieldOptions, "root" | "signal" | "note" | "blockTimeMs"> & { readonly rounds: number };

/** Messages of both classes over every lane of three rollups, one round after the other at random moments. */
export async function measureLatency(options: LatencyOptions): Promise<LatencyResult[]> {
  const field = await openField({ ...options, rollups: ROLLUPS, guardians: GUARDIANS, endpointsPerNode: 3 });
  try {
    await runRelayer(field.devnet, field.world.signal);
    await spreadBlocks(field);
    await sendRounds(field, 2, options.blockTimeMs);
    const sent = await sendRounds(field, options.rounds, options.blockTimeMs);
    return (["fast", "final"] as const).map((name) => summarise(field, name, options.blockTimeMs, sent[name]));
  } finally {
    await field.close();
  }
}

async function sendRounds(
  { world }: Field,
  rounds: number,
  blockTimeMs: number,
): Promise<Readonly<Record<MessageClass, readonly SeenSend[]>>> {
  const random = seededRandom(rounds);
  const sent: Record<MessageClass, SeenSend[]> = { fast: [], final: [] };
  for (let round = 0; round < rounds; round++) {
    await delay(blockTimeMs * (0.5 + 2 * random()), world.signal);
    for (const name of ["fast", "final"] as const) {
      const hashes = new Map<(typeof world.sites)[number], Hex[]>();
      for (const [src, dst] of pairsOf(world)) {
        const call = messageCall(src, dst, dst.mailboxes[name], `${name} ${round}`.padEnd(32));
        hashes.set(src, [...(hashes.get(src) ?? []), await src.account(ACCOUNT).send(call)]);
      }
      for (const [src, own] of hashes) sent[name].push(...(await messagesOf(world, src, own)));
    }
  }
  await untilDelivered(world, [...sent.fast, ...sent.final], LIMIT_MS);
  return sent;
}

function summarise(
  { world }: Field,
  name: MessageClass,
  blockTimeMs: number,
  sent: readonly SeenSend[],
): LatencyResult {
  const times = sent.flatMap((seen) => (deliveryOf(world, seen)?.arrivedAt ?? Infinity) - seen.arrivedAt);
  const sorted = times.sort((a, b) => a - b);
  const [p50Ms, p95Ms] = [percentile(sorted, 0.5), percentile(sorted, 0.95)].map(Math.round);
  return { class: name, blockTimeMs, messages: sent.length, p50Ms: p50Ms ?? 0, p95Ms: p95Ms ?? 0 };
}
