// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IStateRootSource} from "../rollups/IStateRootSource.sol";

/// @title A source that takes every state root which a test has named: the proof is the root itself.
contract StateRootSourceMock is IStateRootSource {
    uint256 public chainId;

    mapping(bytes32 stateRoot => bool) private _known;

    constructor(uint256 chainId_) {
        chainId = chainId_;
    }

    function add(bytes32 stateRoot) external {
        _known[stateRoot] = true;
    }

    function stateRootOf(bytes calldata proof) external view returns (bytes32 stateRoot) {
        stateRoot = bytes32(proof);
        if (!_known[stateRoot]) revert RootSourceRefused(0);
    }
}
