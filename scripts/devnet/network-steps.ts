import type { DevnetStep } from "./devnet.ts";
import { guardiansStep } from "./guardians.ts";
import type { ProtocolOptions } from "./protocol.ts";
import { protocolStep } from "./protocol.ts";
import { relayerStep } from "./relayer.ts";

/** What makes a network of bare nodes: the contracts, this many guardians, and a relayer. */
export function networkSteps(guardians: number, options: ProtocolOptions = {}): DevnetStep[] {
  return [protocolStep(guardians, options), guardiansStep(guardians), relayerStep()];
}
