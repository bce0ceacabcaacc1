// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Identity of a lane: docs/protocol/messages.md §1.
library Route {
    bytes32 internal constant LANE_TYPEHASH = keccak256(
        "MetalayerLane(bytes32 networkId,uint256 route,address srcGateway,address dstGateway)"
    );

    /// @dev Highest chain id and incarnation that fit; callers check before packing.
    uint256 internal constant MAX_CHAIN_ID = (1 << 63) - 1;
    uint256 internal constant MAX_INCARNATION = (1 << 14) - 1;

    function pack(
        uint256 srcChainId,
        uint256 dstChainId,
        uint256 srcIncarnation,
        uint256 dstIncarnation
    ) internal pure returns (uint256 route) {
        return (srcChainId << 192) | (dstChainId << 128) | (srcIncarnation << 112) | (dstIncarnation << 96);
    }

    function laneId(
        bytes32 networkId,
        uint256 route,
        address srcGateway,
        address dstGateway
    ) internal pure returns (bytes32 id) {
        bytes32 typehash = LANE_TYPEHASH;
        // Functionally equivalent: keccak256(abi.encode(LANE_TYPEHASH, networkId, route, srcGateway, dstGateway)).
        assembly ("memory-safe") {
            let scratch := mload(0x40)
            mstore(scratch, typehash)
            mstore(add(scratch, 0x20), networkId)
            mstore(add(scratch, 0x40), route)
            mstore(add(scratch, 0x60), shr(96, shl(96, srcGateway)))
            mstore(add(scratch, 0x80), shr(96, shl(96, dstGateway)))
            id := keccak256(scratch, 0xa0)
        }
    }
}
