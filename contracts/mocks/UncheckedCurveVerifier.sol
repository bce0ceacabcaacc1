// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Schnorr} from "../libraries/Schnorr.sol";
import {Secp256k1} from "../libraries/Secp256k1.sol";

/// @title A verifier without the check that R lies on the curve, comparing only `bits` of R's address. For the forgery test.
/// @dev With `curve` the check of `Schnorr.verify` is put in front, so that the two differ in nothing else.
contract UncheckedCurveVerifier {
    function verify(
        bool curve,
        uint256 bits,
        uint256 Px,
        bytes32 m,
        uint256 Rx,
        uint256 Ry,
        uint256 s
    ) external pure returns (bool) {
        if (curve && (Ry & 1 == 1 || !Secp256k1.isOnCurve(Rx, Ry))) return false;
        bytes32 tag = Schnorr.CHALLENGE_TAG;
        uint256 e = uint256(sha256(abi.encode(tag, tag, Rx, Px, m))) % Secp256k1.N;
        address recovered = ecrecover(
            bytes32(Secp256k1.N - mulmod(s, Px, Secp256k1.N)),
            27,
            bytes32(Px),
            bytes32(Secp256k1.N - mulmod(e, Px, Secp256k1.N))
        );
        uint256 difference = uint160(recovered) ^ uint160(Schnorr.addressOf(Rx, Ry));
        return recovered != address(0) && difference & ((1 << bits) - 1) == 0;
    }
}
