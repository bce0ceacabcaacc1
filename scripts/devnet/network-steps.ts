import type { DevnetStep } from "./devnet.ts";
import { guardiansStep } from "./guardians.ts";
import { EPOCH_LENGTH } from "./parameters.ts";
import { protocolStep } from "./protocol.ts";
import { relayerStep } from "./relayer.ts";

/** What makes a network of bare nodes: the contracts, this many guardians of equal or these weights, and a relayer. */
export function networkSteps(guardians: number, weightOf?: (index: number) => bigint): DevnetStep[] {
  return [protocolStep(guardians, EPOCH_LENGTH, weightOf), guardiansStep(guardians), relayerStep()];
}
