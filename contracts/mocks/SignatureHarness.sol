// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {GuardianTable} from "../guardians/GuardianTable.sol";
import {Schnorr} from "../libraries/Schnorr.sol";
import {Secp256k1} from "../libraries/Secp256k1.sol";

/// @title The internal functions of Schnorr, Secp256k1 and GuardianTable, callable one by one.
contract SignatureHarness {
    address public code;
    uint256 public count;
    uint256 public totalWeight;

    function verify(
        uint256 Px,
        bytes32 m,
        uint256 Rx,
        uint256 Ry,
        uint256 s
    ) external view returns (bool valid, uint256 gas) {
        gas = gasleft();
        valid = Schnorr.verify(Px, m, Rx, Ry, s);
        gas -= gasleft();
    }

    function verifyPossession(uint256 Px, bytes32 m, uint256 Rx, uint256 Ry, uint256 s) external view returns (bool) {
        return Schnorr.verifyPossession(Px, m, Rx, Ry, s);
    }

    function tags() external pure returns (bytes32 challengeTag, bytes32 possessionTag) {
        return (Schnorr.CHALLENGE_TAG, Schnorr.POSSESSION_TAG);
    }

    function isOnCurve(uint256 x, uint256 y) external pure returns (bool) {
        return Secp256k1.isOnCurve(x, y);
    }

    /// @notice Sum of affine points; (0, 0) for infinity.
    function sumPoints(uint256[2][] calldata points) external view returns (uint256 x, uint256 y) {
        uint256 X;
        uint256 Y;
        uint256 Z;
        for (uint256 i = 0; i < points.length; i++) (X, Y, Z) = Secp256k1.add(X, Y, Z, points[i][0], points[i][1]);
        return Secp256k1.toAffine(X, Y, Z);
    }

    function inverse(uint256 a) external view returns (uint256 asked, uint256 computed) {
        return (Secp256k1.inverse(a), Secp256k1.inverseByPowers(a));
    }

    function limitWeights(
        uint64[] calldata weights
    ) external pure returns (uint64[] memory limited, uint256 cap, uint256 total, uint256 weighted) {
        GuardianTable.Entry[] memory entries = new GuardianTable.Entry[](weights.length);
        for (uint256 i = 0; i < weights.length; i++) entries[i].weight = weights[i];
        (cap, total, weighted) = GuardianTable.limitWeights(entries);
        limited = new uint64[](weights.length);
        for (uint256 i = 0; i < weights.length; i++) limited[i] = entries[i].weight;
    }

    /// @notice Freezes a table of keys as given, without proofs and without a limit on weights.
    function freeze(GuardianTable.Entry[] calldata entries) external {
        code = GuardianTable.write(entries);
        count = entries.length;
        totalWeight = 0;
        for (uint256 i = 0; i < entries.length; i++) totalWeight += entries[i].weight;
    }

    function read() external view returns (GuardianTable.Entry[] memory) {
        return GuardianTable.read(code, count);
    }

    function find(uint256 x) external view returns (bool found, uint256 weight) {
        return GuardianTable.find(code, count, x);
    }

    function keyAt(uint256 index) external view returns (uint256) {
        return GuardianTable.keyAt(code, index);
    }

    function sumTable(uint256 bitmap) external view returns (uint256 x, uint256 weight, uint256 gas) {
        gas = gasleft();
        (x, weight) = GuardianTable.sum(code, count, totalWeight, bitmap);
        gas -= gasleft();
    }
}
