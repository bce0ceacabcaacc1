// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title State roots of one rollup that do not come from guardians: docs/protocol/paths.md §4.
/// @notice One implementation per family of rollups. Whoever relies on a source names it, so anyone may deploy one.
interface IStateRootSource {
    /// @notice The proof is refused at this step of {stateRootOf}'s chain, counted from 0.
    error RootSourceRefused(uint256 step);
    /// @notice What is proven was so at `time` (seconds), longer ago than `maxAge` seconds: it may have been taken back since.
    error RootSourceStale(uint256 time, uint256 maxAge);

    /// @notice The rollup whose state roots it knows.
    function chainId() external view returns (uint256);

    /// @notice State root of a block of the rollup which the rollup's own contracts on its parent chain hold for final.
    /// @dev What `proof` holds is the implementation's. Reverts {RootSourceRefused}, {RootSourceStale}; never returns 0.
    function stateRootOf(bytes calldata proof) external view returns (bytes32 stateRoot);
}
