// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Acts on one rollup for the owner of applications, who is on this rollup or on another.
/// @notice Applications see it as their owner. It does what the {IOmniDeployer} tells it, and nothing else; that one tells it only what its
///         owner has said. It has no function that takes coins.
interface IOmniAccount {
    error OmniAccountUnauthorized(address caller);

    /// @notice Calls a contract in the owner's name and returns what it returned.
    /// @dev Only the deployer. Reverts {OmniAccountUnauthorized}, OpenZeppelin's `AddressEmptyCode` where there is no contract, and with the
    ///      target's own error.
    function execute(address target, bytes calldata data) external returns (bytes memory);

    /// @notice Whom it obeys.
    function deployer() external view returns (address);
}
