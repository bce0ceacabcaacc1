// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IFeeController} from "../fees/IFeeController.sol";
import {FeedAnswers} from "./FeedAnswers.sol";
import {FeedTerms} from "./FeedTerms.sol";
import {IBroadcaster} from "./IBroadcaster.sol";
import {IFeeds} from "./IFeeds.sol";

/// @title Feeds of one rollup. Not upgradeable, no owner; holds the stake of reporters.
/// @dev Only ERA moves here, and its transfers call nobody; the Broadcaster and the FeeController call nobody else.
contract Feeds is IFeeds, EIP712 {
    using FeedAnswers for FeedAnswers.Log;
    using SafeERC20 for IERC20;

    struct State {
        bool created;
        uint32 active;
    }

    bytes32 private constant REPORT_TYPEHASH = keccak256(
        "Report(bytes32 feed,uint64 round,uint128 value,uint64 observedAt)"
    );
    uint256 private constant BASIS_POINTS = 10_000;
    /// @dev Small: a liar may accuse itself.
    uint256 private constant REWARD_PERCENT = 5;

    IBroadcaster private immutable BROADCASTER;
    IFeeController private immutable FEES;
    IERC20 private immutable ERA;

    /// @dev Lies in slot 2, behind those of EIP712: other rollups prove its entries.
    mapping(bytes32 feed => FeedAnswers.Log) private _answers;
    mapping(bytes32 feed => State) private _states;
    mapping(bytes32 feed => mapping(uint256 place => Seat)) private _seats;

    /// @param broadcaster this rollup's
    /// @param feeController this rollup's
    /// @param era this rollup's
    constructor(address broadcaster, address feeController, address era) EIP712("Metalayer Feeds", "1") {
        if (broadcaster == address(0) || feeController == address(0) || era == address(0)) {
            revert FeedsInvalidWiring(broadcaster, feeController, era);
        }
        BROADCASTER = IBroadcaster(broadcaster);
        FEES = IFeeController(feeController);
        ERA = IERC20(era);
    }

    /// @inheritdoc IFeeds
    function create(Terms calldata terms) external returns (bytes32 feed) {
        if (!FeedTerms.areValid(terms)) revert FeedsInvalidTerms(terms);
        feed = FeedTerms.hash(terms);
        if (_states[feed].created) revert FeedsKnown(feed);
        _states[feed].created = true;
        emit FeedCreated(feed, terms);
    }

    /// @inheritdoc IFeeds
    function join(Terms calldata terms, uint256 place, address payee) external {
        bytes32 feed = FeedTerms.hash(terms);
        State storage state = _states[feed];
        if (!state.created) revert FeedsUnknown(feed);
        if (payee == address(0)) revert FeedsInvalidAccount(payee);
        _checkReporter(terms, place);
        _seatOf(feed, place, Standing.None);
        _seats[feed][place] = Seat(payee, 0, Standing.Active);
        state.active |= _bit(place);
        emit ReporterJoined(feed, msg.sender, payee);
        ERA.safeTransferFrom(msg.sender, address(this), terms.stake);
    }

    /// @inheritdoc IFeeds
    function resign(Terms calldata terms, uint256 place) external {
        bytes32 feed = FeedTerms.hash(terms);
        _checkReporter(terms, place);
        Seat storage own = _seatOf(feed, place, Standing.Active);
        // No clock shows 2^63 seconds.
        uint64 freeAt = uint64(block.timestamp + terms.exitDelay);
        (own.standing, own.freeAt) = (Standing.Leaving, freeAt);
        _states[feed].active &= ~_bit(place);
        emit ReporterLeft(feed, msg.sender, freeAt);
    }

    /// @inheritdoc IFeeds
    function withdraw(Terms calldata terms, uint256 place) external {
        bytes32 feed = FeedTerms.hash(terms);
        Seat memory theirs = _seatOf(feed, place, Standing.Leaving);
        if (block.timestamp < theirs.freeAt) revert FeedsTooEarly(theirs.freeAt);
        delete _seats[feed][place];
        emit StakeWithdrawn(feed, terms.reporters[place], theirs.payee, terms.stake);
        ERA.safeTransfer(theirs.payee, terms.stake);
    }

    /// @inheritdoc IFeeds
    function convict(Terms calldata terms, uint64 round, Report calldata first, Report calldata second) external {
        bytes32 feed = FeedTerms.hash(terms);
        uint256 place = first.place;
        if (place != second.place || first.value == second.value) revert FeedsNoContradiction();
        Standing standing = _seats[feed][place].standing;
        if (standing != Standing.Active && standing != Standing.Leaving) {
            revert FeedsWrongStanding(feed, place, standing);
        }
        _checkSigner(feed, terms, round, first);
        _checkSigner(feed, terms, round, second);
        _seats[feed][place] = Seat(address(0), 0, Standing.Convicted);
        _states[feed].active &= ~_bit(place);
        uint256 reward = (uint256(terms.stake) * REWARD_PERCENT) / 100;
        emit ReporterConvicted(feed, terms.reporters[place], round, msg.sender, reward);
        ERA.safeTransfer(msg.sender, reward);
        ERA.forceApprove(address(FEES), terms.stake - reward);
        FEES.burn(terms.stake - reward);
    }

    /// @inheritdoc IFeeds
    function submit(Terms calldata terms, uint64 round, Report[] calldata reports) external {
        bytes32 feed = FeedTerms.hash(terms);
        Answer memory before = _answers[feed].newest;
        if (round <= before.round) revert FeedsOldRound(round, before.round);
        if (reports.length < terms.threshold) revert FeedsTooFewReports(reports.length, terms.threshold);
        (uint64 observedAt, uint256 seen) = _checkReports(feed, terms, round, reports);
        uint128 value = reports[(reports.length - 1) / 2].value;
        bool isJump = before.round == 0 || _isBeyond(value, before.value, terms.maxDeviation);
        if (isJump && reports.length < terms.confirmations) {
            revert FeedsUnconfirmed(value, before.value, reports.length, terms.confirmations);
        }
        _answers[feed].add(Answer(value, round, observedAt));
        emit RoundAnswered(feed, round, value, observedAt, seen);
        _nameOutliers(feed, terms, round, reports, value);
        BROADCASTER.publish(feed, abi.encode(round, value, observedAt));
    }

    /// @inheritdoc IFeeds
    function newestAnswer(bytes32 feed) external view returns (Answer memory) {
        return _answers[feed].newest;
    }

    /// @inheritdoc IFeeds
    function answerAt(bytes32 feed, uint64 round) external view returns (Answer memory) {
        return _answers[feed].find(round);
    }

    /// @inheritdoc IFeeds
    function stateOf(bytes32 feed) external view returns (bool created, uint256 active) {
        State memory state = _states[feed];
        return (state.created, state.active);
    }

    /// @inheritdoc IFeeds
    function seat(bytes32 feed, uint256 place) external view returns (Seat memory) {
        return _seats[feed][place];
    }

    /// @inheritdoc IFeeds
    function reportDigest(
        bytes32 feed,
        uint64 round,
        uint128 value,
        uint64 observedAt
    ) external view returns (bytes32) {
        return _digest(feed, round, value, observedAt);
    }

    /// @inheritdoc IFeeds
    function idOf(Terms calldata terms) external pure returns (bytes32) {
        return FeedTerms.hash(terms);
    }

    /// @dev Points 2 to 4 of docs/protocol/feeds.md §2. Ends at the first repeated reporter, hence after at most 32 rounds of the loop.
    function _checkReports(
        bytes32 feed,
        Terms calldata terms,
        uint64 round,
        Report[] calldata reports
    ) private view returns (uint64 observedAt, uint256 seen) {
        State memory state = _states[feed];
        if (!state.created) revert FeedsUnknown(feed);
        (uint256 from, uint256 to) = _window(terms, round);
        uint128 last;
        observedAt = type(uint64).max;
        for (uint256 i = 0; i < reports.length; ++i) {
            Report calldata report = reports[i];
            uint256 bit = 1 << report.place;
            if (report.value == 0) revert FeedsZeroValue(report.place);
            if (report.value < last) revert FeedsUnsorted(i);
            if (state.active & bit == 0) revert FeedsNotReporting(report.place);
            if (seen & bit != 0) revert FeedsRepeatedReporter(report.place);
            if (report.observedAt < from || report.observedAt > to) {
                revert FeedsObservationTime(report.observedAt, from, to);
            }
            _checkSigner(feed, terms, round, report);
            seen |= bit;
            last = report.value;
            if (report.observedAt < observedAt) observedAt = report.observedAt;
        }
    }

    /// @dev When a round's reports may have been observed: within it, not in the future, not too long ago.
    function _window(Terms calldata terms, uint64 round) private view returns (uint256 from, uint256 to) {
        uint256 start = uint256(round) * terms.period;
        from = Math.max(start, Math.saturatingSub(block.timestamp, terms.maxAge));
        to = Math.min(start + terms.period - 1, block.timestamp);
    }

    function _checkSigner(bytes32 feed, Terms calldata terms, uint64 round, Report calldata report) private view {
        bytes32 digest = _digest(feed, round, report.value, report.observedAt);
        // The zero address for what is no signature: no reporter's.
        (address signer, , ) = ECDSA.tryRecover(digest, report.r, report.vs);
        if (signer != terms.reporters[report.place]) revert FeedsWrongSigner(report.place, signer);
    }

    function _nameOutliers(
        bytes32 feed,
        Terms calldata terms,
        uint64 round,
        Report[] calldata reports,
        uint128 value
    ) private {
        for (uint256 i = 0; i < reports.length; ++i) {
            Report calldata report = reports[i];
            if (_isBeyond(report.value, value, terms.outlierDeviation)) {
                emit ReportOutlying(feed, round, terms.reporters[report.place], report.value);
            }
        }
    }

    function _checkReporter(Terms calldata terms, uint256 place) private view {
        if (place >= terms.reporters.length || terms.reporters[place] != msg.sender) {
            revert FeedsUnauthorized(msg.sender);
        }
    }

    /// @dev The seat at a place, which must have this standing.
    function _seatOf(bytes32 feed, uint256 place, Standing standing) private view returns (Seat storage own) {
        own = _seats[feed][place];
        if (own.standing != standing) revert FeedsWrongStanding(feed, place, own.standing);
    }

    function _digest(bytes32 feed, uint64 round, uint128 value, uint64 observedAt) private view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(REPORT_TYPEHASH, feed, round, value, observedAt)));
    }

    function _isBeyond(uint128 value, uint128 from, uint16 basisPoints) private pure returns (bool) {
        uint256 distance = value > from ? value - from : from - value;
        return distance * BASIS_POINTS > uint256(from) * basisPoints;
    }

    /// @dev Below 31: only places of reporters get here.
    function _bit(uint256 place) private pure returns (uint32) {
        return uint32(1 << place);
    }
}
