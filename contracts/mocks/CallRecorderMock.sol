// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Accepts every call and says which; stands in for a contract of which only "was it told" matters.
contract CallRecorderMock {
    event Called(address indexed caller, bytes data);

    fallback() external {
        emit Called(msg.sender, msg.data);
    }
}
