// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DeliveryMarks} from "../../../contracts/libraries/DeliveryMarks.sol";

/// @title What holds of the marks of delivered messages, for every word and every pair of nonces.
contract MarkProofs {
    /// @notice a marked nonce is marked, and once it is, marking changes nothing
    /// @custom:engine bits
    /// @custom:seeded DeliveryMarks.sol -> return marks | (1 << (nonce & 255)); -> return marks ^ (1 << (nonce & 255));
    function markIsSetOnce(uint256 marks, uint256 nonce) external pure {
        uint256 marked = DeliveryMarks.mark(marks, nonce);
        assert(DeliveryMarks.isMarked(marked, nonce));
        assert(!DeliveryMarks.isMarked(marks, nonce) || marked == marks);
    }

    /// @notice marking a nonce never changes another's mark
    /// @custom:engine bits
    /// @custom:seeded DeliveryMarks.sol -> return marks | (1 << (nonce & 255)); -> return marks | (3 << (nonce & 255));
    function markTouchesNoOther(uint256 marks, uint256 nonce, uint256 other) external pure {
        require(nonce & 255 != other & 255);
        assert(DeliveryMarks.isMarked(DeliveryMarks.mark(marks, nonce), other) == DeliveryMarks.isMarked(marks, other));
    }

    /// @notice clearing a nonce clears it and never changes another's mark
    /// @custom:engine bits
    /// @custom:seeded DeliveryMarks.sol -> return marks & ~(1 << (nonce & 255)); -> return marks & ~(1 << (nonce & 127));
    function unmarkTouchesNoOther(uint256 marks, uint256 nonce, uint256 other) external pure {
        uint256 cleared = DeliveryMarks.unmark(marks, nonce);
        assert(!DeliveryMarks.isMarked(cleared, nonce));
        require(nonce & 255 != other & 255);
        assert(DeliveryMarks.isMarked(cleared, other) == DeliveryMarks.isMarked(marks, other));
    }

    /// @notice a failed attempt leaves the word as it was
    /// @custom:engine bits
    /// @custom:seeded DeliveryMarks.sol -> return marks & ~(1 << (nonce & 255)); -> return marks & ((1 << (nonce & 255)) - 1);
    function failureUndoesTheMark(uint256 marks, uint256 nonce) external pure {
        require(!DeliveryMarks.isMarked(marks, nonce));
        assert(DeliveryMarks.unmark(DeliveryMarks.mark(marks, nonce), nonce) == marks);
    }

    /// @notice two nonces share a mark only if they are one
    /// @custom:engine bits
    /// @custom:seeded DeliveryMarks.sol -> return nonce >> 8; -> return nonce >> 9;
    function everyNonceHasItsOwnMark(uint256 nonce, uint256 other) external pure {
        require(DeliveryMarks.wordOf(nonce) == DeliveryMarks.wordOf(other));
        assert(nonce == other || !DeliveryMarks.isMarked(DeliveryMarks.mark(0, nonce), other));
    }

    /// @notice a fingerprint is never zero and is read back as it was written
    /// @custom:engine bits
    /// @custom:seeded DeliveryMarks.sol -> return low == 0 ? 1 : low; -> return low;
    function fingerprintIsKept(uint256 marks, uint256 nonce, bytes32 id) external pure {
        require(DeliveryMarks.fingerprintAt(marks, nonce) == 0);
        uint256 marked = DeliveryMarks.withFingerprint(marks, nonce, DeliveryMarks.fingerprint(id));
        assert(DeliveryMarks.fingerprintAt(marked, nonce) != 0);
        assert(DeliveryMarks.fingerprintAt(marked, nonce) == DeliveryMarks.fingerprint(id));
    }

    /// @notice a fingerprint never changes another nonce's, nor does its removal, which leaves the word as it was
    /// @custom:engine bits
    /// @custom:seeded DeliveryMarks.sol -> return marks & ~(uint256(type(uint64).max) << ((nonce & 3) << 6)); -> return marks & ~(uint256(type(uint128).max) << ((nonce & 3) << 6));
    function fingerprintTouchesNoOther(uint256 marks, uint256 nonce, uint256 other, bytes32 id) external pure {
        require(nonce & 3 != other & 3 && DeliveryMarks.fingerprintAt(marks, nonce) == 0);
        uint256 marked = DeliveryMarks.withFingerprint(marks, nonce, DeliveryMarks.fingerprint(id));
        assert(DeliveryMarks.fingerprintAt(marked, other) == DeliveryMarks.fingerprintAt(marks, other));
        assert(DeliveryMarks.withoutFingerprint(marked, nonce) == marks);
    }

    /// @notice two nonces share a fingerprint's place only if they are one
    /// @custom:engine bits
    /// @custom:seeded DeliveryMarks.sol -> return nonce >> 2; -> return nonce >> 3;
    function everyNonceHasItsOwnPlace(uint256 nonce, uint256 other) external pure {
        require(DeliveryMarks.fastWordOf(nonce) == DeliveryMarks.fastWordOf(other));
        uint256 marked = DeliveryMarks.withFingerprint(0, nonce, 1);
        assert(nonce == other || DeliveryMarks.fingerprintAt(marked, other) == 0);
    }
}
