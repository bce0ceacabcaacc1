// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title A message's header and hash: docs/protocol/messages.md §2.
library Message {
    bytes32 internal constant MESSAGE_TYPEHASH = keccak256(
        "MetalayerMessage(bytes32 networkId,uint256 route,uint256 header,address sender,address recipient,bytes32 payloadHash)"
    );

    uint256 internal constant KIND_MESSAGE = 0;
    uint256 internal constant KIND_BOUNTY = 1;
    uint256 internal constant MAX_PAYLOAD = 32_768;
    uint256 internal constant DEFAULT_GAS_LIMIT = 200_000;
    /// @dev Every head after a multiple of this many messages is stored for ever.
    uint256 internal constant CHECKPOINT_INTERVAL = 64;

    /// @dev Arguments must fit: kind 8, nonce 64, gasLimit 32, fee 64 bits.
    function packHeader(uint256 kind, uint256 nonce, uint256 gasLimit, uint256 fee) internal pure returns (uint256) {
        return (kind << 248) | (nonce << 184) | (gasLimit << 152) | (fee << 88);
    }

    /// @dev Functionally equivalent: keccak256(payload).
    function hashPayload(bytes calldata payload) internal pure returns (bytes32 result) {
        assembly ("memory-safe") {
            let scratch := mload(0x40)
            calldatacopy(scratch, payload.offset, payload.length)
            result := keccak256(scratch, payload.length)
        }
    }

    function hash(
        bytes32 networkId,
        uint256 route,
        uint256 header,
        address sender,
        address recipient,
        bytes32 payloadHash
    ) internal pure returns (bytes32 id) {
        bytes32 typehash = MESSAGE_TYPEHASH;
        // Functionally equivalent: keccak256(abi.encode(MESSAGE_TYPEHASH, networkId, route, header, sender, recipient, payloadHash)).
        assembly ("memory-safe") {
            let scratch := mload(0x40)
            mstore(scratch, typehash)
            mstore(add(scratch, 0x20), networkId)
            mstore(add(scratch, 0x40), route)
            mstore(add(scratch, 0x60), header)
            mstore(add(scratch, 0x80), shr(96, shl(96, sender)))
            mstore(add(scratch, 0xa0), shr(96, shl(96, recipient)))
            mstore(add(scratch, 0xc0), payloadHash)
            id := keccak256(scratch, 0xe0)
        }
    }

    /// @dev The lane's head after one more message.
    function chain(bytes32 head, bytes32 messageHash) internal pure returns (bytes32 result) {
        assembly ("memory-safe") {
            mstore(0x00, head)
            mstore(0x20, messageHash)
            result := keccak256(0x00, 0x40)
        }
    }
}
