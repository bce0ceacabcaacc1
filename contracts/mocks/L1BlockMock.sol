// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IL1Block} from "../interfaces/IL1Block.sol";

/// @title The OP Stack's `L1Block` with what a test writes into it; its code stands at the predeploy's address there.
contract L1BlockMock is IL1Block {
    uint64 public number;
    bytes32 public hash;

    function set(uint64 number_, bytes32 hash_) external {
        (number, hash) = (number_, hash_);
    }
}
