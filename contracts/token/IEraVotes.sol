// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC5805} from "@openzeppelin/contracts/interfaces/IERC5805.sol";

/// @title Votes of ERA that is deposited on this rollup.
/// @notice A deposit counts once, under a term lock twice until the end of the term; then it counts once again by itself. Votes are not
///         transferable, only delegated (ERC-5805), and are read at a timestamp in the past (ERC-6372). What is withdrawn stops counting at once
///         and is paid after the notice, so that no ERA has votes on two rollups (docs/protocol/governance.md §2).
/// @dev Amounts in wei of ERA. Terms end at multiples of {period} only, at most 48 of them ahead.
interface IEraVotes is IERC5805 {
    /// @notice What an account has here.
    /// @param free deposited, withdrawable
    /// @param locked deposited under a term
    /// @param lockEnd seconds since 1970; 0 without a running term
    /// @param leaving withdrawn, not paid yet
    /// @param payableAt from when on `leaving` is paid
    struct Holding {
        uint256 free;
        uint256 locked;
        uint256 lockEnd;
        uint256 leaving;
        uint256 payableAt;
    }

    event Deposited(address indexed account, uint256 amount);
    /// @notice The whole lock of the account is now `locked` and ends at `lockEnd`.
    event Locked(address indexed account, uint256 locked, uint256 lockEnd);
    /// @notice `amount` stopped counting; all that is leaving is paid from `payableAt` on.
    event Withdrawn(address indexed account, uint256 amount, uint256 payableAt);
    event Paid(address indexed account, uint256 amount);

    error VotesInvalidSettings(address era, uint256 notice, uint256 period);
    error VotesZeroAmount();
    /// @dev More than is free; locked ERA is not free before its end.
    error VotesInsufficientDeposit(address account, uint256 amount, uint256 free);
    /// @dev The end must be a multiple of the period, from one to 48 periods ahead, and not before the present end.
    error VotesInvalidLockEnd(uint256 lockEnd, uint256 earliest, uint256 latest);
    error VotesNothingPayable(address account, uint256 payableAt);

    /// @notice Takes `amount` from the caller, to whom it belongs and for whom it counts once. Who has no delegate gets itself as delegate.
    /// @dev Reverts {VotesZeroAmount}, and as ERC-20 without balance or allowance. Emits {Deposited} and ERC-5805's events.
    function deposit(uint256 amount) external;

    /// @notice Locks `amount` of the caller's free deposit, together with what is locked already, until `lockEnd`. An amount of 0 extends the lock.
    ///         There is no way out before the end.
    /// @dev Reverts {VotesZeroAmount} if nothing would be locked, {VotesInsufficientDeposit}, {VotesInvalidLockEnd}. Emits {Locked}.
    function lock(uint256 amount, uint256 lockEnd) external;

    /// @notice Takes `amount` out of the caller's free deposit: it stops counting now. A further withdrawal begins the notice anew for all that leaves.
    /// @dev Reverts {VotesZeroAmount}, {VotesInsufficientDeposit}. Emits {Withdrawn}.
    function withdraw(uint256 amount) external;

    /// @notice Pays what has left after its notice, to the account. Anyone.
    /// @dev Reverts {VotesNothingPayable} before that or if nothing has left. Emits {Paid}.
    function pay(address account) external;

    /// @notice What the account has here now.
    function holding(address account) external view returns (Holding memory);

    /// @notice The currency.
    function era() external view returns (address);

    /// @notice Seconds between a withdrawal and its payment.
    function notice() external view returns (uint256);

    /// @notice Seconds between two possible ends of terms.
    function period() external view returns (uint256);
}
