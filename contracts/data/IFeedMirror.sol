// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IFeedAggregator} from "./IFeedAggregator.sol";
import {ISubscriber} from "./ISubscriber.sol";

/// @title A feed of another rollup as its publications tell it here: docs/protocol/feeds.md §5.
/// @dev As a subscriber: reverts {FeedMirrorUnauthorized}, {FeedMirrorZeroValue}. Emits {AnswerUpdated} for a newer round than any before; a round
///      that comes late changes nothing and counts as delivered.
interface IFeedMirror is IFeedAggregator, ISubscriber {
    /// @notice Whose answers are mirrored.
    /// @param incarnation in which the rollup is active here
    /// @param broadcaster, feeds of that rollup
    struct Source {
        uint256 chainId;
        uint256 incarnation;
        address broadcaster;
        address feeds;
    }

    error FeedMirrorUnauthorized(address caller, uint256 chainId, address publisher, bytes32 topic);
    error FeedMirrorZeroValue(uint256 round);

    /// @notice Whose answers are mirrored.
    function source() external view returns (Source memory);

    /// @notice Where this mirror is subscribed, and prepaid ERA is kept for it.
    function subscriptions() external view returns (address);
}
