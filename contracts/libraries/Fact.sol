// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Facts that guardians attest: docs/protocol/messages.md §4.
library Fact {
    bytes32 internal constant LANE_FACT_TYPEHASH = keccak256(
        "MetalayerLaneFact(uint8 class,bytes32 laneId,uint64 from,uint64 to,bytes32 headBefore,bytes32 headAt,bytes32 batchRoot,bytes32 srcBlockHash)"
    );
    bytes32 internal constant HEAD_FACT_TYPEHASH = keccak256(
        "MetalayerHeadFact(bytes32 networkId,uint8 class,uint256 chainId,uint256 incarnation,uint64 anchorIndex,uint64 number,bytes32 blockHash,bytes32 stateRoot)"
    );

    uint256 internal constant CLASS_FINAL = 0;
    uint256 internal constant CLASS_FAST = 1;

    struct Head {
        uint256 class;
        uint256 chainId;
        uint256 incarnation;
        uint256 anchorIndex;
        uint256 number;
        bytes32 blockHash;
        bytes32 stateRoot;
    }

    /// @dev `class`, `from` and `to` must fit their types.
    function hashLane(
        uint256 class,
        bytes32 laneId,
        uint256 from,
        uint256 to,
        bytes32 headBefore,
        bytes32 headAt,
        bytes32 batchRoot,
        bytes32 srcBlockHash
    ) internal pure returns (bytes32 result) {
        bytes32 typehash = LANE_FACT_TYPEHASH;
        // Functionally equivalent: keccak256(abi.encode(LANE_FACT_TYPEHASH, class, laneId, from, to, headBefore, headAt, batchRoot, srcBlockHash)).
        assembly ("memory-safe") {
            let scratch := mload(0x40)
            mstore(scratch, typehash)
            mstore(add(scratch, 0x20), class)
            mstore(add(scratch, 0x40), laneId)
            mstore(add(scratch, 0x60), from)
            mstore(add(scratch, 0x80), to)
            mstore(add(scratch, 0xa0), headBefore)
            mstore(add(scratch, 0xc0), headAt)
            mstore(add(scratch, 0xe0), batchRoot)
            mstore(add(scratch, 0x100), srcBlockHash)
            result := keccak256(scratch, 0x120)
        }
    }

    function hashHead(bytes32 networkId, Head memory fact) internal pure returns (bytes32) {
        return keccak256(abi.encode(HEAD_FACT_TYPEHASH, networkId, fact));
    }
}
