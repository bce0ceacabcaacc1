// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Nodes of a Merkle Patricia trie as their parents hold them: docs/protocol/proofs.md §2.
/// @dev A node is handed on as `word` and `size`, where size 33 means the hash `word`, and any smaller size the first bytes of `word`. Nodes are
///      built behind the free memory pointer and never kept.
library TrieNode {
    /// @dev Nibbles of a whole path.
    uint256 internal constant NIBBLES = 64;
    /// @dev Size of a node that its parent holds by hash.
    uint256 internal constant HASH_SIZE = 33;
    /// @dev What stands for nothing, as the first byte of a word.
    uint256 internal constant EMPTY = 0x80 << 248;
    /// @dev Nodes are built so far behind the free memory pointer: the prefix of their list comes before them.
    uint256 internal constant ROOM = 0x100;

    /// @notice Leaf of `path` at `depth`: the list of the path's remaining nibbles and the string of `length` bytes at `value` in memory, at most 110.
    function leaf(
        bytes32 path,
        uint256 depth,
        uint256 value,
        uint256 length
    ) internal pure returns (uint256 word, uint256 size) {
        uint256 from = start();
        uint256 end = _putPath(from, path, depth, NIBBLES - depth, 0x20);
        assembly ("memory-safe") {
            // The string: one byte below 0x80 stands for itself.
            if or(gt(length, 1), gt(byte(0, mload(value)), 0x7f)) {
                if gt(length, 55) {
                    mstore8(end, 0xb8)
                    end := add(end, 1)
                }
                mstore8(end, add(length, mul(0x80, lt(length, 56))))
                end := add(end, 1)
            }
            mcopy(end, value, length)
            end := add(end, length)
        }
        return close(from, end);
    }

    /// @notice Extension over the nibbles of `path` from `depth` on.
    function extension(
        bytes32 path,
        uint256 depth,
        uint256 nibbles,
        uint256 child,
        uint256 childSize
    ) internal pure returns (uint256 word, uint256 size) {
        uint256 from = start();
        return close(from, put(_putPath(from, path, depth, nibbles, 0x00), child, childSize));
    }

    /// @notice Memory for the string that a leaf holds, which is at most 110 bytes long.
    function allocate() internal pure returns (uint256 place) {
        assembly ("memory-safe") {
            place := mload(0x40)
            mstore(0x40, add(place, 0x80))
        }
    }

    /// @notice Where a node's content is written.
    function start() internal pure returns (uint256 place) {
        assembly ("memory-safe") {
            place := add(mload(0x40), ROOM)
        }
    }

    /// @notice Writes a node as its parent holds it.
    function put(uint256 place, uint256 child, uint256 childSize) internal pure returns (uint256 end) {
        assembly ("memory-safe") {
            switch eq(childSize, HASH_SIZE)
            case 1 {
                mstore8(place, 0xa0)
                mstore(add(place, 1), child)
            }
            default {
                mstore(place, child)
            }
            end := add(place, childSize)
        }
    }

    /// @notice Puts the list's prefix before its payload, for which the callers leave room, and hashes what is not short enough to be inline.
    function close(uint256 from, uint256 end) internal pure returns (uint256 word, uint256 size) {
        assembly ("memory-safe") {
            let length := sub(end, from)
            switch lt(length, 56)
            case 1 {
                from := sub(from, 1)
                mstore8(from, add(0xc0, length))
            }
            default {
                switch lt(length, 256)
                case 1 {
                    from := sub(from, 2)
                    mstore8(from, 0xf8)
                    mstore8(add(from, 1), length)
                }
                default {
                    from := sub(from, 3)
                    mstore8(from, 0xf9)
                    mstore8(add(from, 1), shr(8, length))
                    mstore8(add(from, 2), length)
                }
            }
            size := sub(end, from)
            switch lt(size, 32)
            case 1 {
                word := mload(from)
            }
            default {
                word := keccak256(from, size)
                size := HASH_SIZE
            }
        }
    }

    /// @dev Writes the string of hex-prefix and nibbles: an even number of them behind a byte `flag`, or an odd one whose first is in the flag's byte.
    function _putPath(
        uint256 place,
        bytes32 path,
        uint256 depth,
        uint256 nibbles,
        uint256 flag
    ) private pure returns (uint256 end) {
        assembly ("memory-safe") {
            let odd := and(nibbles, 1)
            let rest := shr(1, nibbles)
            if odd {
                flag := or(or(flag, 0x10), and(shr(sub(252, shl(2, depth)), path), 0x0f))
            }
            // A string of one byte below 0x80 has no prefix.
            if rest {
                mstore8(place, add(0x81, rest))
                place := add(place, 1)
            }
            mstore8(place, flag)
            mstore(add(place, 1), shl(shl(2, add(depth, odd)), path))
            end := add(add(place, 1), rest)
        }
    }
}
