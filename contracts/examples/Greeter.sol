// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {CrosschainLinked} from "@openzeppelin/contracts/crosschain/CrosschainLinked.sol";
import {InteroperableAddress} from "@openzeppelin/contracts/utils/draft-InteroperableAddress.sol";

/// @title Greets its counterparts on other rollups: the smallest application that sends and receives.
contract Greeter is CrosschainLinked, Ownable {
    string public lastGreeting;

    constructor() CrosschainLinked(new Link[](0)) Ownable(msg.sender) {}

    /// @notice Names the gateway to use and the Greeter at the other end (its ERC-7930 address). Owner, once per rollup.
    function link(address gateway, bytes calldata counterpart) external onlyOwner {
        _setLink(gateway, counterpart, false);
    }

    /// @notice Sends a greeting to the Greeter on another rollup. Anyone.
    function greet(uint256 chainId, string calldata greeting) external returns (bytes32 sendId) {
        return _sendMessageToCounterpart(InteroperableAddress.formatEvmV1(chainId), bytes(greeting), new bytes[](0));
    }

    /// @dev Only linked gateways and counterparts get here.
    function _processMessage(address, bytes32, bytes calldata, bytes calldata payload) internal override {
        lastGreeting = string(payload);
    }
}
