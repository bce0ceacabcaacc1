// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Schnorr} from "../libraries/Schnorr.sol";
import {Secp256k1} from "../libraries/Secp256k1.sol";
import {GuardianDiscipline} from "./GuardianDiscipline.sol";
import {GuardianEpoch} from "./GuardianEpoch.sol";
import {GuardianRegistry} from "./GuardianRegistry.sol";
import {GuardianTable} from "./GuardianTable.sol";
import {IGuardianSet} from "./IGuardianSet.sol";
import {IStakeWeights} from "./IStakeWeights.sol";

/// @title Who may attest, and the check of attestations (docs/protocol/signatures.md).
contract GuardianSet is GuardianDiscipline, UUPSUpgradeable {
    struct TableRecord {
        address code;
        uint80 totalWeight;
        uint16 count;
    }

    struct Settings {
        uint32 epochLength;
        uint32 grace;
    }

    /// @custom:storage-location erc7201:metalayer.storage.GuardianSet
    struct GuardianSetStorage {
        Epoch epoch;
        Settings settings;
        mapping(uint256 serial => mapping(uint256 bitmap => uint256 sumKeyX)) cache;
        mapping(uint256 serial => TableRecord) tables;
    }

    /// @dev keccak256(abi.encode(uint256(keccak256("metalayer.storage.GuardianSet")) - 1)) & ~bytes32(uint256(0xff)).
    bytes32 private constant STORAGE_SLOT = 0xf9d631d1d55565ffb704a50bc635ec03ab1c0e39e9ad96c09ff1fef17da39f00;

    bytes32 private constant ATTESTATION_TYPEHASH = keccak256("MetalayerAttestation(bytes32 networkId,bytes32 root)");

    /// @dev Root, serial, R.x, R.y, s; the bitmap follows.
    uint256 private constant BITMAP_OFFSET = 132;
    uint32 private constant MIN_EPOCH_LENGTH = 10 seconds;
    uint32 private constant MAX_EPOCH_LENGTH = 30 days;

    constructor(
        bytes32 networkId_,
        IStakeWeights staking_,
        address slashing_
    ) GuardianRegistry(networkId_, staking_, slashing_) {
        _disableInitializers();
    }

    /// @notice Sets who governs, the epoch length and the grace period in seconds. Once, by the deployment.
    /// @dev Reverts {GuardianSetBadEpoch}. Emits {EpochSet} and {MinimumWeightSet}.
    function initialize(address authority, uint32 epochLength, uint32 grace) external initializer {
        __AccessManaged_init(authority);
        _setEpoch(epochLength, grace);
        _setMinimumWeight(1);
    }

    // --- Attestations ---

    /// @inheritdoc IGuardianSet
    function serialOf(bytes calldata attestation) external view returns (uint256) {
        uint256 unusedBits;
        unchecked {
            // Wraps to a huge number if the attestation is shorter than the fields before the bitmap.
            uint256 bitmapLength = attestation.length - BITMAP_OFFSET;
            if (bitmapLength - 1 > 31) return 0;
            unusedBits = 256 - 8 * bitmapLength;
        }
        (bytes32 root, uint256 serial, uint256 Rx, uint256 Ry, uint256 s, uint256 bitmapWord) = _split(attestation);
        // A leading zero byte would be a second encoding of the same set.
        if (bitmapWord >> 248 == 0 || !_isAccepted(serial)) return 0;
        uint256 bitmap = bitmapWord >> unusedBits;

        uint256 Px = _storage().cache[serial][bitmap];
        if (Px == 0) {
            (uint256 sumX, uint256 weight, uint256 required) = _sum(serial, bitmap);
            if (weight < required) return 0;
            Px = sumX;
        }
        return Schnorr.verify(Px, attestationDigest(root), Rx, Ry, s) ? serial : 0;
    }

    /// @inheritdoc IGuardianSet
    function cacheSigners(uint32 serial, uint256 bitmap) external returns (uint256 sumKeyX) {
        if (!_isAccepted(serial)) revert GuardianSetTableNotAccepted(serial);
        GuardianSetStorage storage $ = _storage();
        sumKeyX = $.cache[serial][bitmap];
        if (sumKeyX != 0) return sumKeyX;

        if (_isBeyond(bitmap, $.tables[serial].count)) revert GuardianSetUnknownSigners(bitmap);
        uint256 weight;
        uint256 required;
        (sumKeyX, weight, required) = _sum(serial, bitmap);
        if (weight < required) revert GuardianSetNoQuorum(weight, required);
        if (sumKeyX == 0 || sumKeyX >= Secp256k1.N) revert GuardianSetUnusableSum(serial, bitmap);

        $.cache[serial][bitmap] = sumKeyX;
        emit SignersCached(serial, bitmap, sumKeyX);
    }

    // --- Tables ---

    /// @inheritdoc IGuardianSet
    function rotate() external {
        GuardianSetStorage storage $ = _storage();
        if ($.epoch.serial != 0) {
            uint256 rotatableAt = GuardianEpoch.rotatableAt($.epoch.start, $.epoch.validUntil, $.settings.epochLength);
            if (block.timestamp < rotatableAt) revert GuardianSetTooEarly(rotatableAt);
        }
        _rotate(uint64(block.timestamp) + $.settings.grace);
    }

    /// @inheritdoc IGuardianSet
    function forceRotation() external restricted {
        _rotate(uint64(block.timestamp));
    }

    /// @inheritdoc IGuardianSet
    function recover(Replacement[] calldata replacements, uint64 expiry) external restricted {
        _silenceCandidates(replacements.length);
        for (uint256 i = 0; i < replacements.length; i++) {
            _admit(replacements[i].operator, replacements[i].weight, expiry);
            _registry().operators[replacements[i].operator].jailed = false;
        }
        _rotate(uint64(block.timestamp));
    }

    /// @inheritdoc IGuardianSet
    function setEpoch(uint32 epochLength, uint32 grace) external restricted {
        _setEpoch(epochLength, grace);
    }

    // --- Evidence ---

    /// @inheritdoc IGuardianSet
    function signedUnder(bytes calldata attestation) public view returns (uint32, uint256, uint256) {
        uint256 length = attestation.length;
        if (length <= BITMAP_OFFSET || length > BITMAP_OFFSET + 32) revert GuardianSetBadAttestation(length);
        (bytes32 root, uint256 serial, uint256 Rx, uint256 Ry, uint256 s, uint256 bitmapWord) = _split(attestation);
        if (bitmapWord >> 248 == 0) revert GuardianSetUnknownSigners(0);
        uint256 bitmap = bitmapWord >> (256 - 8 * (length - BITMAP_OFFSET));

        TableRecord memory record = _storage().tables[serial];
        if (record.code == address(0)) revert GuardianSetUnknownTable(serial);
        if (_isBeyond(bitmap, record.count)) revert GuardianSetUnknownSigners(bitmap);
        uint256 Px = _storage().cache[serial][bitmap];
        if (Px == 0) (Px, ) = GuardianTable.sum(record.code, record.count, record.totalWeight, bitmap);
        if (!Schnorr.verify(Px, attestationDigest(root), Rx, Ry, s)) revert GuardianSetInvalidSignature();
        return (uint32(serial), bitmap, Px);
    }

    /// @inheritdoc IGuardianSet
    function signersOf(bytes calldata attestation) external view returns (address[] memory operators) {
        (uint32 serial, uint256 bitmap, ) = signedUnder(attestation);
        address code = _storage().tables[serial].code;
        operators = new address[](256);
        uint256 found;
        for (uint256 place = 0; bitmap >> place != 0 && place < 256; place++) {
            if ((bitmap >> place) & 1 == 0) continue;
            operators[found++] = _registry().operatorOf[GuardianTable.keyAt(code, place)];
        }
        assembly ("memory-safe") {
            mstore(operators, found)
        }
    }

    /// @inheritdoc IGuardianSet
    function signersOfKeys(
        bytes32 root,
        uint256[] calldata xs,
        uint256 Rx,
        uint256 Ry,
        uint256 s
    ) external view returns (address[] memory operators) {
        uint256 Px;
        (operators, Px) = _sumOfKeys(xs);
        if (!Schnorr.verify(Px, attestationDigest(root), Rx, Ry, s)) revert GuardianSetInvalidSignature();
    }

    /// @inheritdoc IGuardianSet
    function operatorAt(uint32 serial, uint256 index) external view returns (address) {
        TableRecord memory record = _storage().tables[serial];
        if (index >= record.count) revert GuardianSetUnknownPlace(serial, index);
        return _registry().operatorOf[GuardianTable.keyAt(record.code, index)];
    }

    // --- Views ---

    /// @inheritdoc IGuardianSet
    function currentSerial() public view override returns (uint32) {
        return _storage().epoch.serial;
    }

    /// @inheritdoc IGuardianSet
    function epoch() external view returns (Epoch memory) {
        return _storage().epoch;
    }

    /// @inheritdoc IGuardianSet
    function settings() external view returns (uint32, uint32) {
        Settings memory current = _storage().settings;
        return (current.epochLength, current.grace);
    }

    /// @inheritdoc IGuardianSet
    function isAccepted(uint256 serial) external view returns (bool) {
        return _isAccepted(serial);
    }

    /// @inheritdoc IGuardianSet
    function quorumWeight(uint32 serial) external view returns (uint256) {
        TableRecord memory record = _storage().tables[serial];
        if (record.code == address(0)) revert GuardianSetUnknownTable(serial);
        return GuardianEpoch.quorum(record.totalWeight);
    }

    /// @inheritdoc IGuardianSet
    function table(uint32 serial) external view returns (address code, uint256 count, uint256 totalWeight) {
        TableRecord memory record = _storage().tables[serial];
        return (record.code, record.count, record.totalWeight);
    }

    /// @inheritdoc IGuardianSet
    function guardians(
        uint32 serial,
        uint256 offset,
        uint256 limit
    ) external view returns (GuardianInfo[] memory page) {
        TableRecord memory record = _storage().tables[serial];
        if (offset >= record.count) return page;
        GuardianTable.Entry[] memory entries = GuardianTable.read(record.code, record.count);
        page = new GuardianInfo[](Math.min(limit, record.count - offset));
        for (uint256 i = 0; i < page.length; i++) {
            GuardianTable.Entry memory entry = entries[offset + i];
            address operator = _registry().operatorOf[entry.x];
            string memory url = _registry().operators[operator].url;
            page[i] = GuardianInfo(offset + i, operator, Key(entry.x, entry.y), entry.weight, url);
        }
    }

    /// @inheritdoc IGuardianSet
    function isActive(address operator) external view returns (bool) {
        Operator storage entry = _registry().operators[operator];
        if (entry.place != 0) return true;
        return _isInAcceptedTable(entry.key.x) || _isInAcceptedTable(entry.retiredX);
    }

    /// @inheritdoc IGuardianSet
    function cachedSigners(uint32 serial, uint256 bitmap) external view returns (uint256) {
        return _storage().cache[serial][bitmap];
    }

    /// @inheritdoc IGuardianSet
    function attestationDigest(bytes32 root) public view returns (bytes32 digest) {
        // Functionally equivalent: keccak256(abi.encode(ATTESTATION_TYPEHASH, NETWORK_ID, root)).
        bytes32 networkId_ = NETWORK_ID;
        bytes32 typehash = ATTESTATION_TYPEHASH;
        assembly ("memory-safe") {
            let scratch := mload(0x40)
            mstore(scratch, typehash)
            mstore(add(scratch, 0x20), networkId_)
            mstore(add(scratch, 0x40), root)
            digest := keccak256(scratch, 0x60)
        }
    }

    // --- Internals ---

    /// @dev Forms the next table. The old one is accepted until `graceUntil`; with the time of now it is refused at once.
    function _rotate(uint64 graceUntil) private {
        GuardianSetStorage storage $ = _storage();
        Epoch memory old = $.epoch;
        (GuardianTable.Entry[] memory entries, uint256 cap, uint256 total) = _nextTable();
        address code = GuardianTable.write(entries);
        _place(entries);

        uint64 start = uint64(block.timestamp);
        (uint64 oldUntil, uint64 nextUntil) = GuardianEpoch.handOver(
            old.validUntil,
            graceUntil,
            start,
            $.settings.epochLength
        );
        Epoch memory next = Epoch(old.serial + 1, old.serial, start, oldUntil, nextUntil);
        $.epoch = next;
        // At most 256 weights of 64 bits.
        $.tables[next.serial] = TableRecord(code, uint80(total), uint16(entries.length));
        emit TableRotated(next.serial, code, entries.length, total, cap, start, next.graceUntil, next.validUntil);
    }

    /// @dev Candidates with their weights after all limits (docs/protocol/staking.md §7).
    function _nextTable() private returns (GuardianTable.Entry[] memory entries, uint256 cap, uint256 total) {
        uint256 weighted;
        uint64[] memory bases;
        (entries, bases) = _collect();
        (cap, total, weighted) = _limit(entries, bases);
        if (cap == 0) revert GuardianSetTooFewGuardians(weighted);
        uint64 least = _registry().floor;
        if (total < least) revert GuardianSetBelowFloor(total, least);
    }

    /// @inheritdoc GuardianRegistry
    function _newestTable() internal view override returns (GuardianTable.Entry[] memory) {
        TableRecord memory record = _storage().tables[_storage().epoch.serial];
        return GuardianTable.read(record.code, record.count);
    }

    /// @inheritdoc GuardianRegistry
    function _limit(
        GuardianTable.Entry[] memory entries,
        uint64[] memory bases
    ) internal view override returns (uint256 cap, uint256 total, uint256 weighted) {
        GuardianSetStorage storage $ = _storage();
        (cap, total, weighted) = GuardianTable.limitWeights(entries);
        (uint256 serial, uint256 start) = ($.epoch.serial, $.epoch.start);
        if (cap == 0 || serial == 0) return (cap, total, weighted);
        uint256 allowance = GuardianEpoch.allowance(
            $.tables[serial].totalWeight,
            block.timestamp - start,
            $.settings.epochLength
        );
        if (GuardianTable.limitGrowth(entries, bases, allowance)) {
            (cap, total, weighted) = GuardianTable.limitWeights(entries);
        }
    }

    /// @dev The fields of an attestation of at least 133 bytes. `bitmapWord` begins with the bitmap; what follows it is anything.
    function _split(
        bytes calldata attestation
    ) private pure returns (bytes32 root, uint256 serial, uint256 Rx, uint256 Ry, uint256 s, uint256 bitmapWord) {
        assembly {
            let at := attestation.offset
            root := calldataload(at)
            serial := shr(224, calldataload(add(at, 32)))
            Rx := calldataload(add(at, 36))
            Ry := calldataload(add(at, 68))
            s := calldataload(add(at, 100))
            bitmapWord := calldataload(add(at, BITMAP_OFFSET))
        }
    }

    function _isAccepted(uint256 serial) private view returns (bool) {
        Epoch storage epoch_ = _storage().epoch;
        (uint256 newest, uint256 previous) = (epoch_.serial, epoch_.previous);
        return GuardianEpoch.accepts(serial, newest, previous, epoch_.graceUntil, epoch_.validUntil, block.timestamp);
    }

    /// @dev Sum key and weight of a signer set, and the weight it needs. Weight 0 for bits beyond the table; key 0 for infinity.
    function _sum(uint256 serial, uint256 bitmap) private view returns (uint256 x, uint256 weight, uint256 required) {
        TableRecord memory record = _storage().tables[serial];
        required = GuardianEpoch.quorum(record.totalWeight);
        if (_isBeyond(bitmap, record.count)) return (0, 0, required);
        (x, weight) = GuardianTable.sum(record.code, record.count, record.totalWeight, bitmap);
    }

    function _isBeyond(uint256 bitmap, uint256 count) private pure returns (bool) {
        return count < 256 && bitmap >> count != 0;
    }

    /// @inheritdoc GuardianRegistry
    function _isInAcceptedTable(uint256 x) internal view override returns (bool found) {
        if (x == 0) return false;
        Epoch memory current = _storage().epoch;
        (found, ) = _findAccepted(current.serial, x);
        if (!found) (found, ) = _findAccepted(current.previous, x);
    }

    /// @inheritdoc GuardianDiscipline
    function _refuseTables(address operator) internal override {
        GuardianSetStorage storage $ = _storage();
        Operator storage entry = _registry().operators[operator];
        Epoch memory current = $.epoch;
        bool counts;
        for (uint256 i = 0; i < 4 && !counts; i++) {
            uint256 serial = i & 1 == 0 ? current.serial : current.previous;
            (, uint256 weight) = _findAccepted(serial, i < 2 ? entry.key.x : entry.retiredX);
            counts = weight != 0;
        }
        if (!counts) return;
        ($.epoch.graceUntil, $.epoch.validUntil) = (uint64(block.timestamp), uint64(block.timestamp));
        emit TablesRefused(current.serial);
    }

    /// @dev Place of a key in a table that is accepted now.
    function _findAccepted(uint256 serial, uint256 x) private view returns (bool, uint256 weight) {
        if (!_isAccepted(serial)) return (false, 0);
        TableRecord memory record = _storage().tables[serial];
        return GuardianTable.find(record.code, record.count, x);
    }

    function _setEpoch(uint32 epochLength, uint32 grace) private {
        if (epochLength < MIN_EPOCH_LENGTH || epochLength > MAX_EPOCH_LENGTH || grace > epochLength) {
            revert GuardianSetBadEpoch(epochLength, grace);
        }
        (_storage().settings.epochLength, _storage().settings.grace) = (epochLength, grace);
        emit EpochSet(epochLength, grace);
    }

    function _storage() private pure returns (GuardianSetStorage storage $) {
        assembly {
            $.slot := STORAGE_SLOT
        }
    }

    function _authorizeUpgrade(address) internal override restricted {}
}
