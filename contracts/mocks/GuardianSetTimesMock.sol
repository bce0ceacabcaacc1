// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGuardianSet} from "../guardians/IGuardianSet.sol";

/// @title The part of a guardian set that staking reads, with answers that tests choose.
contract GuardianSetTimesMock {
    IGuardianSet.Epoch private _epoch;
    bool public accepting;

    function setEpoch(IGuardianSet.Epoch calldata epoch_) external {
        _epoch = epoch_;
    }

    function setAccepting(bool accepting_) external {
        accepting = accepting_;
    }

    function epoch() external view returns (IGuardianSet.Epoch memory) {
        return _epoch;
    }

    function isAccepted(uint256) external view returns (bool) {
        return accepting;
    }

    function frozenUntil(address) external pure returns (uint64) {
        return 0;
    }

    function weightedSince(address) external pure returns (uint64) {
        return 0;
    }

    function settings() external pure returns (uint32 epochLength, uint32 grace) {
        return (3_600, 600);
    }
}
