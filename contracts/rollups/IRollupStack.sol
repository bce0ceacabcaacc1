// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title What a family of rollups knows about its own blocks.
/// @notice One implementation per stack; the rest of the protocol never reads `block.number` or `blockhash` itself.
interface IRollupStack {
    /// @notice Number of the block that is being built, in the rollup's own count (on Arbitrum not `block.number`).
    function blockNumber() external view returns (uint256);

    /// @notice Hash of an earlier own block; 0 if it is out of reach. Never reverts.
    function blockHash(uint256 number) external view returns (bytes32);
}
