import type { Hex } from "../../sdk/src/bytes.ts";
import type { RpcPool } from "../chain/pool.ts";
import type { RollupConfig } from "./config.ts";
import { viewCall, viewResult } from "./gateway.ts";

/** What a destination has executed of one lane, as far as it was read. */
export interface DeliveredView {
  /** Executed by class `final`, or this very message by class `fast`. */
  isClosed(nonce: bigint, id: Hex): boolean;
  /** Executed by class `fast`, whatever message it was: no further `fast` delivery can happen. */
  isFastClosed(nonce: bigint): boolean;
  /** Executed in a block of the destination that is final: it stays so if the source's message stays. */
  isDone(nonce: bigint, id: Hex): boolean;
  /** Learnt from a receipt. */
  note(nonce: bigint, id: Hex, isFast: boolean): void;
}

/** Part of a lane whose delivery is to be looked up. */
export interface DeliveredQuery {
  readonly srcChainId: bigint;
  readonly view: DeliveredView & Words;
  readonly nonces: readonly bigint[];
  readonly withFast: boolean;
}

interface Words {
  readonly words: Map<bigint, bigint>;
  readonly fast: Map<bigint, bigint>;
  readonly done: Map<bigint, bigint>;
  readonly doneFast: Map<bigint, bigint>;
}

const MASK_64 = 0xffff_ffff_ffff_ffffn;

export function createDeliveredView(): DeliveredView & Words {
  const words = new Map<bigint, bigint>();
  const fast = new Map<bigint, bigint>();
  const done = new Map<bigint, bigint>();
  const doneFast = new Map<bigint, bigint>();
  const bit = (map: Map<bigint, bigint>, nonce: bigint): boolean =>
    (((map.get(nonce >> 8n) ?? 0n) >> (nonce & 255n)) & 1n) === 1n;
  const mark = (map: Map<bigint, bigint>, nonce: bigint): bigint =>
    ((map.get(nonce >> 2n) ?? 0n) >> ((nonce & 3n) << 6n)) & MASK_64;
  return {
    words,
    fast,
    done,
    doneFast,
    isClosed: (nonce, id) => bit(words, nonce) || mark(fast, nonce) === fingerprint(id),
    isFastClosed: (nonce) => bit(words, nonce) || mark(fast, nonce) !== 0n,
    isDone: (nonce, id) => bit(done, nonce) || mark(doneFast, nonce) === fingerprint(id),
    note(nonce, id, isFast) {
      const [map, index, shift] = isFast ? [fast, nonce >> 2n, (nonce & 3n) << 6n] : [words, nonce >> 8n, nonce & 255n];
      map.set(index, (map.get(index) ?? 0n) | ((isFast ? fingerprint(id) : 1n) << shift));
    },
  };
}

/** docs/protocol/messages.md §6: the hash's last 64 bits, or 1 if they are 0. */
function fingerprint(id: Hex): bigint {
  const low = BigInt(id) & MASK_64;
  return low === 0n ? 1n : low;
}

/** Reads delivery records, at the newest block or in a final one, in as few requests as the endpoint takes. */
export async function readDelivered(
  pool: RpcPool,
  { contracts }: RollupConfig,
  queries: readonly DeliveredQuery[],
  at: { readonly final: string } | "latest",
  signal?: AbortSignal,
): Promise<void> {
  const block = at === "latest" ? at : at.final;
  const wanted = queries.flatMap(({ srcChainId, view, nonces, withFast }) => {
    const unique = (shift: bigint): bigint[] => [...new Set(nonces.map((nonce) => nonce >> shift))];
    const target = at === "latest" ? view.words : view.done;
    const final = unique(8n).map((index) => ({ name: "deliveredWord", srcChainId, index, target }));
    const marks = at === "latest" ? view.fast : view.doneFast;
    const fast = withFast ? unique(2n) : [];
    return [...final, ...fast.map((index) => ({ name: "fastWord", srcChainId, index, target: marks }))];
  });
  if (wanted.length === 0) return;
  const calls = wanted.map(({ name, srcChainId, index }) =>
    viewCall(contracts.gateway, name, [srcChainId, index], block),
  );
  const outcomes = await pool.batch(calls, { signal });
  wanted.forEach(({ name, index, target }, place) => {
    const outcome = outcomes[place];
    if (outcome?.ok !== true) throw outcome?.error ?? new Error("no answer");
    target.set(index, BigInt(String(viewResult(name, outcome.result)[0])));
  });
}
