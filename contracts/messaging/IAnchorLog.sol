// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Hashes of this rollup's own blocks, kept for ever.
/// @notice Head facts about this rollup name an entry of this log, so a false one can be shown false at any later time.
interface IAnchorLog {
    /// @notice A stored block.
    /// @param number in the rollup's own count
    /// @param timestamp seconds, when it was stored
    /// @param blockHash never zero for a stored block
    struct Anchor {
        uint64 number;
        uint64 timestamp;
        bytes32 blockHash;
    }

    /// @notice A block was stored as entry `index`.
    event Anchored(uint64 indexed index, uint64 indexed number, bytes32 blockHash);

    error AnchorInvalidHeartbeat(uint256 heartbeatSeconds);
    error AnchorTooEarly(uint256 timestamp, uint256 earliest);
    error AnchorUnreadableBlock(uint256 number);
    error AnchorUnknownStack(address stack);

    /// @notice Stores the newest own block whose hash can be read: the one before the current. Anyone, once a heartbeat.
    /// @dev Emits {Anchored}. Reverts {AnchorTooEarly} before the heartbeat is over, {AnchorUnreadableBlock} if the stack gives no hash.
    function anchor() external returns (uint64 index);

    /// @notice Entry `index`, counted from 0; all zero if there is none (yet).
    function anchorAt(uint64 index) external view returns (Anchor memory);

    /// @notice Number of entries.
    function count() external view returns (uint64);

    /// @notice Newest entry; all zero if there is none.
    function latest() external view returns (uint64 index, Anchor memory);

    /// @notice Least time between two entries, in seconds.
    function heartbeatSeconds() external view returns (uint256);

    /// @notice Where own block numbers and hashes come from.
    function stack() external view returns (address);
}
