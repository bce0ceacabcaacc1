// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {UUPSUpgradeable} from "@openzeppelin/contracts-upgradeable/proxy/utils/UUPSUpgradeable.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

/// @title An application of one owner; what its constructor calls, and whether it lets itself be changed, tests choose.
contract OmniAppMock is Ownable {
    uint256 public value;
    bool public isClosed;
    bool public hookSucceeded;
    bytes public hookResult;

    error OmniAppMockRefused(uint256 value);

    constructor(address owner, uint256 value_, address hook, bytes memory data) Ownable(owner) {
        if (value_ == 13) revert OmniAppMockRefused(value_);
        value = value_;
        if (hook != address(0)) (hookSucceeded, hookResult) = hook.call(data);
    }

    function set(uint256 value_) external onlyOwner {
        if (isClosed || value_ == 13) revert OmniAppMockRefused(value_);
        value = value_;
    }

    /// @notice Lets itself be changed no more, or again. Anyone.
    function close(bool closed) external {
        isClosed = closed;
    }
}

/// @title Code of an upgradeable application; behind a proxy that is placed with it as argument.
contract OmniUpgradeMock is UUPSUpgradeable {
    address private immutable OWNER;
    uint256 public immutable VERSION;

    error OmniUpgradeMockUnauthorized(address caller);

    constructor(address owner, uint256 version_) {
        (OWNER, VERSION) = (owner, version_);
    }

    function _authorizeUpgrade(address) internal view override {
        if (msg.sender != OWNER) revert OmniUpgradeMockUnauthorized(msg.sender);
    }
}
