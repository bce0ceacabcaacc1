// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Marks of delivered messages in words: a bit for a `final` nonce, 64 bits of its hash for a `fast` one: docs/protocol/messages.md §6.
/// @dev Proved in scripts/checks/formal.
library DeliveryMarks {
    /// @notice Index of the word with a nonce's bit.
    function wordOf(uint256 nonce) internal pure returns (uint256) {
        return nonce >> 8;
    }

    function isMarked(uint256 marks, uint256 nonce) internal pure returns (bool) {
        return marks & (1 << (nonce & 255)) != 0;
    }

    function mark(uint256 marks, uint256 nonce) internal pure returns (uint256) {
        return marks | (1 << (nonce & 255));
    }

    function unmark(uint256 marks, uint256 nonce) internal pure returns (uint256) {
        return marks & ~(1 << (nonce & 255));
    }

    /// @notice Index of the word with a nonce's fingerprint.
    function fastWordOf(uint256 nonce) internal pure returns (uint256) {
        return nonce >> 2;
    }

    /// @notice What marks a message as delivered: never 0.
    function fingerprint(bytes32 id) internal pure returns (uint256) {
        uint256 low = uint64(uint256(id));
        return low == 0 ? 1 : low;
    }

    /// @notice Fingerprint of what was delivered at a nonce, 0 if nothing was.
    function fingerprintAt(uint256 marks, uint256 nonce) internal pure returns (uint256) {
        return uint64(marks >> ((nonce & 3) << 6));
    }

    /// @notice Only where there is none.
    function withFingerprint(uint256 marks, uint256 nonce, uint256 print) internal pure returns (uint256) {
        return marks | (print << ((nonce & 3) << 6));
    }

    function withoutFingerprint(uint256 marks, uint256 nonce) internal pure returns (uint256) {
        return marks & ~(uint256(type(uint64).max) << ((nonce & 3) << 6));
    }
}
