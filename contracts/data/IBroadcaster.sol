// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Says something once, so that it can be proven on every rollup: docs/protocol/publications.md §1.
/// @notice ERC-7888 (draft) `IBroadcaster`, and publications, which are broadcast in this contract's own name.
interface IBroadcaster {
    /// @notice ERC-7888. For a publication, `publisher` is this contract.
    event MessageBroadcast(bytes32 indexed message, address indexed publisher);
    event Published(address indexed publisher, bytes32 indexed topic, uint64 indexed index, bytes payload);

    error BroadcasterKnownMessage(bytes32 message, address publisher);
    error BroadcasterPayloadTooLong(uint256 length, uint256 limit);

    /// @notice ERC-7888: stores the block's time in slot keccak256(abi.encode(message, caller)), once. Anyone.
    /// @dev Emits {MessageBroadcast}. Reverts {BroadcasterKnownMessage}.
    function broadcastMessage(bytes32 message) external;

    /// @notice Publishes under the caller's next index, the first is 1. Anyone. Costs the same however many subscribe.
    /// @dev Emits {MessageBroadcast}, {Published}. Reverts {BroadcasterPayloadTooLong} beyond 32,768 bytes.
    function publish(bytes32 topic, bytes calldata payload) external returns (uint64 index);

    /// @notice Index of a publisher's newest publication, 0 if there is none.
    function newestIndex(address publisher) external view returns (uint64);

    /// @notice When a message was broadcast, seconds; 0 if it was not.
    function broadcastTime(bytes32 message, address publisher) external view returns (uint256);
}
