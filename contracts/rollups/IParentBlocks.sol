// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Hashes of blocks of the chain on which other rollups post their state, known on this rollup without trusting anybody.
/// @dev On that chain itself its IRollupStack is one. A rollup that does not see its parent has none. Says nothing of a block's age: whoever relies on
///      what was so in one looks at the time in its header.
interface IParentBlocks {
    /// @notice Hash of a block; 0 if it is not known. Never reverts.
    function blockHash(uint256 number) external view returns (bytes32);
}
