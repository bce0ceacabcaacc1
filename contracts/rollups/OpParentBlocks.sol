// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IL1Block} from "../interfaces/IL1Block.sol";
import {IParentBlocks} from "./IParentBlocks.sol";

/// @title The parent chain's blocks as a rollup of the OP Stack sees them: the predeploy knows one at a time, this keeps those that are asked for.
/// @dev A rollup of the OP Stack is derived from its parent: were the parent's block not there, this rollup's would not be either.
contract OpParentBlocks is IParentBlocks {
    IL1Block private constant L1_BLOCK = IL1Block(0x4200000000000000000000000000000000000015);

    mapping(uint256 number => bytes32) private _hashes;

    event ParentBlockKept(uint256 indexed number, bytes32 hash);

    /// @notice Keeps the parent's block that the predeploy names now, for ever: how old it may be is for who reads it. Anyone. Emits {ParentBlockKept}
    ///         unless it is kept already.
    function keep() external returns (uint256 number) {
        number = L1_BLOCK.number();
        if (_hashes[number] != 0) return number;
        bytes32 hash = L1_BLOCK.hash();
        _hashes[number] = hash;
        emit ParentBlockKept(number, hash);
    }

    /// @inheritdoc IParentBlocks
    function blockHash(uint256 number) external view returns (bytes32) {
        return _hashes[number];
    }
}
