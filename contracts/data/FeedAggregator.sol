// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ShortString, ShortStrings} from "@openzeppelin/contracts/utils/ShortStrings.sol";
import {IAggregatorV3} from "../interfaces/IAggregatorV3.sol";
import {FeedTerms} from "./FeedTerms.sol";
import {IFeedAggregator} from "./IFeedAggregator.sol";
import {IFeeds} from "./IFeeds.sol";

/// @title What mirrors and readers of a feed have in common. Decimals and description are those of the terms that its id commits to.
abstract contract FeedAggregator is IFeedAggregator {
    using ShortStrings for *;

    uint256 private constant VERSION = 1;

    bytes32 internal immutable FEED;
    uint8 private immutable DECIMALS;
    ShortString private immutable DESCRIPTION;

    constructor(IFeeds.Terms memory terms) {
        FEED = FeedTerms.hash(terms);
        DECIMALS = terms.decimals;
        DESCRIPTION = terms.description.toShortString();
    }

    /// @inheritdoc IFeedAggregator
    function feed() external view returns (bytes32) {
        return FEED;
    }

    /// @inheritdoc IAggregatorV3
    function decimals() external view returns (uint8) {
        return DECIMALS;
    }

    /// @inheritdoc IAggregatorV3
    function version() external pure returns (uint256) {
        return VERSION;
    }

    /// @inheritdoc IAggregatorV3
    function description() external view returns (string memory) {
        return DESCRIPTION.toString();
    }

    /// @inheritdoc IAggregatorV3
    function getRoundData(uint80 roundId) external view returns (uint80, int256, uint256, uint256, uint80) {
        IFeeds.Answer memory found = _answerAt(roundId);
        if (found.round == 0) revert FeedNoData(roundId);
        return _roundData(found);
    }

    /// @inheritdoc IAggregatorV3
    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return _roundData(_newest());
    }

    /// @inheritdoc IFeedAggregator
    function answerWithin(uint256 age) external view returns (uint256) {
        IFeeds.Answer memory newest = _newest();
        if (Math.saturatingSub(block.timestamp, newest.observedAt) > age) revert FeedStale(newest.observedAt, age);
        return newest.value;
    }

    /// @dev The newest answer; all zero if there is none.
    function _newestAnswer() internal view virtual returns (IFeeds.Answer memory);

    /// @dev A round's answer; all zero if there is none.
    function _answerAt(uint256 round) internal view virtual returns (IFeeds.Answer memory);

    function _newest() private view returns (IFeeds.Answer memory newest) {
        newest = _newestAnswer();
        if (newest.round == 0) revert FeedNoData(0);
    }

    function _roundData(IFeeds.Answer memory found) private view returns (uint80, int256, uint256, uint256, uint80) {
        uint256 time = Math.min(found.observedAt, block.timestamp);
        return (found.round, int256(uint256(found.value)), time, time, found.round);
    }
}
