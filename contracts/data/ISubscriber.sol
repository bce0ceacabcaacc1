// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title What a contract implements to be called for publications of other rollups.
interface ISubscriber {
    /// @param chainId rollup on which it was published
    /// @param index counts the publisher's publications from 1
    /// @param time of the block in which it was published, by that rollup's clock
    struct Publication {
        uint256 chainId;
        address publisher;
        bytes32 topic;
        uint64 index;
        uint64 time;
        bytes payload;
    }

    /// @notice Called by this rollup's Subscriptions, at most once for each publication, in no particular order.
    /// @dev Must check its caller, and revert if it cannot process the publication: it will be tried again.
    /// @return its own selector
    function onPublication(Publication calldata publication) external returns (bytes4);
}
