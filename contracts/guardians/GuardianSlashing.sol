// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManagedUpgradeable} from "@openzeppelin/contracts-upgradeable/access/manager/AccessManagedUpgradeable.sol";
import {IERC7786GatewaySource, IERC7786Recipient} from "@openzeppelin/contracts/interfaces/draft-IERC7786.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {InteroperableAddress} from "@openzeppelin/contracts/utils/draft-InteroperableAddress.sol";
import {EvmInterop} from "../libraries/EvmInterop.sol";
import {Fact} from "../libraries/Fact.sol";
import {GuardianSlashingProofs} from "./GuardianSlashingProofs.sol";
import {GuardianSlashingSigners} from "./GuardianSlashingSigners.sol";
import {IGuardianSlashing} from "./IGuardianSlashing.sol";
import {IGuardianStaking} from "./IGuardianStaking.sol";

/// @title Convictions of guardians and what follows from them (docs/protocol/slashing.md), behind an ERC-1967 proxy.
/// @dev Records are kept per guardian and fact: no second proof, signer set or table adds to a conviction.
contract GuardianSlashing is GuardianSlashingProofs, AccessManagedUpgradeable, UUPSUpgradeable {
    /// @custom:storage-location erc7201:metalayer.storage.GuardianSlashing
    struct SlashingStorage {
        Terms terms;
        mapping(bytes32 proofId => Proof) proofs;
        mapping(address operator => mapping(bytes32 fact => Conviction)) convictions;
        mapping(address operator => Standing) standings;
        mapping(bytes32 subject => Incident) incidents;
        mapping(uint256 chainId => address) siblings;
        mapping(uint256 srcChainId => mapping(address operator => uint256)) foreignFrom;
    }

    /// @dev Open and burnt convictions of an operator, and until when its `fast` signatures are refused.
    struct Standing {
        uint64 open;
        uint64 burnt;
        uint64 fastSuspendedUntil;
    }

    // keccak256(abi.encode(uint256(keccak256("metalayer.storage.GuardianSlashing")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE = 0x28dc27342565aa5d9f9ce4dc337d067c09edb63c0ec7af86eba3df30aa68e100;

    uint256 private constant WHOLE = 1_000_000;
    uint256 private constant LEAST_FRACTION = 100_000;
    uint256 private constant MOST_REPORTER_SHARE = 50_000;
    uint256 private constant MOST_DELAY = 30 days;
    uint256 private constant MOST_SUSPENSION = 365 days;
    uint256 private constant MOST_KEYS = 8;
    /// @dev Least gas of an announced delivery: for itself, and for every key. Enough where a hundred are candidates.
    uint256 private constant ANNOUNCED_GAS = 2_000_000;
    uint256 private constant ANNOUNCED_GAS_PER_KEY = 750_000;
    bytes4 private constant MIN_GAS_LIMIT = bytes4(keccak256("minGasLimit(uint256)"));
    uint256 private constant OTHER_PLACE = 128;

    IGuardianStaking private immutable STAKING;

    constructor(Wiring memory wiring) GuardianSlashingProofs(wiring) {
        bool complete =
            wiring.networkId != 0 &&
                wiring.gateway != address(0) &&
                wiring.guardianSet != address(0) &&
                wiring.staking != address(0) &&
                wiring.registry != address(0) &&
                wiring.anchorLog != address(0);
        if (!complete) revert SlashingInvalidWiring(wiring);
        STAKING = IGuardianStaking(wiring.staking);
        _disableInitializers();
    }

    /// @inheritdoc IGuardianSlashing
    function initialize(address authority, Terms calldata terms_) external initializer {
        __AccessManaged_init(authority);
        _setTerms(terms_);
    }

    // --- Consequences ---

    /// @inheritdoc IGuardianSlashing
    function convict(
        Offence calldata offence,
        bytes calldata attestation,
        bytes calldata otherAttestation,
        uint256[] calldata places
    ) external {
        bytes32 proofId = proofIdOf(offence, keccak256(attestation), keccak256(otherAttestation));
        address reporter = _proven(proofId).reporter;
        for (uint256 i = 0; i < places.length; ++i) {
            uint256 place = places[i];
            address operator = GuardianSlashingSigners.signerAt(GUARDIAN_SET, attestation, uint128(place));
            if (operator == address(0)) revert SlashingNotASigner(place);
            if (offence.other != 0) {
                address same = GuardianSlashingSigners.signerAt(GUARDIAN_SET, otherAttestation, place >> OTHER_PLACE);
                if (same != operator) revert SlashingNotASigner(place);
            }
            _convict(operator, offence, proofId, reporter);
        }
    }

    /// @inheritdoc IGuardianSlashing
    function settle(address operator, Offence calldata offence, bytes32 attestationHash, bytes32 otherHash) external {
        _proven(proofIdOf(offence, attestationHash, otherHash));
        SlashingStorage storage $ = _slashing();
        Conviction storage entry = $.convictions[operator][offence.fact];
        if (entry.status != Status.Open) revert SlashingNotOpen(operator, offence.fact);
        Standing storage standing_ = $.standings[operator];
        if (_isIncident(offence)) {
            entry.status = Status.Lifted;
            standing_.open -= 1;
            emit ConvictionLifted(operator, offence.fact, offence.subject);
            if (standing_.open == 0) GUARDIAN_SET.unfreeze(operator);
            return;
        }
        if (block.timestamp < entry.dueAt) revert SlashingTooEarly(entry.dueAt);
        entry.status = Status.Burnt;
        standing_.open -= 1;
        standing_.burnt += 1;
        Terms memory current = $.terms;

        GUARDIAN_SET.convict(operator);
        (uint256 taken, uint256 rewarded) = STAKING.slash(
            operator,
            current.fraction,
            entry.reporter,
            current.reporterShare
        );
        emit ConvictionBurnt(operator, offence.fact, taken, rewarded);
        // Nothing more is to be taken: what is left belongs to whoever staked it.
        if (standing_.open == 0) GUARDIAN_SET.unfreeze(operator);
    }

    // --- Other rollups ---

    /// @inheritdoc IGuardianSlashing
    function announce(uint256 dstChainId, uint256[] calldata keys) external returns (bytes32 sendId) {
        SlashingStorage storage $ = _slashing();
        address recipient = $.siblings[dstChainId];
        if (recipient == address(0)) revert SlashingUnknownSibling(dstChainId, recipient);
        if (keys.length == 0 || keys.length > MOST_KEYS) revert SlashingTooManyKeys(keys.length);
        for (uint256 i = 0; i < keys.length; ++i) {
            Standing storage standing_ = $.standings[GUARDIAN_SET.operatorOf(keys[i])];
            if (standing_.open == 0 && standing_.burnt == 0) revert SlashingNotConvicted(keys[i]);
        }
        bytes[] memory attributes = new bytes[](1);
        uint256 gasLimit = ANNOUNCED_GAS + ANNOUNCED_GAS_PER_KEY * keys.length;
        attributes[0] = abi.encodeWithSelector(MIN_GAS_LIMIT, gasLimit);
        bytes memory to = InteroperableAddress.formatEvmV1(dstChainId, recipient);
        sendId = IERC7786GatewaySource(address(GATEWAY)).sendMessage(to, abi.encode(keys), attributes);
        emit ConvictionsAnnounced(dstChainId, sendId, keys);
    }

    /// @inheritdoc IERC7786Recipient
    function receiveMessage(bytes32, bytes calldata sender, bytes calldata payload) external payable returns (bytes4) {
        if (msg.sender != address(GATEWAY)) revert SlashingUnauthorized(msg.sender);
        (uint256 srcChainId, address account) = EvmInterop.parse(sender);
        SlashingStorage storage $ = _slashing();
        if (account == address(0) || $.siblings[srcChainId] != account) {
            revert SlashingUnknownSibling(srcChainId, account);
        }
        uint256[] memory keys = abi.decode(payload, (uint256[]));
        if (keys.length > MOST_KEYS) revert SlashingTooManyKeys(keys.length);
        for (uint256 i = 0; i < keys.length; ++i) _freezeForeign(srcChainId, GUARDIAN_SET.operatorOf(keys[i]));
        return IERC7786Recipient.receiveMessage.selector;
    }

    // --- Governance ---

    /// @inheritdoc IGuardianSlashing
    function declareIncident(bytes32 subject, uint64 first, uint64 last) external restricted {
        if (first > last) revert SlashingInvalidIncident(first, last);
        _slashing().incidents[subject] = Incident(first, last);
        emit IncidentDeclared(subject, first, last);
    }

    /// @inheritdoc IGuardianSlashing
    function slash(address operator, uint32 fraction) external restricted returns (uint256 taken) {
        if (fraction > WHOLE) revert SlashingInvalidFraction(fraction);
        GUARDIAN_SET.convict(operator);
        (taken, ) = STAKING.slash(operator, fraction, address(0), 0);
        emit SlashedByDecision(operator, fraction, taken);
    }

    /// @inheritdoc IGuardianSlashing
    function setSibling(uint256 chainId, address sibling_) external restricted {
        _slashing().siblings[chainId] = sibling_;
        emit SiblingSet(chainId, sibling_);
    }

    /// @inheritdoc IGuardianSlashing
    function setTerms(Terms calldata terms_) external restricted {
        _setTerms(terms_);
    }

    // --- Views ---

    /// @inheritdoc IGuardianSlashing
    function terms() external view returns (Terms memory) {
        return _slashing().terms;
    }

    /// @inheritdoc IGuardianSlashing
    function sibling(uint256 chainId) external view returns (address) {
        return _slashing().siblings[chainId];
    }

    /// @inheritdoc IGuardianSlashing
    function incident(bytes32 subject) external view returns (Incident memory) {
        return _slashing().incidents[subject];
    }

    /// @inheritdoc IGuardianSlashing
    function proof(bytes32 proofId) external view returns (Proof memory) {
        return _slashing().proofs[proofId];
    }

    /// @inheritdoc IGuardianSlashing
    function conviction(address operator, bytes32 fact) external view returns (Conviction memory) {
        return _slashing().convictions[operator][fact];
    }

    /// @inheritdoc IGuardianSlashing
    function standing(address operator) external view returns (uint64 open, uint64 burnt) {
        Standing storage standing_ = _slashing().standings[operator];
        return (standing_.open, standing_.burnt);
    }

    /// @inheritdoc IGuardianSlashing
    function fastSuspendedUntil(address operator) external view returns (uint64) {
        return _slashing().standings[operator].fastSuspendedUntil;
    }

    // --- Internals ---

    /// @inheritdoc GuardianSlashingProofs
    function _store(bytes32 proofId, Offence memory offence) internal override {
        SlashingStorage storage $ = _slashing();
        if ($.proofs[proofId].provenAt != 0) revert SlashingAlreadyProven(proofId);
        $.proofs[proofId] = Proof(msg.sender, uint64(block.timestamp));
        emit OffenceProven(proofId, offence.fact, offence.subject, msg.sender, offence);
    }

    /// @dev Nothing if the guardian was convicted of one of these facts before.
    function _convict(address operator, Offence calldata offence, bytes32 proofId, address reporter) private {
        SlashingStorage storage $ = _slashing();
        mapping(bytes32 => Conviction) storage entries = $.convictions[operator];
        if (entries[offence.fact].status != Status.None) return;
        if (offence.other != 0) {
            if (entries[offence.other].status != Status.None) return;
            entries[offence.other].status = Status.Covered;
        }
        Standing storage standing_ = $.standings[operator];
        if (offence.class == Fact.CLASS_FAST) {
            uint64 until = uint64(block.timestamp) + $.terms.fastSuspension;
            entries[offence.fact] = Conviction(Status.Suspended, until, reporter);
            standing_.fastSuspendedUntil = until;
            emit FastSigningSuspended(operator, offence.fact, proofId, until);
            return;
        }
        uint64 dueAt = uint64(block.timestamp) + $.terms.incidentDelay;
        entries[offence.fact] = Conviction(Status.Open, dueAt, reporter);
        standing_.open += 1;
        emit GuardianConvicted(operator, offence.fact, proofId, dueAt);

        GUARDIAN_SET.freeze(operator, type(uint64).max);
    }

    /// @dev The same source cannot freeze the same guardian again until as long after the end of the freeze.
    function _freezeForeign(uint256 srcChainId, address operator) private {
        SlashingStorage storage $ = _slashing();
        if (operator == address(0) || block.timestamp < $.foreignFrom[srcChainId][operator]) return;
        uint64 duration = $.terms.foreignFreeze;
        uint64 until = uint64(block.timestamp) + duration;
        try GUARDIAN_SET.freezeForeign(operator, until) {
            $.foreignFrom[srcChainId][operator] = until + duration;
            emit ForeignFreeze(srcChainId, operator, until);
        } catch (bytes memory reason) {
            // Nothing said: it ran out of gas, and the message stays deliverable with more.
            if (reason.length == 0) revert SlashingFreezeFailed(operator);
            emit FreezeRefused(srcChainId, operator, reason);
        }
    }

    function _isIncident(Offence calldata offence) private view returns (bool) {
        Incident memory declared = _slashing().incidents[offence.subject];
        return declared.last != 0 && offence.first <= declared.last && declared.first <= offence.last;
    }

    function _proven(bytes32 proofId) private view returns (Proof memory found) {
        found = _slashing().proofs[proofId];
        if (found.provenAt == 0) revert SlashingUnknownProof(proofId);
    }

    function _setTerms(Terms calldata terms_) private {
        bool sane =
            terms_.fraction >= LEAST_FRACTION &&
                terms_.fraction <= WHOLE &&
                terms_.reporterShare <= MOST_REPORTER_SHARE &&
                terms_.incidentDelay != 0 &&
                terms_.incidentDelay <= MOST_DELAY &&
                terms_.foreignFreeze != 0 &&
                terms_.foreignFreeze <= MOST_DELAY &&
                terms_.fastSuspension != 0 &&
                terms_.fastSuspension <= MOST_SUSPENSION;
        if (!sane) revert SlashingInvalidTerms(terms_);
        _slashing().terms = terms_;
        emit TermsSet(terms_);
    }

    /// @dev Only the administrator may upgrade.
    function _authorizeUpgrade(address) internal override restricted {}

    function _slashing() private pure returns (SlashingStorage storage $) {
        assembly ("memory-safe") {
            $.slot := STORAGE
        }
    }
}
