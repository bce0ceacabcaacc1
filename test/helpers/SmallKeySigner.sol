// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Secp256k1} from "../../contracts/libraries/Secp256k1.sol";

/// @title Signatures with small secret keys and nonces, made by plain Solidity for fuzz tests.
abstract contract SmallKeySigner {
    uint256 private constant GX = 0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798;
    uint256 private constant GY = 0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8;

    struct SmallSignature {
        uint256 Px;
        uint256 Rx;
        uint256 Ry;
        uint256 s;
    }

    /// @dev k·G for a small k, affine, by repeated addition.
    function _multiple(uint256 k) internal view returns (uint256 x, uint256 y) {
        (uint256 X, uint256 Y, uint256 Z) = (uint256(0), uint256(0), uint256(0));
        for (uint256 i = 0; i < k; i++) (X, Y, Z) = Secp256k1.add(X, Y, Z, GX, GY);
        return Secp256k1.toAffine(X, Y, Z);
    }

    /// @dev BIP-340 with another tag if wanted: secret key d and nonce r, both small and not 0.
    function _sign(
        string memory tagText,
        uint256 d,
        uint256 r,
        bytes32 m
    ) internal view returns (SmallSignature memory signature) {
        uint256 n = Secp256k1.N;
        (uint256 Px, uint256 Py) = _multiple(d);
        (uint256 Rx, uint256 Ry) = _multiple(r);
        if (Py % 2 == 1) d = n - d;
        if (Ry % 2 == 1) (r, Ry) = (n - r, Secp256k1.P - Ry);
        bytes32 tag = sha256(bytes(tagText));
        uint256 e = uint256(sha256(abi.encodePacked(tag, tag, Rx, Px, m))) % n;
        return SmallSignature(Px, Rx, Ry, addmod(r, mulmod(e, d, n), n));
    }
}
