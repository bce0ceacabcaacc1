// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Message} from "../libraries/Message.sol";
import {IMetalayerGateway} from "./IMetalayerGateway.sol";

/// @notice The first 32 bytes of a packed batch: all its numbers, the hashes follow at fixed places.
/// @dev From the highest bit: class 8 · srcChainId 64 · from 64 · count 16 · first 16 · entries 16 · gasBoost 32.
type BatchHead is uint256;

using {
    BatchReader.class,
    BatchReader.srcChainId,
    BatchReader.from,
    BatchReader.count,
    BatchReader.first,
    BatchReader.entries,
    BatchReader.gasBoost,
    BatchReader.firstNonce
} for BatchHead global;

/// @title Reads packed batches from calldata: docs/protocol/messages.md §5.
/// @dev Every read is bounded by the data's length first; what does not fit reverts {GatewayMalformedBatch} with the offset.
library BatchReader {
    uint256 internal constant TAG_BOUNTY = 1;
    uint256 internal constant TAG_CLAIM = 2;
    uint256 internal constant TAG_HASH_ONLY = 255;
    uint256 internal constant ENTRY_BYTES = 55;

    uint256 private constant FIXED_BYTES = 91;
    uint256 private constant HASH_ONLY_BYTES = 33;

    function class(BatchHead self) internal pure returns (uint256) {
        return BatchHead.unwrap(self) >> 248;
    }

    function srcChainId(BatchHead self) internal pure returns (uint256) {
        return uint64(BatchHead.unwrap(self) >> 184);
    }

    /// @dev Nonce of the first message of the lane fact.
    function from(BatchHead self) internal pure returns (uint256) {
        return uint64(BatchHead.unwrap(self) >> 120);
    }

    function count(BatchHead self) internal pure returns (uint256) {
        return uint16(BatchHead.unwrap(self) >> 104);
    }

    function first(BatchHead self) internal pure returns (uint256) {
        return uint16(BatchHead.unwrap(self) >> 88);
    }

    function entries(BatchHead self) internal pure returns (uint256) {
        return uint16(BatchHead.unwrap(self) >> 72);
    }

    function gasBoost(BatchHead self) internal pure returns (uint256) {
        return uint32(BatchHead.unwrap(self) >> 40);
    }

    /// @dev Nonce of the first entry.
    function firstNonce(BatchHead self) internal pure returns (uint256) {
        unchecked {
            // {read} checked that the sum is below 2^48.
            return from(self) + first(self);
        }
    }

    /// @notice Numbers of the batch at `offset`, and where its entries begin; the entries are not yet looked at.
    function read(bytes calldata data, uint256 offset) internal pure returns (BatchHead head, uint256 body) {
        unchecked {
            // Offsets stay below calldata's length plus a few thousand bytes; reads behind the end give bytes that the check refuses.
            uint256 facts = _facts(data, offset);
            body = facts + 5 + (byteAt(data, facts + 4) << 5);
            head = BatchHead.wrap(load(data, offset));
            bool sane =
                body < data.length &&
                    class(head) < 2 &&
                    entries(head) != 0 &&
                    count(head) <= 1024 &&
                    first(head) + entries(head) <= count(head) &&
                    from(head) + count(head) <= type(uint48).max;
            if (!sane) revert IMetalayerGateway.GatewayMalformedBatch(offset);
        }
    }

    /// @notice What the lane fact says beside the numbers and the batch root.
    function fact(
        bytes calldata data,
        uint256 offset
    ) internal pure returns (bytes32 headBefore, bytes32 headAt, bytes32 srcBlockHash) {
        unchecked {
            // Bounds: {read}.
            headBefore = bytes32(load(data, offset + 27));
            headAt = bytes32(load(data, offset + 59));
            if (byteAt(data, offset) != 0) srcBlockHash = bytes32(load(data, offset + FIXED_BYTES));
        }
    }

    /// @notice Siblings of the entries in the batch tree.
    function batchSiblings(bytes calldata data, uint256 offset) internal pure returns (bytes calldata) {
        unchecked {
            // Bounds: {read}.
            uint256 start = offset + FIXED_BYTES + (byteAt(data, offset) << 5);
            return slice(data, start + 1, byteAt(data, start) << 5);
        }
    }

    /// @notice Place of the lane fact in the fact tree, and its siblings there.
    function factPlace(
        bytes calldata data,
        uint256 offset
    ) internal pure returns (uint256 index, uint256 total, bytes calldata siblings) {
        unchecked {
            // Bounds: {read}.
            uint256 facts = _facts(data, offset);
            uint256 word = load(data, facts);
            return (word >> 240, uint16(word >> 224), slice(data, facts + 5, ((word >> 216) & 0xff) << 5));
        }
    }

    /// @notice Tag of the entry at `offset`, its two words of fields, and where the next one begins.
    /// @dev `fields` = gasLimit 32 ‖ fee 64 ‖ sender 160 bits, `rest` = recipient 160 ‖ length 16 bits ‖ first bytes of the payload; for a
    ///      hash-only entry `fields` is the hash. Reverts if the entry is none or runs past the end of the data.
    function entry(
        bytes calldata data,
        uint256 offset
    ) internal pure returns (uint256 tag, uint256 fields, uint256 rest, uint256 next) {
        unchecked {
            // As in {read}: offsets stay small, and the end is compared with the length before anything is used.
            tag = byteAt(data, offset);
            fields = load(data, offset + 1);
            uint256 length = 0;
            if (tag == TAG_HASH_ONLY) {
                next = offset + HASH_ONLY_BYTES;
            } else {
                rest = load(data, offset + 33);
                length = uint16(rest >> 80);
                next = offset + ENTRY_BYTES + length;
                if (tag > TAG_CLAIM || length > Message.MAX_PAYLOAD)
                    revert IMetalayerGateway.GatewayMalformedBatch(offset);
            }
            if (next > data.length) revert IMetalayerGateway.GatewayMalformedBatch(offset);
        }
    }

    /// @notice Where `number` entries that begin at `offset` end.
    function skip(bytes calldata data, uint256 offset, uint256 number) internal pure returns (uint256) {
        for (uint256 i = 0; i < number; ++i) (, , , offset) = entry(data, offset);
        return offset;
    }

    /// @notice Message hashes of all entries, and the length of the longest payload.
    /// @dev The preimage of {Message.hash} is kept in scratch memory behind the free pointer; its first three words are the same for all.
    function hashes(
        bytes calldata data,
        BatchHead head,
        uint256 offset,
        bytes32 networkId,
        uint256 route
    ) internal pure returns (bytes32[] memory ids, uint256 longest) {
        ids = new bytes32[](entries(head));
        uint256 scratch = _prepare(networkId, route);
        unchecked {
            // Nonces are below 2^48: the nonce never leaves its field.
            uint256 nonceBits = firstNonce(head) << 184;
            for (uint256 i = 0; i < ids.length; ++i) {
                (uint256 tag, uint256 fields, uint256 rest, uint256 next) = entry(data, offset);
                bytes32 id = bytes32(fields);
                if (tag != TAG_HASH_ONLY) {
                    uint256 length = next - offset - ENTRY_BYTES;
                    if (length > longest) longest = length;
                    uint256 kind = tag == TAG_BOUNTY ? Message.KIND_BOUNTY << 248 : 0;
                    // gasLimit and fee stand side by side in both the entry and the header.
                    uint256 header = kind | nonceBits | ((fields >> 160) << 88);
                    id = _hash(data, offset + ENTRY_BYTES, length, scratch, header, fields, rest);
                }
                assembly ("memory-safe") {
                    mstore(add(add(ids, 0x20), shl(5, i)), id)
                }
                offset = next;
                nonceBits += 1 << 184;
            }
        }
    }

    function _prepare(bytes32 networkId, uint256 route) private pure returns (uint256 scratch) {
        bytes32 typehash = Message.MESSAGE_TYPEHASH;
        assembly ("memory-safe") {
            scratch := mload(0x40)
            mstore(scratch, typehash)
            mstore(add(scratch, 0x20), networkId)
            mstore(add(scratch, 0x40), route)
        }
    }

    /// @dev Functionally equivalent: Message.hash(networkId, route, header, address(uint160(fields)), address(uint160(rest >> 96)), keccak256(payload)).
    function _hash(
        bytes calldata data,
        uint256 payload,
        uint256 length,
        uint256 scratch,
        uint256 header,
        uint256 fields,
        uint256 rest
    ) private pure returns (bytes32 id) {
        assembly ("memory-safe") {
            mstore(add(scratch, 0x60), header)
            mstore(add(scratch, 0x80), and(fields, 0xffffffffffffffffffffffffffffffffffffffff))
            mstore(add(scratch, 0xa0), shr(96, rest))
            calldatacopy(add(scratch, 0xe0), add(data.offset, payload), length)
            mstore(add(scratch, 0xc0), keccak256(add(scratch, 0xe0), length))
            id := keccak256(scratch, 0xe0)
        }
    }

    /// @dev Where the place in the fact tree stands: behind the lane fact and the batch siblings.
    function _facts(bytes calldata data, uint256 offset) private pure returns (uint256) {
        unchecked {
            // At most two bytes' worth of words are added.
            uint256 siblings = offset + FIXED_BYTES + (byteAt(data, offset) == 1 ? 32 : 0);
            return siblings + 1 + (byteAt(data, siblings) << 5);
        }
    }

    /// @dev A part whose bounds were checked before.
    function slice(bytes calldata data, uint256 offset, uint256 length) internal pure returns (bytes calldata part) {
        assembly ("memory-safe") {
            part.offset := add(data.offset, offset)
            part.length := length
        }
    }

    /// @dev Bytes behind the end read as zero or as what follows; callers compare the end with the length.
    function load(bytes calldata data, uint256 offset) internal pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := calldataload(add(data.offset, offset))
        }
    }

    function byteAt(bytes calldata data, uint256 offset) internal pure returns (uint256) {
        return load(data, offset) >> 248;
    }
}
