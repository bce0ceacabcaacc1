// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {CrosschainLinked} from "@openzeppelin/contracts/crosschain/CrosschainLinked.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Bridgeable} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC20Bridgeable.sol";
import {ERC20Crosschain} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Crosschain.sol";

/// @title A token that is one on all rollups: its own bridge over Metalayer, and ERC-7802 for a further bridge that its owner names.
contract OmniToken is ERC20Crosschain, ERC20Bridgeable, Ownable {
    /// @notice May mint and burn as ERC-7802 says; zero: nobody.
    address public bridge;

    /// @param supply minted to the owner here
    /// @param links gateway and token of every other rollup; its address is known before it stands
    constructor(
        address owner,
        uint256 supply,
        Link[] memory links
    ) ERC20("Omni Token", "OMNI") CrosschainLinked(links) Ownable(owner) {
        _mint(owner, supply);
    }

    /// @notice Names the further bridge. Owner.
    function setBridge(address bridge_) external onlyOwner {
        bridge = bridge_;
    }

    function _checkTokenBridge(address caller) internal view override {
        if (caller != bridge) revert OwnableUnauthorizedAccount(caller);
    }
}
