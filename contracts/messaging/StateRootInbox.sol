// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManagedUpgradeable} from "@openzeppelin/contracts-upgradeable/access/manager/AccessManagedUpgradeable.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {IGuardianSet} from "../guardians/IGuardianSet.sol";
import {Fact} from "../libraries/Fact.sol";
import {Tree} from "../libraries/Tree.sol";
import {IRollupRegistry} from "./IRollupRegistry.sol";
import {IStateRootInbox} from "./IStateRootInbox.sol";

/// @title Inbox of attested network roots behind an ERC-1967 proxy.
/// @dev A recorded head is never overwritten. Everything is keyed by incarnation, so a re-admitted rollup starts empty.
contract StateRootInbox is IStateRootInbox, AccessManagedUpgradeable, UUPSUpgradeable {
    /// @dev Heads of one incarnation of a rollup; `recorded` is false until the first.
    struct Heads {
        bool recorded;
        uint64 latest;
        mapping(uint64 anchorIndex => Head) byAnchor;
    }

    /// @custom:storage-location erc7201:metalayer.storage.StateRootInbox
    struct InboxStorage {
        mapping(bytes32 root => uint256 serial) serials;
        mapping(uint256 chainId => mapping(uint256 incarnation => Heads)) heads;
    }

    // keccak256(abi.encode(uint256(keccak256("metalayer.storage.StateRootInbox")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE = 0x43ee0b089ce4bfce1a8615acd1a3a3c307faaa938d496b6fa5fbe5bffbef2c00;

    bytes32 private immutable NETWORK_ID;
    IGuardianSet private immutable GUARDIAN_SET;
    IRollupRegistry private immutable REGISTRY;

    /// @param id identity of the network, part of every fact
    /// @param guardianSet predicted address of this rollup's GuardianSet
    /// @param registry predicted address of this rollup's registry
    constructor(bytes32 id, address guardianSet, address registry) {
        if (id == 0 || guardianSet == address(0) || registry == address(0)) {
            revert InboxInvalidWiring(id, guardianSet, registry);
        }
        NETWORK_ID = id;
        GUARDIAN_SET = IGuardianSet(guardianSet);
        REGISTRY = IRollupRegistry(registry);
        _disableInitializers();
    }

    /// @inheritdoc IStateRootInbox
    function initialize(address authority) external initializer {
        __AccessManaged_init(authority);
    }

    /// @inheritdoc IStateRootInbox
    function submit(bytes calldata attestation) external {
        (bytes32 root, uint256 serial) = _verified(attestation);
        InboxStorage storage $ = _inbox();
        if ($.serials[root] != 0) return;
        $.serials[root] = serial;
        emit RootStored(root, serial);
    }

    /// @inheritdoc IStateRootInbox
    function recordHead(
        bytes calldata attestation,
        HeadFact calldata fact,
        uint256 factIndex,
        uint256 factCount,
        bytes calldata siblings
    ) external {
        if (fact.class != Fact.CLASS_FINAL) revert InboxUnknownClass(fact.class);
        if (fact.blockHash == 0 || fact.stateRoot == 0) revert InboxEmptyHead(fact.chainId, fact.anchorIndex);
        if (!REGISTRY.isActive(fact.chainId, fact.incarnation))
            revert InboxUnknownRollup(fact.chainId, fact.incarnation);
        Heads storage heads = _inbox().heads[fact.chainId][fact.incarnation];
        if (heads.byAnchor[fact.anchorIndex].blockHash != 0) revert InboxHeadKnown(fact.chainId, fact.anchorIndex);
        (bytes32 root, uint256 serial) = attestation.length == 32
            ? _stored(bytes32(attestation))
            : _verified(attestation);
        _checkIncluded(root, fact, factIndex, factCount, siblings);

        heads.byAnchor[fact.anchorIndex] = Head(
            fact.number,
            uint64(block.timestamp),
            uint32(serial),
            fact.blockHash,
            fact.stateRoot
        );
        if (!heads.recorded || fact.anchorIndex > heads.latest)
            (heads.recorded, heads.latest) = (true, fact.anchorIndex);
        emit HeadRecorded(fact.chainId, fact.anchorIndex, fact.number, fact.blockHash, fact.stateRoot);
    }

    /// @inheritdoc IStateRootInbox
    function networkId() external view returns (bytes32) {
        return NETWORK_ID;
    }

    /// @inheritdoc IStateRootInbox
    function serialOf(bytes32 root) external view returns (uint256) {
        return _inbox().serials[root];
    }

    /// @inheritdoc IStateRootInbox
    function latestHead(uint256 chainId) external view returns (uint64 anchorIndex, Head memory entry) {
        Heads storage heads = _current(chainId);
        anchorIndex = heads.latest;
        entry = heads.byAnchor[anchorIndex];
    }

    /// @inheritdoc IStateRootInbox
    function head(uint256 chainId, uint64 anchorIndex) external view returns (Head memory) {
        return _current(chainId).byAnchor[anchorIndex];
    }

    /// @inheritdoc IStateRootInbox
    function stateRootOf(uint256 chainId, uint64 anchorIndex) external view returns (bytes32) {
        return _current(chainId).byAnchor[anchorIndex].stateRoot;
    }

    /// @dev Only the administrator may upgrade.
    function _authorizeUpgrade(address) internal override restricted {}

    /// @dev Root and table serial of a complete attestation.
    function _verified(bytes calldata attestation) private view returns (bytes32 root, uint256 serial) {
        serial = GUARDIAN_SET.serialOf(attestation);
        if (serial == 0 || attestation.length <= 32) revert InboxAttestationRefused();
        root = bytes32(attestation[:32]);
    }

    function _stored(bytes32 root) private view returns (bytes32, uint256 serial) {
        serial = _inbox().serials[root];
        if (serial == 0) revert InboxUnknownRoot(root);
        return (root, serial);
    }

    function _checkIncluded(
        bytes32 root,
        HeadFact calldata fact,
        uint256 factIndex,
        uint256 factCount,
        bytes calldata siblings
    ) private view {
        bytes32 leaf = Fact.hashHead(
            NETWORK_ID,
            Fact.Head(
                fact.class,
                fact.chainId,
                fact.incarnation,
                fact.anchorIndex,
                fact.number,
                fact.blockHash,
                fact.stateRoot
            )
        );
        (bytes32 computed, bool ok) = Tree.foldOne(leaf, factIndex, factCount, siblings);
        if (!ok || computed != root) revert InboxRootMismatch(root, computed);
    }

    function _current(uint256 chainId) private view returns (Heads storage) {
        return _inbox().heads[chainId][REGISTRY.incarnationOf(chainId)];
    }

    function _inbox() private pure returns (InboxStorage storage $) {
        assembly ("memory-safe") {
            $.slot := STORAGE
        }
    }
}
