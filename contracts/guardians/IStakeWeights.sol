// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Source of guardians' stake weights, read once when a table is formed.
interface IStakeWeights {
    /// @notice Active stake of each operator in whole ERA, rounded down.
    /// @dev One value per operator, in the order asked; 0 for an operator without active stake. Must not depend on the caller. A revert
    ///      makes the rotation revert, hence it must not revert for any list of at most 256 operators.
    function weights(address[] calldata operators) external view returns (uint64[] memory);
}
