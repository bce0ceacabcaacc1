// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title What the OP Stack's predeploy `L1Block` tells of the parent chain: the block that the rollup was derived up to.
interface IL1Block {
    /// @notice Number of that block.
    function number() external view returns (uint64);

    /// @notice Its hash.
    function hash() external view returns (bytes32);
}
