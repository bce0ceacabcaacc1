import { encodeBatches } from "../../sdk/src/batch.ts";
import { CLASS_FAST, CLASS_FINAL, factProof, networkRoot, type FactClass } from "../../sdk/src/fact.ts";
import { buildBatch, proveRange, type LaneRange } from "../../sdk/src/lane.ts";
import type { Message } from "../../sdk/src/message.ts";
import { attest, laneOf, type Delivery, type TestNetwork, type TestRollup } from "./network.ts";

/** Attested messages that the source's gateway never sent, as a captured source makes guardians sign them. */
export async function invent(
  net: TestNetwork,
  src: TestRollup,
  dst: TestRollup,
  messages: readonly Message[],
  { class: factClass = CLASS_FINAL, serial = 1 }: { readonly class?: FactClass; readonly serial?: number } = {},
): Promise<Pick<Delivery, "attestation" | "batches" | "batch" | "proven">> {
  const lane = await laneOf(src, dst);
  const block = factClass === CLASS_FAST ? { srcBlockHash: lane.networkId } : {};
  const range: LaneRange = { lane, class: factClass, headBefore: lane.networkId, messages, ...block };
  const proven = proveRange(range);
  const batch = buildBatch(range, proven, { factProof: factProof([proven.factHash], proven.factHash) });
  return {
    attestation: attest(net, networkRoot([proven.factHash]), undefined, serial),
    batches: encodeBatches([batch]),
    batch,
    proven,
  };
}
