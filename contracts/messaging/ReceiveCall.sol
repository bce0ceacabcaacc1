// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC7786Recipient} from "@openzeppelin/contracts/interfaces/draft-IERC7786.sol";
import {BoundedCall} from "../libraries/BoundedCall.sol";
import {EvmInterop} from "../libraries/EvmInterop.sol";
import {IMetalayerGateway} from "./IMetalayerGateway.sol";

/// @notice Memory that holds the call data of `receiveMessage`; written once for a batch, changed for every message.
/// @dev Position of: where the sender's last 32 bytes stand, what stands in them before the account, where the payload's length stands, then the call
///      data from its 28th byte on, so that its arguments are aligned.
type ReceiveCall is uint256;

using {ReceiveCalls.execute} for ReceiveCall global;

/// @title `receiveMessage(receiveId, sender, payload)` for many messages of one source, without encoding it anew.
library ReceiveCalls {
    /// @dev Gas that a failed attempt needs after the call; the call's own overhead is in it.
    uint256 private constant RESERVE = 20_000;

    /// @notice Reserves memory for messages from `srcChainId` and writes what they share. The payload is not in it: each stands in the free memory
    ///         behind it, for the time of its call.
    function prepare(uint256 srcChainId) internal pure returns (ReceiveCall frame) {
        uint256 size = EvmInterop.referenceSize(srcChainId);
        uint256 selector = uint32(IERC7786Recipient.receiveMessage.selector);
        assembly ("memory-safe") {
            frame := mload(0x40)
            let length := add(26, size)
            let padded := and(add(length, 0x1f), not(0x1f))
            // Canonical bytes of the sender: 00010000 ‖ size ‖ chain id ‖ 14 ‖ account, zero for now, and padding. A word that ends where its number
            // ends begins with zeros, so these three are written from the last to the first, and the length of the sender after them.
            mstore(add(frame, 0x120), 0)
            mstore(add(frame, add(0x106, size)), 0)
            mstore(add(frame, add(0xe6, size)), 0x14)
            mstore(add(frame, add(0xe5, size)), srcChainId)
            mstore(add(frame, 0xe5), or(0x0001000000, size))
            mstore(add(frame, 0xe0), length)
            mstore(add(frame, 0xc0), add(0x80, padded))
            mstore(add(frame, 0xa0), 0x60)
            mstore(add(frame, 0x60), selector)
            // length ≥ 27: the account's word begins at most 5 bytes before the sender, in the length's last bytes.
            let account := add(add(frame, 0xe0), length)
            mstore(frame, account)
            mstore(add(frame, 0x20), mload(account))
            let tail := add(add(frame, 0x100), padded)
            mstore(add(frame, 0x40), tail)
            mstore(0x40, tail)
        }
    }

    /// @notice Calls `recipient` with `callGas`; reverts {GatewayInsufficientGas} if it would get less. True only if it returned at least 32 bytes that
    ///         begin with exactly the selector; otherwise `reason` holds at most 256 bytes of what it returned.
    /// @dev The payload stands in memory that nobody has reserved, so it is written and called in one block of assembly, with no statement of Solidity
    ///      between. Gas is compared last, behind all memory that has to be paid for. Functionally equivalent to
    ///      recipient.call{gas: callGas}(abi.encodeCall(IERC7786Recipient.receiveMessage, (id, EvmInterop bytes of sender, payload))).
    /// @param callGas below 2^33
    /// @param fields its lowest 160 bits are the sender
    function execute(
        ReceiveCall self,
        address recipient,
        uint256 callGas,
        bytes32 id,
        uint256 fields,
        bytes calldata payload
    ) internal returns (bool ok, bytes memory reason) {
        bytes32 magic = IERC7786Recipient.receiveMessage.selector;
        bytes32 insufficient = IMetalayerGateway.GatewayInsufficientGas.selector;
        assembly ("memory-safe") {
            mstore(add(self, 0x80), id)
            mstore(mload(self), or(mload(add(self, 0x20)), shr(96, shl(96, fields))))
            let tail := mload(add(self, 0x40))
            let length := payload.length
            mstore(tail, length)
            tail := add(tail, 0x20)
            calldatacopy(tail, payload.offset, length)
            // What an earlier, longer payload left behind this one.
            mstore(add(tail, length), 0)
            let input := add(self, 0x7c)
            let size := sub(add(tail, and(add(length, 0x1f), not(0x1f))), input)
            let required := add(div(shl(6, callGas), 63), RESERVE)
            let available := gas()
            if lt(available, required) {
                mstore(0x00, insufficient)
                mstore(0x04, id)
                mstore(0x24, available)
                mstore(0x44, required)
                revert(0x00, 0x64)
            }
            ok := call(callGas, recipient, 0, input, size, 0x00, 0x20)
            ok := and(ok, and(gt(returndatasize(), 0x1f), eq(mload(0x00), magic)))
        }
        if (!ok) reason = BoundedCall.lastAnswer();
    }
}
