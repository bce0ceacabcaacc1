// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Create3} from "@openzeppelin/contracts/utils/Create3.sol";
import {ICreate3Factory} from "./ICreate3Factory.sol";

/// @title Factory of the protocol's addresses.
/// @dev Stands at one address everywhere: created by the CREATE2 deployer 0x4e59b44847b379578588920cA78FbF26c0B4956C with salt 0.
contract Create3Factory is ICreate3Factory {
    /// @inheritdoc ICreate3Factory
    function deploy(bytes32 salt, bytes calldata initCode) external returns (address deployed) {
        bytes32 bound = _bind(msg.sender, salt);
        address predicted = Create3.computeAddress(bound);
        if (predicted.code.length != 0) revert FactoryAddressTaken(predicted);
        deployed = Create3.deploy(0, bound, initCode);
        emit ContractDeployed(msg.sender, salt, deployed);
    }

    /// @inheritdoc ICreate3Factory
    function addressOf(address deployer, bytes32 salt) external view returns (address) {
        return Create3.computeAddress(_bind(deployer, salt));
    }

    /// @dev The caller is part of the salt, so nobody can take an address that another deployer has announced.
    function _bind(address deployer, bytes32 salt) private pure returns (bytes32) {
        return keccak256(abi.encode(deployer, salt));
    }
}
