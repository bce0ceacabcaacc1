import type { HeadFact } from "../../sdk/src/fact.ts";
import { parseBlock, toQuantity } from "../chain/blocks.ts";
import { rpcQuestion } from "../chain/quorum.ts";
import { readAnchor, anchorCall } from "../network/anchor-log.ts";
import type { HeadFactRequest } from "../network/guardian-api.ts";
import type { SourceContext } from "./final-view.ts";
import { lowerHex } from "./final-view.ts";
import { refused } from "./soft-view.ts";

/**
 * The head fact, if k of n endpoints have this entry in the rollup's AnchorLog as of the newest final block, and this header in
 * their chain. An anchor written in a final block speaks about an earlier block, which is final too.
 */
export async function checkHead(
  { rollup, access, record }: SourceContext,
  fact: HeadFactRequest,
  signal?: AbortSignal,
): Promise<HeadFact> {
  const { anchorLog } = rollup.contracts;
  const final = record.finalBlock(rollup.chainId);
  if (anchorLog === undefined) throw refused("ANCHORS_UNKNOWN", `no AnchorLog of ${rollup.name} is configured`);
  if (final === undefined || BigInt(final.number) < fact.number) {
    throw refused("FACT_NOT_FINAL", `block ${fact.number} is not final yet`);
  }
  const calls = [
    anchorCall(anchorLog, fact.anchorIndex, { blockHash: final.hash }),
    { method: "eth_getBlockByNumber", params: [toQuantity(fact.number), false] },
  ];
  const question = rpcQuestion(`anchor ${fact.anchorIndex}`, calls, ([entry, header]) => {
    const { hash, stateRoot } = parseBlock(header);
    return { entry: readAnchor(entry), hash, stateRoot };
  });
  const { answer } = await access.quorum.agree(question, signal);
  const { entry } = answer;
  if (entry.timestamp === 0n) {
    throw refused("FACT_NOT_FINAL", `anchor ${fact.anchorIndex} is in no final block yet`);
  }
  if (entry.hash !== fact.blockHash || entry.number !== fact.number) {
    throw refused("FACT_FALSE", `anchor ${fact.anchorIndex} is another block here`);
  }
  if (answer.hash !== fact.blockHash || answer.stateRoot !== fact.stateRoot) {
    throw refused("FACT_FALSE", `block ${fact.number} is another one here`);
  }
  const { chainId, anchorIndex, number } = fact;
  const { hash: blockHash, stateRoot } = answer;
  return {
    class: fact.class,
    chainId,
    incarnation: rollup.incarnation,
    anchorIndex,
    number,
    blockHash: lowerHex(blockHash),
    stateRoot: lowerHex(stateRoot),
  };
}
