// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title A publication's hash and the slot that proves it: docs/protocol/publications.md §1.
library Publication {
    bytes32 internal constant PUBLICATION_TYPEHASH = keccak256(
        "MetalayerPublication(address publisher,uint64 index,bytes32 topic,bytes32 payloadHash)"
    );

    uint256 internal constant MAX_PAYLOAD = 32_768;

    /// @notice The ERC-7888 message that a Broadcaster broadcasts in its own name.
    function hash(
        address publisher,
        uint64 index,
        bytes32 topic,
        bytes calldata payload
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(PUBLICATION_TYPEHASH, publisher, index, topic, keccak256(payload)));
    }

    /// @notice ERC-7888: where a Broadcaster keeps the time of a message.
    function slot(bytes32 message, address publisher) internal pure returns (bytes32) {
        return keccak256(abi.encode(message, publisher));
    }
}
