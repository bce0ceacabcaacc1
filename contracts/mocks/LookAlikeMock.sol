// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC7786GatewaySource} from "@openzeppelin/contracts/interfaces/draft-IERC7786.sol";
import {IMetalayerGateway} from "../messaging/IMetalayerGateway.sol";

/// @title Emits events that look exactly like the gateway's, and can revert afterwards.
contract LookAlikeMock {
    error LookAlikeMockReverted();

    function pretend(
        bytes32 sendId,
        uint256 dstChainId,
        uint64 nonce,
        uint256 header,
        bytes calldata sender,
        bytes calldata recipient,
        bytes calldata payload,
        bool reverts
    ) external {
        emit IERC7786GatewaySource.MessageSent(sendId, sender, recipient, payload, 0, new bytes[](0));
        emit IMetalayerGateway.MessageAccepted(sendId, dstChainId, nonce, header);
        if (reverts) revert LookAlikeMockReverted();
    }

    /// @notice Makes a message in a call that is reverted, and none that stays.
    function sendAndRevert(address gateway, bytes calldata recipient, bytes calldata payload) external {
        try this.sendThenRevert(gateway, recipient, payload) {} catch {}
    }

    function sendThenRevert(address gateway, bytes calldata recipient, bytes calldata payload) external {
        IERC7786GatewaySource(gateway).sendMessage(recipient, payload, new bytes[](0));
        revert LookAlikeMockReverted();
    }
}
