// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Calls of contracts that asked for them and pay who makes them: what subscriptions and automations have in common.
/// @notice Amounts are in fee units of 1e-9 ERA. A call counts if it returns its own selector. One that reverts has done nothing; one that returns
///         something else counts as failed too, while what it did stays done: its own harm.
interface IPaidCalls {
    event Funded(bytes32 indexed id, address indexed payer, uint256 amount);
    event Claimed(address indexed earner, address indexed to, uint256 amount);

    error PaidCallsInvalidAccount(address account);
    error PaidCallsInvalidAmount(uint256 amount);
    error PaidCallsInsufficientGas(uint256 gasLeft, uint256 required);

    /// @notice Pays what the caller earned to `to`.
    /// @dev Reverts {PaidCallsInvalidAmount} for nothing earned, {PaidCallsInvalidAccount} for zero. Emits {Claimed}.
    function claim(address to) external;

    /// @notice What an account can claim.
    function earned(address account) external view returns (uint256);
}
