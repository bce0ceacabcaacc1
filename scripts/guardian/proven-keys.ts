import type { Hex } from "../../sdk/src/bytes.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import type { Point } from "../../sdk/src/schnorr.ts";
import { pointFromHex, pointToHex } from "../../sdk/src/schnorr.ts";
import { rpcQuestion } from "../chain/quorum.ts";
import type { ChainAccess, RollupConfig } from "../network/config.ts";
import { viewCall, viewResult } from "../network/gateway.ts";
import { guardianSetInterface } from "../network/tables.ts";

/** Keys whose possession was proven to a GuardianSet of the network. Once proven is proven for ever, so they are remembered. */
export interface ProvenKeys {
  /**
   * Looks up those that are not known yet: on one rollup after the other, as k of n of its endpoints tell it. Throws KEY_NOT_PROVEN
   * unless all are proven then.
   */
  prove(keys: readonly Hex[], signal?: AbortSignal): Promise<void>;
  has(key: Point): boolean;
}

const MOST_KEPT = 4_096;

export function createProvenKeys(
  rollups: readonly { readonly rollup: RollupConfig; readonly access: ChainAccess }[],
): ProvenKeys {
  const proven = new Set<Hex>();
  return {
    async prove(keys, signal) {
      for (const { rollup, access } of rollups) {
        const unknown = keys.filter((key) => !proven.has(key));
        if (unknown.length === 0) return;
        const found = await registered(rollup, access, unknown, signal).catch(() => []);
        for (const key of found) keep(proven, key);
      }
      const stranger = keys.find((key) => !proven.has(key));
      if (stranger === undefined) return;
      throw new MetalayerError("KEY_NOT_PROVEN", `No rollup tells of a proof of possession for ${stranger}.`);
    },
    has: (key) => proven.has(pointToHex(key)),
  };
}

/** The oldest goes first: anybody may register keys, so there may be more than are kept. */
function keep(proven: Set<Hex>, key: Hex): void {
  const [oldest] = proven;
  if (oldest !== undefined && proven.size >= MOST_KEPT) proven.delete(oldest);
  proven.add(key);
}

async function registered(
  { contracts }: RollupConfig,
  { quorum }: ChainAccess,
  keys: readonly Hex[],
  signal: AbortSignal | undefined,
): Promise<Hex[]> {
  const { guardianSet } = contracts;
  const ofKeys = keys.map((key) =>
    viewCall(guardianSet, "operatorOf", [pointFromHex(key).x], "latest", guardianSetInterface),
  );
  const asOperators = rpcQuestion("the operators of keys", ofKeys, (results) =>
    results.map((result) => String(viewResult("operatorOf", result, guardianSetInterface)[0])),
  );
  const { answer: operators } = await quorum.agree(asOperators, signal);
  const infos = operators.map((operator) =>
    viewCall(guardianSet, "operatorInfo", [operator], "latest", guardianSetInterface),
  );
  const asKeys = rpcQuestion("the keys of operators", infos, (results) =>
    results.map((result) => {
      // CAST: the ABI says so.
      const info = viewResult("operatorInfo", result, guardianSetInterface)[0] as { key: { x: bigint; y: bigint } };
      return info.key.x === 0n ? null : pointToHex({ x: info.key.x, y: info.key.y });
    }),
  );
  const { answer: full } = await quorum.agree(asKeys, signal);
  return keys.filter((key, index) => full[index] === key);
}
