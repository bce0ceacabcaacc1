// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title What consumers of Chainlink's price feeds call (`AggregatorV3Interface`), and the event that tells of new answers.
interface IAggregatorV3 {
    event AnswerUpdated(int256 indexed current, uint256 indexed roundId, uint256 updatedAt);

    /// @notice Decimals of the answers.
    function decimals() external view returns (uint8);

    /// @notice What the answers are about.
    function description() external view returns (string memory);

    /// @notice Version of the contract.
    function version() external view returns (uint256);

    /// @notice A round's answer, and when it was started and updated, seconds since 1970.
    function getRoundData(
        uint80 roundId
    ) external view returns (uint80 id, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);

    /// @notice The newest round's answer, as {getRoundData}.
    function latestRoundData()
        external
        view
        returns (uint80 id, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);
}
