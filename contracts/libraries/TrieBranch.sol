// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {CalldataBytes} from "./CalldataBytes.sol";
import {TrieNode} from "./TrieNode.sol";

/// @title Branches of a Merkle Patricia trie from the siblings of a path: docs/protocol/proofs.md §3.
library TrieBranch {
    // sizes: trie arithmetic; the usual branch is written out child by child, which halves what a proof costs
    /// @dev Byte r is the i for which 2^i leaves the remainder r when divided by 19, for i from 0 to 15.
    bytes32 private constant LOGARITHMS = 0x0000010d02100e060308000c0f05070b040a0900000000000000000000000000;
    /// @dev Behind the longest node: where the hashes of a branch are listed.
    uint256 private constant LIST = 0x280;

    /// @notice Goes up through branches whose children are hashes or nothing, as almost all are, with the hash `child` as the first one's; `next` is 0
    ///         if a branch gives that child itself.
    /// @dev Functionally equivalent to {build} step by step: the siblings with the child in its place are
    ///      listed in memory; then for each of 16 bits a 1 writes the byte 0xa0 and the next hash, a 0 writes the byte 0x80 and a hash that is
    ///      overwritten by what follows.
    function climbHashes(
        bytes32 path,
        uint256 depth,
        uint256 child,
        uint256 place
    ) internal pure returns (uint256 left, uint256 word, uint256 next) {
        bytes32 logarithms = LOGARITHMS;
        uint256 room = TrieNode.ROOM;
        assembly ("memory-safe") {
            let nothing := mul(0x80, div(not(0), 0xff))
            left := depth
            word := child
            next := place
            let node := add(mload(0x40), room)
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

    /// @notice Any branch with the node built so far as child `nibble` and the siblings that are listed at `place`.
    function build(
        uint256 nibble,
        uint256 tag,
        uint256 child,
        uint256 childSize,
        uint256 place
    ) internal pure returns (uint256 word, uint256 size, uint256 next) {
        uint256 hashes;
        uint256 inlines;
        assembly ("memory-safe") {
            hashes := shr(240, calldataload(place))
            next := add(place, 2)
            if tag {
                inlines := shr(240, calldataload(next))
                next := add(next, 2)
            }
        }
        if ((hashes | inlines) & (1 << nibble) != 0 || hashes & inlines != 0) return (0, 0, 0);
        if (tag != 0 && inlines == 0) return (0, 0, 0);
        uint256 start = TrieNode.start();
        uint256 end = start;
        for (uint256 i = 0; i < 16; ++i) {
            if (i == nibble) {
                end = TrieNode.put(end, child, childSize);
            } else if ((hashes >> i) & 1 == 1) {
                end = TrieNode.put(end, uint256(CalldataBytes.wordAt(next)), TrieNode.HASH_SIZE);
                next += 32;
            } else if ((inlines >> i) & 1 == 1) {
                uint256 length = CalldataBytes.byteAt(next);
                // A list of 1 to 30 bytes behind its first one: exactly one item.
                if (length < 0xc1 || length > 0xde) return (0, 0, 0);
                length -= 0xbf;
                end = TrieNode.put(end, uint256(CalldataBytes.wordAt(next)), length);
                next += length;
            } else {
                end = TrieNode.put(end, TrieNode.EMPTY, 1);
            }
        }
        // No branch of a trie of full paths has a value.
        (word, size) = TrieNode.close(start, TrieNode.put(end, TrieNode.EMPTY, 1));
    }
}
