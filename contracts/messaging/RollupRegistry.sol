// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManagedUpgradeable} from "@openzeppelin/contracts-upgradeable/access/manager/AccessManagedUpgradeable.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {IEra} from "../token/IEra.sol";
import {IMetalayerGateway} from "./IMetalayerGateway.sol";
import {IRollupRegistry} from "./IRollupRegistry.sol";

/// @title Registry of rollups behind an ERC-1967 proxy.
/// @dev Entries are never deleted: a removed rollup keeps its incarnation, so that it can only return in a higher one.
contract RollupRegistry is IRollupRegistry, AccessManagedUpgradeable, UUPSUpgradeable {
    uint256 private constant MAX_ROLLUPS = 256;
    uint256 private constant MAX_INCARNATION = 16_383;

    /// @custom:storage-location erc7201:metalayer.storage.RollupRegistry
    struct RegistryStorage {
        mapping(uint256 chainId => Rollup) rollups;
        mapping(uint256 chainId => uint256) admittedUnder;
        uint256[] chainIds;
    }

    // keccak256(abi.encode(uint256(keccak256("metalayer.storage.RollupRegistry")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE = 0x40d35e4003c4d7ceffe82b09554a808ce9e0d913f89de6ea4310b0eabc16d600;

    uint256 private immutable OWN_INCARNATION;
    IMetalayerGateway private immutable GATEWAY;
    IEra private immutable ERA;

    /// @param gateway predicted address of this rollup's gateway
    /// @param era predicted address of this rollup's ERA
    /// @param incarnation 1 … 16,383; a later implementation may raise it, after which every rollup is admitted anew
    constructor(address gateway, address era, uint256 incarnation) {
        if (gateway == address(0) || era == address(0) || incarnation == 0 || incarnation > MAX_INCARNATION) {
            revert RegistryInvalidWiring(gateway, era, incarnation);
        }
        GATEWAY = IMetalayerGateway(gateway);
        ERA = IEra(era);
        OWN_INCARNATION = incarnation;
        _disableInitializers();
    }

    /// @inheritdoc IRollupRegistry
    function initialize(address authority) external initializer {
        __AccessManaged_init(authority);
    }

    /// @inheritdoc IRollupRegistry
    function admit(Rollup calldata rollup_) external restricted {
        uint256 chainId = rollup_.chainId;
        if (chainId == block.chainid) revert RegistryOwnChain(chainId);
        if (chainId == 0 || chainId >= 1 << 63) revert RegistryInvalidChainId(chainId);
        RegistryStorage storage $ = _registry();
        _checkIncarnation($, rollup_);
        if (!_isComplete(rollup_)) revert RegistryInvalidRollup(rollup_);

        if ($.rollups[chainId].status == Status.None) {
            uint256 count = $.chainIds.length;
            if (count == MAX_ROLLUPS) revert RegistryTooManyRollups(count);
            $.chainIds.push(chainId);
        }
        $.rollups[chainId] = rollup_;
        $.rollups[chainId].status = Status.Active;
        $.admittedUnder[chainId] = OWN_INCARNATION;
        emit RollupAdmitted(chainId, rollup_.incarnation, $.rollups[chainId]);

        GATEWAY.openLane(IMetalayerGateway.Admission(chainId, OWN_INCARNATION, rollup_.incarnation, rollup_.gateway));
        _limitEra($.rollups[chainId]);
    }

    /// @inheritdoc IRollupRegistry
    function remove(uint256 chainId) external restricted {
        Rollup storage entry = _active(chainId);
        entry.status = Status.Removed;
        (entry.ceiling, entry.eraCapacity) = (0, 0);
        emit RollupRemoved(chainId, entry.incarnation);

        GATEWAY.closeLane(chainId);
        _limitEra(entry);
    }

    /// @inheritdoc IRollupRegistry
    function setFinality(uint256 chainId, Finality finality, uint64 finalityDepth) external restricted {
        Rollup storage entry = _active(chainId);
        entry.finality = finality;
        entry.finalityDepth = finalityDepth;
        if (!_isPolicy(finality, finalityDepth)) revert RegistryInvalidRollup(entry);
        emit FinalityChanged(chainId, finality, finalityDepth);
    }

    /// @inheritdoc IRollupRegistry
    function setCeiling(uint256 chainId, uint256 ceiling, uint256 eraCapacity) external restricted {
        Rollup storage entry = _active(chainId);
        (entry.ceiling, entry.eraCapacity) = (ceiling, eraCapacity);
        emit CeilingChanged(chainId, ceiling, eraCapacity);

        _limitEra(entry);
    }

    /// @inheritdoc IRollupRegistry
    function ownIncarnation() external view returns (uint256) {
        return OWN_INCARNATION;
    }

    /// @inheritdoc IRollupRegistry
    function rollup(uint256 chainId) external view returns (Rollup memory) {
        return _registry().rollups[chainId];
    }

    /// @inheritdoc IRollupRegistry
    function incarnationOf(uint256 chainId) external view returns (uint256) {
        return _registry().rollups[chainId].incarnation;
    }

    /// @inheritdoc IRollupRegistry
    function isActive(uint256 chainId, uint256 incarnation) external view returns (bool) {
        Rollup storage entry = _registry().rollups[chainId];
        return entry.status == Status.Active && entry.incarnation == incarnation;
    }

    /// @inheritdoc IRollupRegistry
    function rollups() external view returns (Rollup[] memory all) {
        RegistryStorage storage $ = _registry();
        uint256 count = $.chainIds.length;
        all = new Rollup[](count);
        for (uint256 i = 0; i < count; ++i) all[i] = $.rollups[$.chainIds[i]];
    }

    /// @dev Only the administrator may upgrade.
    function _authorizeUpgrade(address) internal override restricted {}

    /// @dev A re-admission needs a higher incarnation of either side, so that no lane ever restarts under an old identity.
    function _checkIncarnation(RegistryStorage storage $, Rollup calldata rollup_) private view {
        uint256 chainId = rollup_.chainId;
        uint256 incarnation = rollup_.incarnation;
        uint256 previous = $.rollups[chainId].incarnation;
        uint256 lowest = $.admittedUnder[chainId] < OWN_INCARNATION && previous != 0 ? previous : previous + 1;
        if (incarnation < lowest || incarnation > MAX_INCARNATION)
            revert RegistryInvalidIncarnation(chainId, incarnation, previous);
    }

    /// @dev A removed rollup keeps its link with limits of zero.
    function _limitEra(Rollup storage entry) private {
        ERA.setSource(entry.chainId, address(GATEWAY), entry.era, entry.eraCapacity, entry.ceiling);
    }

    function _active(uint256 chainId) private view returns (Rollup storage entry) {
        entry = _registry().rollups[chainId];
        if (entry.status != Status.Active) revert RegistryUnknownRollup(chainId);
    }

    function _isComplete(Rollup calldata rollup_) private pure returns (bool) {
        if (rollup_.gateway == address(0) || rollup_.anchorLog == address(0) || rollup_.era == address(0)) return false;
        return rollup_.stack != 0 && _isPolicy(rollup_.finality, rollup_.finalityDepth);
    }

    /// @dev A tag has no depth, a depth is at least one block.
    function _isPolicy(Finality finality, uint64 depth) private pure returns (bool) {
        return finality == Finality.Tag ? depth == 0 : finality == Finality.Depth && depth != 0;
    }

    function _registry() private pure returns (RegistryStorage storage $) {
        assembly ("memory-safe") {
            $.slot := STORAGE
        }
    }
}
