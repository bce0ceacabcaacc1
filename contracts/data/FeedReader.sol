// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FeedAggregator} from "./FeedAggregator.sol";
import {IFeeds} from "./IFeeds.sol";

/// @title A feed of this rollup as Chainlink's consumers read it. Keeps nothing, belongs to nobody; deployed by who wants it.
contract FeedReader is FeedAggregator {
    error FeedReaderUnknownFeed(address feeds, bytes32 feed);

    IFeeds private immutable FEEDS;

    /// @param feeds this rollup's Feeds
    /// @param terms of a feed that was created there
    constructor(address feeds, IFeeds.Terms memory terms) FeedAggregator(terms) {
        (bool created, ) = IFeeds(feeds).stateOf(FEED);
        if (!created) revert FeedReaderUnknownFeed(feeds, FEED);
        FEEDS = IFeeds(feeds);
    }

    function _newestAnswer() internal view override returns (IFeeds.Answer memory) {
        return FEEDS.newestAnswer(FEED);
    }

    function _answerAt(uint256 round) internal view override returns (IFeeds.Answer memory found) {
        if (round <= type(uint64).max) found = FEEDS.answerAt(FEED, uint64(round));
    }
}
