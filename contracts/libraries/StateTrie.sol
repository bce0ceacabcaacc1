// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {CalldataBytes} from "./CalldataBytes.sol";
import {TrieBranch} from "./TrieBranch.sol";
import {TrieNode} from "./TrieNode.sol";

/// @title Rebuilds the path of one entry of a Merkle Patricia trie up to its root: docs/protocol/proofs.md §2–3.
/// @dev Proofs are read at a place in calldata. Nothing reverts; a `next` of 0 says malformed. Callers compare the last `next` with the end of the
///      proof, which also refuses what was read behind it.
library StateTrie {
    /// @dev Root of the trie without entries.
    bytes32 internal constant EMPTY_ROOT = keccak256(hex"80");

    uint256 internal constant KIND_LEAF = 0;
    uint256 internal constant KIND_EMPTY = 1;
    uint256 internal constant KIND_OTHER_LEAF = 2;
    uint256 internal constant KIND_OTHER_EXTENSION = 3;

    uint256 private constant TAG_BRANCH = 0;
    uint256 private constant TAG_EXTENSION = 2;

    uint256 private constant MAX_OTHER_VALUE = 110;

    /// @notice Root of the trie in which `path` has the string of `length` bytes at `value` in memory (at most 110).
    function present(
        bytes32 path,
        uint256 depth,
        uint256 value,
        uint256 length,
        uint256 place
    ) internal pure returns (bytes32 root, uint256 next) {
        if (depth > TrieNode.NIBBLES) return (0, 0);
        (uint256 word, uint256 size) = TrieNode.leaf(path, depth, value, length);
        return _climb(path, depth, word, size, place);
    }

    /// @notice Root of the trie in which `path` has nothing, from a part of a kind other than a leaf; `place` is behind kind and depth.
    function absent(
        bytes32 path,
        uint256 kind,
        uint256 depth,
        uint256 place
    ) internal pure returns (bytes32 root, uint256 next) {
        uint256 word;
        uint256 size;
        if (depth > TrieNode.NIBBLES) return (0, 0);
        if (kind == KIND_EMPTY) (word, size, next) = (TrieNode.EMPTY, 1, place);
        else if (kind == KIND_OTHER_LEAF) (word, size, next) = _otherLeaf(path, depth, place);
        else if (kind == KIND_OTHER_EXTENSION) (word, size, next) = _otherExtension(path, depth, place);
        if (next == 0) return (0, 0);
        return _climb(path, depth, word, size, next);
    }

    function _climb(
        bytes32 path,
        uint256 depth,
        uint256 word,
        uint256 size,
        uint256 place
    ) private pure returns (bytes32 root, uint256 next) {
        unchecked {
            // Each round takes at least one of at most 64 nibbles, and a step is at most a few hundred bytes long.
            while (depth != 0) {
                uint256 tag = CalldataBytes.byteAt(place);
                if (tag == TAG_BRANCH && size == TrieNode.HASH_SIZE) {
                    (depth, word, place) = TrieBranch.climbHashes(path, depth, word, place);
                    if (place == 0) return (0, 0);
                } else if (tag == TAG_EXTENSION) {
                    uint256 nibbles = CalldataBytes.byteAt(place + 1);
                    if (nibbles == 0 || nibbles > depth || size == 1) return (0, 0);
                    depth -= nibbles;
                    (word, size) = TrieNode.extension(path, depth, nibbles, word, size);
                    place += 2;
                } else {
                    if (tag > TAG_EXTENSION) return (0, 0);
                    --depth;
                    uint256 nibble = (uint256(path) >> (252 - 4 * depth)) & 15;
                    (word, size, place) = TrieBranch.build(nibble, tag, word, size, place + 1);
                    if (place == 0) return (0, 0);
                }
            }
        }
        assembly ("memory-safe") {
            root := word
            if lt(size, 33) {
                mstore(0x00, word)
                root := keccak256(0x00, size)
            }
        }
        return (root, place);
    }

    function _otherLeaf(
        bytes32 path,
        uint256 depth,
        uint256 place
    ) private pure returns (uint256 word, uint256 size, uint256 next) {
        bytes32 other = CalldataBytes.wordAt(place);
        uint256 length = CalldataBytes.byteAt(place + 32);
        if (length == 0 || length > MAX_OTHER_VALUE || other == path || !_shares(path, other, depth)) return (0, 0, 0);
        uint256 value = TrieNode.allocate();
        assembly ("memory-safe") {
            calldatacopy(value, add(place, 33), length)
        }
        (word, size) = TrieNode.leaf(other, depth, value, length);
        next = place + 33 + length;
    }

    function _otherExtension(
        bytes32 path,
        uint256 depth,
        uint256 place
    ) private pure returns (uint256 word, uint256 size, uint256 next) {
        bytes32 other = CalldataBytes.wordAt(place);
        uint256 nibbles = CalldataBytes.byteAt(place + 32);
        uint256 end = depth + nibbles;
        if (nibbles == 0 || end >= TrieNode.NIBBLES || uint256(other) << (4 * end) != 0) return (0, 0, 0);
        if (!_shares(path, other, depth) || _shares(path, other, end)) return (0, 0, 0);
        uint256 child = uint256(CalldataBytes.wordAt(place + 33));
        uint256 childSize = child >> 248;
        if (childSize == 0xa0) {
            (child, childSize, next) = (uint256(CalldataBytes.wordAt(place + 34)), TrieNode.HASH_SIZE, place + 66);
        } else {
            if (childSize < 0xc1 || childSize > 0xde) return (0, 0, 0);
            childSize -= 0xbf;
            next = place + 33 + childSize;
        }
        (word, size) = TrieNode.extension(other, depth, nibbles, child, childSize);
    }

    /// @dev Whether two paths have the same first nibbles.
    function _shares(bytes32 path, bytes32 other, uint256 nibbles) private pure returns (bool) {
        return uint256(path ^ other) >> (256 - 4 * nibbles) == 0;
    }
}
