// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Where a gateway's storage holds its lanes: what a proof about another rollup's gateway has to name.
/// @dev The layout of GatewayStorage, whose upgrades only append (snapshots of storage layouts).
library LaneSlots {
    /// @dev `metalayer.gateway` as ERC-7201 places it: `outLanes` first, `checkpoints` second.
    uint256 private constant OUT_LANES = 0x97d6765343459adc36598cae8850670a2f1a00e3ee5f00d249e4f9ce89affa00;
    uint256 private constant CHECKPOINTS = OUT_LANES + 1;

    /// @notice Slots of the head of the lane to a rollup and of the word that counts its messages.
    function lane(uint256 dstChainId) internal pure returns (bytes32 head, bytes32 word) {
        head = keccak256(abi.encode(dstChainId, OUT_LANES));
        word = bytes32(uint256(head) + 1);
    }

    /// @notice Slot of a lane's head after `64 · index` messages.
    function checkpoint(uint256 route, uint256 index) internal pure returns (bytes32) {
        return keccak256(abi.encode(index, keccak256(abi.encode(route, CHECKPOINTS))));
    }
}
