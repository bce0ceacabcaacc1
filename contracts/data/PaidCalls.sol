// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {BoundedCall} from "../libraries/BoundedCall.sol";
import {IPaidCalls} from "./IPaidCalls.sol";

/// @title Prepaid and earned ERA, and the one call.
/// @dev Only ERA moves here, and its transfers call nobody. What is prepaid for what is the heir's.
abstract contract PaidCalls is IPaidCalls {
    using SafeERC20 for IERC20;

    /// @dev Wei of ERA in a fee unit.
    uint256 private constant UNIT = 1e9;
    /// @dev Gas that an attempt needs after the call; the call's own overhead is in it.
    uint256 private constant CALL_RESERVE = 20_000;

    IERC20 private immutable ERA;

    mapping(address account => uint256) private _earned;

    constructor(address era) {
        ERA = IERC20(era);
    }

    /// @inheritdoc IPaidCalls
    function claim(address to) external {
        _checkAccount(to);
        uint256 amount = _earned[msg.sender];
        if (amount == 0) revert PaidCallsInvalidAmount(amount);
        _earned[msg.sender] = 0;
        emit Claimed(msg.sender, to, amount);
        _pay(to, amount);
    }

    /// @inheritdoc IPaidCalls
    function earned(address account) external view returns (uint256) {
        return _earned[account];
    }

    /// @dev The caller's ERA, prepaid for `id`.
    function _collect(bytes32 id, uint256 amount) internal {
        emit Funded(id, msg.sender, amount);
        ERA.safeTransferFrom(msg.sender, address(this), amount * UNIT);
    }

    function _pay(address to, uint256 amount) internal {
        ERA.safeTransfer(to, amount * UNIT);
    }

    function _earn(uint256 amount) internal {
        if (amount > 0) _earned[msg.sender] += amount;
    }

    /// @dev Calls with exactly `gasLimit`, or reverts: too little of it is the doing of who brings the call.
    function _call(
        address target,
        uint256 gasLimit,
        bytes memory data
    ) internal returns (bool ok, bytes memory reason) {
        uint256 required = (gasLimit * 64) / 63 + CALL_RESERVE;
        if (gasleft() < required) revert PaidCallsInsufficientGas(gasleft(), required);
        return BoundedCall.execute(target, gasLimit, data);
    }

    function _added(uint256 balance, uint256 amount) internal pure returns (uint64) {
        if (amount == 0 || amount > type(uint64).max - balance) revert PaidCallsInvalidAmount(amount);
        // Both are below 2^64, and so is their sum.
        return uint64(balance + amount);
    }

    function _checkAccount(address account) internal pure {
        if (account == address(0)) revert PaidCallsInvalidAccount(account);
    }
}
