// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import {GuardianSet} from "../../contracts/guardians/GuardianSet.sol";
import {GuardianTable} from "../../contracts/guardians/GuardianTable.sol";
import {IGuardianSet} from "../../contracts/guardians/IGuardianSet.sol";
import {IStakeWeights} from "../../contracts/guardians/IStakeWeights.sol";
import {SmallKeySigner} from "../helpers/SmallKeySigner.sol";

/// @title Fuzz tests of the guardian set where bytes and weights vary. The contract is its own governance and stake source.
contract GuardianSetFuzzTest is SmallKeySigner {
    uint256 private constant SIZE = 7;
    uint256 private constant TOTAL = 1 + 2 + 3 + 4 + 5 + 6 + 7;

    GuardianSet private _set;

    /// @dev Guardian i has the secret key i + 1 and the weight i + 1: 1 + 2 = 3, 3 + 4 = 7 …, so that sums coincide.
    function setUp() external {
        GuardianSet code = new GuardianSet(keccak256("fuzz"), IStakeWeights(address(this)), address(this));
        bytes memory call = abi.encodeCall(GuardianSet.initialize, (address(this), 60, 10));
        _set = GuardianSet(address(new ERC1967Proxy(address(code), call)));
        for (uint256 i = 0; i < SIZE; i++) {
            address operator = address(uint160(0xface + i));
            (uint256 x, uint256 y) = _multiple(i + 1);
            IGuardianSet.Key memory key = IGuardianSet.Key(x, y);
            bytes32 digest = _set.possessionDigest(operator, key);
            SmallSignature memory proof = _sign("Metalayer/possession", i + 1, 9, digest);
            _set.register(operator, key, abi.encode(proof.Rx, proof.Ry, proof.s));
            _set.admit(operator, uint64(i + 1), type(uint64).max);
        }
        _set.rotate();
    }

    /// @notice The authority of the set: everything is allowed at once.
    function canCall(address, address, bytes4) external pure returns (bool, uint32) {
        return (true, 0);
    }

    /// @notice The stake source: nobody has any.
    function weights(address[] calldata operators) external pure returns (uint64[] memory) {
        return new uint64[](operators.length);
    }

    /// @notice Any bytes at all: refused without a revert.
    function testFuzz_verify_refusesAnyBytes(bytes calldata attestation) external view {
        assert(_set.serialOf(attestation) == 0);
    }

    /// @notice Random fields in well-formed bytes that name the accepted table, bitmaps of every length.
    function testFuzz_verify_refusesMadeUpFields(bytes32[4] calldata words, bytes32 bitmap) external view {
        for (uint256 length = 1; length <= 32; length++) {
            bytes memory attestation = _pack(
                words[0],
                words[1],
                words[2],
                words[3],
                uint256(bitmap) >> (256 - 8 * length),
                length
            );
            assert(_set.serialOf(attestation) == 0);
        }
    }

    /// @notice A signature of any set of signers authorises iff they have more than two thirds, before and after caching.
    function testFuzz_verify_followsTheQuorum(bytes32 root, uint8 signers, uint8 nonce) external {
        (bytes memory attestation, uint256 weight) = _attestation(root, signers, nonce);
        uint256 expected = 3 * weight > 2 * TOTAL ? 1 : 0;
        assert(_set.serialOf(attestation) == expected);
        if (expected == 0) return;
        _set.cacheSigners(1, signers & 0x7f);
        assert(_set.serialOf(attestation) == 1);
    }

    /// @notice One changed byte anywhere, or one more, or one less: refused, cached or not.
    function testFuzz_verify_refusesDamage(bytes32 root, uint8 place, uint8 change, bool cached) external {
        if (change == 0) change = 1;
        (bytes memory attestation, ) = _attestation(root, 0x7f, 3);
        if (cached) _set.cacheSigners(1, 0x7f);
        bytes memory shorter = new bytes(attestation.length - 1);
        for (uint256 i = 0; i < shorter.length; i++) shorter[i] = attestation[i];
        assert(_set.serialOf(shorter) == 0);
        assert(_set.serialOf(abi.encodePacked(attestation, change)) == 0);
        uint256 index = place % attestation.length;
        attestation[index] = attestation[index] ^ bytes1(change);
        assert(_set.serialOf(attestation) == 0);
    }

    /// @notice The limit leaves nobody a third, changes nobody below it, and one more would be too much.
    function testFuzz_limitWeights(uint64[9] calldata given, uint8 shift) external pure {
        GuardianTable.Entry[] memory entries = new GuardianTable.Entry[](9);
        uint64[9] memory before;
        uint256 positive;
        for (uint256 i = 0; i < 9; i++) {
            // Shifts of different sizes make giants and dwarfs.
            before[i] = given[i] >> ((uint256(shift) * i) % 64);
            entries[i].weight = before[i];
            if (before[i] > 0) positive++;
        }
        (uint256 cap, uint256 total, uint256 weighted) = GuardianTable.limitWeights(entries);
        assert(weighted == positive);
        assert((cap == 0) == (positive < 4));
        if (cap == 0) return;

        (uint256 sum, uint256 sumAbove, bool limited) = (0, 0, false);
        for (uint256 i = 0; i < 9; i++) {
            uint256 w = entries[i].weight;
            assert(w == (before[i] < cap ? before[i] : cap));
            assert(3 * w < total);
            sum += w;
            sumAbove += before[i] < cap + 1 ? before[i] : cap + 1;
            if (before[i] > cap) limited = true;
        }
        assert(sum == total);
        if (limited) assert(3 * (cap + 1) >= sumAbove);
    }

    /// @dev An attestation by the guardians in the low 7 bits (at least the first), and their weight.
    function _attestation(
        bytes32 root,
        uint8 signers,
        uint8 nonce
    ) private view returns (bytes memory attestation, uint256 weight) {
        uint256 bitmap = signers & 0x7f;
        if (bitmap == 0) bitmap = 1;
        // Secret key and weight of guardian i are both i + 1, so the sum of keys is the weight.
        for (uint256 i = 0; i < SIZE; i++) if ((bitmap >> i) & 1 == 1) weight += i + 1;
        SmallSignature memory signed = _sign(
            "BIP0340/challenge",
            weight,
            uint256(nonce % 32) + 1,
            _set.attestationDigest(root)
        );
        attestation = _pack(root, bytes32(signed.Rx), bytes32(signed.Ry), bytes32(signed.s), bitmap, 1);
    }

    function _pack(
        bytes32 root,
        bytes32 Rx,
        bytes32 Ry,
        bytes32 s,
        uint256 bitmap,
        uint256 length
    ) private pure returns (bytes memory) {
        bytes memory tail = new bytes(length);
        for (uint256 i = 0; i < length; i++) tail[i] = bytes1(uint8(bitmap >> (8 * (length - 1 - i))));
        return abi.encodePacked(root, uint32(1), Rx, Ry, s, tail);
    }
}
