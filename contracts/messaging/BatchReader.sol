// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Fact} from "../libraries/Fact.sol";
import {Message} from "../libraries/Message.sol";
import {Tree} from "../libraries/Tree.sol";
import {IMetalayerGateway} from "./IMetalayerGateway.sol";

/// @notice The first 32 bytes of a packed batch: all its numbers, the hashes follow at fixed places.
/// @dev From the highest bit: class 8 · srcChainId 64 · from 64 · count 16 · first 16 · entries 16 · gasBoost 32.
type BatchHead is uint256;

using {
    BatchReader.isFast,
    BatchReader.srcChainId,
    BatchReader.from,
    BatchReader.count,
    BatchReader.first,
    BatchReader.entries,
    BatchReader.gasBoost,
    BatchReader.firstNonce
} for BatchHead global;

/// @title Reads packed batches from calldata: docs/protocol/messages.md §5.
/// @dev A place (`place`, `facts`, `body`, …) is a position in calldata. {read} and {hashes} compare every end with the end of the data and revert
///      {GatewayMalformedBatch} with the offset in the data; all other functions read only what these two have checked.
///      Written out plainly: contracts/mocks/BatchReference.sol, against which this is fuzzed.
library BatchReader {
    uint256 internal constant TAG_MESSAGE = 0;
    uint256 internal constant TAG_BOUNTY = 1;
    uint256 internal constant TAG_CLAIM = 2;
    uint256 internal constant TAG_HASH_ONLY = 255;
    uint256 internal constant ENTRY_BYTES = 55;

    uint256 private constant FIXED_BYTES = 91;
    uint256 private constant HASH_ONLY_BYTES = 33;
    /// @dev As Message.MAX_PAYLOAD.
    uint256 private constant MAX_PAYLOAD = 32_768;
    uint256 private constant MAX_NONCE = 0xffffffffffff;

    function isFast(BatchHead self) internal pure returns (bool) {
        // {read} refuses classes above 1.
        return BatchHead.unwrap(self) >> 248 != Fact.CLASS_FINAL;
    }

    function srcChainId(BatchHead self) internal pure returns (uint256) {
        return (BatchHead.unwrap(self) << 8) >> 192;
    }

    /// @dev Nonce of the first message of the lane fact.
    function from(BatchHead self) internal pure returns (uint256) {
        return (BatchHead.unwrap(self) << 72) >> 192;
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

    /// @notice Where the data begins and ends.
    function bounds(bytes calldata data) internal pure returns (uint256 start, uint256 end) {
        assembly ("memory-safe") {
            start := data.offset
            end := add(start, data.length)
        }
    }

    /// @notice Numbers of the batch at `place`, where the place of its fact in the tree stands, and where its entries begin.
    /// @dev The entries are not yet looked at. Functionally equivalent, for the verdict:
    ///      body < end && class < 2 && entries != 0 && count <= 1024 && first + entries <= count && from + count < 2^48.
    ///      Three bytes of at most 255 words each are added to `place`: no overflow. Reads behind the end give bytes that the verdict refuses.
    function read(
        bytes calldata data,
        uint256 place
    ) internal pure returns (BatchHead head, uint256 facts, uint256 body) {
        bool sane;
        assembly ("memory-safe") {
            head := calldataload(place)
            let class := shr(248, head)
            // class 1 has the block hash before its siblings
            facts := add(add(place, FIXED_BYTES), shl(5, class))
            facts := add(add(facts, 1), shl(5, byte(0, calldataload(facts))))
            body := add(add(facts, 5), shl(5, byte(4, calldataload(facts))))
            let listed := and(shr(72, head), 0xffff)
            let total := and(shr(104, head), 0xffff)
            sane := and(lt(body, add(data.offset, data.length)), lt(class, 2))
            sane := and(sane, and(iszero(iszero(listed)), lt(total, 1025)))
            sane := and(sane, iszero(gt(add(and(shr(88, head), 0xffff), listed), total)))
            sane := and(sane, iszero(gt(add(shr(192, shl(72, head)), total), MAX_NONCE)))
        }
        if (sane) return (head, facts, body);
        revert IMetalayerGateway.GatewayMalformedBatch(_offset(data, place));
    }

    /// @notice Root of the fact tree to which the entries with these hashes lead.
    /// @dev `ok` is false if the batch has too few or too many siblings, or an impossible place in the fact tree.
    function rootOf(
        BatchHead head,
        uint256 place,
        uint256 facts,
        bytes32 laneId,
        bytes32[] memory ids
    ) internal pure returns (bytes32 root, bool ok) {
        uint256 total = count(head);
        bytes calldata siblings = _siblings(head, place, facts);
        // A batch of one message is its own root.
        if (total == 1) (root, ok) = (_first(ids), siblings.length == 0);
        else if (ids.length == 1) (root, ok) = Tree.foldOne(_first(ids), first(head), total, siblings);
        else (root, ok) = Tree.fold(_copy(ids), first(head), total, siblings);
        if (!ok) return (root, false);
        uint256 index;
        (index, total, siblings) = _factPlace(facts);
        return Tree.foldOne(_factHash(head, place, laneId, root), index, total, siblings);
    }

    function _siblings(BatchHead head, uint256 place, uint256 facts) private pure returns (bytes calldata siblings) {
        assembly ("memory-safe") {
            siblings.offset := add(add(place, add(FIXED_BYTES, 1)), shl(5, shr(248, head)))
            siblings.length := sub(facts, siblings.offset)
        }
    }

    function _factPlace(uint256 facts) private pure returns (uint256 index, uint256 total, bytes calldata siblings) {
        assembly ("memory-safe") {
            let word := calldataload(facts)
            index := shr(240, word)
            total := and(shr(224, word), 0xffff)
            siblings.offset := add(facts, 5)
            siblings.length := shl(5, byte(4, word))
        }
    }

    /// @dev Functionally equivalent: Fact.hashLane(class, laneId, from, from + count, headBefore, headAt, batchRoot, srcBlockHash) with the hashes
    ///      that stand behind the numbers; srcBlockHash is 0 for `final`.
    function _factHash(
        BatchHead head,
        uint256 place,
        bytes32 laneId,
        bytes32 batchRoot
    ) private pure returns (bytes32 result) {
        bytes32 typehash = Fact.LANE_FACT_TYPEHASH;
        assembly ("memory-safe") {
            let scratch := mload(0x40)
            let class := shr(248, head)
            let start := shr(192, shl(72, head))
            mstore(scratch, typehash)
            mstore(add(scratch, 0x20), class)
            mstore(add(scratch, 0x40), laneId)
            mstore(add(scratch, 0x60), start)
            mstore(add(scratch, 0x80), add(start, and(shr(104, head), 0xffff)))
            // headBefore and headAt
            calldatacopy(add(scratch, 0xa0), add(place, 27), 0x40)
            mstore(add(scratch, 0xe0), batchRoot)
            mstore(add(scratch, 0x100), mul(class, calldataload(add(place, FIXED_BYTES))))
            result := keccak256(scratch, 0x120)
        }
    }

    /// @notice Tag of the entry at `place`, its two words of fields, and where its payload is.
    /// @dev `fields` = gasLimit 32 ‖ fee 64 ‖ sender 160 bits, `rest` = recipient 160 ‖ length 16 bits ‖ first bytes of the payload. Not for
    ///      hash-only entries.
    function entry(
        uint256 place
    ) internal pure returns (uint256 tag, uint256 fields, uint256 rest, bytes calldata payload) {
        assembly ("memory-safe") {
            tag := byte(0, calldataload(place))
            fields := calldataload(add(place, 1))
            rest := calldataload(add(place, 33))
            payload.offset := add(place, ENTRY_BYTES)
            payload.length := and(shr(80, rest), 0xffff)
        }
    }

    /// @notice Whether the entry at `place` is only a hash, and where the next one begins.
    function step(uint256 place) internal pure returns (bool hashOnly, uint256 next) {
        assembly ("memory-safe") {
            hashOnly := eq(byte(0, calldataload(place)), TAG_HASH_ONLY)
            next := add(place, HASH_ONLY_BYTES)
            if iszero(hashOnly) {
                next := add(add(place, ENTRY_BYTES), and(calldataload(add(place, 23)), 0xffff))
            }
        }
    }

    /// @notice Where the batch's entries end. Reverts where {hashes} would.
    function skip(bytes calldata data, BatchHead head, uint256 place) internal pure returns (uint256) {
        (, uint256 end) = bounds(data);
        unchecked {
            // At most 1,024 entries of at most 65,590 bytes, and nothing counts behind the end.
            for (uint256 left = entries(head); left != 0; --left) {
                uint256 tag;
                uint256 length;
                assembly ("memory-safe") {
                    tag := byte(0, calldataload(place))
                    length := and(calldataload(add(place, 23)), 0xffff)
                }
                bool whole = tag <= TAG_CLAIM && length <= MAX_PAYLOAD;
                uint256 next = place + (whole ? ENTRY_BYTES + length : HASH_ONLY_BYTES);
                bool sane = (whole || tag == TAG_HASH_ONLY) && next <= end;
                if (!sane) revert IMetalayerGateway.GatewayMalformedBatch(_offset(data, place));
                place = next;
            }
        }
        return place;
    }

    /// @notice Where the hashes stand in memory: the first, and one past the last.
    function span(bytes32[] memory ids) internal pure returns (uint256 slot, uint256 end) {
        assembly ("memory-safe") {
            slot := add(ids, 0x20)
            end := add(slot, shl(5, mload(ids)))
        }
    }

    /// @notice The hash at a position of {span}.
    function hashAt(uint256 slot) internal pure returns (bytes32 id) {
        assembly ("memory-safe") {
            id := mload(slot)
        }
    }

    /// @notice Message hashes of all entries, and where the entries end.
    /// @dev Functionally equivalent, for every entry: for tag 255 ids[i] = its hash, otherwise
    ///      ids[i] = Message.hash(networkId, route, Message.packHeader(tag == 1 ? 1 : 0, nonce + i, gasLimit, fee), sender, recipient, keccak256(payload)).
    ///      Reverts at an entry whose tag is unknown, whose payload is longer than 32,768 bytes, or that runs past the data's end.
    ///      The preimage of the message hash is kept in memory behind the hashes; its first three words are the same for all.
    function hashes(
        bytes calldata data,
        BatchHead head,
        uint256 nonce,
        uint256 body,
        bytes32 networkId,
        uint256 route
    ) internal pure returns (bytes32[] memory ids, uint256 place) {
        (, uint256 dataEnd) = bounds(data);
        uint256 slot;
        uint256 scratch;
        (ids, slot, scratch) = _reserve(head, networkId, route);
        place = body;
        unchecked {
            // Places stay near the end of calldata, nonces below 2^48; {read} refuses batches without entries.
            while (true) {
                (bytes32 id, uint256 next) = _entryHash(place, nonce, scratch);
                if (next > dataEnd) revert IMetalayerGateway.GatewayMalformedBatch(_offset(data, place));
                assembly ("memory-safe") {
                    mstore(slot, id)
                }
                slot += 0x20;
                place = next;
                if (slot == scratch) return (ids, place);
                ++nonce;
            }
        }
    }

    /// @dev Memory for the hashes (`slot` is the first, `scratch` one past the last), and behind them seven words for preimages, of which all messages share the first three.
    function _reserve(
        BatchHead head,
        bytes32 networkId,
        uint256 route
    ) private pure returns (bytes32[] memory ids, uint256 slot, uint256 scratch) {
        bytes32 typehash = Message.MESSAGE_TYPEHASH;
        assembly ("memory-safe") {
            ids := mload(0x40)
            let listed := and(shr(72, head), 0xffff)
            mstore(ids, listed)
            slot := add(ids, 0x20)
            scratch := add(slot, shl(5, listed))
            mstore(0x40, add(scratch, 0xe0))
            mstore(scratch, typehash)
            mstore(add(scratch, 0x20), networkId)
            mstore(add(scratch, 0x40), route)
        }
    }

    /// @dev Hash of the entry at `place` and where the next one begins; `next` is behind every end for an unknown tag or too long a payload.
    function _entryHash(uint256 place, uint256 nonce, uint256 scratch) private pure returns (bytes32 id, uint256 next) {
        assembly ("memory-safe") {
            id := calldataload(add(place, 1))
            next := add(place, HASH_ONLY_BYTES)
            let tag := byte(0, calldataload(place))
            if lt(tag, TAG_HASH_ONLY) {
                let rest := calldataload(add(place, 33))
                let length := and(shr(80, rest), 0xffff)
                // kind (1 for a bounty) and nonce; gasLimit and fee stand side by side in both the entry and the header
                let start := or(shl(248, eq(tag, TAG_BOUNTY)), shl(184, nonce))
                mstore(add(scratch, 0x60), or(start, shl(88, shr(160, id))))
                mstore(add(scratch, 0x80), shr(96, shl(96, id)))
                mstore(add(scratch, 0xa0), shr(96, rest))
                calldatacopy(add(scratch, 0xe0), add(place, ENTRY_BYTES), length)
                mstore(add(scratch, 0xc0), keccak256(add(scratch, 0xe0), length))
                id := keccak256(scratch, 0xe0)
                next := add(add(place, ENTRY_BYTES), length)
                next := or(next, sub(0, or(gt(tag, TAG_CLAIM), gt(length, MAX_PAYLOAD))))
            }
        }
    }

    function _first(bytes32[] memory ids) private pure returns (bytes32 id) {
        (uint256 slot, ) = span(ids);
        return hashAt(slot);
    }

    function _copy(bytes32[] memory source) private pure returns (bytes32[] memory copied) {
        // Functionally equivalent: a new array with the same elements.
        assembly ("memory-safe") {
            copied := mload(0x40)
            let size := add(0x20, shl(5, mload(source)))
            mcopy(copied, source, size)
            mstore(0x40, add(copied, size))
        }
    }

    function _offset(bytes calldata data, uint256 place) private pure returns (uint256 offset) {
        assembly ("memory-safe") {
            offset := sub(place, data.offset)
        }
    }
}
