// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManagedUpgradeable} from "@openzeppelin/contracts-upgradeable/access/manager/AccessManagedUpgradeable.sol";
import {Schnorr} from "../libraries/Schnorr.sol";
import {Secp256k1} from "../libraries/Secp256k1.sol";
import {GuardianTable} from "./GuardianTable.sol";
import {IGuardianSet} from "./IGuardianSet.sol";
import {IStakeWeights} from "./IStakeWeights.sol";

/// @title Operators with their proven keys, and the candidates among them from whom the next table is formed.
abstract contract GuardianRegistry is IGuardianSet, AccessManagedUpgradeable {
    /// @dev Two slots of key, one word of what decides the weight: forming a table reads three slots per candidate.
    struct Operator {
        Key key;
        uint64 bootstrapWeight;
        uint48 bootstrapExpiry;
        /// No weight and no exit of stake before this time.
        uint40 frozenUntil;
        /// When its weight in the newest table began; 0 without.
        uint32 weightedSince;
        /// Place in `candidates`, counted from 1; 0: no candidate.
        uint16 place;
        /// Place in the newest table, counted from 1, if that names one of its keys.
        uint16 tablePlace;
        bool admitted;
        bool barred;
        bool convicted;
        bool jailed;
        /// Whether another rollup's conviction froze it.
        bool frozenByMessage;
        string url;
        /// x-coordinate of the key before this one; 0 without.
        uint256 retiredX;
    }

    /// @custom:storage-location erc7201:metalayer.storage.GuardianRegistry
    struct GuardianRegistryStorage {
        mapping(address operator => Operator) operators;
        mapping(uint256 x => address operator) operatorOf;
        address[] candidates;
        uint64 minimumWeight;
        uint64 floor;
        /// y-coordinates of keys that were replaced: they stay accountable.
        mapping(uint256 x => uint256 y) retired;
        mapping(address operator => uint64) jailedUntil;
        /// Until when another rollup's word freezes an operator, whatever else did and ended.
        mapping(address operator => uint64) messageUntil;
    }

    /// @dev keccak256(abi.encode(uint256(keccak256("metalayer.storage.GuardianRegistry")) - 1)) & ~bytes32(uint256(0xff)).
    bytes32 private constant REGISTRY_SLOT = 0x47b59fb31987069821b89d9af38288dce8005b174b8e03fa544a2700cc4dd700;

    bytes32 private constant POSSESSION_TYPEHASH = keccak256(
        "MetalayerPossession(bytes32 networkId,address operator,uint256 x,uint256 y)"
    );
    uint256 private constant MAX_URL_LENGTH = 256;

    bytes32 internal immutable NETWORK_ID;
    IStakeWeights internal immutable STAKING;
    address internal immutable SLASHING;

    constructor(bytes32 networkId_, IStakeWeights staking_, address slashing_) {
        if (address(staking_) == address(0) || slashing_ == address(0)) {
            revert GuardianSetInvalidWiring(address(staking_), slashing_);
        }
        NETWORK_ID = networkId_;
        STAKING = staking_;
        SLASHING = slashing_;
    }

    // --- Operators ---

    /// @inheritdoc IGuardianSet
    function register(address operator, Key calldata key, bytes calldata proof) external {
        if (operator == address(0)) revert GuardianSetZeroOperator();
        // Whoever is bound to a key answers for it, with stake.
        if (msg.sender != operator) _checkCanCall(msg.sender, msg.data);
        _bindFirst(operator, operator, key, proof);
    }

    /// @inheritdoc IGuardianSet
    function importKey(address operator, Key calldata key, bytes calldata proof) external {
        _bindFirst(_standInOf(operator, key), operator, key, proof);
    }

    /// @inheritdoc IGuardianSet
    function replaceKey(Key calldata key, bytes calldata proof) external {
        GuardianRegistryStorage storage $ = _registry();
        Operator storage entry = _registered(msg.sender);
        if (entry.convicted) revert GuardianSetConvicted(msg.sender);
        uint256 retiredX = entry.retiredX;
        // With one replaced key at a time in the accepted tables, isActive need not look for more.
        if (retiredX != 0 && _isInAcceptedTable(retiredX)) revert GuardianSetKeyStillCounts(msg.sender, retiredX);
        _proveNew(msg.sender, key, proof);

        Key memory old = entry.key;
        $.retired[old.x] = old.y;
        entry.retiredX = old.x;
        entry.key = key;
        $.operatorOf[key.x] = msg.sender;
        emit KeyReplaced(msg.sender, old.x, key.x, key.y);
    }

    /// @inheritdoc IGuardianSet
    function announce(string calldata url) external {
        if (bytes(url).length > MAX_URL_LENGTH) revert GuardianSetUrlTooLong(bytes(url).length);
        _registered(msg.sender).url = url;
        emit ServiceAnnounced(msg.sender, url);
    }

    /// @inheritdoc IGuardianSet
    function admit(address operator, uint64 bootstrapWeight, uint64 bootstrapExpiry) external restricted {
        _admit(operator, bootstrapWeight, bootstrapExpiry);
    }

    /// @inheritdoc IGuardianSet
    function join(address displaced) external {
        GuardianRegistryStorage storage $ = _registry();
        Operator storage entry = _registered(msg.sender);
        if (currentSerial() == 0) revert GuardianSetNoTable();
        if (entry.place != 0) revert GuardianSetAlreadyCandidate(msg.sender);
        if (entry.convicted) revert GuardianSetConvicted(msg.sender);
        if (entry.barred) revert GuardianSetBarred(msg.sender);
        uint64 weight = _stakeWeight(msg.sender);
        if (weight < $.minimumWeight) {
            revert GuardianSetWeightTooLow(msg.sender, weight, $.minimumWeight);
        }

        if ($.candidates.length == GuardianTable.MAX_GUARDIANS) {
            Operator storage other = $.operators[displaced];
            if (other.place == 0 || other.admitted) revert GuardianSetNotDisplaceable(displaced);
            uint256 otherWeight = _stakeWeight(displaced);
            if (weight <= otherWeight) revert GuardianSetWeightTooLow(msg.sender, weight, otherWeight + 1);
            _takeOut(displaced);
            emit GuardianLeft(displaced);
        }
        _append(msg.sender);
        emit GuardianJoined(msg.sender, weight);
    }

    /// @inheritdoc IGuardianSet
    function resign() external {
        if (_registry().operators[msg.sender].place == 0) revert GuardianSetNotCandidate(msg.sender);
        _takeOut(msg.sender);
        emit GuardianLeft(msg.sender);
    }

    /// @inheritdoc IGuardianSet
    function remove(address operator) external restricted {
        Operator storage entry = _registered(operator);
        if (entry.place != 0) _takeOut(operator);
        entry.barred = true;
        emit GuardianRemoved(operator);
    }

    /// @inheritdoc IGuardianSet
    function setMinimumWeight(uint64 minimumWeight_) external restricted {
        _setMinimumWeight(minimumWeight_);
    }

    /// @inheritdoc IGuardianSet
    function setFloor(uint64 floor_) external restricted {
        _registry().floor = floor_;
        emit FloorSet(floor_);
    }

    // --- Views ---

    /// @inheritdoc IGuardianSet
    function networkId() external view returns (bytes32) {
        return NETWORK_ID;
    }

    /// @inheritdoc IGuardianSet
    function staking() external view returns (IStakeWeights) {
        return STAKING;
    }

    /// @inheritdoc IGuardianSet
    function minimumWeight() external view returns (uint64) {
        return _registry().minimumWeight;
    }

    /// @inheritdoc IGuardianSet
    function floor() external view returns (uint64) {
        return _registry().floor;
    }

    /// @inheritdoc IGuardianSet
    function weightedSince(address operator) external view returns (uint64) {
        return _registry().operators[operator].weightedSince;
    }

    /// @inheritdoc IGuardianSet
    function slashing() external view returns (address) {
        return SLASHING;
    }

    /// @inheritdoc IGuardianSet
    function frozenUntil(address operator) external view returns (uint64) {
        return _registry().operators[operator].frozenUntil;
    }

    /// @inheritdoc IGuardianSet
    function currentSerial() public view virtual returns (uint32);

    /// @inheritdoc IGuardianSet
    function candidates() external view returns (address[] memory) {
        return _registry().candidates;
    }

    /// @inheritdoc IGuardianSet
    function operatorInfo(address operator) external view returns (OperatorInfo memory) {
        Operator storage entry = _registry().operators[operator];
        return
            OperatorInfo({
                key: entry.key,
                bootstrapWeight: entry.bootstrapWeight,
                bootstrapExpiry: entry.bootstrapExpiry,
                candidate: entry.place != 0,
                admitted: entry.admitted,
                barred: entry.barred,
                convicted: entry.convicted,
                jailed: entry.jailed,
                jailedUntil: _registry().jailedUntil[operator],
                frozenUntil: entry.frozenUntil,
                retiredX: entry.retiredX,
                url: entry.url
            });
    }

    /// @inheritdoc IGuardianSet
    function operatorOf(uint256 x) external view returns (address) {
        return _registry().operatorOf[x];
    }

    /// @inheritdoc IGuardianSet
    function possessionDigest(address operator, Key calldata key) public view returns (bytes32) {
        return keccak256(abi.encode(POSSESSION_TYPEHASH, NETWORK_ID, operator, key.x, key.y));
    }

    // --- Internals ---

    function _admit(address operator, uint64 bootstrapWeight, uint64 bootstrapExpiry) internal {
        Operator storage entry = _registered(operator);
        if (bootstrapWeight != 0 && bootstrapExpiry <= block.timestamp) {
            revert GuardianSetBootstrapExpired(bootstrapExpiry);
        }
        if (entry.convicted) revert GuardianSetConvicted(operator);
        if (bootstrapExpiry > type(uint48).max) bootstrapExpiry = type(uint48).max;
        if (entry.place == 0) _append(operator);
        (entry.bootstrapWeight, entry.bootstrapExpiry) = (bootstrapWeight, uint48(bootstrapExpiry));
        (entry.admitted, entry.barred) = (true, false);
        emit GuardianAdmitted(operator, bootstrapWeight, bootstrapExpiry);
    }

    /// @dev Keys and full weights of the candidates, in their order; takes out those that were not admitted and are too light.
    /// @return entries of the next table. @return bases what each may weigh without growing: its weight in the newest table, or what governance gave it.
    function _collect() internal returns (GuardianTable.Entry[] memory entries, uint64[] memory bases) {
        GuardianRegistryStorage storage $ = _registry();
        GuardianTable.Entry[] memory newest = _newestTable();
        address[] memory operators = $.candidates;
        uint64[] memory stakes = _stakes(operators);
        entries = new GuardianTable.Entry[](operators.length);
        bases = new uint64[](operators.length);
        uint256 kept;
        for (uint256 i = 0; i < operators.length; i++) {
            Operator storage entry = $.operators[operators[i]];
            if (_isTooLight(entry, stakes[i])) {
                (entry.place, entry.weightedSince) = (0, 0);
                emit GuardianLeft(operators[i]);
                continue;
            }
            entries[kept] = GuardianTable.Entry(entry.key.x, entry.key.y, _weightOf(entry, stakes[i]));
            bases[kept] = _baseOf(entry, newest);
            if (kept != i) {
                $.candidates[kept] = operators[i];
                entry.place = uint16(kept + 1);
            }
            kept++;
        }
        for (uint256 i = operators.length; i > kept; i--) $.candidates.pop();
        assembly ("memory-safe") {
            mstore(entries, kept)
        }
    }

    /// @dev Remembers where each candidate stands in the table that was just formed, and since when it counts.
    function _place(GuardianTable.Entry[] memory entries) internal {
        GuardianRegistryStorage storage $ = _registry();
        address[] memory operators = $.candidates;
        for (uint256 i = 0; i < entries.length; i++) {
            Operator storage entry = $.operators[operators[i]];
            bool counts = entries[i].weight != 0;
            if (entry.tablePlace == i + 1 && (entry.weightedSince != 0) == counts) continue;
            entry.tablePlace = uint16(i + 1);
            if (!counts) entry.weightedSince = 0;
            else if (entry.weightedSince == 0) entry.weightedSince = uint32(block.timestamp);
        }
    }

    /// @dev The remembered place holds only if the table has one of the operator's keys there.
    function _baseOf(Operator storage entry, GuardianTable.Entry[] memory newest) internal view returns (uint64 base) {
        uint256 place = entry.tablePlace;
        if (place != 0 && place <= newest.length) {
            GuardianTable.Entry memory before = newest[place - 1];
            if (before.x == entry.key.x || before.x == entry.retiredX) base = before.weight;
        }
        uint64 given = entry.bootstrapWeight;
        if (given > base && block.timestamp < entry.bootstrapExpiry) base = given;
    }

    /// @dev Whether a rotation drops a candidate.
    function _isTooLight(Operator storage entry, uint64 stake) internal view returns (bool) {
        return !entry.admitted && stake < _registry().minimumWeight;
    }

    /// @dev What a candidate counts for before any limit; nothing while it is frozen or jailed.
    function _weightOf(Operator storage entry, uint64 stake) internal view returns (uint64) {
        if (entry.jailed || block.timestamp < entry.frozenUntil) return 0;
        return _fullWeightOf(entry, stake);
    }

    function _fullWeightOf(Operator storage entry, uint64 stake) internal view returns (uint64) {
        uint256 weight = stake;
        if (block.timestamp < entry.bootstrapExpiry) weight += entry.bootstrapWeight;
        return weight > type(uint64).max ? type(uint64).max : uint64(weight);
    }

    function _stakes(address[] memory operators) internal view returns (uint64[] memory stakes) {
        stakes = STAKING.weights(operators);
        if (stakes.length != operators.length) revert GuardianSetBadWeights(operators.length, stakes.length);
    }

    function _stakeWeight(address operator) private view returns (uint64) {
        address[] memory operators = new address[](1);
        operators[0] = operator;
        return _stakes(operators)[0];
    }

    function _registered(address operator) internal view returns (Operator storage entry) {
        entry = _registry().operators[operator];
        if (entry.key.x == 0) revert GuardianSetOperatorUnknown(operator);
    }

    function _append(address operator) private {
        GuardianRegistryStorage storage $ = _registry();
        if ($.candidates.length == GuardianTable.MAX_GUARDIANS) revert GuardianSetFull();
        $.candidates.push(operator);
        $.operators[operator].place = uint16($.candidates.length);
    }

    /// @dev The last candidate moves into the gap. Admission and bootstrap weight end.
    function _takeOut(address operator) internal {
        GuardianRegistryStorage storage $ = _registry();
        Operator storage entry = $.operators[operator];
        address last = $.candidates[$.candidates.length - 1];
        $.candidates[entry.place - 1] = last;
        $.operators[last].place = entry.place;
        $.candidates.pop();
        (entry.place, entry.admitted, entry.weightedSince) = (0, false, 0);
        (entry.bootstrapWeight, entry.bootstrapExpiry) = (0, 0);
    }

    /// @dev Binds a key to who has none: the operator itself, or who stands in for it.
    function _bindFirst(address holder, address operator, Key calldata key, bytes calldata proof) private {
        GuardianRegistryStorage storage $ = _registry();
        if ($.operators[holder].key.x != 0) revert GuardianSetOperatorKnown(holder);
        _proveNew(operator, key, proof);

        $.operators[holder].key = key;
        $.operatorOf[key.x] = holder;
        emit KeyRegistered(holder, key.x, key.y);
    }

    /// @dev Nobody's account: answers for an imported key until its operator itself takes it.
    function _standInOf(address operator, Key calldata key) private view returns (address) {
        return address(uint160(uint256(possessionDigest(operator, key))));
    }

    /// @dev A key that nobody has, or that was imported for this operator and is not accused, with the proof that this operator has it.
    function _proveNew(address operator, Key calldata key, bytes calldata proof) private view {
        if (key.x == 0 || key.x >= Secp256k1.N || !Secp256k1.isOnCurve(key.x, key.y)) {
            revert GuardianSetInvalidKey(key.x, key.y);
        }
        address owner = _registry().operatorOf[key.x];
        if (owner != address(0)) {
            Operator storage known = _registry().operators[owner];
            bool accused = known.convicted || block.timestamp < known.frozenUntil;
            if (accused || owner != _standInOf(operator, key)) revert GuardianSetKeyTaken(key.x, owner);
        }
        if (Schnorr.addressOf(key.x, key.y) == operator) revert GuardianSetKeyNotDedicated(operator);
        if (!_isPossession(operator, key, proof)) revert GuardianSetInvalidPossession(operator);
    }

    /// @dev The newest table, accepted or not; empty before the first.
    function _newestTable() internal view virtual returns (GuardianTable.Entry[] memory);

    /// @dev Limits weights as the next table does (docs/protocol/staking.md §7), in place; returns as {GuardianTable.limitWeights}.
    function _limit(
        GuardianTable.Entry[] memory entries,
        uint64[] memory bases
    ) internal view virtual returns (uint256 cap, uint256 total, uint256 weighted);

    /// @dev Whether a table that is accepted now contains this key.
    function _isInAcceptedTable(uint256 x) internal view virtual returns (bool);

    /// @dev 96 bytes, R.x ‖ R.y ‖ s.
    function _isPossession(address operator, Key calldata key, bytes calldata proof) private view returns (bool) {
        if (proof.length != 96) return false;
        (uint256 Rx, uint256 Ry, uint256 s) = abi.decode(proof, (uint256, uint256, uint256));
        return Schnorr.verifyPossession(key.x, possessionDigest(operator, key), Rx, Ry, s);
    }

    function _setMinimumWeight(uint64 minimumWeight_) internal {
        if (minimumWeight_ == 0) revert GuardianSetBadMinimum();
        _registry().minimumWeight = minimumWeight_;
        emit MinimumWeightSet(minimumWeight_);
    }

    function _registry() internal pure returns (GuardianRegistryStorage storage $) {
        assembly {
            $.slot := REGISTRY_SLOT
        }
    }
}
