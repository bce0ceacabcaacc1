// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title What a contract implements to be called when a value on another rollup satisfies its condition.
interface IAutomated {
    /// @notice Called by this rollup's Automations, once or periodically, as the contract asked for.
    /// @dev Must check its caller, and revert if it cannot act now: it will be tried again.
    /// @param id of the automation
    /// @param value what the slot holds, under the automation's mask
    /// @return its own selector
    function onCondition(bytes32 id, uint256 value) external returns (bytes4);
}
