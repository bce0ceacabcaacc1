// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IStakeWeights} from "../guardians/IStakeWeights.sol";

/// @title Stake weights set at will, and the ways in which a source of weights can misbehave.
contract StakeWeightsMock is IStakeWeights {
    error StakeWeightsMockFailed();

    mapping(address operator => uint64 weight) private _weights;
    bool public failing;
    bool public short;

    function set(address operator, uint64 weight) external {
        _weights[operator] = weight;
    }

    function setFailing(bool failing_) external {
        failing = failing_;
    }

    function setShort(bool short_) external {
        short = short_;
    }

    function weights(address[] calldata operators) external view returns (uint64[] memory result) {
        if (failing) revert StakeWeightsMockFailed();
        result = new uint64[](short ? operators.length - 1 : operators.length);
        for (uint256 i = 0; i < result.length; i++) result[i] = _weights[operators[i]];
    }
}
