// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Memory} from "@openzeppelin/contracts/utils/Memory.sol";
import {Message} from "../libraries/Message.sol";
import {IMetalayerGateway} from "./IMetalayerGateway.sol";

/// @title Reads packed batches from calldata: docs/protocol/messages.md §5.
/// @dev Every read is bounded by the data's length first; what does not fit reverts {GatewayMalformedBatch} with the offset.
library BatchReader {
    uint256 internal constant TAG_BOUNTY = 1;
    uint256 internal constant TAG_CLAIM = 2;
    uint256 internal constant TAG_HASH_ONLY = 255;

    uint256 private constant FIXED_BYTES = 91;
    uint256 private constant ENTRY_BYTES = 55;
    uint256 private constant HASH_ONLY_BYTES = 33;

    /// @dev `batchSiblings`, `factSiblings` and `body` are offsets into the data; the sibling counts are in bytes.
    struct Batch {
        uint256 class;
        uint256 srcChainId;
        uint256 from;
        uint256 count;
        uint256 first;
        uint256 entries;
        uint256 gasBoost;
        bytes32 headBefore;
        bytes32 headAt;
        bytes32 srcBlockHash;
        uint256 batchSiblings;
        uint256 batchSiblingBytes;
        uint256 factIndex;
        uint256 factCount;
        uint256 factSiblings;
        uint256 factSiblingBytes;
        uint256 body;
    }

    /// @dev One message as it stands in the data.
    struct Entry {
        uint256 tag;
        uint256 gasLimit;
        uint256 fee;
        address sender;
        address recipient;
        uint256 payload;
        uint256 length;
        uint256 next;
    }

    /// @notice Header of the batch that begins at `offset`; its counts are in range, its entries not yet looked at.
    function read(bytes calldata data, uint256 offset) internal pure returns (Batch memory batch) {
        if (data.length - offset < FIXED_BYTES) revert IMetalayerGateway.GatewayMalformedBatch(offset);
        unchecked {
            // Offsets stay below calldata's length plus a few thousand bytes.
            uint256 word = _load(data, offset);
            batch.class = word >> 248;
            batch.srcChainId = uint64(word >> 184);
            batch.from = uint64(word >> 120);
            batch.count = uint16(word >> 104);
            batch.first = uint16(word >> 88);
            batch.entries = uint16(word >> 72);
            batch.gasBoost = uint32(word >> 40);
            batch.headBefore = bytes32(_load(data, offset + 27));
            batch.headAt = bytes32(_load(data, offset + 59));
            uint256 cursor = offset + FIXED_BYTES;
            if (batch.class == 1) {
                batch.srcBlockHash = bytes32(_load(data, cursor));
                cursor += 32;
            }
            batch.batchSiblings = cursor + 1;
            batch.batchSiblingBytes = _byte(data, cursor) << 5;
            cursor += 1 + batch.batchSiblingBytes;
            batch.factIndex = _load(data, cursor) >> 240;
            batch.factCount = _load(data, cursor + 2) >> 240;
            batch.factSiblings = cursor + 5;
            batch.factSiblingBytes = _byte(data, cursor + 4) << 5;
            batch.body = cursor + 5 + batch.factSiblingBytes;
            bool sane =
                batch.class < 2 &&
                    batch.body < data.length &&
                    batch.entries != 0 &&
                    batch.count <= 1024 &&
                    batch.first + batch.entries <= batch.count &&
                    batch.from + batch.count <= type(uint48).max;
            if (!sane) revert IMetalayerGateway.GatewayMalformedBatch(offset);
        }
    }

    /// @notice The entry at `offset`; for a hash-only entry only `tag` and `next` are set.
    function entry(bytes calldata data, uint256 offset) internal pure returns (Entry memory result) {
        unchecked {
            // As in {read}: offsets stay small, and are compared with the length before anything is used.
            uint256 tag = _byte(data, offset);
            result.tag = tag;
            if (tag == TAG_HASH_ONLY) {
                result.next = offset + HASH_ONLY_BYTES;
            } else {
                uint256 word = _load(data, offset + 1);
                result.gasLimit = word >> 224;
                result.fee = uint64(word >> 160);
                result.sender = address(uint160(word));
                word = _load(data, offset + 33);
                result.recipient = address(uint160(word >> 96));
                result.length = uint16(word >> 80);
                result.payload = offset + ENTRY_BYTES;
                result.next = offset + ENTRY_BYTES + result.length;
            }
            bool sane =
                result.next <= data.length &&
                    (tag <= TAG_CLAIM || tag == TAG_HASH_ONLY) &&
                    result.length <= Message.MAX_PAYLOAD;
            if (!sane) revert IMetalayerGateway.GatewayMalformedBatch(offset);
        }
    }

    /// @notice Where the batch ends.
    function end(bytes calldata data, Batch memory batch) internal pure returns (uint256 offset) {
        offset = batch.body;
        for (uint256 i = 0; i < batch.entries; ++i) offset = entry(data, offset).next;
    }

    /// @notice Message hashes of all entries.
    function hashes(
        bytes calldata data,
        Batch memory batch,
        bytes32 networkId,
        uint256 route
    ) internal pure returns (bytes32[] memory ids) {
        ids = new bytes32[](batch.entries);
        uint256 offset = batch.body;
        uint256 nonce = batch.from + batch.first;
        // What an entry leaves in memory is given back before the next: memory grows with the longest payload, not with the sum.
        Memory.Pointer free = Memory.getFreeMemoryPointer();
        for (uint256 i = 0; i < ids.length; ++i) {
            Entry memory e = entry(data, offset);
            if (e.tag == TAG_HASH_ONLY) {
                ids[i] = bytes32(_load(data, offset + 1));
            } else {
                uint256 kind = e.tag == TAG_BOUNTY ? Message.KIND_BOUNTY : Message.KIND_MESSAGE;
                uint256 header = Message.packHeader(kind, nonce, e.gasLimit, e.fee);
                bytes32 payloadHash = keccak256(data[e.payload:e.payload + e.length]);
                ids[i] = Message.hash(networkId, route, header, e.sender, e.recipient, payloadHash);
            }
            offset = e.next;
            ++nonce;
            Memory.unsafeSetFreeMemoryPointer(free);
        }
    }

    /// @dev Bytes behind the end read as zero; callers compare the end with the length.
    function _load(bytes calldata data, uint256 offset) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := calldataload(add(data.offset, offset))
        }
    }

    function _byte(bytes calldata data, uint256 offset) private pure returns (uint256) {
        return _load(data, offset) >> 248;
    }
}
