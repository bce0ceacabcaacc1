// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Secp256k1} from "./Secp256k1.sol";

/// @title BIP-340 signatures with the whole point R supplied, checked through `ecrecover` (docs/protocol/signatures.md §3).
/// @custom:invariant Reverts if and only if out of gas.
library Schnorr {
    /// @dev sha256("BIP0340/challenge").
    bytes32 internal constant CHALLENGE_TAG = 0x7bb52d7a9fef58323eb1bf7a407db382d2f3f2d81bb1224f49fe518f6d48d37c;
    /// @dev sha256("Metalayer/possession").
    bytes32 internal constant POSSESSION_TAG = 0xbaedb58d0e1482c38c3724e5eb3fde2e609a4582808e0a9d009a8060c23581d8;

    /// @notice Whether (R.x, s), with R.y given in addition, is a BIP-340 signature of m under the key with x-coordinate Px.
    function verify(uint256 Px, bytes32 m, uint256 Rx, uint256 Ry, uint256 s) internal view returns (bool) {
        return _verify(CHALLENGE_TAG, Px, m, Rx, Ry, s);
    }

    /// @notice The same equation with the tag of proofs of possession: no proof is a signature, no signature is a proof.
    function verifyPossession(uint256 Px, bytes32 m, uint256 Rx, uint256 Ry, uint256 s) internal view returns (bool) {
        return _verify(POSSESSION_TAG, Px, m, Rx, Ry, s);
    }

    function _verify(
        bytes32 tag,
        uint256 Px,
        bytes32 m,
        uint256 Rx,
        uint256 Ry,
        uint256 s
    ) private view returns (bool) {
        // R must be the even one of the two points with this x: the challenge does not contain R.y, and only 160 bits of R are compared.
        // ecrecover takes r in 1 … n − 1; zero never authorises.
        if (!Secp256k1.isOnCurve(Rx, Ry) || !_inRange(Px, Ry, s)) return false;

        uint256 e = _challenge(tag, Px, m, Rx);
        if (e == 0) return false;

        // With h = −s·Px, v = 27 (P even), r = Px and σ = −e·Px, ecrecover yields the address of (σ·P − h·G)/r = s·G − e·P.
        // e·Px ≠ 0 because n is prime. For s = 0 h is n, which ecrecover takes for 0.
        unchecked {
            uint256 h = Secp256k1.N - mulmod(s, Px, Secp256k1.N);
            uint256 sigma = Secp256k1.N - mulmod(e, Px, Secp256k1.N);
            address recovered = _recover(h, Px, sigma);
            return recovered != address(0) && recovered == addressOf(Rx, Ry);
        }
    }

    /// @dev Functionally equivalent: Ry is even && 0 < Px && Px < N && s < N.
    function _inRange(uint256 Px, uint256 Ry, uint256 s) private pure returns (bool ok) {
        uint256 n = Secp256k1.N;
        assembly ("memory-safe") {
            ok := and(gt(and(lt(Px, n), lt(s, n)), and(Ry, 1)), gt(Px, 0))
        }
    }

    /// @dev `uint256(sha256(abi.encode(tag, tag, Rx, Px, m))) % N`; 0 if the precompile fails.
    function _challenge(bytes32 tag, uint256 Px, bytes32 m, uint256 Rx) private view returns (uint256 e) {
        uint256 n = Secp256k1.N;
        assembly ("memory-safe") {
            let ptr := mload(0x40)
            mstore(ptr, tag)
            mstore(add(ptr, 0x20), tag)
            mstore(add(ptr, 0x40), Rx)
            mstore(add(ptr, 0x60), Px)
            mstore(add(ptr, 0x80), m)
            mstore(0, 0)
            // `and` evaluates from right to left: the call first, then what it returned.
            if and(eq(returndatasize(), 0x20), staticcall(gas(), 2, ptr, 0xa0, 0, 0x20)) {
                e := mod(mload(0), n)
            }
        }
    }

    /// @dev `ecrecover(bytes32(h), 27, bytes32(r), bytes32(sigma))`; 0 if the precompile fails.
    function _recover(uint256 h, uint256 r, uint256 sigma) private view returns (address recovered) {
        assembly ("memory-safe") {
            let ptr := mload(0x40)
            mstore(ptr, h)
            mstore(add(ptr, 0x20), 27)
            mstore(add(ptr, 0x40), r)
            mstore(add(ptr, 0x60), sigma)
            if and(eq(returndatasize(), 0x20), staticcall(gas(), 1, ptr, 0x80, 0, 0x20)) {
                recovered := mload(0)
            }
        }
    }

    /// @notice The Ethereum address of a point.
    function addressOf(uint256 x, uint256 y) internal pure returns (address point) {
        assembly ("memory-safe") {
            mstore(0, x)
            mstore(0x20, y)
            point := and(keccak256(0, 0x40), 0xffffffffffffffffffffffffffffffffffffffff)
        }
    }
}
