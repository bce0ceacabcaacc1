// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RollupRegistry} from "../messaging/RollupRegistry.sol";

/// @title A later implementation of the registry.
contract RollupRegistryV2Mock is RollupRegistry {
    constructor(address gateway, address era, uint256 incarnation) RollupRegistry(gateway, era, incarnation) {}

    function version() external pure returns (uint256) {
        return 2;
    }
}
