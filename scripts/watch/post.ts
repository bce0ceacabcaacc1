import { Wallet } from "ethers";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import type { Sender } from "../chain/sender.ts";
import { createSender } from "../chain/sender.ts";
import type { Source } from "../guardian/facts.ts";
import { createSource } from "../guardian/facts.ts";
import type { GuardianRecord } from "../guardian/record.ts";
import type { ChainAccess, RollupConfig } from "../network/config.ts";
import { laneBetween, openChain } from "../network/config.ts";
import type { WatchConfig } from "./config.ts";

/** One rollup as the watchtower sees it and acts on it. */
export interface Post {
  readonly rollup: RollupConfig;
  readonly access: ChainAccess;
  /** Its lanes as far as they are final at k of n of its endpoints. */
  readonly source: Source;
  /** Where evidence goes; undefined if the settings do not name it. */
  readonly slashing: Address | undefined;
  /** What its clock may be ahead of another rollup's. */
  readonly clockSkewSeconds: number;
  /** Undefined in a dry run. */
  readonly sender: Sender | undefined;
}

export function createPosts(
  config: WatchConfig,
  record: GuardianRecord,
  secretKey: Hex | undefined,
  onError: (where: string, error: unknown) => void,
  stopping: AbortSignal,
): Post[] {
  const { gasPrice: fees, rpcTimeoutMs, clockSkewSeconds } = config.watch;
  return config.rollups.map((rollup): Post => {
    const access = openChain(rollup, rpcTimeoutMs);
    const others = config.rollups.filter((other) => other !== rollup);
    const lanes = others.map((other) => laneBetween(config, rollup, other));
    const options = { pool: access.pool, fees, onError: (error: unknown) => onError(rollup.name, error) };
    return {
      rollup,
      access,
      source: createSource({ rollup, access, record, lanes, stopping }),
      slashing: rollup.contracts.guardianSlashing,
      clockSkewSeconds,
      sender: secretKey === undefined ? undefined : createSender({ ...options, signer: new Wallet(secretKey) }),
    };
  });
}

export function postOf(posts: readonly Post[], chainId: bigint): Post | undefined {
  return posts.find(({ rollup }) => rollup.chainId === chainId);
}

/** Waits a little for transactions under way and lets go of the rest. */
export async function stopSenders(posts: readonly Post[], drainMs: number): Promise<void> {
  const senders = posts.flatMap(({ sender }) => sender ?? []);
  await Promise.all(senders.map((sender) => sender.stop(drainMs)));
}
