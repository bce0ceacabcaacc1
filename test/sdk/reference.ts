import { AbiCoder, concat, id, keccak256, solidityPacked, solidityPackedKeccak256 } from "ethers";
import type { Batch } from "../../sdk/src/batch.ts";
import type { HeadFact, LaneFact } from "../../sdk/src/fact.ts";
import type { Message } from "../../sdk/src/message.ts";
import type { Lane } from "../../sdk/src/route.ts";

// The protocol written a second time, plainly, from docs/protocol/messages.md and nothing else.

function typed(type: string, types: readonly string[], values: readonly unknown[]): string {
  return keccak256(AbiCoder.defaultAbiCoder().encode(["bytes32", ...types], [id(type), ...values]));
}

export function networkId(homeChainId: bigint, genesis: string, registry: string, salt: string): string {
  return typed(
    "MetalayerNetwork(uint256 homeChainId,bytes32 homeGenesisHash,address homeRegistry,bytes32 salt)",
    ["uint256", "bytes32", "address", "bytes32"],
    [homeChainId, genesis, registry, salt],
  );
}

export function route(lane: Lane): bigint {
  const { srcChainId, dstChainId, srcIncarnation, dstIncarnation } = lane;
  return BigInt(
    solidityPacked(
      ["uint64", "uint64", "uint16", "uint16", "uint96"],
      [srcChainId, dstChainId, srcIncarnation, dstIncarnation, 0],
    ),
  );
}

export function laneId(lane: Lane): string {
  return typed(
    "MetalayerLane(bytes32 networkId,uint256 route,address srcGateway,address dstGateway)",
    ["bytes32", "uint256", "address", "address"],
    [lane.networkId, route(lane), lane.srcGateway, lane.dstGateway],
  );
}

export function header({ kind, nonce, gasLimit, fee }: Message): bigint {
  return BigInt(solidityPacked(["uint8", "uint64", "uint32", "uint64", "uint88"], [kind, nonce, gasLimit, fee, 0]));
}

export function messageHash(lane: Lane, message: Message): string {
  return typed(
    "MetalayerMessage(bytes32 networkId,uint256 route,uint256 header,address sender,address recipient,bytes32 payloadHash)",
    ["bytes32", "uint256", "uint256", "address", "address", "bytes32"],
    [lane.networkId, route(lane), header(message), message.sender, message.recipient, keccak256(message.payload)],
  );
}

export function nextHead(head: string, hash: string): string {
  return keccak256(concat([head, hash]));
}

export function node(left: string, right: string): string {
  return solidityPackedKeccak256(["uint8", "bytes32", "bytes32"], [1, left, right]);
}

/** All levels of a tree, leaves first. */
export function levels(leaves: readonly string[]): string[][] {
  if (leaves.length <= 1) return [[...leaves]];
  const above = leaves.flatMap((leaf, i) => {
    const right = leaves[i + 1];
    return i % 2 === 1 ? [] : right === undefined ? [leaf] : [node(leaf, right)];
  });
  return [[...leaves], ...levels(above)];
}

export function root(leaves: readonly string[]): string | undefined {
  return levels(leaves).at(-1)?.[0];
}

/** Siblings by definition: at every level, what a parent of a computable node needs and what is not computable itself. */
export function siblings(tree: readonly string[][], first: number, length: number): string[] {
  let computable = new Set(Array.from({ length }, (_, i) => first + i));
  return tree.flatMap((level) => {
    const needed = level.filter((_, index) => !computable.has(index) && computable.has(index ^ 1));
    computable = new Set([...computable].map((index) => index >> 1));
    return needed;
  });
}

export function laneFactHash(fact: LaneFact): string {
  return typed(
    "MetalayerLaneFact(uint8 class,bytes32 laneId,uint64 from,uint64 to,bytes32 headBefore,bytes32 headAt,bytes32 batchRoot,bytes32 srcBlockHash)",
    ["uint8", "bytes32", "uint64", "uint64", "bytes32", "bytes32", "bytes32", "bytes32"],
    [fact.class, fact.laneId, fact.from, fact.to, fact.headBefore, fact.headAt, fact.batchRoot, fact.srcBlockHash],
  );
}

export function headFactHash(network: string, fact: HeadFact): string {
  return typed(
    "MetalayerHeadFact(bytes32 networkId,uint8 class,uint256 chainId,uint256 incarnation,uint64 anchorIndex,uint64 number,bytes32 blockHash,bytes32 stateRoot)",
    ["bytes32", "uint8", "uint256", "uint256", "uint64", "uint64", "bytes32", "bytes32"],
    [
      network,
      fact.class,
      fact.chainId,
      fact.incarnation,
      fact.anchorIndex,
      fact.number,
      fact.blockHash,
      fact.stateRoot,
    ],
  );
}

/** Root of the fact tree: leaves in ascending order as numbers. */
export function networkRoot(facts: readonly string[]): string | undefined {
  return root([...facts].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1)));
}

export function encodeBatch(batch: Batch): string {
  const { entries, siblings: batchSiblings, factProof } = batch;
  return concat([
    solidityPacked(
      ["uint8", "uint64", "uint64", "uint16", "uint16", "uint16", "uint32", "bytes32", "bytes32"],
      [
        batch.class,
        batch.srcChainId,
        batch.from,
        batch.count,
        batch.first,
        entries.length,
        batch.gasBoost,
        batch.headBefore,
        batch.headAt,
      ],
    ),
    batch.class === 1 ? batch.srcBlockHash : "0x",
    solidityPacked(["uint8", "bytes32[]"], [batchSiblings.length, batchSiblings]),
    solidityPacked(["uint16", "uint16"], [factProof.index, factProof.count]),
    solidityPacked(["uint8", "bytes32[]"], [factProof.siblings.length, factProof.siblings]),
    ...entries.map((entry) =>
      entry.tag === 255
        ? solidityPacked(["uint8", "bytes32"], [255, entry.messageHash])
        : solidityPacked(
            ["uint8", "uint32", "uint64", "address", "address", "uint16", "bytes"],
            [
              entry.tag,
              entry.gasLimit,
              entry.fee,
              entry.sender,
              entry.recipient,
              (entry.payload.length - 2) / 2,
              entry.payload,
            ],
          ),
    ),
  ]);
}
