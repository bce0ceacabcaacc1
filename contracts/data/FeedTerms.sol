// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IFeeds} from "./IFeeds.sol";

/// @title What makes terms a feed: docs/protocol/feeds.md §1.
library FeedTerms {
    bytes32 internal constant FEED_TYPEHASH = keccak256(
        "MetalayerFeed(string description,uint8 decimals,address[] reporters,uint8 threshold,uint8 confirmations,"
        "uint16 maxDeviation,uint16 outlierDeviation,uint32 period,uint32 maxAge,uint32 exitDelay,uint128 stake)"
    );

    /// @dev One bit each in a word, and one honest call away from any rollup's block limit.
    uint256 private constant MOST_REPORTERS = 31;
    /// @dev Of fewer, a single one would decide.
    uint256 private constant LEAST_THRESHOLD = 3;
    uint256 private constant MOST_DECIMALS = 36;
    uint256 private constant MOST_DESCRIPTION = 31;
    uint256 private constant LEAST_EXIT_DELAY = 1 days;

    function hash(IFeeds.Terms memory terms) internal pure returns (bytes32) {
        return keccak256(abi.encode(FEED_TYPEHASH, terms));
    }

    function areValid(IFeeds.Terms calldata terms) internal pure returns (bool) {
        uint256 count = terms.reporters.length;
        uint256 length = bytes(terms.description).length;
        bool isQuorum = terms.threshold >= LEAST_THRESHOLD && uint256(terms.threshold) * 2 > count;
        bool isReachable = terms.threshold <= terms.confirmations && terms.confirmations <= count;
        bool isBounded = terms.maxDeviation != 0 && terms.outlierDeviation != 0 && terms.stake != 0;
        bool isTimed = terms.period != 0 && terms.maxAge != 0;
        bool isLate = terms.exitDelay >= LEAST_EXIT_DELAY && terms.exitDelay >= terms.maxAge;
        bool isNamed = length != 0 && length <= MOST_DESCRIPTION && terms.decimals <= MOST_DECIMALS;
        if (count > MOST_REPORTERS || !isQuorum || !isReachable) return false;
        return isBounded && isTimed && isLate && isNamed && _areAscending(terms.reporters);
    }

    function _areAscending(address[] calldata reporters) private pure returns (bool) {
        address last;
        for (uint256 i = 0; i < reporters.length; ++i) {
            if (reporters[i] <= last) return false;
            last = reporters[i];
        }
        return true;
    }
}
