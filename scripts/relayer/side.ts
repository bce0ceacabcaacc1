import type { Hex } from "../../sdk/src/bytes.ts";
import type { FactClass } from "../../sdk/src/fact.ts";
import type { Station } from "../network/station.ts";
import { createStation } from "../network/station.ts";
import { pruneExecuted, trackLane } from "../network/tracked-lane.ts";
import type { Trouble } from "../network/trouble.ts";
import type { RelayerConfig } from "./config.ts";
import type { LaneWork } from "../network/plan.ts";

/** A lane between two rollups, as this relayer works on it. */
export interface Work extends LaneWork {
  readonly src: Side;
  readonly dst: Side;
  /** When guardians last signed something about it, by the wall clock. */
  signedAt: number;
}

/** One rollup with this relayer's lanes. */
export interface Side extends Station {
  /** Lanes that begin here, and that end here. */
  readonly outbound: Work[];
  readonly inbound: Work[];
  /** Nothing is delivered here for the moment. */
  hold: Trouble | undefined;
  /** When its newest block was read, by the wall clock. */
  followedAt: number;
  /** What the last messages cost, in wei each. */
  costPerMessage: bigint;
}

export function createSides(
  config: RelayerConfig,
  secretKey: Hex,
  onError: (where: string, error: unknown) => void,
): Side[] {
  const { gasPrice: fees, rpcTimeoutMs } = config.relayer;
  const sides = config.rollups.map((rollup): Side => {
    const outbound: Work[] = [];
    const onStep = async (): Promise<void> => {
      for (const work of outbound) await pruneExecuted(work, work.dst);
    };
    const report = (error: unknown): void => onError(rollup.name, error);
    const station = createStation({ config, rollup, secretKey, fees, rpcTimeoutMs, onStep, onError: report });
    return { ...station, outbound, inbound: [], hold: undefined, followedAt: 0, costPerMessage: 0n };
  });
  for (const src of sides) {
    for (const store of src.follower.lanes) {
      const dst = sides.find(({ rollup }) => rollup.chainId === store.lane.dstChainId);
      if (dst === undefined) continue;
      const own = {
        busy: new Set<bigint>(),
        troubles: new Map<bigint, Trouble>(),
        holds: new Map<FactClass, Trouble>(),
      };
      const work: Work = { ...trackLane(store), ...own, src, dst, signedAt: Date.now() };
      src.outbound.push(work);
      dst.inbound.push(work);
    }
  }
  return sides;
}
