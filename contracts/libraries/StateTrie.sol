// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Rebuilds the path of one entry of a Merkle Patricia trie up to its root: docs/protocol/proofs.md §2–3.
/// @dev Proofs are read at a place in calldata, nodes are built behind the free memory pointer and never kept. A node is
///      handed on as what its parent holds: `word` and `size`, where size 33 means the hash `word`, and any smaller size the first bytes of `word`.
///      Nothing reverts; a `next` of 0 says malformed. Callers compare the last `next` with the end of the proof, which also refuses what was read
///      behind it.
library StateTrie {
    // sizes: trie arithmetic; the usual branch is written out child by child, which halves what a proof costs
    /// @dev Root of the trie without entries.
    bytes32 internal constant EMPTY_ROOT = keccak256(hex"80");

    uint256 internal constant KIND_LEAF = 0;
    uint256 internal constant KIND_EMPTY = 1;
    uint256 internal constant KIND_OTHER_LEAF = 2;
    uint256 internal constant KIND_OTHER_EXTENSION = 3;

    uint256 private constant TAG_BRANCH = 0;
    uint256 private constant TAG_INLINE_BRANCH = 1;
    uint256 private constant TAG_EXTENSION = 2;

    uint256 private constant NIBBLES = 64;
    uint256 private constant HASH_SIZE = 33;
    uint256 private constant MAX_OTHER_VALUE = 110;
    /// @dev Byte r is the i for which 2^i leaves the remainder r when divided by 19, for i from 0 to 15.
    bytes32 private constant LOGARITHMS = 0x0000010d02100e060308000c0f05070b040a0900000000000000000000000000;
    /// @dev What stands for nothing, as the first byte of a word.
    uint256 private constant EMPTY = 0x80 << 248;
    /// @dev Nodes are built so far behind the free memory pointer; before them lies the string that a leaf holds.
    uint256 private constant BUFFER = 0x100;
    /// @dev Behind the longest node: where the hashes of a branch are listed.
    uint256 private constant LIST = 0x280;

    /// @notice Root of the trie in which `path` has the string of `length` bytes at `value` in memory (at most 110, at the free memory pointer).
    function present(
        bytes32 path,
        uint256 depth,
        uint256 value,
        uint256 length,
        uint256 place
    ) internal pure returns (bytes32 root, uint256 next) {
        if (depth > NIBBLES) return (0, 0);
        (uint256 word, uint256 size) = _leaf(path, depth, value, length);
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
        if (depth > NIBBLES) return (0, 0);
        if (kind == KIND_EMPTY) (word, size, next) = (EMPTY, 1, place);
        else if (kind == KIND_OTHER_LEAF) (word, size, next) = _otherLeaf(path, depth, place);
        else if (kind == KIND_OTHER_EXTENSION) (word, size, next) = _otherExtension(path, depth, place);
        if (next == 0) return (0, 0);
        return _climb(path, depth, word, size, next);
    }

    /// @notice The byte at a place of calldata.
    function byteAt(uint256 place) internal pure returns (uint256 result) {
        assembly ("memory-safe") {
            result := byte(0, calldataload(place))
        }
    }

    /// @notice The 32 bytes at a place of calldata.
    function wordAt(uint256 place) internal pure returns (bytes32 result) {
        assembly ("memory-safe") {
            result := calldataload(place)
        }
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
                uint256 tag = byteAt(place);
                if (tag == TAG_BRANCH && size == HASH_SIZE) {
                    (depth, word, place) = _hashBranches(path, depth, word, place);
                    if (place == 0) return (0, 0);
                } else if (tag == TAG_EXTENSION) {
                    uint256 nibbles = byteAt(place + 1);
                    if (nibbles == 0 || nibbles > depth || size == 1) return (0, 0);
                    depth -= nibbles;
                    (word, size) = _extension(path, depth, nibbles, word, size);
                    place += 2;
                } else {
                    if (tag > TAG_EXTENSION) return (0, 0);
                    --depth;
                    uint256 nibble = (uint256(path) >> (252 - 4 * depth)) & 15;
                    (word, size, place) = _branch(nibble, tag, word, size, place + 1);
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

    /// @dev Leaf of `path` at `depth`: the list of the path's remaining nibbles and a string.
    function _leaf(
        bytes32 path,
        uint256 depth,
        uint256 value,
        uint256 length
    ) private pure returns (uint256 word, uint256 size) {
        uint256 start;
        uint256 end;
        assembly ("memory-safe") {
            start := add(mload(0x40), BUFFER)
            end := start
            // Hex-prefix: flag 2 and an even number of nibbles, or flag 3 and the first of an odd number.
            let odd := and(depth, 1)
            let rest := shr(1, sub(NIBBLES, depth))
            let first := 0x20
            if odd {
                first := or(0x30, and(shr(sub(252, shl(2, depth)), path), 0x0f))
            }
            if rest {
                mstore8(end, add(0x81, rest))
                end := add(end, 1)
            }
            mstore8(end, first)
            mstore(add(end, 1), shl(shl(2, add(depth, odd)), path))
            end := add(add(end, 1), rest)
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
        return _close(start, end);
    }

    /// @dev Extension over the nibbles of `path` from `depth` on.
    function _extension(
        bytes32 path,
        uint256 depth,
        uint256 nibbles,
        uint256 child,
        uint256 childSize
    ) private pure returns (uint256 word, uint256 size) {
        uint256 start;
        uint256 end;
        assembly ("memory-safe") {
            start := add(mload(0x40), BUFFER)
            end := start
            let odd := and(nibbles, 1)
            let rest := shr(1, nibbles)
            let first := 0x00
            if odd {
                first := or(0x10, and(shr(sub(252, shl(2, depth)), path), 0x0f))
            }
            if rest {
                mstore8(end, add(0x81, rest))
                end := add(end, 1)
            }
            mstore8(end, first)
            mstore(add(end, 1), shl(shl(2, add(depth, odd)), path))
            end := add(add(end, 1), rest)
        }
        return _close(start, _put(end, child, childSize));
    }

    /// @dev Goes up through branches whose children are hashes or nothing, as almost all are, with the hash `child` as the first one's; `next` is 0
    ///      if a branch gives that child itself. Functionally equivalent to {_branch} step by step: the siblings with the child in its place are
    ///      listed in memory; then for each of 16 bits a 1 writes the byte 0xa0 and the next hash, a 0 writes the byte 0x80 and a hash that is
    ///      overwritten by what follows.
    function _hashBranches(
        bytes32 path,
        uint256 depth,
        uint256 child,
        uint256 place
    ) private pure returns (uint256 left, uint256 word, uint256 next) {
        bytes32 logarithms = LOGARITHMS;
        assembly ("memory-safe") {
            let nothing := mul(0x80, div(not(0), 0xff))
            left := depth
            word := child
            next := place
            let node := add(mload(0x40), BUFFER)
            // Whether the bytes of a branch with 16 hashes that are not of a hash stand already: prefix, 0xa0 before each, 0x80 behind them.
            let marked := 0
            for {} left {} {
                let mask := calldataload(next)
                if shr(248, mask) {
                    break
                }
                mask := and(shr(232, mask), 0xffff)
                let bit := shl(and(shr(sub(256, shl(2, left)), path), 0x0f), 1)
                if and(mask, bit) {
                    next := 0
                    break
                }
                left := sub(left, 1)
                next := add(next, 3)
                // Bits of the mask below the child, counted in groups of four, times 32. The sum of 15 bits fits a group.
                let list := and(mul(and(mask, sub(bit, 1)), 0x0002000400080010), 0x1111111111111111)
                let below := and(shr(55, mul(list, 0x1111111111111111)), 0x1e0)
                list := add(node, LIST)
                calldatacopy(list, next, below)
                mstore(add(list, below), word)
                calldatacopy(add(add(list, below), 32), add(next, below), sub(480, below))
                mask := or(mask, bit)
                switch mask
                case 0xffff {
                    if iszero(marked) {
                        marked := 1
                        // The prefix of a list of 529 bytes lies in the last bytes of the word before.
                        mstore(sub(node, 32), 0xf90211)
                        mstore8(node, 0xa0)
                        mstore8(add(node, 33), 0xa0)
                        mstore8(add(node, 66), 0xa0)
                        mstore8(add(node, 99), 0xa0)
                        mstore8(add(node, 132), 0xa0)
                        mstore8(add(node, 165), 0xa0)
                        mstore8(add(node, 198), 0xa0)
                        mstore8(add(node, 231), 0xa0)
                        mstore8(add(node, 264), 0xa0)
                        mstore8(add(node, 297), 0xa0)
                        mstore8(add(node, 330), 0xa0)
                        mstore8(add(node, 363), 0xa0)
                        mstore8(add(node, 396), 0xa0)
                        mstore8(add(node, 429), 0xa0)
                        mstore8(add(node, 462), 0xa0)
                        mstore8(add(node, 495), 0xa0)
                        mstore8(add(node, 528), 0x80)
                    }
                    mstore(add(node, 1), mload(list))
                    mstore(add(node, 34), mload(add(list, 32)))
                    mstore(add(node, 67), mload(add(list, 64)))
                    mstore(add(node, 100), mload(add(list, 96)))
                    mstore(add(node, 133), mload(add(list, 128)))
                    mstore(add(node, 166), mload(add(list, 160)))
                    mstore(add(node, 199), mload(add(list, 192)))
                    mstore(add(node, 232), mload(add(list, 224)))
                    mstore(add(node, 265), mload(add(list, 256)))
                    mstore(add(node, 298), mload(add(list, 288)))
                    mstore(add(node, 331), mload(add(list, 320)))
                    mstore(add(node, 364), mload(add(list, 352)))
                    mstore(add(node, 397), mload(add(list, 384)))
                    mstore(add(node, 430), mload(add(list, 416)))
                    mstore(add(node, 463), mload(add(list, 448)))
                    mstore(add(node, 496), mload(add(list, 480)))
                    word := keccak256(sub(node, 3), 532)
                    next := add(next, 480)
                }
                default {
                    marked := 0
                    let end := node
                    // Four hashes in a row, or more, are taken for a branch that is almost full.
                    let dense := and(mask, shr(1, mask))
                    switch and(dense, shr(2, dense))
                    case 0 {
                        // Child number i stands i bytes, and 32 for each hash before it, behind the first.
                        mstore(node, nothing)
                        let done := 0
                        for {} mask {
                            done := add(done, 32)
                        } {
                            let first := and(mask, sub(0, mask))
                            mask := xor(mask, first)
                            end := add(add(node, done), byte(mod(first, 19), logarithms))
                            mstore8(end, 0xa0)
                            mstore(add(end, 1), mload(add(list, done)))
                            mstore(add(end, 33), nothing)
                        }
                        end := add(add(node, 16), done)
                        next := add(next, sub(done, 32))
                    }
                    default {
                        let step
                        step := and(shl(5, mask), 32)
                        mstore8(end, or(0x80, step))
                        end := add(end, 1)
                        mstore(end, mload(list))
                        end := add(end, step)
                        list := add(list, step)
                        step := and(shl(4, mask), 32)
                        mstore8(end, or(0x80, step))
                        end := add(end, 1)
                        mstore(end, mload(list))
                        end := add(end, step)
                        list := add(list, step)
                        step := and(shl(3, mask), 32)
                        mstore8(end, or(0x80, step))
                        end := add(end, 1)
                        mstore(end, mload(list))
                        end := add(end, step)
                        list := add(list, step)
                        step := and(shl(2, mask), 32)
                        mstore8(end, or(0x80, step))
                        end := add(end, 1)
                        mstore(end, mload(list))
                        end := add(end, step)
                        list := add(list, step)
                        step := and(shl(1, mask), 32)
                        mstore8(end, or(0x80, step))
                        end := add(end, 1)
                        mstore(end, mload(list))
                        end := add(end, step)
                        list := add(list, step)
                        step := and(mask, 32)
                        mstore8(end, or(0x80, step))
                        end := add(end, 1)
                        mstore(end, mload(list))
                        end := add(end, step)
                        list := add(list, step)
                        step := and(shr(1, mask), 32)
                        mstore8(end, or(0x80, step))
                        end := add(end, 1)
                        mstore(end, mload(list))
                        end := add(end, step)
                        list := add(list, step)
                        step := and(shr(2, mask), 32)
                        mstore8(end, or(0x80, step))
                        end := add(end, 1)
                        mstore(end, mload(list))
                        end := add(end, step)
                        list := add(list, step)
                        step := and(shr(3, mask), 32)
                        mstore8(end, or(0x80, step))
                        end := add(end, 1)
                        mstore(end, mload(list))
                        end := add(end, step)
                        list := add(list, step)
                        step := and(shr(4, mask), 32)
                        mstore8(end, or(0x80, step))
                        end := add(end, 1)
                        mstore(end, mload(list))
                        end := add(end, step)
                        list := add(list, step)
                        step := and(shr(5, mask), 32)
                        mstore8(end, or(0x80, step))
                        end := add(end, 1)
                        mstore(end, mload(list))
                        end := add(end, step)
                        list := add(list, step)
                        step := and(shr(6, mask), 32)
                        mstore8(end, or(0x80, step))
                        end := add(end, 1)
                        mstore(end, mload(list))
                        end := add(end, step)
                        list := add(list, step)
                        step := and(shr(7, mask), 32)
                        mstore8(end, or(0x80, step))
                        end := add(end, 1)
                        mstore(end, mload(list))
                        end := add(end, step)
                        list := add(list, step)
                        step := and(shr(8, mask), 32)
                        mstore8(end, or(0x80, step))
                        end := add(end, 1)
                        mstore(end, mload(list))
                        end := add(end, step)
                        list := add(list, step)
                        step := and(shr(9, mask), 32)
                        mstore8(end, or(0x80, step))
                        end := add(end, 1)
                        mstore(end, mload(list))
                        end := add(end, step)
                        list := add(list, step)
                        step := and(shr(10, mask), 32)
                        mstore8(end, or(0x80, step))
                        end := add(end, 1)
                        mstore(end, mload(list))
                        end := add(end, step)
                        // `list` is at the last child, behind it if there is a hash.
                        next := add(next, sub(add(list, step), add(add(node, LIST), 32)))
                    }
                    mstore8(end, 0x80)
                    end := add(sub(end, node), 1)
                    let prefix := add(0xc0, end)
                    let size := 1
                    if gt(end, 55) {
                        prefix := add(0xf800, end)
                        size := 2
                        if gt(end, 255) {
                            prefix := add(0xf90000, end)
                            size := 3
                        }
                    }
                    // At least 50 bytes, so never inline.
                    mstore(sub(node, 32), prefix)
                    word := keccak256(sub(node, size), add(end, size))
                }
            }
        }
    }

    /// @dev Any branch with the node built so far as child `nibble` and the siblings that are listed at `place`.
    function _branch(
        uint256 nibble,
        uint256 tag,
        uint256 child,
        uint256 childSize,
        uint256 place
    ) private pure returns (uint256 word, uint256 size, uint256 next) {
        uint256 hashes;
        uint256 inlines;
        uint256 start;
        assembly ("memory-safe") {
            hashes := shr(240, calldataload(place))
            next := add(place, 2)
            if tag {
                inlines := shr(240, calldataload(next))
                next := add(next, 2)
            }
            start := add(mload(0x40), BUFFER)
        }
        if ((hashes | inlines) & (1 << nibble) != 0 || hashes & inlines != 0) return (0, 0, 0);
        if (tag != TAG_BRANCH && inlines == 0) return (0, 0, 0);
        uint256 end = start;
        for (uint256 i = 0; i < 16; ++i) {
            if (i == nibble) {
                end = _put(end, child, childSize);
            } else if ((hashes >> i) & 1 == 1) {
                end = _put(end, uint256(wordAt(next)), HASH_SIZE);
                next += 32;
            } else if ((inlines >> i) & 1 == 1) {
                uint256 length = byteAt(next);
                // A list of 1 to 30 bytes behind its first one: exactly one item.
                if (length < 0xc1 || length > 0xde) return (0, 0, 0);
                length -= 0xbf;
                end = _put(end, uint256(wordAt(next)), length);
                next += length;
            } else {
                end = _put(end, EMPTY, 1);
            }
        }
        // No branch of a trie of full paths has a value.
        (word, size) = _close(start, _put(end, EMPTY, 1));
    }

    function _otherLeaf(
        bytes32 path,
        uint256 depth,
        uint256 place
    ) private pure returns (uint256 word, uint256 size, uint256 next) {
        bytes32 other = wordAt(place);
        uint256 length = byteAt(place + 32);
        if (length == 0 || length > MAX_OTHER_VALUE || other == path || !_shares(path, other, depth)) return (0, 0, 0);
        uint256 value;
        assembly ("memory-safe") {
            value := mload(0x40)
            calldatacopy(value, add(place, 33), length)
        }
        (word, size) = _leaf(other, depth, value, length);
        next = place + 33 + length;
    }

    function _otherExtension(
        bytes32 path,
        uint256 depth,
        uint256 place
    ) private pure returns (uint256 word, uint256 size, uint256 next) {
        bytes32 other = wordAt(place);
        uint256 nibbles = byteAt(place + 32);
        uint256 end = depth + nibbles;
        if (nibbles == 0 || end >= NIBBLES || uint256(other) << (4 * end) != 0) return (0, 0, 0);
        if (!_shares(path, other, depth) || _shares(path, other, end)) return (0, 0, 0);
        uint256 child = uint256(wordAt(place + 33));
        uint256 childSize = child >> 248;
        if (childSize == 0xa0) {
            (child, childSize, next) = (uint256(wordAt(place + 34)), HASH_SIZE, place + 66);
        } else {
            if (childSize < 0xc1 || childSize > 0xde) return (0, 0, 0);
            childSize -= 0xbf;
            next = place + 33 + childSize;
        }
        (word, size) = _extension(other, depth, nibbles, child, childSize);
    }

    /// @dev Whether two paths have the same first nibbles.
    function _shares(bytes32 path, bytes32 other, uint256 nibbles) private pure returns (bool) {
        return uint256(path ^ other) >> (256 - 4 * nibbles) == 0;
    }

    /// @dev Writes a node as its parent holds it.
    function _put(uint256 place, uint256 child, uint256 childSize) private pure returns (uint256 end) {
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

    /// @dev Puts the list's prefix before its payload, for which the callers leave room, and hashes what is not short enough to be inline.
    function _close(uint256 start, uint256 end) private pure returns (uint256 word, uint256 size) {
        assembly ("memory-safe") {
            let length := sub(end, start)
            switch lt(length, 56)
            case 1 {
                start := sub(start, 1)
                mstore8(start, add(0xc0, length))
            }
            default {
                switch lt(length, 256)
                case 1 {
                    start := sub(start, 2)
                    mstore8(start, 0xf8)
                    mstore8(add(start, 1), length)
                }
                default {
                    start := sub(start, 3)
                    mstore8(start, 0xf9)
                    mstore8(add(start, 1), shr(8, length))
                    mstore8(add(start, 2), length)
                }
            }
            size := sub(end, start)
            switch lt(size, 32)
            case 1 {
                word := mload(start)
            }
            default {
                word := keccak256(start, size)
                size := HASH_SIZE
            }
        }
    }
}
