// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IRollupTimelock} from "./IRollupTimelock.sol";

/// @title Conditions that every leg carries: rollup, expiry, and the code behind every address that it calls.
/// @dev The first call of a leg is the timelock's own {IRollupTimelock-requireConditions}. A batch is all or nothing, so whoever executes it,
///      and by whatever route, the conditions are checked in the same transaction.
library Conditions {
    /// @dev Nothing that was decided can take effect later than so many seconds after it was proposed or scheduled.
    uint256 private constant LONGEST_VALIDITY = 180 days;

    error ConditionsMissing();
    error ConditionsWrongRollup(uint256 chainId);
    error ConditionsInvalidExpiry(uint256 expiry, uint256 latest);
    /// @dev Call `index` of the leg goes to `target`, for which no code hash stands at that place.
    error ConditionsUncovered(uint256 index, address target);

    /// @notice Reverts unless the calls begin with conditions of `timelock` that name this rollup, expire later than now and within 180 days, and
    ///         list a code hash for the target of every further call, in order; more addresses may follow in the list.
    function check(address timelock, address[] memory targets, bytes[] memory payloads) internal view {
        if (targets.length < 2 || payloads.length != targets.length || targets[0] != timelock) {
            revert ConditionsMissing();
        }
        (uint256 chainId, uint256 expiry, address[] memory accounts) = _decode(payloads[0]);
        if (chainId != block.chainid) revert ConditionsWrongRollup(chainId);
        uint256 latest = block.timestamp + LONGEST_VALIDITY;
        if (expiry <= block.timestamp || expiry > latest) revert ConditionsInvalidExpiry(expiry, latest);
        for (uint256 i = 1; i < targets.length; ++i) {
            if (accounts.length < i || accounts[i - 1] != targets[i]) revert ConditionsUncovered(i, targets[i]);
        }
    }

    function _decode(
        bytes memory payload
    ) private pure returns (uint256 chainId, uint256 expiry, address[] memory accounts) {
        if (payload.length < 4 || bytes4(payload) != IRollupTimelock.requireConditions.selector) {
            revert ConditionsMissing();
        }
        bytes memory arguments = new bytes(payload.length - 4);
        assembly ("memory-safe") {
            mcopy(add(arguments, 32), add(payload, 36), mload(arguments))
        }
        bytes32[] memory codeHashes;
        (chainId, expiry, accounts, codeHashes) = abi.decode(arguments, (uint256, uint256, address[], bytes32[]));
        if (codeHashes.length != accounts.length) revert ConditionsMissing();
    }
}
