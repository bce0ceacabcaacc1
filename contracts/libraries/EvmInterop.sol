// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Canonical ERC-7930 addresses of EVM accounts.
/// @dev version 0x0001 ‖ chain type 0x0000 ‖ chain reference length ‖ chain reference ‖ 20 ‖ address
library EvmInterop {
    /// @notice Chain id and account of a canonical address.
    /// @dev Never reverts; `chainId` is 0 unless the bytes are exactly canonical: version 1, type eip155, a chain reference of 1 … 8 bytes
    ///      that does not begin with zero, a 20-byte address that is not zero, nothing behind it. Refuses no canonical EVM address whose
    ///      chain id is below 2^64.
    function parse(bytes calldata self) internal pure returns (uint256 chainId, address account) {
        unchecked {
            // self.length ≥ 27 is checked before any byte is read; 26 + 8 cannot overflow.
            if (self.length < 27 || self.length > 34) return (0, address(0));
            uint256 referenceLength = self.length - 26;
            uint256 word = uint256(bytes32(self[:27])); // 5 bytes of prefix, then up to 8 bytes of reference
            if (word >> 216 != (0x0001_0000 << 8) | referenceLength) return (0, address(0));
            uint256 chainReference;
            assembly ("memory-safe") {
                chainReference := shr(sub(256, shl(3, referenceLength)), calldataload(add(self.offset, 5)))
                account := shr(96, calldataload(add(self.offset, add(6, referenceLength))))
            }
            if (chainReference >> ((referenceLength - 1) << 3) == 0) return (0, address(0));
            if (uint8(self[5 + referenceLength]) != 20 || account == address(0)) return (0, address(0));
            return (chainReference, account);
        }
    }

    /// @notice Chain id of an address that is known to be canonical; anything for other bytes. Never reverts.
    function chainIdOf(bytes calldata canonical) internal pure returns (uint256 chainId) {
        assembly ("memory-safe") {
            // 26 bytes beside the chain reference, 5 of them before it.
            chainId := shr(shl(3, sub(58, canonical.length)), calldataload(add(canonical.offset, 5)))
        }
    }

    /// @notice {parse} for bytes in memory.
    function parseMemory(bytes memory self) internal pure returns (uint256 chainId, address account) {
        unchecked {
            // 27 ≤ length ≤ 34 is checked before any byte counts; 26 + 8 cannot overflow.
            if (self.length < 27 || self.length > 34) return (0, address(0));
            uint256 referenceLength = self.length - 26;
            uint256 chainReference;
            uint256 prefix;
            uint256 tail;
            assembly ("memory-safe") {
                let word := mload(add(self, 32))
                prefix := shr(216, word)
                chainReference := shr(sub(256, shl(3, referenceLength)), shl(40, word))
                tail := mload(add(self, mload(self))) // the last 32 bytes
            }
            if (prefix != (0x0001_0000 << 8) | referenceLength) return (0, address(0));
            if (chainReference >> ((referenceLength - 1) << 3) == 0) return (0, address(0));
            account = address(uint160(tail));
            if (uint8(tail >> 160) != 20 || account == address(0)) return (0, address(0));
            return (chainReference, account);
        }
    }

    /// @notice Canonical bytes of an account, left-aligned in two words, and their length (27 … 34).
    /// @dev `chainId` must be in 1 … 2^64 − 1.
    function format(
        uint256 chainId,
        address account
    ) internal pure returns (uint256 high, uint256 low, uint256 length) {
        unchecked {
            // size ≤ 8: the prefix, the reference and the address's length byte are at most 14 bytes of the first word.
            uint256 size = referenceSize(chainId);
            length = 26 + size;
            uint256 head = ((((0x0001_0000 << 8) | size) << (size << 3)) | chainId) << 8;
            high = (head | 20) << (208 - (size << 3));
        }
        (high, low) = withAccount(high, 0, length, account);
    }

    /// @notice Writes an account into the words of {format} for address zero.
    function withAccount(
        uint256 high,
        uint256 low,
        uint256 length,
        address account
    ) internal pure returns (uint256, uint256) {
        unchecked {
            // length is 27 … 34: shifts are 0 … 40 or 240 … 248 bits.
            uint256 value = uint160(account);
            if (length <= 32) return (high | (value << ((32 - length) << 3)), low);
            uint256 over = (length - 32) << 3;
            return (high | (value >> over), low | (value << (256 - over)));
        }
    }

    /// @notice Bytes that a chain id below 2^64 needs.
    function referenceSize(uint256 chainId) internal pure returns (uint256 size) {
        // Functionally equivalent: while (chainId != 0) { chainId >>= 8; ++size; }
        assembly ("memory-safe") {
            let four := shl(2, gt(chainId, 0xffffffff))
            let rest := shr(shl(3, four), chainId)
            let two := shl(1, gt(rest, 0xffff))
            rest := shr(shl(3, two), rest)
            size := add(add(four, two), add(gt(rest, 0xff), gt(rest, 0)))
        }
    }
}
