// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC6372} from "@openzeppelin/contracts/interfaces/IERC6372.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {Votes} from "@openzeppelin/contracts/governance/utils/Votes.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ERC6372Utils} from "@openzeppelin/contracts/utils/ERC6372Utils.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {IEraVotes} from "./IEraVotes.sol";

/// @title Votes of deposited ERA. Not upgradeable: nobody but its owner can ever move a deposit.
/// @dev Delegation is OpenZeppelin's; its checkpoints are replaced by ones that know when terms end. A checkpoint of a delegate (of all votes:
///      under address zero) holds its votes and the number of the period in which it was written; whatever ends in later periods is subtracted
///      when votes are read. Entries of a period never change once it has begun, so the past stays as it was.
contract EraVotes is IEraVotes, Votes {
    using Checkpoints for Checkpoints.Trace208;
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    /// @dev A term's end is at most so many periods ahead; bounds what a look-up reads.
    uint256 private constant MOST_PERIODS = 48;
    address private constant ALL = address(0);

    /// @param endPeriod the lock ends when this period begins
    struct Deposit {
        uint96 free;
        uint96 locked;
        uint48 endPeriod;
    }

    struct Leaving {
        uint96 amount;
        uint48 payableAt;
    }

    IERC20 private immutable ERA;
    uint256 private immutable NOTICE;
    uint256 private immutable PERIOD;

    mapping(address account => Deposit) private _deposits;
    mapping(address account => Leaving) private _leaving;
    mapping(address delegatee => Checkpoints.Trace208) private _votes;
    mapping(address delegatee => mapping(uint256 period => uint256 amount)) private _ending;

    /// @param currency ERA on this rollup
    /// @param noticeSeconds between a withdrawal and its payment
    /// @param periodSeconds between two possible ends of terms
    constructor(IERC20 currency, uint256 noticeSeconds, uint256 periodSeconds) EIP712("Metalayer ERA votes", "1") {
        if (address(currency) == address(0) || noticeSeconds == 0 || periodSeconds == 0) {
            revert VotesInvalidSettings(address(currency), noticeSeconds, periodSeconds);
        }
        ERA = currency;
        NOTICE = noticeSeconds;
        PERIOD = periodSeconds;
    }

    /// @inheritdoc IEraVotes
    function deposit(uint256 amount) external {
        if (amount == 0) revert VotesZeroAmount();
        Deposit memory held = _current(msg.sender);
        if (delegates(msg.sender) == address(0)) _delegate(msg.sender, msg.sender);
        _set(msg.sender, held, Deposit(held.free + amount.toUint96(), held.locked, held.endPeriod));
        emit Deposited(msg.sender, amount);
        ERA.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @inheritdoc IEraVotes
    function lock(uint256 amount, uint256 lockEnd) external {
        Deposit memory held = _current(msg.sender);
        if (amount > held.free) revert VotesInsufficientDeposit(msg.sender, amount, held.free);
        uint96 locked = held.locked + amount.toUint96();
        if (locked == 0) revert VotesZeroAmount();
        uint256 earliest = Math.max(block.timestamp + PERIOD, held.endPeriod * PERIOD);
        uint256 latest = block.timestamp + MOST_PERIODS * PERIOD;
        if (lockEnd % PERIOD != 0 || lockEnd < earliest || lockEnd > latest) {
            revert VotesInvalidLockEnd(lockEnd, earliest, latest);
        }
        _set(msg.sender, held, Deposit(held.free - amount.toUint96(), locked, (lockEnd / PERIOD).toUint48()));
        emit Locked(msg.sender, locked, lockEnd);
    }

    /// @inheritdoc IEraVotes
    function withdraw(uint256 amount) external {
        if (amount == 0) revert VotesZeroAmount();
        Deposit memory held = _current(msg.sender);
        if (amount > held.free) revert VotesInsufficientDeposit(msg.sender, amount, held.free);
        uint256 payableAt = block.timestamp + NOTICE;
        _set(msg.sender, held, Deposit(held.free - amount.toUint96(), held.locked, held.endPeriod));
        _leaving[msg.sender] = Leaving(_leaving[msg.sender].amount + amount.toUint96(), payableAt.toUint48());
        emit Withdrawn(msg.sender, amount, payableAt);
    }

    /// @inheritdoc IEraVotes
    function pay(address account) external {
        Leaving memory left = _leaving[account];
        if (left.amount == 0 || block.timestamp < left.payableAt) revert VotesNothingPayable(account, left.payableAt);
        delete _leaving[account];
        emit Paid(account, left.amount);
        ERA.safeTransfer(account, left.amount);
    }

    /// @inheritdoc IEraVotes
    function holding(address account) external view returns (Holding memory) {
        Deposit memory held = _current(account);
        Leaving memory left = _leaving[account];
        return Holding(held.free, held.locked, held.endPeriod * PERIOD, left.amount, left.payableAt);
    }

    /// @inheritdoc IEraVotes
    function era() external view returns (address) {
        return address(ERA);
    }

    /// @inheritdoc IEraVotes
    function notice() external view returns (uint256) {
        return NOTICE;
    }

    /// @inheritdoc IEraVotes
    function period() external view returns (uint256) {
        return PERIOD;
    }

    /// @inheritdoc IERC6372
    function clock() public view override(Votes, IERC6372) returns (uint48) {
        return uint48(block.timestamp);
    }

    /// @inheritdoc IERC6372
    // solhint-disable-next-line func-name-mixedcase
    function CLOCK_MODE() public view override(Votes, IERC6372) returns (string memory) {
        return ERC6372Utils.timestampClockMode(clock);
    }

    /// @inheritdoc IVotes
    function getVotes(address account) public view override(Votes, IVotes) returns (uint256) {
        return account == ALL ? 0 : _votesAt(account, clock());
    }

    /// @inheritdoc IVotes
    function getPastVotes(address account, uint256 timepoint) public view override(Votes, IVotes) returns (uint256) {
        uint48 past = _validateTimepoint(timepoint);
        return account == ALL ? 0 : _votesAt(account, past);
    }

    /// @inheritdoc IVotes
    function getPastTotalSupply(uint256 timepoint) public view override(Votes, IVotes) returns (uint256) {
        return _votesAt(ALL, _validateTimepoint(timepoint));
    }

    /// @inheritdoc Votes
    function _delegate(address account, address delegatee) internal override {
        Deposit memory held = _current(account);
        Deposit memory none;
        _change(delegates(account), held, none);
        super._delegate(account, delegatee);
        _change(delegatee, none, held);
    }

    /// @dev {_delegate} moves the votes together with their ends.
    function _moveDelegateVotes(address, address, uint256) internal override {}

    /// @inheritdoc Votes
    function _getVotingUnits(address account) internal view override returns (uint256) {
        return _weight(_current(account));
    }

    function _set(address account, Deposit memory from, Deposit memory to) private {
        _deposits[account] = to;
        _write(ALL, from, to);
        _change(delegates(account), from, to);
    }

    /// @dev Address zero is no delegate.
    function _change(address delegatee, Deposit memory from, Deposit memory to) private {
        if (delegatee == address(0)) return;
        (uint256 before, uint256 votes) = _write(delegatee, from, to);
        if (before != votes) emit DelegateVotesChanged(delegatee, before, votes);
    }

    /// @dev Replaces one deposit by another in the votes under `key`.
    function _write(
        address key,
        Deposit memory from,
        Deposit memory to
    ) private returns (uint256 before, uint256 votes) {
        before = _votesAt(key, clock());
        votes = before + _weight(to) - _weight(from);
        if (from.locked != 0) _ending[key][from.endPeriod] -= from.locked;
        if (to.locked != 0) _ending[key][to.endPeriod] += to.locked;
        _votes[key].push(clock(), (((block.timestamp / PERIOD) << 128) | votes).toUint208());
    }

    /// @dev Votes of the newest checkpoint that is not after `time`, less what has ended since.
    function _votesAt(address key, uint48 time) private view returns (uint256 votes) {
        uint256 checkpoint = _votes[key].upperLookupRecent(time);
        votes = uint128(checkpoint);
        uint256 written = checkpoint >> 128;
        uint256 last = Math.min(time / PERIOD, written + MOST_PERIODS);
        for (uint256 ended = written + 1; ended <= last && votes != 0; ++ended) votes -= _ending[key][ended];
    }

    /// @dev What the account has deposited; a lock that has ended is free.
    function _current(address account) private view returns (Deposit memory held) {
        held = _deposits[account];
        if (held.locked == 0 || block.timestamp / PERIOD < held.endPeriod) return held;
        return Deposit(held.free + held.locked, 0, 0);
    }

    function _weight(Deposit memory held) private pure returns (uint256) {
        return uint256(held.free) + 2 * uint256(held.locked);
    }
}
