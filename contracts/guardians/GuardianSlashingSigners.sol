// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Schnorr} from "../libraries/Schnorr.sol";
import {IGuardianSet} from "./IGuardianSet.sol";

/// @title Who signed an attestation, under any table that ever was or under keys named one by one: docs/protocol/slashing.md §1.
/// @dev Serial 0, which no table has, says that keys follow the signature.
library GuardianSlashingSigners {
    /// @dev Root, serial, R.x, R.y, s; the bitmap or the keys follow.
    uint256 private constant SIGNERS_OFFSET = 132;

    /// @notice Reverts unless the attestation is signed by exactly the signers it names. Needs no quorum.
    /// @return sumKeyX the sum key of signers of a table; 0 for signers named by keys
    /// @dev Reverts as the guardian set's `signedUnder` and `signersOfKeys`.
    function requireSigned(IGuardianSet set, bytes calldata attestation) internal view returns (uint256 sumKeyX) {
        if (attestation.length <= SIGNERS_OFFSET || _serial(attestation) != 0) {
            (, , sumKeyX) = set.signedUnder(attestation);
            return sumKeyX;
        }
        (uint256 Rx, uint256 Ry, uint256 s) = _signature(attestation);
        set.signersOfKeys(bytes32(attestation), _keys(attestation), Rx, Ry, s);
    }

    /// @notice {requireSigned} for two attestations; keys of the same signers of one table are summed once.
    function requireBothSigned(IGuardianSet set, bytes calldata first, bytes calldata second) internal view {
        uint256 sumKeyX = requireSigned(set, first);
        bool same =
            sumKeyX != 0 &&
                second.length == first.length &&
                _serial(second) == _serial(first) &&
                bytes32(second[SIGNERS_OFFSET:]) == bytes32(first[SIGNERS_OFFSET:]);
        if (!same) {
            requireSigned(set, second);
            return;
        }
        (uint256 Rx, uint256 Ry, uint256 s) = _signature(second);
        if (!Schnorr.verify(sumKeyX, set.attestationDigest(bytes32(second)), Rx, Ry, s)) {
            revert IGuardianSet.GuardianSetInvalidSignature();
        }
    }

    /// @notice One of the signers of an attestation that passed {requireSigned}; 0 if it names none at this place.
    function signerAt(IGuardianSet set, bytes calldata attestation, uint256 place) internal view returns (address) {
        uint256 serial = _serial(attestation);
        if (serial == 0) {
            uint256[] memory keys = _keys(attestation);
            return place < keys.length ? set.operatorOf(keys[place]) : address(0);
        }
        uint256 bitmap = uint256(bytes32(attestation[SIGNERS_OFFSET:]));
        bitmap >>= 256 - 8 * (attestation.length - SIGNERS_OFFSET);
        return (bitmap >> place) & 1 == 0 ? address(0) : set.operatorAt(uint32(serial), place);
    }

    function _signature(bytes calldata attestation) private pure returns (uint256 Rx, uint256 Ry, uint256 s) {
        return abi.decode(attestation[36:SIGNERS_OFFSET], (uint256, uint256, uint256));
    }

    function _serial(bytes calldata attestation) private pure returns (uint256) {
        return uint32(bytes4(attestation[32:36]));
    }

    function _keys(bytes calldata attestation) private pure returns (uint256[] memory keys) {
        uint256 length = attestation.length - SIGNERS_OFFSET;
        if (length % 32 != 0) revert IGuardianSet.GuardianSetBadAttestation(attestation.length);
        keys = new uint256[](length / 32);
        for (uint256 i = 0; i < keys.length; ++i) keys[i] = uint256(bytes32(attestation[SIGNERS_OFFSET + 32 * i:]));
    }
}
