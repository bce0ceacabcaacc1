// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ILaneHeads} from "../paths/ILaneHeads.sol";
import {PathRecipient} from "../paths/PathRecipient.sol";

/// @title A path recipient that counts what it executes, and does in the meantime what a test says.
contract PathRecipientMock is PathRecipient {
    mapping(bytes32 receiveId => uint256) public executions;
    uint256 public total;
    bool public closed;
    uint256 public gasSeen;
    /// @notice Another gateway that the application lets in.
    address public otherGateway;

    address private _target;
    bytes private _call;

    error Closed();

    constructor(ILaneHeads heads) PathRecipient(heads) {}

    function setDemand(uint256 srcChainId, Demand calldata demand) external {
        _setDemand(srcChainId, demand);
    }

    function liftVeto(bytes32 receiveId) external {
        _liftVeto(receiveId);
    }

    function setOtherGateway(address gateway) external {
        otherGateway = gateway;
    }

    function setClosed(bool closed_) external {
        closed = closed_;
    }

    /// @notice What is called while a message is executed; failures of it are ignored.
    function setCall(address target, bytes calldata call_) external {
        (_target, _call) = (target, call_);
    }

    function _isAuthorizedGateway(address gateway, bytes calldata sender) internal view override returns (bool) {
        return super._isAuthorizedGateway(gateway, sender) || gateway == otherGateway;
    }

    function _processConfirmed(bytes32 receiveId, bytes calldata, bytes calldata) internal override {
        gasSeen = gasleft();
        if (closed) revert Closed();
        ++executions[receiveId];
        ++total;
        if (_target == address(0)) return;
        (bool success, ) = _target.call(_call);
        success;
    }
}
