// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Governance's hand on a rollup away from home: takes legs from home's timelock and puts them into this rollup's timelock.
/// @notice A leg is the calldata of the local timelock's `scheduleBatch`, beginning with its conditions, or of its `cancel`
///         (docs/protocol/governance.md §5). Nothing else can be done through it, and nothing at once.
/// @dev An ERC-7786 recipient; pauses do not stop deliveries to it. A leg that cannot be scheduled reverts and stays deliverable by anyone.
interface IGovernanceExecutor {
    /// @notice Leg `receiveId` was handed to the timelock; its own events follow from there.
    event LegReceived(bytes32 indexed receiveId, bytes4 indexed selector);

    error ExecutorInvalidWiring(address gateway, address timelock, uint256 homeChainId, address homeTimelock);
    error ExecutorForbiddenCall(bytes4 selector);

    /// @notice The timelock of this rollup, to which it may propose.
    function timelock() external view returns (address);

    /// @notice The gateway that brings legs.
    function gateway() external view returns (address);

    /// @notice Who may send legs: the timelock of the home rollup.
    function controller() external view returns (uint256 homeChainId, address account);
}
