import type { Address, Hex } from "../../sdk/src/bytes.ts";
import { pointFromHex } from "../../sdk/src/schnorr.ts";
import { rpcQuestion } from "../chain/quorum.ts";
import { loop } from "../chain/tasks.ts";
import type { ChainAccess, RollupConfig } from "../network/config.ts";
import { viewCall, viewResult } from "../network/gateway.ts";
import { readSuspension, suspensionCalls } from "../network/suspensions.ts";
import { guardianSetInterface } from "../network/tables.ts";

/** Guardians that were convicted of a false `fast` fact on some rollup, as k of n of its endpoints tell it. */
export interface Suspensions {
  /** Looks up proven keys that were not looked up before. A rollup that does not answer suspends nobody. */
  learn(keys: readonly Hex[], signal?: AbortSignal): Promise<void>;
  /** Looks up all of them anew, again and again until the signal fires. */
  follow(signal: AbortSignal): Promise<void>;
  /** Those of these keys that are suspended now. */
  among(keys: readonly Hex[]): readonly Hex[];
}

const REFRESH_MS = 15_000;

export function createSuspensions(
  rollups: readonly { readonly rollup: RollupConfig; readonly access: ChainAccess }[],
  now = (): number => Date.now() / 1_000,
  mostKept = 4_096,
): Suspensions {
  /** The latest end of a suspension, in seconds since 1970, by key. */
  const ends = new Map<Hex, number>();
  /** The one that was asked about longest ago goes first: anybody may register keys, so there may be more than are kept. */
  const keep = (key: Hex, told: readonly number[]): void => {
    const end = Math.max(ends.get(key) ?? 0, ...told);
    ends.delete(key);
    const [oldest] = ends.keys();
    if (oldest !== undefined && ends.size >= mostKept) ends.delete(oldest);
    ends.set(key, end);
  };
  const look = async (keys: readonly Hex[], signal: AbortSignal | undefined): Promise<void> => {
    if (keys.length === 0) return;
    const found = await Promise.all(
      rollups.map(({ rollup, access }) => endsOn(rollup, access, keys, signal).catch(() => [])),
    );
    for (const [index, key] of keys.entries())
      keep(
        key,
        found.map((on) => Number(on[index] ?? 0n)),
      );
  };
  return {
    learn: async (keys, signal) => {
      for (const key of keys) if (ends.has(key)) keep(key, []);
      const unknown = keys.filter((key) => !ends.has(key));
      if (unknown.length > 0) await look(unknown, signal);
    },
    follow: (signal) => {
      const onError = (): void => undefined;
      return loop(() => look([...ends.keys()], signal), { everyMs: REFRESH_MS, signal, onError });
    },
    among: (keys) => keys.filter((key) => (ends.get(key) ?? 0) > now()),
  };
}

async function endsOn(
  { contracts: { guardianSet, guardianSlashing } }: RollupConfig,
  { quorum }: ChainAccess,
  keys: readonly Hex[],
  signal: AbortSignal | undefined,
): Promise<readonly bigint[]> {
  if (guardianSlashing === undefined) return [];
  const ofKeys = keys.map((key) =>
    viewCall(guardianSet, "operatorOf", [pointFromHex(key).x], "latest", guardianSetInterface),
  );
  const asOperators = rpcQuestion("the operators of keys", ofKeys, (results) =>
    results.map((result) => String(viewResult("operatorOf", result, guardianSetInterface)[0])),
  );
  const { answer: operators } = await quorum.agree(asOperators, signal);
  // CAST: addresses, as the ABI says.
  const asEnds = rpcQuestion("suspensions", suspensionCalls(guardianSlashing, operators as Address[]), (results) =>
    results.map((result) => String(readSuspension(result))),
  );
  const { answer } = await quorum.agree(asEnds, signal);
  return answer.map(BigInt);
}
