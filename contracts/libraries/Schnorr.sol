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
    function verify(uint256 Px, bytes32 m, uint256 Rx, uint256 Ry, uint256 s) internal pure returns (bool) {
        return _verify(CHALLENGE_TAG, Px, m, Rx, Ry, s);
    }

    /// @notice The same equation with the tag of proofs of possession: no proof is a signature, no signature is a proof.
    function verifyPossession(uint256 Px, bytes32 m, uint256 Rx, uint256 Ry, uint256 s) internal pure returns (bool) {
        return _verify(POSSESSION_TAG, Px, m, Rx, Ry, s);
    }

    function _verify(
        bytes32 tag,
        uint256 Px,
        bytes32 m,
        uint256 Rx,
        uint256 Ry,
        uint256 s
    ) private pure returns (bool) {
        // R must be the even one of the two points with this x: the challenge does not contain R.y, and only 160 bits of R are compared.
        if (Ry & 1 == 1 || !Secp256k1.isOnCurve(Rx, Ry)) return false;
        // ecrecover takes r in 1 … n − 1; zero never authorises.
        if (Px == 0 || Px >= Secp256k1.N || s >= Secp256k1.N) return false;

        uint256 e = uint256(sha256(abi.encode(tag, tag, Rx, Px, m))) % Secp256k1.N;
        if (e == 0) return false;

        // With h = −s·Px, v = 27 (P even), r = Px and σ = −e·Px, ecrecover yields the address of (σ·P − h·G)/r = s·G − e·P.
        // ePx ≠ 0 because n is prime; h is reduced, so that s = 0 gives h = 0.
        uint256 sPx = mulmod(s, Px, Secp256k1.N);
        uint256 ePx = mulmod(e, Px, Secp256k1.N);
        bytes32 h = bytes32(sPx == 0 ? 0 : Secp256k1.N - sPx);
        address recovered = ecrecover(h, 27, bytes32(Px), bytes32(Secp256k1.N - ePx));

        return recovered != address(0) && recovered == addressOf(Rx, Ry);
    }

    /// @notice The Ethereum address of a point.
    function addressOf(uint256 x, uint256 y) internal pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encode(x, y)))));
    }
}
