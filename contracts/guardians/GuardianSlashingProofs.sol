// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {EvidenceHead} from "../libraries/EvidenceHead.sol";
import {EvidenceLane} from "../libraries/EvidenceLane.sol";
import {Fact} from "../libraries/Fact.sol";
import {Message} from "../libraries/Message.sol";
import {Route} from "../libraries/Route.sol";
import {Tree} from "../libraries/Tree.sol";
import {IAnchorLog} from "../messaging/IAnchorLog.sol";
import {IMetalayerGateway} from "../messaging/IMetalayerGateway.sol";
import {IRollupRegistry} from "../messaging/IRollupRegistry.sol";
import {IRollupStack} from "../rollups/IRollupStack.sol";
import {GuardianSlashingSigners} from "./GuardianSlashingSigners.sol";
import {IGuardianSet} from "./IGuardianSet.sol";
import {IGuardianSlashing} from "./IGuardianSlashing.sol";

/// @title Judges evidence: docs/protocol/slashing.md §1 to §3. Knows nothing of what follows from a proof.
abstract contract GuardianSlashingProofs is IGuardianSlashing {
    bytes32 internal immutable NETWORK_ID;
    IMetalayerGateway internal immutable GATEWAY;
    IGuardianSet internal immutable GUARDIAN_SET;
    IRollupRegistry internal immutable REGISTRY;
    IAnchorLog internal immutable ANCHOR_LOG;

    /// @dev A lane of this rollup as far as it is known: an older lane has no live head, one never opened has no messages.
    struct KnownLane {
        uint256 route;
        bool live;
        bool unopened;
        uint256 count;
        bytes32 head;
    }

    constructor(Wiring memory wiring) {
        NETWORK_ID = wiring.networkId;
        GATEWAY = IMetalayerGateway(wiring.gateway);
        GUARDIAN_SET = IGuardianSet(wiring.guardianSet);
        REGISTRY = IRollupRegistry(wiring.registry);
        ANCHOR_LOG = IAnchorLog(wiring.anchorLog);
    }

    /// @inheritdoc IGuardianSlashing
    function proveLaneHead(
        EvidenceLane.LaneFact calldata fact,
        Inclusion calldata inclusion,
        Lane calldata lane,
        SourceBlock calldata sourceBlock,
        uint64 position,
        bytes32[] calldata hashes
    ) external returns (bytes32) {
        Offence memory offence = _laneOffence(fact);
        if (position != fact.from && position != fact.to) revert SlashingWrongPosition(position);
        KnownLane memory known = _lane(fact.laneId, lane);
        _requireInChain(fact.srcBlockHash, sourceBlock);
        bytes32 claimed = position == fact.from ? fact.headBefore : fact.headAt;
        if (_headAt(known, fact.laneId, position, hashes) == claimed) revert SlashingNotFalse(offence.fact);
        return _proveOne(offence, inclusion);
    }

    /// @inheritdoc IGuardianSlashing
    function proveLaneAhead(
        EvidenceLane.LaneFact calldata fact,
        Inclusion calldata inclusion,
        Lane calldata lane,
        SourceBlock calldata sourceBlock
    ) external returns (bytes32) {
        Offence memory offence = _laneOffence(fact);
        KnownLane memory known = _lane(fact.laneId, lane);
        _requireInChain(fact.srcBlockHash, sourceBlock);
        if (!known.live && !known.unopened) revert SlashingOutOfReach(fact.to);
        if (fact.to <= known.count) revert SlashingNotFalse(offence.fact);
        return _proveOne(offence, inclusion);
    }

    /// @inheritdoc IGuardianSlashing
    function proveLaneRoot(
        EvidenceLane.LaneFact calldata fact,
        Inclusion calldata inclusion,
        bytes32[] calldata hashes
    ) external returns (bytes32) {
        Offence memory offence = _laneOffence(fact);
        if (!EvidenceLane.contradictsItself(fact, hashes)) revert SlashingNotFalse(offence.fact);
        return _proveOne(offence, inclusion);
    }

    /// @inheritdoc IGuardianSlashing
    function proveHead(
        Fact.Head calldata fact,
        Inclusion calldata inclusion,
        bytes calldata header
    ) external returns (bytes32) {
        Offence memory offence = _headOffence(fact);
        bool isFalse = header.length == 0 ? _isOtherAnchor(fact) : EvidenceHead.showsOtherRoot(fact, header);
        if (!isFalse) revert SlashingNotFalse(offence.fact);
        return _proveOne(offence, inclusion);
    }

    /// @inheritdoc IGuardianSlashing
    function proveLaneConflict(
        EvidenceLane.LaneFact calldata a,
        Inclusion calldata inclusionA,
        EvidenceLane.LaneFact calldata b,
        Inclusion calldata inclusionB,
        Difference calldata difference
    ) external returns (bytes32) {
        Offence memory offence = _laneOffence(a);
        Offence memory other = _laneOffence(b);
        offence.other = other.fact;
        // What contradicts is in both ranges: an incident beside it explains nothing.
        if (other.first > offence.first) offence.first = other.first;
        if (other.last < offence.last) offence.last = other.last;
        if (!_differ(a, b, difference)) revert SlashingNoConflict(offence.fact, offence.other);
        return _proveBoth(offence, inclusionA, inclusionB);
    }

    /// @inheritdoc IGuardianSlashing
    function proveHeadConflict(
        Fact.Head calldata a,
        Inclusion calldata inclusionA,
        Fact.Head calldata b,
        Inclusion calldata inclusionB
    ) external returns (bytes32) {
        Offence memory offence = _headOffence(a);
        offence.other = _headOffence(b).fact;
        if (!EvidenceHead.conflict(a, b)) revert SlashingNoConflict(offence.fact, offence.other);
        return _proveBoth(offence, inclusionA, inclusionB);
    }

    /// @inheritdoc IGuardianSlashing
    function proofIdOf(
        Offence memory offence,
        bytes32 attestationHash,
        bytes32 otherHash
    ) public pure returns (bytes32) {
        return keccak256(abi.encode(offence, attestationHash, otherHash));
    }

    /// @dev Stores the proof under its id, once.
    function _store(bytes32 proofId, Offence memory offence) internal virtual;

    // --- what was signed ---

    function _proveOne(Offence memory offence, Inclusion calldata inclusion) private returns (bytes32 proofId) {
        _requireIncluded(offence.fact, inclusion, inclusion.attestation);
        GuardianSlashingSigners.requireSigned(GUARDIAN_SET, inclusion.attestation);
        proofId = proofIdOf(offence, keccak256(inclusion.attestation), keccak256(""));
        _store(proofId, offence);
    }

    /// @dev The facts of an offence are in ascending order, so that a pair has one identity.
    function _proveBoth(
        Offence memory offence,
        Inclusion calldata a,
        Inclusion calldata b
    ) private returns (bytes32 proofId) {
        if (offence.fact >= offence.other) revert SlashingNoConflict(offence.fact, offence.other);
        bytes calldata first = a.attestation;
        bytes calldata second = b.attestation.length == 0 ? first : b.attestation;
        _requireIncluded(offence.fact, a, first);
        _requireIncluded(offence.other, b, second);
        bytes32 firstHash = keccak256(first);
        bytes32 secondHash = keccak256(second);
        GuardianSlashingSigners.requireBothSigned(GUARDIAN_SET, first, second);
        proofId = proofIdOf(offence, firstHash, secondHash);
        _store(proofId, offence);
    }

    function _requireIncluded(bytes32 fact, Inclusion calldata inclusion, bytes calldata attestation) private pure {
        bytes32 root = attestation.length < 32 ? bytes32(0) : bytes32(attestation);
        (bytes32 computed, bool ok) = Tree.foldOne(fact, inclusion.factIndex, inclusion.factCount, inclusion.siblings);
        if (!ok || computed != root) revert SlashingNotIncluded(fact, root);
    }

    function _laneOffence(EvidenceLane.LaneFact calldata fact) private pure returns (Offence memory) {
        bytes32 hash = EvidenceLane.hash(fact);
        if (!EvidenceLane.isReadable(fact)) revert SlashingUnreadableFact(hash);
        return Offence(fact.class, hash, 0, fact.laneId, fact.from, fact.to);
    }

    function _headOffence(Fact.Head calldata fact) private view returns (Offence memory) {
        bytes32 hash = Fact.hashHead(NETWORK_ID, fact);
        bool sane = fact.class == Fact.CLASS_FINAL && fact.anchorIndex <= type(uint64).max;
        if (!sane) revert SlashingUnreadableFact(hash);
        bytes32 subject = keccak256(abi.encode(NETWORK_ID, fact.chainId, fact.incarnation));
        uint64 index = uint64(fact.anchorIndex);
        return Offence(uint8(fact.class), hash, 0, subject, index, index);
    }

    // --- what is true ---

    /// @dev Identifies a lane that begins here. Every field is checked to fit its place in the route, so that the route has one reading.
    function _lane(bytes32 laneId, Lane calldata lane) private view returns (KnownLane memory known) {
        (uint256 own, uint256 incarnation) = (lane.ownIncarnation, lane.incarnation);
        bool fits =
            lane.dstChainId <= Route.MAX_CHAIN_ID &&
                own <= Route.MAX_INCARNATION &&
                incarnation <= Route.MAX_INCARNATION;
        if (!fits) revert SlashingOtherLane(laneId, 0);
        known.route = Route.pack(block.chainid, lane.dstChainId, own, incarnation);
        bytes32 computed = Route.laneId(NETWORK_ID, known.route, address(GATEWAY), lane.dstGateway);
        if (computed != laneId) revert SlashingOtherLane(laneId, computed);

        IMetalayerGateway.OutLane memory out = GATEWAY.outLane(lane.dstChainId);
        known.unopened = own > out.ownIncarnation || incarnation > out.incarnation;
        known.live = own == out.ownIncarnation && incarnation == out.incarnation;
        if (known.live) (known.count, known.head) = (out.nonce, out.head);
    }

    /// @dev The head after `position` messages, as the hashes between two stored heads prove it.
    function _headAt(
        KnownLane memory known,
        bytes32 laneId,
        uint256 position,
        bytes32[] calldata hashes
    ) private view returns (bytes32) {
        uint256 base = position - (position % Message.CHECKPOINT_INTERVAL);
        if (hashes.length == 0) return _stored(known, laneId, position);
        uint256 end = base + hashes.length;
        if (position >= end) revert SlashingOutOfReach(position);
        (bytes32 inner, bytes32 computed) = EvidenceLane.walk(_stored(known, laneId, base), hashes, position - base);
        bytes32 expected = _stored(known, laneId, end);
        if (computed != expected) revert SlashingWrongHashes(expected, computed);
        return inner;
    }

    /// @dev A head that this rollup has stored.
    function _stored(KnownLane memory known, bytes32 laneId, uint256 position) private view returns (bytes32 head) {
        if (position == 0) return laneId;
        if (known.live && position == known.count) return known.head;
        if (position % Message.CHECKPOINT_INTERVAL == 0) {
            head = GATEWAY.checkpoint(known.route, position / Message.CHECKPOINT_INTERVAL);
        }
        if (head == 0) revert SlashingOutOfReach(position);
    }

    /// @dev A `fast` fact is judged only while its block is in this chain.
    function _requireInChain(bytes32 blockHash, SourceBlock calldata source) private view {
        if (blockHash == 0) {
            if (source.anchored || source.number != 0) revert SlashingBlockUnknown(blockHash, 0);
            return;
        }
        bytes32 found =
            source.anchored
                ? ANCHOR_LOG.anchorAt(source.number).blockHash
                : IRollupStack(ANCHOR_LOG.stack()).blockHash(source.number);
        if (found != blockHash) revert SlashingBlockUnknown(blockHash, found);
    }

    /// @dev An anchor that was in a final block is in every later one.
    function _isOtherAnchor(Fact.Head calldata fact) private view returns (bool) {
        if (fact.chainId != block.chainid || fact.incarnation != REGISTRY.ownIncarnation()) {
            revert SlashingNotHome(fact.chainId, fact.incarnation);
        }
        IAnchorLog.Anchor memory anchor = ANCHOR_LOG.anchorAt(uint64(fact.anchorIndex));
        return anchor.blockHash == 0 || anchor.blockHash != fact.blockHash || anchor.number != fact.number;
    }

    function _noLeaves(Difference calldata by) private pure returns (bool) {
        return (uint256(by.leafA) | uint256(by.leafB) | by.nonce | by.siblingsA.length | by.siblingsB.length) == 0;
    }

    function _differ(
        EvidenceLane.LaneFact calldata a,
        EvidenceLane.LaneFact calldata b,
        Difference calldata by
    ) private pure returns (bool) {
        if (by.hashes.length != 0) {
            if (!_noLeaves(by)) return false;
            return EvidenceLane.differsWithin(a, by.hashes, b) || EvidenceLane.differsWithin(b, by.hashes, a);
        }
        if (_noLeaves(by)) return EvidenceLane.endsDiffer(a, b);
        return EvidenceLane.leavesDiffer(a, b, by.nonce, by.leafA, by.siblingsA, by.leafB, by.siblingsB);
    }
}
