// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Secp256k1} from "../libraries/Secp256k1.sol";

/// @title A guardian table frozen as contract code (docs/protocol/signatures.md §7).
/// @dev Code: `00 ‖ T.x ‖ T.y ‖ (X.x ‖ X.y ‖ weight 8) per guardian`, T the sum of all keys, (0, 0) for infinity.
library GuardianTable {
    struct Entry {
        uint256 x;
        uint256 y;
        uint64 weight;
    }

    uint256 internal constant MAX_GUARDIANS = 256;
    /// @dev Fewer cannot each have less than a third and still reach more than two thirds without one of them.
    uint256 internal constant MIN_GUARDIANS = 4;
    uint256 private constant ENTRY_LENGTH = 72;
    /// @dev STOP byte and T.
    uint256 private constant HEADER_LENGTH = 65;

    error GuardianTableNotWritten();

    /// @notice Limits every weight so that each is strictly less than a third of the sum, taking off as little as possible.
    /// @return cap The greatest integer C with 3·C < Σ min(w, C), or the greatest weight if no limit is needed. 0: impossible, because
    ///         fewer than four weights are positive; then nothing was changed.
    /// @return total Sum of the limited weights; 0 if impossible.
    /// @return weighted Number of positive weights.
    function limitWeights(Entry[] memory entries) internal pure returns (uint256 cap, uint256 total, uint256 weighted) {
        uint256 first;
        uint256 second;
        uint256 all;
        for (uint256 i = 0; i < entries.length; i++) {
            uint256 w = entries[i].weight;
            if (w > 0) weighted++;
            all += w;
            if (w > first) (first, second) = (w, first);
            else if (w > second) second = w;
        }
        if (weighted < MIN_GUARDIANS) return (0, 0, weighted);

        cap = capOf(first, second, all);
        if (cap == first) return (cap, all, weighted);

        for (uint256 i = 0; i < entries.length; i++) {
            // The cap is below `first`, hence below 2⁶⁴.
            if (entries[i].weight > cap) entries[i].weight = uint64(cap);
            total += entries[i].weight;
        }
    }

    /// @notice Scales what the weights exceed `bases` by, so that all of it together is at most `allowance`.
    /// @return limited Whether anything was taken off.
    function limitGrowth(
        Entry[] memory entries,
        uint64[] memory bases,
        uint256 allowance
    ) internal pure returns (bool limited) {
        uint256 growth;
        for (uint256 i = 0; i < entries.length; i++) {
            if (entries[i].weight > bases[i]) growth += entries[i].weight - bases[i];
        }
        if (growth <= allowance) return false;
        for (uint256 i = 0; i < entries.length; i++) {
            (uint256 weight, uint256 base) = (entries[i].weight, bases[i]);
            // Below the weight itself, because the allowance is below the growth. Rounded against the newcomer.
            if (weight > base) entries[i].weight = uint64(grown(weight, base, allowance, growth));
        }
        return true;
    }

    /// @notice The limit of {limitWeights} for at least four positive weights with these two greatest and this sum. Proved in scripts/checks/formal.
    function capOf(uint256 first, uint256 second, uint256 all) internal pure returns (uint256 cap) {
        if (3 * first < all) return first;
        cap = (all - first - 1) / 2;
        if (cap < second) cap = all - first - second - 1;
    }

    /// @notice A weight above its base after its part of the growth was scaled. Proved in scripts/checks/formal.
    function grown(uint256 weight, uint256 base, uint256 allowance, uint256 growth) internal pure returns (uint256) {
        return base + ((weight - base) * allowance) / growth;
    }

    /// @notice Creates the contract that holds a table. Keys must be on the curve.
    function write(Entry[] memory entries) internal returns (address code) {
        bytes memory data = new bytes(HEADER_LENGTH + entries.length * ENTRY_LENGTH);
        uint256 X;
        uint256 Y;
        uint256 Z;
        uint256 ptr;
        assembly ("memory-safe") {
            ptr := add(data, add(0x20, HEADER_LENGTH))
        }
        for (uint256 i = 0; i < entries.length; i++) {
            (uint256 x, uint256 y, uint256 weight) = (entries[i].x, entries[i].y, entries[i].weight);
            (X, Y, Z) = Secp256k1.add(X, Y, Z, x, y);
            assembly ("memory-safe") {
                // The weight's word begins 24 bytes early, inside `y`, which is written after it.
                mstore(add(ptr, 0x28), weight)
                mstore(ptr, x)
                mstore(add(ptr, 0x20), y)
                ptr := add(ptr, ENTRY_LENGTH)
            }
        }
        (uint256 Tx, uint256 Ty) = Secp256k1.toAffine(X, Y, Z);
        assembly ("memory-safe") {
            mstore(add(data, 0x21), Tx)
            mstore(add(data, 0x41), Ty)
        }
        code = _create(data);
    }

    /// @notice Sum of the keys in `bitmap`, and of their weights.
    /// @param count Number of guardians in the table; `bitmap` must have no bit at or above it.
    /// @param totalWeight Sum of the table's weights.
    /// @return x x-coordinate of the sum; 0 if it is infinity.
    function sum(
        address code,
        uint256 count,
        uint256 totalWeight,
        uint256 bitmap
    ) internal view returns (uint256 x, uint256 weight) {
        uint256 ptr = _load(code, count);
        uint256 X;
        uint256 Y;
        uint256 Z;
        unchecked {
            // For 256 guardians the shift gives 0 and the mask is all ones.
            uint256 all = (1 << count) - 1;
            bool others = 2 * _popCount(bitmap) > count;
            if (others) bitmap ^= all;
            // At most 256 turns; weights are 64 bits wide, so their sum fits 72.
            for (uint256 place = ptr + 0x40; bitmap != 0; place += ENTRY_LENGTH) {
                while (bitmap & 1 == 0) {
                    bitmap >>= 1;
                    place += ENTRY_LENGTH;
                }
                bitmap >>= 1;
                (uint256 kx, uint256 ky, uint256 w) = _entryAt(place);
                weight += w;
                (X, Y, Z) = Secp256k1.add(X, Y, Z, kx, ky);
            }
            if (others) {
                // T minus the others; if T is infinity, minus the others, which has the same x.
                weight = totalWeight - weight;
                (uint256 sumX, uint256 sumY, ) = _entryAt(ptr);
                if (sumY != 0) (X, Y, Z) = Secp256k1.add(X, Secp256k1.P - Y, Z, sumX, sumY);
            }
        }
        (x, ) = Secp256k1.toAffine(X, Y, Z);
    }

    /// @notice All guardians of a table in bitmap order.
    function read(address code, uint256 count) internal view returns (Entry[] memory entries) {
        uint256 ptr = _load(code, count) + 0x40;
        entries = new Entry[](count);
        for (uint256 i = 0; i < count; i++) {
            (uint256 x, uint256 y, uint256 weight) = _entryAt(ptr + i * ENTRY_LENGTH);
            entries[i] = Entry(x, y, uint64(weight));
        }
    }

    /// @notice Whether a table contains the key with this x-coordinate, and with which weight.
    function find(address code, uint256 count, uint256 x) internal view returns (bool found, uint256 weight) {
        uint256 ptr = _load(code, count) + 0x40;
        for (uint256 i = 0; i < count; i++) {
            uint256 kx;
            (kx, , weight) = _entryAt(ptr + i * ENTRY_LENGTH);
            if (kx == x) return (true, weight);
        }
        return (false, 0);
    }

    /// @notice x-coordinate of the key at a place of the table, which must be below its number of guardians.
    function keyAt(address code, uint256 index) internal view returns (uint256 x) {
        assembly ("memory-safe") {
            extcodecopy(code, 0, add(HEADER_LENGTH, mul(index, ENTRY_LENGTH)), 0x20)
            x := mload(0)
        }
    }

    /// @dev Copies T and the entries behind the free memory pointer and keeps them allocated.
    function _load(address code, uint256 count) private view returns (uint256 ptr) {
        assembly ("memory-safe") {
            ptr := mload(0x40)
            let length := add(0x40, mul(count, ENTRY_LENGTH))
            extcodecopy(code, ptr, 1, length)
            mstore(0x40, add(ptr, and(add(length, 0x1f), not(0x1f))))
        }
    }

    function _entryAt(uint256 ptr) private pure returns (uint256 x, uint256 y, uint256 weight) {
        assembly ("memory-safe") {
            x := mload(ptr)
            y := mload(add(ptr, 0x20))
            weight := shr(192, mload(add(ptr, 0x40)))
        }
    }

    /// @dev Number of set bits.
    function _popCount(uint256 v) private pure returns (uint256) {
        unchecked {
            // The byte sum below would be 256 and overflow its byte.
            if (v == type(uint256).max) return 256;
            v -= (v >> 1) & (type(uint256).max / 3);
            v = (v & (type(uint256).max / 5)) + ((v >> 2) & (type(uint256).max / 5));
            v = (v + (v >> 4)) & (type(uint256).max / 17);
            return (v * (type(uint256).max / 255)) >> 248;
        }
    }

    function _create(bytes memory data) private returns (address code) {
        // Init code: PUSH2 length, DUP1, PUSH1 10, RETURNDATASIZE (0), CODECOPY, RETURNDATASIZE, RETURN: returns what follows its 10 bytes.
        bytes memory init = abi.encodePacked(hex"61", uint16(data.length), hex"80600a3d393df3", data);
        assembly ("memory-safe") {
            code := create(0, add(init, 0x20), mload(init))
        }
        if (code == address(0)) revert GuardianTableNotWritten();
    }
}
