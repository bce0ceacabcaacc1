import { encodeBatches } from "../../sdk/src/batch.ts";
import type { Hex } from "../../sdk/src/bytes.ts";
import { CLASS_FINAL, factProof, networkRoot } from "../../sdk/src/fact.ts";
import { buildBatch, proveRange, type LaneRange } from "../../sdk/src/lane.ts";
import type { Message } from "../../sdk/src/message.ts";
import { attest, laneOf, type TestNetwork, type TestRollup } from "./network.ts";

/** Attested messages that the source's gateway never sent, as a captured source makes guardians sign them. */
export async function invent(
  net: TestNetwork,
  src: TestRollup,
  dst: TestRollup,
  messages: readonly Message[],
): Promise<{ readonly attestation: Hex; readonly batches: Hex }> {
  const lane = await laneOf(src, dst);
  const range: LaneRange = { lane, class: CLASS_FINAL, headBefore: lane.networkId, messages };
  const proven = proveRange(range);
  const batch = buildBatch(range, proven, { factProof: factProof([proven.factHash], proven.factHash) });
  return { attestation: attest(net, networkRoot([proven.factHash])), batches: encodeBatches([batch]) };
}
