// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title The two views of Arbitrum's system precompile (address 0x64) that speak about the rollup's own blocks.
interface IArbSys {
    /// @notice Number of the rollup's current block; Solidity's `block.number` is the parent chain's there.
    function arbBlockNumber() external view returns (uint256);

    /// @notice Hash of one of the rollup's last 256 blocks; reverts for any other number.
    function arbBlockHash(uint256 number) external view returns (bytes32);
}
