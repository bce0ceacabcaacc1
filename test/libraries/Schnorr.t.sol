// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Schnorr} from "../../contracts/libraries/Schnorr.sol";
import {Secp256k1} from "../../contracts/libraries/Secp256k1.sol";
import {SmallKeySigner} from "../helpers/SmallKeySigner.sol";

/// @title Fuzz tests of Secp256k1 and Schnorr against plain Solidity.
contract SchnorrFuzzTest is SmallKeySigner {
    /// @dev The library's verdict as plain Solidity with the built-in precompile calls.
    function _plain(uint256 Px, bytes32 m, uint256 Rx, uint256 Ry, uint256 s) private pure returns (bool) {
        uint256 p = Secp256k1.P;
        uint256 n = Secp256k1.N;
        if (Rx >= p || Ry >= p || Ry % 2 == 1) return false;
        if (mulmod(Ry, Ry, p) != addmod(mulmod(Rx, mulmod(Rx, Rx, p), p), 7, p)) return false;
        if (Px == 0 || Px >= n || s >= n) return false;
        bytes32 tag = sha256("BIP0340/challenge");
        uint256 e = uint256(sha256(abi.encodePacked(tag, tag, Rx, Px, m))) % n;
        if (e == 0) return false;
        bytes32 h = bytes32(mulmod(n - s, Px, n));
        address q = ecrecover(h, 27, bytes32(Px), bytes32(mulmod(n - e, Px, n)));
        return q != address(0) && q == address(uint160(uint256(keccak256(abi.encodePacked(Rx, Ry)))));
    }

    /// @notice Any five numbers: the same verdict as plain Solidity, never a revert.
    function testFuzz_verify_isThePlainVerdict(uint256 Px, bytes32 m, uint256 Rx, uint256 Ry, uint256 s) external view {
        assert(Schnorr.verify(Px, m, Rx, Ry, s) == _plain(Px, m, Rx, Ry, s));
    }

    /// @notice R on the curve, so that everything behind the curve check is reached; a made-up s is never a signature.
    function testFuzz_verify_refusesMadeUpScalars(uint8 k, uint8 r, bytes32 m, uint256 s) external view {
        (uint256 Px, ) = _multiple(uint256(k % 16) + 1);
        (uint256 Rx, uint256 Ry) = _multiple(uint256(r % 16) + 1);
        if (Ry % 2 == 1) Ry = Secp256k1.P - Ry;
        bool verdict = Schnorr.verify(Px, m, Rx, Ry, s);
        assert(verdict == _plain(Px, m, Rx, Ry, s));
        assert(!verdict);
    }

    /// @notice A signature made here with a small key and nonce verifies; with any other message, key or s it does not.
    function testFuzz_verify_acceptsSignatures(uint8 k, uint8 r, bytes32 m, bytes32 other) external view {
        SmallSignature memory signed = _sign("BIP0340/challenge", uint256(k % 16) + 1, uint256(r % 16) + 1, m);
        (uint256 Px, uint256 Rx, uint256 Ry, uint256 s) = (signed.Px, signed.Rx, signed.Ry, signed.s);
        assert(Schnorr.verify(Px, m, Rx, Ry, s));
        assert(!Schnorr.verifyPossession(Px, m, Rx, Ry, s));
        assert(!Schnorr.verify(Px, m, Rx, Secp256k1.P - Ry, s));
        assert(!Schnorr.verify(Px, m, Rx, Ry, addmod(s, 1, Secp256k1.N)));
        if (other != m) assert(!Schnorr.verify(Px, other, Rx, Ry, s));
    }

    /// @notice Both ways of inversion agree, for every number that has an inverse.
    function testFuzz_inverse(uint256 a) external view {
        a = (a % (Secp256k1.P - 1)) + 1;
        uint256 inv = Secp256k1.inverse(a);
        assert(mulmod(a, inv, Secp256k1.P) == 1);
        assert(inv == Secp256k1.inverseByPowers(a));
    }

    /// @notice i·G + j·G = (i + j)·G, also for i = j; and adding −(i·G) gives j·G or infinity.
    function testFuzz_add(uint8 i, uint8 j) external view {
        (uint256 a, uint256 b) = (uint256(i % 24) + 1, uint256(j % 24) + 1);
        (uint256 ax, uint256 ay) = _multiple(a);
        (uint256 bx, uint256 by) = _multiple(b);
        (uint256 X, uint256 Y, uint256 Z) = Secp256k1.add(ax, ay, 1, bx, by);
        (uint256 x, uint256 y) = Secp256k1.toAffine(X, Y, Z);
        (uint256 expectedX, uint256 expectedY) = _multiple(a + b);
        assert(x == expectedX && y == expectedY && Secp256k1.isOnCurve(x, y));
        (X, Y, Z) = Secp256k1.add(X, Y, Z, ax, Secp256k1.P - ay);
        (x, y) = Secp256k1.toAffine(X, Y, Z);
        assert(x == bx && y == by);
        (X, Y, Z) = Secp256k1.add(X, Y, Z, bx, Secp256k1.P - by);
        (x, y) = Secp256k1.toAffine(X, Y, Z);
        assert(Z == 0 && x == 0 && y == 0);
    }
}
