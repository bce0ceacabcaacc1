// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

/// @title An application with a parameter that a community decides about: OpenZeppelin's `Ownable` and nothing of ours.
contract Tollbooth is Ownable {
    /// @notice Price of passing, wei.
    uint256 public toll;

    event TollChanged(uint256 toll);

    /// @param owner the community's timelock on this rollup
    constructor(address owner) Ownable(owner) {}

    /// @notice Changes the price. Owner. Emits {TollChanged}.
    function setToll(uint256 toll_) external onlyOwner {
        toll = toll_;
        emit TollChanged(toll_);
    }
}
