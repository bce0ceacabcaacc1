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

    /// @dev `from`, `to` and `class` must fit their types.
    struct Lane {
        uint256 class;
        bytes32 laneId;
        uint256 from;
        uint256 to;
        bytes32 headBefore;
        bytes32 headAt;
        bytes32 batchRoot;
        bytes32 srcBlockHash;
    }

    struct Head {
        uint256 class;
        uint256 chainId;
        uint256 incarnation;
        uint256 anchorIndex;
        uint256 number;
        bytes32 blockHash;
        bytes32 stateRoot;
    }

    function hashLane(Lane memory fact) internal pure returns (bytes32) {
        return keccak256(abi.encode(LANE_FACT_TYPEHASH, fact));
    }

    function hashHead(bytes32 networkId, Head memory fact) internal pure returns (bytes32) {
        return keccak256(abi.encode(HEAD_FACT_TYPEHASH, networkId, fact));
    }
}
