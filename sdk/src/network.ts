import { hashText, hashWords, type Address, type Hex } from "./bytes.ts";

/** Type hash of {@link networkId}. */
export const NETWORK_TYPEHASH = hashText(
  "MetalayerNetwork(uint256 homeChainId,bytes32 homeGenesisHash,address homeRegistry,bytes32 salt)",
);
/** Type hash of a lane's id. */
export const LANE_TYPEHASH = hashText(
  "MetalayerLane(bytes32 networkId,uint256 route,address srcGateway,address dstGateway)",
);
/** Type hash of a message. */
export const MESSAGE_TYPEHASH = hashText(
  "MetalayerMessage(bytes32 networkId,uint256 route,uint256 header,address sender,address recipient,bytes32 payloadHash)",
);
/** Type hash of a lane fact. */
export const LANE_FACT_TYPEHASH = hashText(
  "MetalayerLaneFact(uint8 class,bytes32 laneId,uint64 from,uint64 to,bytes32 headBefore,bytes32 headAt,bytes32 batchRoot,bytes32 srcBlockHash)",
);
/** Type hash of a head fact. */
export const HEAD_FACT_TYPEHASH = hashText(
  "MetalayerHeadFact(bytes32 networkId,uint8 class,uint256 chainId,uint256 incarnation,uint64 anchorIndex,uint64 number,bytes32 blockHash,bytes32 stateRoot)",
);
/** What identifies a network. */
export interface Network {
  readonly homeChainId: bigint;
  readonly homeGenesisHash: Hex;
  readonly homeRegistry: Address;
  readonly salt: Hex;
}

/** The network's id, part of everything that is hashed or signed. */
export function networkId(network: Network): Hex {
  return hashWords([
    NETWORK_TYPEHASH,
    network.homeChainId,
    network.homeGenesisHash,
    network.homeRegistry,
    network.salt,
  ]);
}
