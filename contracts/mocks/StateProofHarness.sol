// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TrieProof} from "@openzeppelin/contracts/utils/cryptography/TrieProof.sol";
import {CalldataBytes} from "../libraries/CalldataBytes.sol";
import {StateProof} from "../libraries/StateProof.sol";
import {TrieReference} from "./TrieReference.sol";

/// @title Proofs of slots and accounts one at a time, by the library, by the plain reference and by OpenZeppelin; and damaged ones in a loop.
contract StateProofHarness {
    uint256 private constant WAYS = 10;

    error VerdictsDiffer(bytes proof);

    /// @notice Root, value and length of a part, for any path.
    function foldSlot(bytes32 path, bytes calldata part) external pure returns (bytes32 root, bytes32 value, bool) {
        uint256 next;
        (root, value, next) = StateProof.foldSlot(path, CalldataBytes.start(part));
        return (root, value, next == CalldataBytes.end(part));
    }

    function slot(bytes32 storageRoot, bytes32 slot_, bytes calldata part) public pure returns (bool, bytes32) {
        (bytes32 value, uint256 next) = StateProof.slotAt(storageRoot, slot_, CalldataBytes.start(part));
        return (next == CalldataBytes.end(part), value);
    }

    function account(
        bytes32 stateRoot,
        address account_,
        bytes calldata part
    ) public pure returns (bool, StateProof.Account memory) {
        return StateProof.verifyAccount(stateRoot, account_, part);
    }

    function slotOf(
        bytes32 stateRoot,
        address account_,
        bytes32 slot_,
        bytes calldata proof
    ) external pure returns (bool, bytes32) {
        return StateProof.verifySlot(stateRoot, account_, slot_, proof);
    }

    function header(bytes32 blockHash, bytes calldata header_) external pure returns (bool, bytes32) {
        return StateProof.stateRootOf(blockHash, header_);
    }

    /// @notice With other calldata behind the header, which must not be taken for a part of it.
    function time(bytes32 blockHash, bytes calldata header_, bytes calldata) external pure returns (bool, uint64) {
        return StateProof.timeOf(blockHash, header_);
    }

    /// @notice Gas of the library alone for a slot of an account.
    function gasOf(
        bytes32 stateRoot,
        address account_,
        bytes32 slot_,
        bytes calldata proof
    ) external view returns (uint256 used, bytes32 value) {
        bool proven;
        used = gasleft();
        (proven, value) = StateProof.verifySlot(stateRoot, account_, slot_, proof);
        used -= gasleft();
        if (!proven) revert VerdictsDiffer(proof);
    }

    /// @notice String under the path by the plain reference; reverts for a malformed part.
    function referenceRoot(
        bytes32 path,
        bool isAccount,
        bytes calldata part
    ) public pure returns (bytes32, bytes memory) {
        return TrieReference.root(path, isAccount, part);
    }

    /// @notice String under the path by OpenZeppelin's verifier of raw nodes; reverts if it finds none.
    function openZeppelin(bytes32 root, bytes32 path, bytes[] calldata nodes) external pure returns (bytes memory) {
        return TrieProof.traverse(root, bytes.concat(path), nodes);
    }

    /// @notice How many damaged copies of a good part the library accepts. `compare`: the reference must agree on each.
    /// @param key slot, or account in the low 20 bytes
    function countAccepted(
        bytes32 root,
        bytes32 key,
        bool isAccount,
        bytes calldata part,
        uint256 seed,
        uint256 rounds,
        bool compare
    ) external view returns (uint256 tried, uint256 accepted, bytes memory example) {
        bytes32 original = keccak256(part);
        uint256 free = _free();
        for (uint256 i = 0; i < rounds; ++i) {
            // Memory that grows with every round slows every round down.
            if (accepted == 0) _reset(free);
            bytes memory damaged = _damage(part, uint256(keccak256(abi.encode(seed, i))));
            if (keccak256(damaged) == original) continue;
            ++tried;
            bool proven = _accepts(root, key, isAccount, damaged);
            if (proven) (accepted, example) = (accepted + 1, damaged);
            if (compare && proven != _referenceAccepts(root, key, isAccount, damaged)) revert VerdictsDiffer(damaged);
        }
    }

    function _free() private pure returns (uint256 free) {
        assembly ("memory-safe") {
            free := mload(0x40)
        }
    }

    /// @dev What lies above is not used any more.
    function _reset(uint256 free) private pure {
        assembly ("memory-safe") {
            mstore(0x40, free)
        }
    }

    function _accepts(bytes32 root, bytes32 key, bool isAccount, bytes memory part) private view returns (bool proven) {
        // By a call to itself: the library reads calldata, and a panic must not pass for a refusal.
        if (isAccount) (proven, ) = this.account(root, address(uint160(uint256(key))), part);
        else (proven, ) = this.slot(root, key, part);
    }

    function _referenceAccepts(
        bytes32 root,
        bytes32 key,
        bool isAccount,
        bytes memory part
    ) private view returns (bool) {
        bytes32 path = isAccount ? keccak256(abi.encodePacked(uint160(uint256(key)))) : keccak256(abi.encode(key));
        try this.referenceRoot(path, isAccount, part) returns (bytes32 computed, bytes memory) {
            return computed == root;
        } catch {
            return false;
        }
    }

    /// @dev One of ten kinds of damage at random places.
    function _damage(bytes memory part, uint256 random) private pure returns (bytes memory) {
        uint256 way = random % WAYS;
        uint256 a = (random >> 16) % part.length;
        uint256 b = (random >> 48) % part.length;
        bytes1 value = bytes1(uint8(random >> 80));
        if (way == 0) part[a] ^= bytes1(uint8(1 << ((random >> 80) & 7)));
        else if (way == 1) part[a] = value;
        else if (way == 2) (part[a], part[b]) = (part[b], part[a]);
        else if (way == 3)
            (part[a], part[b]) = (bytes1(uint8(part[a]) ^ 1), bytes1(uint8(part[b]) ^ 1));
            // The first bytes: kind, depth, lengths.
        else if (way == 4) part[a % 4] = value;
        else if (way == 5) part[a % 4] = bytes1(uint8(part[a % 4]) ^ uint8(1 << ((random >> 80) & 7)));
        else if (way == 6) return _splice(part, a, a + 1, "");
        else if (way == 7) return _splice(part, a, a, bytes.concat(value));
        else if (way == 8) return _splice(part, a, part.length, "");
        else return _splice(part, a, a, _splice(_splice(part, b, part.length, ""), 0, a > b ? 0 : a, ""));
        return part;
    }

    /// @dev `data` with the bytes from `from` to before `to` replaced.
    function _splice(bytes memory data, uint256 from, uint256 to, bytes memory by) private pure returns (bytes memory) {
        return bytes.concat(_slice(data, 0, from), by, _slice(data, to, data.length));
    }

    function _slice(bytes memory data, uint256 from, uint256 to) private pure returns (bytes memory result) {
        result = new bytes(to - from);
        assembly ("memory-safe") {
            mcopy(add(result, 0x20), add(add(data, 0x20), from), sub(to, from))
        }
    }
}
