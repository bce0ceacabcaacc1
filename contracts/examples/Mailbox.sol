// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ERC7786Recipient} from "@openzeppelin/contracts/crosschain/ERC7786Recipient.sol";
import {IMetalayerGateway} from "../messaging/IMetalayerGateway.sol";

/// @title Keeps count of what arrives from any rollup: a recipient that can be closed, and that takes `fast` messages if its owner wants.
contract Mailbox is ERC7786Recipient, Ownable {
    IMetalayerGateway private immutable GATEWAY;

    /// @notice Whether messages are refused. They stay deliverable and come when the box is open again.
    bool public closed;
    /// @notice Messages taken.
    uint256 public count;
    /// @notice How often a message arrived: never more than once.
    mapping(bytes32 receiveId => uint256) public arrivals;

    event Arrived(bytes32 indexed receiveId, bytes sender, bytes payload);
    event ClosedChanged(bool closed);

    error MailboxClosed(bytes32 receiveId);

    constructor(IMetalayerGateway gateway_) Ownable(msg.sender) {
        GATEWAY = gateway_;
    }

    /// @notice Gateway whose messages it takes.
    function gateway() external view returns (IMetalayerGateway) {
        return GATEWAY;
    }

    /// @notice Closes or opens the box. Owner. Emits {ClosedChanged}.
    function setClosed(bool closed_) external onlyOwner {
        closed = closed_;
        emit ClosedChanged(closed_);
    }

    /// @notice Takes up to `perDay` messages a day from the soft head of a rollup, which a reorganisation there may undo; 0: none. Owner.
    function acceptFast(uint256 srcChainId, uint256 perDay) external onlyOwner {
        GATEWAY.setFastLimit(address(this), srcChainId, perDay);
    }

    /// @dev Any sender on any rollup may write; nobody but the gateway may deliver.
    function _isAuthorizedGateway(address instance, bytes calldata) internal view override returns (bool) {
        return instance == address(GATEWAY);
    }

    /// @dev Reverts {MailboxClosed} while the box is closed. Emits {Arrived}.
    function _processMessage(
        address,
        bytes32 receiveId,
        bytes calldata sender,
        bytes calldata payload
    ) internal override {
        if (closed) revert MailboxClosed(receiveId);
        ++count;
        ++arrivals[receiveId];
        emit Arrived(receiveId, sender, payload);
    }
}
