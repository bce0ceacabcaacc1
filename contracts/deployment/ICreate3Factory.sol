// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Places contracts at addresses that depend on who deploys and a salt, and on nothing else.
/// @notice The same deployer and salt give the same address on every rollup, whatever code and constructor arguments. Not upgradeable, no owner.
interface ICreate3Factory {
    /// @notice A contract was created.
    event ContractDeployed(address indexed deployer, bytes32 indexed salt, address indexed deployed);

    error FactoryAddressTaken(address deployed);

    /// @notice Creates a contract at {addressOf}(caller, salt). Anyone, each at addresses of its own.
    /// @dev Emits {ContractDeployed}. Reverts {FactoryAddressTaken} for a salt that the caller has used, OpenZeppelin's `Create3EmptyBytecode`
    ///      for empty `initCode`, and with the constructor's own error if that reverts.
    /// @param salt any value, one address for each
    /// @param initCode creation code with the constructor's arguments appended
    function deploy(bytes32 salt, bytes calldata initCode) external returns (address deployed);

    /// @notice Where `deployer` creates with `salt`, whether or not it has.
    function addressOf(address deployer, bytes32 salt) external view returns (address);
}
