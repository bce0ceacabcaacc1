// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IVoteCollector} from "./IVoteCollector.sol";

/// @title Decides for the whole network, on the home rollup.
/// @notice OpenZeppelin's Governor over home's deposits, plus one tally of every other rollup (docs/protocol/governance.md). A proposal is one batch
///         of home's timelock that begins with its conditions; its legs on other rollups are messages that the timelock sends.
/// @dev Votes are in wei of votes, tallies in units of 1e9 wei. Ceilings are basis points of the quorum.
interface IEraGovernor {
    /// @notice Another rollup as the governor sees it.
    /// @param collector its VoteCollector; zero if nothing from there counts
    /// @param ceiling most votes that count from there, basis points of the quorum
    struct Spoke {
        address collector;
        uint16 ceiling;
    }

    /// @param chainId of the other rollup
    struct SpokeTerms {
        uint256 chainId;
        address collector;
        uint16 ceiling;
    }

    /// @param votingDelay seconds from a proposal to its snapshot
    /// @param votingPeriod seconds from the snapshot to the end, with the tally window at its end
    /// @param tallyWindow seconds at the end of the period in which tallies still arrive and nobody votes any more
    /// @param proposalThreshold votes that a proposer needs on home, wei
    /// @param quorum basis points of all ERA that was ever minted, at least 100
    struct Terms {
        uint48 votingDelay;
        uint32 votingPeriod;
        uint32 tallyWindow;
        uint256 proposalThreshold;
        uint256 quorum;
    }

    /// @notice What counts of a rollup's newest tally; the three are less than reported, in proportion, if its ceiling is lower.
    /// @param blockNumber the rollup's own, when the tally was read
    struct CountedTally {
        uint64 againstVotes;
        uint64 forVotes;
        uint64 abstainVotes;
        uint64 blockNumber;
    }

    event SpokeSet(uint256 indexed chainId, address collector, uint16 ceiling);
    event TallyReaderSet(address tallyReader);
    /// @notice The tally of a rollup counts now, in place of its earlier one.
    event TallyCounted(uint256 indexed proposalId, uint256 indexed chainId, CountedTally tally);
    /// @notice The tally came too late: the proposal is not open any more, or one of a later block counts already.
    event TallyIgnored(uint256 indexed proposalId, uint256 indexed chainId, uint256 blockNumber);

    error GovernorInvalidWiring(address gateway, address timelock, address votes);
    /// @dev Delay and period together must not be longer than the notice of deposits, and the period longer than the tally window.
    error GovernorInvalidTimes(uint256 votingDelay, uint256 votingPeriod, uint256 tallyWindow, uint256 notice);
    /// @dev A ceiling is at most a third of the quorum, and all ceilings together are less than the quorum.
    error GovernorInvalidSpoke(uint256 chainId, address collector, uint256 ceiling, uint256 allCeilings);
    error GovernorVotingClosed(uint256 proposalId, uint256 votesUntil);
    error GovernorWrongBallot(uint256 proposalId, bytes32 ballotId);
    error GovernorUnauthorizedReader(address caller);

    /// @notice Sets or, with a zero collector, removes the rollup whose collector reports votes. Governance only.
    /// @dev Reverts {GovernorInvalidSpoke}, and GovernorOnlyExecutor for others. Emits {SpokeSet}.
    function setSpoke(SpokeTerms calldata terms) external;

    /// @notice Names the contract that checks storage proofs of tallies; zero for none. Governance only.
    /// @dev Reverts GovernorOnlyExecutor for others. Emits {TallyReaderSet}.
    function setTallyReader(address reader) external;

    /// @notice The second way for a tally, beside the collector's message: by the tally reader, from a storage proof. Both end in the same count.
    /// @param blockNumber the rollup's own number of the block whose state holds the tally
    /// @dev Reverts {GovernorUnauthorizedReader}, {GovernorWrongBallot}. Emits {TallyCounted} or {TallyIgnored}.
    function recordTally(
        uint256 chainId,
        uint256 proposalId,
        bytes32 ballotId,
        uint256 blockNumber,
        IVoteCollector.Tally calldata tally
    ) external;

    /// @notice The ballot of a proposal, as voters on other rollups name it.
    /// @dev Reverts GovernorNonexistentProposal.
    function ballot(uint256 proposalId) external view returns (IVoteCollector.Ballot memory);

    /// @notice What counts from a rollup for a proposal; all zero without a tally.
    function countedTally(uint256 proposalId, uint256 chainId) external view returns (CountedTally memory);

    /// @notice A rollup's collector and ceiling.
    function spoke(uint256 chainId) external view returns (Spoke memory);

    /// @notice Sum of all ceilings, basis points of the quorum.
    function allCeilings() external view returns (uint256);

    /// @notice Who brings tallies by storage proof; zero for nobody.
    function tallyReader() external view returns (address);

    /// @notice Seconds at the end of the voting period in which tallies still arrive.
    function tallyWindow() external view returns (uint256);

    /// @notice The gateway that brings tallies.
    function gateway() external view returns (address);
}
