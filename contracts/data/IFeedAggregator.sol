// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAggregatorV3} from "../interfaces/IAggregatorV3.sol";

/// @title One feed's answers as Chainlink's consumers read them: docs/protocol/feeds.md §5.
/// @notice `roundId` is the feed's round; numbers have gaps. `startedAt` and `updatedAt` are the earliest observation among the round's reports, or
///         the present if this rollup's clock is behind it. An old answer is returned as it is.
/// @dev {getRoundData} and {latestRoundData} revert {FeedNoData} where there is none.
interface IFeedAggregator is IAggregatorV3 {
    error FeedNoData(uint256 round);
    error FeedStale(uint256 observedAt, uint256 age);

    /// @notice The newest answer, if it was observed at most `age` seconds ago.
    /// @dev Reverts {FeedStale}, {FeedNoData}.
    function answerWithin(uint256 age) external view returns (uint256);

    /// @notice Id of the feed.
    function feed() external view returns (bytes32);
}
