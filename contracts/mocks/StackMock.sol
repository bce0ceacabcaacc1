// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRollupStack} from "../rollups/IRollupStack.sol";

/// @title Rollup stack whose block number and hashes a test chooses.
contract StackMock is IRollupStack {
    uint256 public blockNumber;
    bytes32 private _hash;

    function set(uint256 number, bytes32 hash) external {
        blockNumber = number;
        _hash = hash;
    }

    function blockHash(uint256) external view returns (bytes32) {
        return _hash;
    }
}
