import type { FinalityPolicy } from "../chain/finality.ts";

/** A rollup of the local network, shaped after a kind of real one. */
export interface RollupPreset {
  readonly name: string;
  readonly chainId: number;
  /** Seconds. */
  readonly blockTime: number;
  /** Finality tags lie this many blocks apart. */
  readonly slotsInAnEpoch: number;
  readonly finality: FinalityPolicy;
}

/** Block times of real stacks: OP 2 s, Polygon CDK and ZKsync about 1 s, Arbitrum 250 ms; and one with deep finality. */
const KINDS = [
  { blockTime: 2, slotsInAnEpoch: 1 },
  { blockTime: 1, slotsInAnEpoch: 1 },
  { blockTime: 0.25, slotsInAnEpoch: 1 },
  { blockTime: 1, slotsInAnEpoch: 8 },
] as const;

const FIRST_CHAIN_ID = 8_101;

export const LEAST_ROLLUPS = 2;
export const MOST_ROLLUPS = 8;

/** `rollupA`, `rollupB`, … with the chain ids of the simulated ones; the kinds take turns. */
export function rollupPresets(count: number): RollupPreset[] {
  return Array.from({ length: count }, (_, index) => {
    const kind = KINDS[index % KINDS.length] ?? KINDS[0];
    const name = `rollup${String.fromCharCode("A".charCodeAt(0) + index)}`;
    return { name, chainId: FIRST_CHAIN_ID + index, ...kind, finality: { kind: "tag", tag: "finalized" } };
  });
}
