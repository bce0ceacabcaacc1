// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {CalldataBytes} from "./CalldataBytes.sol";
import {StateTrie} from "./StateTrie.sol";
import {TrieNode} from "./TrieNode.sol";

/// @title Accounts and storage slots proven against a state root: docs/protocol/proofs.md.
/// @dev Nothing reverts: a refused proof is `proven` false, or a `next` of 0. Proofs must lie in calldata; a `place` is a position there.
///      A contract that takes state roots from a source of its own uses {verifyAccount}, {verifySlot} and {stateRootOf}; the value is of
///      no meaning unless `proven`.
library StateProof {
    /// @notice What the state holds under an address; of an absent account `storageRoot` is that of an empty trie and the rest is 0.
    struct Account {
        uint64 nonce;
        uint256 balance;
        bytes32 storageRoot;
        bytes32 codeHash;
    }

    bytes32 internal constant EMPTY_ROOT = StateTrie.EMPTY_ROOT;

    uint256 private constant MAX_NONCE_BYTES = 8;
    /// @dev State root in a header behind list prefix (3), parent hash (33), ommers' hash (33), beneficiary (21) and its own prefix (1).
    uint256 private constant STATE_ROOT_OFFSET = 91;
    /// @dev Behind the state root (32) and the roots of transactions and receipts (33 each).
    uint256 private constant BLOOM_OFFSET = STATE_ROOT_OFFSET + 98;
    /// @dev Of a string of 256 bytes.
    uint256 private constant BLOOM_PREFIX = 0xb90100;
    /// @dev Numbers behind the bloom: difficulty, number, gas limit, gas used, time.
    uint256 private constant NUMBERS_TO_TIME = 5;

    /// @notice The account under `stateRoot`, or its absence.
    function verifyAccount(
        bytes32 stateRoot,
        address account,
        bytes calldata proof
    ) internal pure returns (bool proven, Account memory result) {
        uint256 next;
        (result, next) = accountAt(stateRoot, account, CalldataBytes.start(proof));
        proven = next == CalldataBytes.end(proof);
    }

    /// @notice The value of a slot of an account under `stateRoot`: a proof of the account, then one of the slot.
    function verifySlot(
        bytes32 stateRoot,
        address account,
        bytes32 slot,
        bytes calldata proof
    ) internal pure returns (bool proven, bytes32 value) {
        (bytes32 storageRoot, uint256 next) = storageRootAt(stateRoot, account, CalldataBytes.start(proof));
        if (next == 0) return (false, 0);
        (value, next) = slotAt(storageRoot, slot, next);
        proven = next == CalldataBytes.end(proof);
    }

    /// @notice State root in the header that hashes to `blockHash`; `proven` is false for any other bytes.
    function stateRootOf(
        bytes32 blockHash,
        bytes calldata header
    ) internal pure returns (bool proven, bytes32 stateRoot) {
        uint256 length = header.length;
        if (length < STATE_ROOT_OFFSET + 32 || keccak256(header) != blockHash) return (false, 0);
        uint256 place = CalldataBytes.start(header);
        // List prefix of two length bytes, then the prefixes of what stands before the state root.
        proven =
            CalldataBytes.byteAt(place) == 0xf9 &&
            uint256(CalldataBytes.wordAt(place + 1)) >> 240 == length - 3 &&
            CalldataBytes.byteAt(place + 3) == 0xa0 &&
            CalldataBytes.byteAt(place + 36) == 0xa0 &&
            CalldataBytes.byteAt(place + 69) == 0x94 &&
            CalldataBytes.byteAt(place + STATE_ROOT_OFFSET - 1) == 0xa0;
        if (proven) stateRoot = CalldataBytes.wordAt(place + STATE_ROOT_OFFSET);
    }

    /// @notice Time of the block whose header hashes to `blockHash`, seconds; `proven` is false for any other bytes.
    function timeOf(bytes32 blockHash, bytes calldata header) internal pure returns (bool proven, uint64 time) {
        (proven, ) = stateRootOf(blockHash, header);
        uint256 place = CalldataBytes.start(header) + BLOOM_OFFSET;
        if (!proven || uint256(CalldataBytes.wordAt(place)) >> 232 != BLOOM_PREFIX) return (false, 0);
        place += 3 + 256;
        for (uint256 i = 0; i < NUMBERS_TO_TIME; ++i) {
            (time, place) = _number(place);
            if (place == 0) return (false, 0);
        }
        // What lies behind the header is not what was hashed.
        if (place > CalldataBytes.end(header)) return (false, 0);
    }

    /// @notice The account that the part at `place` proves; `next` is where the part ends.
    function accountAt(
        bytes32 stateRoot,
        address account,
        uint256 place
    ) internal pure returns (Account memory result, uint256 next) {
        uint256 roots;
        (roots, next) = _account(stateRoot, account, place);
        if (next == 0 || roots == 0) {
            result.storageRoot = EMPTY_ROOT;
            return (result, next);
        }
        unchecked {
            // As {_encodeAccount} has checked them.
            uint256 nonceLength = CalldataBytes.byteAt(place + 2);
            uint256 balancePlace = place + 3 + nonceLength;
            uint256 balanceLength = CalldataBytes.byteAt(balancePlace);
            result.nonce = uint64(uint256(CalldataBytes.wordAt(place + 3)) >> (256 - 8 * nonceLength));
            result.balance = uint256(CalldataBytes.wordAt(balancePlace + 1)) >> (256 - 8 * balanceLength);
            result.storageRoot = CalldataBytes.wordAt(roots);
            result.codeHash = CalldataBytes.wordAt(roots + 32);
        }
    }

    /// @notice The storage root of the account that the part at `place` proves; `next` is where the part ends.
    function storageRootAt(
        bytes32 stateRoot,
        address account,
        uint256 place
    ) internal pure returns (bytes32 storageRoot, uint256 next) {
        uint256 roots;
        (roots, next) = _account(stateRoot, account, place);
        storageRoot = roots == 0 ? EMPTY_ROOT : CalldataBytes.wordAt(roots);
    }

    /// @notice The value that the part at `place` proves; `next` is where the part ends.
    function slotAt(
        bytes32 storageRoot,
        bytes32 slot,
        uint256 place
    ) internal pure returns (bytes32 value, uint256 next) {
        bytes32 root;
        (root, value, next) = foldSlot(_hash(slot, 32), place);
        if (root != storageRoot) next = 0;
    }

    /// @notice The only storage root under which the part at `place` proves what stands under `path`.
    function foldSlot(bytes32 path, uint256 place) internal pure returns (bytes32 root, bytes32 value, uint256 next) {
        unchecked {
            // Places are far below 2^256.
            (uint256 kind, uint256 depth) = (CalldataBytes.byteAt(place), CalldataBytes.byteAt(place + 1));
            if (kind != StateTrie.KIND_LEAF) {
                (root, next) = StateTrie.absent(path, kind, depth, place + 2);
                return (root, 0, next);
            }
            uint256 length = CalldataBytes.byteAt(place + 2);
            if (length == 0 || !_isInteger(place + 3, length, 32)) return (0, 0, 0);
            next = place + 3 + length;
            value = CalldataBytes.wordAt(place + 3) >> (256 - 8 * length);
            uint256 encoded = TrieNode.allocate();
            length = _putInteger(encoded, place + 3, length) - encoded;
            (root, next) = StateTrie.present(path, depth, encoded, length, next);
        }
    }

    /// @dev A number in RLP, and where it ends; 0 if it is none of at most 64 bits.
    function _number(uint256 place) private pure returns (uint64 value, uint256 next) {
        uint256 first = CalldataBytes.byteAt(place);
        if (first < 0x80) return (uint64(first), place + 1);
        uint256 length = first - 0x80;
        if (length > 8) return (0, 0);
        if (length == 0) return (0, place + 1);
        return (uint64(uint256(CalldataBytes.wordAt(place + 1)) >> (256 - 8 * length)), place + 1 + length);
    }

    /// @dev Where the roots of the account stand in the part at `place` (0 if the account is absent), and where the part ends.
    function _account(
        bytes32 stateRoot,
        address account,
        uint256 place
    ) private pure returns (uint256 roots, uint256 next) {
        unchecked {
            // Places are far below 2^256.
            bytes32 path = _hash(bytes32(bytes20(account)), 20);
            (uint256 kind, uint256 depth) = (CalldataBytes.byteAt(place), CalldataBytes.byteAt(place + 1));
            bytes32 root;
            if (kind == StateTrie.KIND_LEAF) {
                uint256 value;
                uint256 length;
                (value, length, roots) = _encodeAccount(place + 2);
                if (roots == 0) return (0, 0);
                (root, next) = StateTrie.present(path, depth, value, length, roots + 64);
            } else {
                (root, next) = StateTrie.absent(path, kind, depth, place + 2);
            }
            if (root != stateRoot) next = 0;
        }
    }

    /// @dev Writes the RLP of the account at `place`, a list of 68 to 108 bytes, to memory; `roots` is 0 if it is malformed.
    function _encodeAccount(uint256 place) private pure returns (uint256 value, uint256 length, uint256 roots) {
        unchecked {
            // Places are far below 2^256, lengths at most 255.
            uint256 nonceLength = CalldataBytes.byteAt(place);
            uint256 balancePlace = place + 1 + nonceLength;
            uint256 balanceLength = CalldataBytes.byteAt(balancePlace);
            if (!_isInteger(place + 1, nonceLength, MAX_NONCE_BYTES)) return (0, 0, 0);
            if (!_isInteger(balancePlace + 1, balanceLength, 32)) return (0, 0, 0);
            roots = balancePlace + 1 + balanceLength;
            value = TrieNode.allocate();
            uint256 next = _putInteger(value + 2, place + 1, nonceLength);
            next = _putInteger(next, balancePlace + 1, balanceLength);
            assembly ("memory-safe") {
                mstore8(next, 0xa0)
                mstore(add(next, 1), calldataload(roots))
                mstore8(add(next, 33), 0xa0)
                mstore(add(next, 34), calldataload(add(roots, 32)))
                // List prefix: 0xf8 and one byte of length.
                length := sub(add(next, 66), value)
                mstore8(value, 0xf8)
                mstore8(add(value, 1), sub(length, 2))
            }
        }
    }

    /// @dev Writes the RLP of the integer of `size` bytes at a place of calldata to memory.
    function _putInteger(uint256 memoryPlace, uint256 place, uint256 size) private pure returns (uint256 next) {
        assembly ("memory-safe") {
            let digits := calldataload(place)
            next := memoryPlace
            // One byte below 0x80 stands for itself.
            if iszero(and(eq(size, 1), lt(byte(0, digits), 0x80))) {
                mstore8(next, add(0x80, size))
                next := add(next, 1)
            }
            mstore(next, digits)
            next := add(next, size)
        }
    }

    /// @dev Whether so many bytes are an integer without leading zero; none are the integer 0.
    function _isInteger(uint256 place, uint256 length, uint256 most) private pure returns (bool) {
        return length <= most && (length == 0 || CalldataBytes.byteAt(place) != 0);
    }

    /// @dev Keccak-256 of the first bytes of a word.
    function _hash(bytes32 word, uint256 length) private pure returns (bytes32 result) {
        assembly ("memory-safe") {
            mstore(0x00, word)
            result := keccak256(0x00, length)
        }
    }
}
