// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Bytes of calldata by their place there. What lies behind the end of calldata reads as 0.
library CalldataBytes {
    /// @notice The byte at a place of calldata.
    function byteAt(uint256 place) internal pure returns (uint256 result) {
        assembly ("memory-safe") {
            result := byte(0, calldataload(place))
        }
    }

    /// @notice The 32 bytes at a place of calldata.
    function wordAt(uint256 place) internal pure returns (bytes32 result) {
        assembly ("memory-safe") {
            result := calldataload(place)
        }
    }

    /// @notice Where the bytes begin in calldata.
    function start(bytes calldata data) internal pure returns (uint256 place) {
        assembly ("memory-safe") {
            place := data.offset
        }
    }

    /// @notice Where they end.
    function end(bytes calldata data) internal pure returns (uint256 place) {
        assembly ("memory-safe") {
            place := add(data.offset, data.length)
        }
    }
}
