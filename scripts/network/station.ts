import { Wallet } from "ethers";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import { fromHex, toAddress } from "../../sdk/src/bytes.ts";
import type { FeeLimits } from "../chain/fees.ts";
import type { RpcPool } from "../chain/pool.ts";
import type { Sender } from "../chain/sender.ts";
import { createSender } from "../chain/sender.ts";
import type { NetworkConfig, RollupConfig } from "./config.ts";
import { laneBetween, openChain } from "./config.ts";
import type { LaneFollower } from "./follower.ts";
import { createLaneFollower } from "./follower.ts";
import type { GuardianTable } from "./tables.ts";

/** One rollup with everything that somebody needs who reads and writes there. */
export interface Station {
  readonly rollup: RollupConfig;
  readonly pool: RpcPool;
  readonly sender: Sender;
  readonly account: Address;
  /** Of the lanes that begin here. */
  readonly follower: LaneFollower;
  /** The guardians that this rollup accepts; undefined until they were read. */
  table: GuardianTable | undefined;
  /** Keys of those in the table that are suspended from `fast` signing. */
  suspended: ReadonlySet<Hex>;
  /** What the account holds, in wei. */
  balance: bigint;
}

export interface StationOptions {
  readonly config: NetworkConfig;
  readonly rollup: RollupConfig;
  readonly secretKey: Hex;
  readonly fees: FeeLimits;
  readonly rpcTimeoutMs: number;
  /** See {@link createLaneFollower}. */
  readonly onStep: () => Promise<void>;
  readonly onError: (error: unknown) => void;
}

export function createStation(options: StationOptions): Station {
  const { config, rollup, secretKey, fees, rpcTimeoutMs, onStep, onError } = options;
  const signer = new Wallet(secretKey);
  const { pool } = openChain(rollup, rpcTimeoutMs);
  const others = config.rollups.filter((other) => other !== rollup);
  const lanes = others.map((other) => laneBetween(config, rollup, other));
  return {
    rollup,
    pool,
    sender: createSender({ pool, signer, fees, onError }),
    account: toAddress(fromHex(signer.address)),
    follower: createLaneFollower({ rollup, pool, lanes, onStep }),
    table: undefined,
    suspended: new Set(),
    balance: 0n,
  };
}
