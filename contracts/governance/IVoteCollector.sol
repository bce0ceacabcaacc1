// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Votes on home's proposals, cast on another rollup.
/// @notice Holders vote with what they had deposited here at the proposal's snapshot; the sum goes home as one tally, by message or by storage
///         proof (docs/protocol/governance.md §4).
/// @dev A ballot names a proposal with its times. Nothing has to be announced here: the governor counts only the tally of the ballot that
///      fits its own record of the proposal, so votes on a ballot with wrong times are votes on nothing.
interface IVoteCollector {
    /// @param proposalId the governor's
    /// @param snapshot seconds since 1970; deposits count as they were then
    /// @param votesUntil seconds since 1970; the last moment to vote
    struct Ballot {
        uint256 proposalId;
        uint48 snapshot;
        uint48 votesUntil;
    }

    /// @notice All votes so far, in units of 1e9 wei of votes. One storage slot, at mapping slot 0 under the ballot's id.
    struct Tally {
        uint64 againstVotes;
        uint64 forVotes;
        uint64 abstainVotes;
    }

    /// @param support 0 against, 1 for, 2 abstain
    /// @param votes units of 1e9 wei
    event BallotCast(bytes32 indexed ballotId, address indexed voter, uint256 proposalId, uint8 support, uint64 votes);
    event TallySent(bytes32 indexed ballotId, bytes32 indexed sendId, uint256 blockNumber, Tally tally);

    error CollectorInvalidWiring(address votes, address gateway, address stack, uint256 homeChainId, address governor);
    error CollectorClosed(uint48 votesUntil);
    error CollectorInvalidSupport(uint8 support);
    error CollectorAlreadyVoted(bytes32 ballotId, address voter);
    error CollectorNoVotes(address voter, uint48 snapshot);

    /// @notice Casts all votes that the caller had at the snapshot. Once per ballot.
    /// @dev Reverts ERC5805FutureLookup until the snapshot has passed, {CollectorClosed}, {CollectorInvalidSupport}, {CollectorAlreadyVoted},
    ///      {CollectorNoVotes}. Emits {BallotCast}.
    function castVote(Ballot calldata ballot, uint8 support) external returns (uint64 votes);

    /// @notice Sends the tally so far to the governor. Anyone, as often as wanted: the newest counts.
    /// @dev Reverts as the gateway does. Emits {TallySent}.
    function sendTally(Ballot calldata ballot) external returns (bytes32 sendId);

    /// @notice Hash of a ballot.
    function ballotIdOf(Ballot calldata ballot) external pure returns (bytes32);

    /// @notice All votes on a ballot so far.
    function tally(bytes32 ballotId) external view returns (Tally memory);

    /// @notice Whether the account has voted on a ballot.
    function hasVoted(bytes32 ballotId, address voter) external view returns (bool);

    /// @notice Where the votes come from.
    function votesSource() external view returns (address);

    /// @notice Where tallies go: the governor on the home rollup.
    function governor() external view returns (uint256 homeChainId, address account);
}
