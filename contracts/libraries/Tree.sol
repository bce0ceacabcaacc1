// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Ordered Merkle trees of batches and facts: docs/protocol/messages.md §3.
/// @dev sizes: tree arithmetic, one loop over levels.
library Tree {
    uint256 internal constant MAX_LEAVES = 1024;

    /// @notice Inner node `H(0x01 ‖ left ‖ right)`.
    function node(bytes32 left, bytes32 right) internal pure returns (bytes32 result) {
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(0x00, 1)
            mstore(0x20, left)
            mstore(0x40, right)
            result := keccak256(0x1f, 0x41)
            mstore(0x40, free)
        }
    }

    /// @notice Root of a tree with `count` leaves of which `nodes` are the consecutive ones from index `first`.
    /// @dev Overwrites `nodes`. Never reverts; `ok` is false if the position is impossible, or if there are too few or too many siblings.
    /// @param siblings the missing hashes, bottom up, at each level left before right, 32 bytes each
    function fold(
        bytes32[] memory nodes,
        uint256 first,
        uint256 count,
        bytes calldata siblings
    ) internal pure returns (bytes32 root, bool ok) {
        uint256 length = nodes.length;
        if (!_isPart(first, length, count)) return (0, false);
        uint256 used;
        unchecked {
            // Bounds: count ≤ 1024, so indices stay small; `used` grows by at most 64 in each of at most 10 levels and is compared at the end,
            // which refuses what was read behind the siblings.
            while (count > 1) {
                uint256 read;
                uint256 written;
                if (first & 1 == 1) {
                    _set(nodes, 0, node(_sibling(siblings, used), _get(nodes, 0)));
                    used += 32;
                    read = written = 1;
                }
                uint256 pairs = (length - read) >> 1;
                _hashPairs(nodes, read, written, pairs);
                read += pairs << 1;
                written += pairs;
                if (read < length) {
                    bytes32 last = _get(nodes, read);
                    if (first + read + 1 < count) {
                        last = node(last, _sibling(siblings, used));
                        used += 32;
                    }
                    _set(nodes, written++, last);
                }
                first >>= 1;
                length = written;
                count = (count + 1) >> 1;
            }
        }
        return (_get(nodes, 0), used == siblings.length);
    }

    /// @notice As {fold} for one leaf.
    function foldOne(
        bytes32 leaf,
        uint256 index,
        uint256 count,
        bytes calldata siblings
    ) internal pure returns (bytes32 root, bool ok) {
        if (!_isPart(index, 1, count)) return (0, false);
        // Functionally equivalent to {fold} with one node: at each level the sibling stands left of an odd index, right of an even one, and is
        // missing behind an odd last node. At most 10 levels; the comparison at the end refuses what was read behind the siblings.
        assembly ("memory-safe") {
            let free := mload(0x40)
            let next := siblings.offset
            root := leaf
            mstore(0x00, 1)
            for {} gt(count, 1) {} {
                let odd := and(index, 1)
                if or(odd, lt(add(index, 1), count)) {
                    mstore(add(0x20, shl(5, odd)), root)
                    mstore(sub(0x40, shl(5, odd)), calldataload(next))
                    root := keccak256(0x1f, 0x41)
                    next := add(next, 0x20)
                }
                index := shr(1, index)
                count := shr(1, add(count, 1))
            }
            mstore(0x40, free)
            ok := eq(sub(next, siblings.offset), siblings.length)
        }
    }

    /// @dev Functionally equivalent: 0 < length && count <= 1024 && first < count && length <= count - first.
    function _isPart(uint256 first, uint256 length, uint256 count) private pure returns (bool ok) {
        assembly ("memory-safe") {
            ok := and(lt(first, count), lt(count, 1025))
            ok := and(ok, and(gt(length, 0), iszero(gt(length, sub(count, first)))))
        }
    }

    /// @dev Hashes `pairs` pairs that begin at index `read` and writes the results from index `written` ≤ `read` on. Functionally equivalent:
    ///      for (i = 0; i < pairs; ++i) nodes[written + i] = node(nodes[read + 2 * i], nodes[read + 2 * i + 1]).
    function _hashPairs(bytes32[] memory nodes, uint256 read, uint256 written, uint256 pairs) private pure {
        assembly ("memory-safe") {
            let free := mload(0x40)
            let source := add(add(nodes, 0x20), shl(5, read))
            let target := add(add(nodes, 0x20), shl(5, written))
            mstore(0x00, 1)
            for {
                let end := add(source, shl(6, pairs))
            } lt(source, end) {
                source := add(source, 0x40)
                target := add(target, 0x20)
            } {
                mcopy(0x20, source, 0x40)
                mstore(target, keccak256(0x1f, 0x41))
            }
            mstore(0x40, free)
        }
    }

    function _sibling(bytes calldata siblings, uint256 offset) private pure returns (bytes32 result) {
        assembly ("memory-safe") {
            result := calldataload(add(siblings.offset, offset))
        }
    }

    /// @dev Callers keep `index` below the array's length.
    function _get(bytes32[] memory nodes, uint256 index) private pure returns (bytes32 result) {
        assembly ("memory-safe") {
            result := mload(add(add(nodes, 0x20), shl(5, index)))
        }
    }

    function _set(bytes32[] memory nodes, uint256 index, bytes32 value) private pure {
        assembly ("memory-safe") {
            mstore(add(add(nodes, 0x20), shl(5, index)), value)
        }
    }
}
