// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FeedAggregator} from "./FeedAggregator.sol";
import {FeedAnswers} from "./FeedAnswers.sol";
import {IFeedMirror} from "./IFeedMirror.sol";
import {IFeeds} from "./IFeeds.sol";
import {ISubscriber} from "./ISubscriber.sol";
import {ISubscriptions} from "./ISubscriptions.sol";

/// @title A feed of another rollup. No owner: subscribes itself when it is created and changes nothing afterwards; deployed by who wants it.
contract FeedMirror is IFeedMirror, FeedAggregator {
    using FeedAnswers for FeedAnswers.Log;

    uint256 private immutable CHAIN_ID;
    uint256 private immutable INCARNATION;
    address private immutable BROADCASTER;
    address private immutable FEEDS;
    address private immutable SUBSCRIPTIONS;

    FeedAnswers.Log private _answers;

    /// @param subscriptions_ this rollup's Subscriptions
    /// @param source_ whose answers are mirrored
    /// @param terms of the feed
    /// @param callTerms gas and price of each delivery, for good
    constructor(
        address subscriptions_,
        Source memory source_,
        IFeeds.Terms memory terms,
        ISubscriptions.Terms memory callTerms
    ) FeedAggregator(terms) {
        SUBSCRIPTIONS = subscriptions_;
        (CHAIN_ID, INCARNATION) = (source_.chainId, source_.incarnation);
        (BROADCASTER, FEEDS) = (source_.broadcaster, source_.feeds);
        // Refuses an unknown rollup, a zero publisher or broadcaster, and no gas.
        ISubscriptions(subscriptions_).subscribe(
            ISubscriptions.Filter(
                source_.chainId,
                source_.incarnation,
                source_.broadcaster,
                source_.feeds,
                FEED,
                false
            ),
            callTerms
        );
    }

    /// @inheritdoc ISubscriber
    function onPublication(Publication calldata said) external returns (bytes4) {
        bool isOurs = said.chainId == CHAIN_ID && said.publisher == FEEDS && said.topic == FEED;
        if (msg.sender != SUBSCRIPTIONS || !isOurs) {
            revert FeedMirrorUnauthorized(msg.sender, said.chainId, said.publisher, said.topic);
        }
        (uint64 round, uint128 value, uint64 observedAt) = abi.decode(said.payload, (uint64, uint128, uint64));
        if (value == 0) revert FeedMirrorZeroValue(round);
        if (round > _answers.newest.round) {
            _answers.add(IFeeds.Answer(value, round, observedAt));
            emit AnswerUpdated(int256(uint256(value)), round, observedAt);
        }
        return ISubscriber.onPublication.selector;
    }

    /// @inheritdoc IFeedMirror
    function source() external view returns (Source memory) {
        return Source(CHAIN_ID, INCARNATION, BROADCASTER, FEEDS);
    }

    /// @inheritdoc IFeedMirror
    function subscriptions() external view returns (address) {
        return SUBSCRIPTIONS;
    }

    function _newestAnswer() internal view override returns (IFeeds.Answer memory) {
        return _answers.newest;
    }

    function _answerAt(uint256 round) internal view override returns (IFeeds.Answer memory) {
        return _answers.find(round);
    }
}
