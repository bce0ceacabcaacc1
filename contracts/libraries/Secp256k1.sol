// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Points of secp256k1 (SEC 2 §2.4.1): y² = x³ + 7 over the field of p elements, a group of prime order n.
/// @dev Affine points are (x, y) with coordinates below p; infinity is (0, 0), which is not on the curve. Jacobian points (X, Y, Z) stand
///      for (X/Z², Y/Z³); infinity is Z = 0. Addition is complete: equal, opposite and infinite points give the right sum.
///      Formulas: Explicit-Formulas Database, short Weierstrass, a = 0, Jacobian: madd, dbl-2009-l.
library Secp256k1 {
    /// @notice Field prime, 2²⁵⁶ − 2³² − 977.
    uint256 internal constant P = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFC2F;
    /// @notice Order of the group.
    uint256 internal constant N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    /// @notice Whether (x, y) is a point other than infinity with both coordinates below p.
    function isOnCurve(uint256 x, uint256 y) internal pure returns (bool ok) {
        // Functionally equivalent: x < P && y < P && mulmod(y, y, P) == addmod(mulmod(mulmod(x, x, P), x, P), 7, P).
        assembly ("memory-safe") {
            ok := eq(mulmod(y, y, P), addmod(mulmod(mulmod(x, x, P), x, P), 7, P))
            ok := and(ok, and(lt(x, P), lt(y, P)))
        }
    }

    /// @notice (X, Y, Z) + (x, y). The second point must be on the curve.
    function add(
        uint256 X,
        uint256 Y,
        uint256 Z,
        uint256 x,
        uint256 y
    ) internal pure returns (uint256 X3, uint256 Y3, uint256 Z3) {
        if (Z == 0) return (x, y, 1);
        unchecked {
            // Every operand of a subtraction from P is below P.
            uint256 ZZ = mulmod(Z, Z, P);
            uint256 h = addmod(mulmod(x, ZZ, P), P - X, P);
            uint256 r = addmod(mulmod(y, mulmod(Z, ZZ, P), P), P - Y, P);
            if (h == 0) {
                if (r == 0) return double(X, Y, Z);
                return (0, 0, 0);
            }
            uint256 hh = mulmod(h, h, P);
            uint256 hhh = mulmod(h, hh, P);
            uint256 v = mulmod(X, hh, P);
            X3 = addmod(addmod(mulmod(r, r, P), P - hhh, P), P - addmod(v, v, P), P);
            Y3 = addmod(mulmod(r, addmod(v, P - X3, P), P), P - mulmod(Y, hhh, P), P);
            Z3 = mulmod(Z, h, P);
        }
    }

    /// @notice 2·(X, Y, Z).
    function double(uint256 X, uint256 Y, uint256 Z) internal pure returns (uint256 X3, uint256 Y3, uint256 Z3) {
        unchecked {
            uint256 yy = mulmod(Y, Y, P);
            uint256 s = mulmod(4, mulmod(X, yy, P), P);
            uint256 m = mulmod(3, mulmod(X, X, P), P);
            X3 = addmod(mulmod(m, m, P), P - addmod(s, s, P), P);
            Y3 = addmod(mulmod(m, addmod(s, P - X3, P), P), P - mulmod(8, mulmod(yy, yy, P), P), P);
            Z3 = mulmod(2, mulmod(Y, Z, P), P);
        }
    }

    /// @notice The affine form of a Jacobian point; (0, 0) for infinity.
    function toAffine(uint256 X, uint256 Y, uint256 Z) internal view returns (uint256 x, uint256 y) {
        if (Z == 0) return (0, 0);
        if (Z == 1) return (X, Y);
        uint256 inv = inverse(Z);
        uint256 inv2 = mulmod(inv, inv, P);
        return (mulmod(X, inv2, P), mulmod(Y, mulmod(inv, inv2, P), P));
    }

    /// @notice 1/a modulo p, for 0 < a < p.
    /// @dev Asks the modexp precompile (EIP-198) and checks its answer, so that a missing or wrong one costs gas and nothing else.
    function inverse(uint256 a) internal view returns (uint256 inv) {
        assembly ("memory-safe") {
            let ptr := mload(0x40)
            mstore(ptr, 0x20)
            mstore(add(ptr, 0x20), 0x20)
            mstore(add(ptr, 0x40), 0x20)
            mstore(add(ptr, 0x60), a)
            mstore(add(ptr, 0x80), sub(P, 2))
            mstore(add(ptr, 0xa0), P)
            mstore(0, 0)
            pop(staticcall(10000, 5, ptr, 0xc0, 0, 0x20))
            inv := mload(0)
        }
        if (mulmod(a, inv, P) != 1) inv = inverseByPowers(a);
    }

    /// @notice 1/a = a^(p − 2) modulo p (Fermat), without a precompile.
    function inverseByPowers(uint256 a) internal pure returns (uint256 inv) {
        inv = 1;
        for (uint256 exponent = P - 2; exponent != 0; exponent >>= 1) {
            if (exponent & 1 == 1) inv = mulmod(inv, a, P);
            a = mulmod(a, a, P);
        }
    }
}
