// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {IOmniAccount} from "./IOmniAccount.sol";

/// @title Code of all accounts of one {IOmniDeployer}, which creates it.
contract OmniAccount is IOmniAccount {
    address private immutable DEPLOYER;

    constructor(address deployer_) {
        DEPLOYER = deployer_;
    }

    /// @inheritdoc IOmniAccount
    function execute(address target, bytes calldata data) external returns (bytes memory) {
        if (msg.sender != DEPLOYER) revert OmniAccountUnauthorized(msg.sender);
        return Address.functionCall(target, data);
    }

    /// @inheritdoc IOmniAccount
    function deployer() external view returns (address) {
        return DEPLOYER;
    }
}
