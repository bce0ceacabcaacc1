// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Values from outside, reported by several who have stake, answered by their median and published: docs/protocol/feeds.md.
/// @notice Feeds are made by anyone and owned by nobody. Amounts are in wei of ERA, times in seconds, distances in basis points.
interface IFeeds {
    /// @notice What a feed is: its id is their hash, and they never change.
    /// @param description at most 31 bytes
    /// @param reporters ascending, at most 31; a reporter's place is its position here
    /// @param threshold reports that a round needs, at least 3 and more than half of the reporters
    /// @param confirmations reports that a jump needs, and the first round
    /// @param maxDeviation largest move between two answers that is no jump
    /// @param outlierDeviation distance from the median beyond which a report is named
    /// @param period seconds of a round: round r is the time from r * period on
    /// @param maxAge seconds that an observation counts
    /// @param exitDelay from leaving to the return of the stake, at least a day and maxAge
    /// @param stake of each reporter
    struct Terms {
        string description;
        uint8 decimals;
        address[] reporters;
        uint8 threshold;
        uint8 confirmations;
        uint16 maxDeviation;
        uint16 outlierDeviation;
        uint32 period;
        uint32 maxAge;
        uint32 exitDelay;
        uint128 stake;
    }

    /// @notice What a reporter signed; (r, vs) is an EIP-2098 signature of {reportDigest}.
    struct Report {
        uint8 place;
        uint128 value;
        uint64 observedAt;
        bytes32 r;
        bytes32 vs;
    }

    /// @notice One round's result, in one slot. Round 0 is none.
    /// @param observedAt earliest observation among its reports
    struct Answer {
        uint128 value;
        uint64 round;
        uint64 observedAt;
    }

    enum Standing {
        None,
        Active,
        Leaving,
        Convicted
    }

    /// @param payee who gets the stake back
    /// @param freeAt when, if the reporter is leaving
    struct Seat {
        address payee;
        uint64 freeAt;
        Standing standing;
    }

    event FeedCreated(bytes32 indexed feed, Terms terms);
    event ReporterJoined(bytes32 indexed feed, address indexed reporter, address payee);
    event ReporterLeft(bytes32 indexed feed, address indexed reporter, uint256 freeAt);
    event StakeWithdrawn(bytes32 indexed feed, address indexed reporter, address payee, uint256 amount);
    /// @notice Signed two values for one round: `reward` went to `accuser`, the rest of the stake was burnt for good.
    event ReporterConvicted(
        bytes32 indexed feed,
        address indexed reporter,
        uint64 round,
        address accuser,
        uint256 reward
    );
    /// @param reporters a bit for each place whose report was among those submitted
    event RoundAnswered(
        bytes32 indexed feed,
        uint64 indexed round,
        uint128 value,
        uint64 observedAt,
        uint256 reporters
    );
    /// @notice A report was further from the round's answer than the terms say. It moved nothing.
    event ReportOutlying(bytes32 indexed feed, uint64 indexed round, address indexed reporter, uint128 value);

    error FeedsInvalidWiring(address broadcaster, address feeController, address era);
    error FeedsInvalidTerms(Terms terms);
    error FeedsKnown(bytes32 feed);
    error FeedsUnknown(bytes32 feed);
    error FeedsInvalidAccount(address account);
    error FeedsUnauthorized(address caller);
    error FeedsWrongStanding(bytes32 feed, uint256 place, Standing standing);
    error FeedsTooEarly(uint256 freeAt);
    error FeedsOldRound(uint64 round, uint64 newest);
    error FeedsTooFewReports(uint256 count, uint256 threshold);
    error FeedsZeroValue(uint256 place);
    error FeedsUnsorted(uint256 index);
    error FeedsNotReporting(uint256 place);
    error FeedsRepeatedReporter(uint256 place);
    error FeedsObservationTime(uint256 observedAt, uint256 from, uint256 to);
    error FeedsWrongSigner(uint256 place, address signer);
    error FeedsUnconfirmed(uint128 value, uint128 newest, uint256 count, uint256 confirmations);
    error FeedsNoContradiction();

    /// @notice Makes a feed known under its id. Anyone.
    /// @dev Reverts {FeedsInvalidTerms}, {FeedsKnown}. Emits {FeedCreated}.
    function create(Terms calldata terms) external returns (bytes32 feed);

    /// @notice Takes the stake from the caller (allowance), who is the reporter at `place`. From now on its reports count.
    /// @param payee who gets the stake back, for good
    /// @dev Reverts {FeedsUnknown}, {FeedsUnauthorized}, {FeedsInvalidAccount} for payee 0, {FeedsWrongStanding} unless it has no stake here and was
    ///      not convicted, and as ERA's transferFrom. Emits {ReporterJoined}.
    function join(Terms calldata terms, uint256 place, address payee) external;

    /// @notice Ends the reports of the caller, who is the reporter at `place`. Its stake still answers for what it signed.
    /// @dev Reverts {FeedsUnauthorized}, {FeedsWrongStanding} unless it is active. Emits {ReporterLeft}.
    function resign(Terms calldata terms, uint256 place) external;

    /// @notice Pays the stake of a reporter that left to its payee. Anyone.
    /// @dev Reverts {FeedsWrongStanding} unless it is leaving, {FeedsTooEarly}. Emits {StakeWithdrawn}.
    function withdraw(Terms calldata terms, uint256 place) external;

    /// @notice Shows two values that one reporter signed for one round, and takes its stake: 5 % to the caller, the rest burnt for good. Anyone.
    /// @dev Reverts {FeedsNoContradiction} for two places or equal values, {FeedsWrongStanding} if it has no stake here, {FeedsWrongSigner}. Emits
    ///      {ReporterConvicted}.
    function convict(Terms calldata terms, uint64 round, Report calldata first, Report calldata second) external;

    /// @notice Answers a round by the median of its reports, of an even number by the lower one in the middle, and publishes it. Anyone.
    /// @param reports in ascending order of their values
    /// @dev Reverts {FeedsOldRound}, {FeedsTooFewReports}, {FeedsUnknown}, {FeedsZeroValue}, {FeedsUnsorted}, {FeedsNotReporting} for a place without active stake,
    ///      {FeedsRepeatedReporter}, {FeedsObservationTime}, {FeedsWrongSigner}, {FeedsUnconfirmed} for a jump or a first round with too few reports.
    ///      Emits {RoundAnswered}, {ReportOutlying}, and the Broadcaster's events: topic feed, payload abi.encode(round, value, observedAt).
    function submit(Terms calldata terms, uint64 round, Report[] calldata reports) external;

    /// @notice The newest answer; all zero if there is none.
    function newestAnswer(bytes32 feed) external view returns (Answer memory);

    /// @notice A round's answer, if it is one of the newest 256 rounds; all zero otherwise.
    function answerAt(bytes32 feed, uint64 round) external view returns (Answer memory);

    /// @notice Whether a feed was created, and a bit for each place whose reports count.
    function stateOf(bytes32 feed) external view returns (bool created, uint256 active);

    /// @notice A reporter's stake, by its place.
    function seat(bytes32 feed, uint256 place) external view returns (Seat memory);

    /// @notice What a reporter signs (EIP-712).
    function reportDigest(bytes32 feed, uint64 round, uint128 value, uint64 observedAt) external view returns (bytes32);

    /// @notice The id that terms have, valid or not.
    function idOf(Terms calldata terms) external pure returns (bytes32);
}
