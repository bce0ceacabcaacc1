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
        if (length == 0 || count == 0 || count > MAX_LEAVES || first >= count || length > count - first)
            return (0, false);
        uint256 used;
        unchecked {
            // Bounds: count ≤ 1024, so indices stay small; `used` grows by at most 64 a level and is compared before each read.
            while (count > 1) {
                uint256 read;
                uint256 written;
                if (first & 1 == 1) {
                    if (used + 32 > siblings.length) return (0, false);
                    _set(nodes, 0, node(_sibling(siblings, used), _get(nodes, 0)));
                    used += 32;
                    read = written = 1;
                }
                for (; read + 1 < length; read += 2) {
                    _set(nodes, written++, node(_get(nodes, read), _get(nodes, read + 1)));
                }
                if (read < length) {
                    bytes32 last = _get(nodes, read);
                    if (first + read + 1 < count) {
                        if (used + 32 > siblings.length) return (0, false);
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
        if (count == 0 || count > MAX_LEAVES || index >= count) return (0, false);
        uint256 used;
        root = leaf;
        unchecked {
            for (; count > 1; count = (count + 1) >> 1) {
                bool left = index & 1 == 1;
                if (left || index + 1 < count) {
                    if (used + 32 > siblings.length) return (0, false);
                    bytes32 sibling = _sibling(siblings, used);
                    root = left ? node(sibling, root) : node(root, sibling);
                    used += 32;
                }
                index >>= 1;
            }
        }
        return (root, used == siblings.length);
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
