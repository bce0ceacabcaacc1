// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC7786Recipient} from "@openzeppelin/contracts/interfaces/draft-IERC7786.sol";
import {EvidenceLane} from "../libraries/EvidenceLane.sol";
import {Fact} from "../libraries/Fact.sol";

/// @title Evidence against guardians, and what follows from it: docs/protocol/slashing.md is normative.
/// @notice Proofs come from anyone, as data only. Times are seconds, shares are millionths.
interface IGuardianSlashing is IERC7786Recipient {
    /// @notice Place of a fact in a signed network root.
    /// @param attestation packed bytes of signatures.md §6 under any table of this rollup, or with serial 0 and keys (slashing.md §1)
    struct Inclusion {
        bytes attestation;
        uint256 factIndex;
        uint256 factCount;
        bytes siblings;
    }

    /// @notice A lane that begins here, in any incarnations.
    struct Lane {
        uint256 dstChainId;
        uint256 ownIncarnation;
        uint256 incarnation;
        address dstGateway;
    }

    /// @notice Where the source block of a `fast` fact is found; all zero for a `final` one.
    /// @param anchored whether `number` is an index of the AnchorLog instead of a block's number
    struct SourceBlock {
        bool anchored;
        uint64 number;
    }

    /// @notice What two lane facts contradict each other with: nothing if their ends do, a leaf of each, or the hashes of one.
    struct Difference {
        uint64 nonce;
        bytes32 leafA;
        bytes siblingsA;
        bytes32 leafB;
        bytes siblingsB;
        bytes32[] hashes;
    }

    /// @notice What was proven. `other` is zero unless two facts contradict each other; then it is the greater hash.
    /// @param subject lane id, or hash of network, chain id and incarnation for anchors
    /// @param first first nonce, of what both facts are about in a conflict, or the anchor's index
    /// @param last one past the last nonce, likewise, or the anchor's index
    struct Offence {
        uint8 class;
        bytes32 fact;
        bytes32 other;
        bytes32 subject;
        uint64 first;
        uint64 last;
    }

    /// @notice Who proved it, and when; time 0: nobody.
    struct Proof {
        address reporter;
        uint64 provenAt;
    }

    /// @dev None: never convicted of this fact. Open: frozen, to be settled. Covered: convicted through the other fact of a conflict.
    enum Status {
        None,
        Open,
        Burnt,
        Lifted,
        Suspended,
        Covered
    }

    /// @notice One guardian's conviction for one fact.
    /// @param dueAt from when an open conviction can be burnt; until when a suspension lasts
    struct Conviction {
        Status status;
        uint64 dueAt;
        address reporter;
    }

    /// @notice Range of nonces or anchors of a subject in which the rollup broke its stated finality. Both zero: none.
    struct Incident {
        uint64 first;
        uint64 last;
    }

    /// @notice What governance sets (bounds: slashing.md §4).
    struct Terms {
        uint32 fraction;
        uint32 reporterShare;
        uint32 incidentDelay;
        uint32 foreignFreeze;
        uint32 fastSuspension;
    }

    /// @notice Addresses and identity that an implementation carries as immutables.
    struct Wiring {
        bytes32 networkId;
        address gateway;
        address guardianSet;
        address staking;
        address registry;
        address anchorLog;
    }

    /// @notice The attestations are in the transaction's call data.
    event OffenceProven(
        bytes32 indexed proofId,
        bytes32 indexed fact,
        bytes32 indexed subject,
        address reporter,
        Offence offence
    );
    event GuardianConvicted(address indexed operator, bytes32 indexed fact, bytes32 indexed proofId, uint64 dueAt);
    event FastSigningSuspended(address indexed operator, bytes32 indexed fact, bytes32 indexed proofId, uint64 until);
    event ConvictionBurnt(address indexed operator, bytes32 indexed fact, uint256 taken, uint256 rewarded);
    event ConvictionLifted(address indexed operator, bytes32 indexed fact, bytes32 indexed subject);
    event IncidentDeclared(bytes32 indexed subject, uint64 first, uint64 last);
    event SlashedByDecision(address indexed operator, uint32 fraction, uint256 taken);
    event ConvictionsAnnounced(uint256 indexed dstChainId, bytes32 indexed sendId, uint256[] keys);
    event ForeignFreeze(uint256 indexed srcChainId, address indexed operator, uint64 until);
    event FreezeRefused(uint256 indexed srcChainId, address indexed operator, bytes reason);
    event SiblingSet(uint256 indexed chainId, address sibling);
    event TermsSet(Terms terms);

    error SlashingInvalidWiring(Wiring wiring);
    error SlashingInvalidTerms(Terms terms);
    error SlashingInvalidFraction(uint32 fraction);
    error SlashingUnreadableFact(bytes32 fact);
    error SlashingNotIncluded(bytes32 fact, bytes32 root);
    error SlashingOtherLane(bytes32 laneId, bytes32 computed);
    error SlashingNotHome(uint256 chainId, uint256 incarnation);
    error SlashingWrongPosition(uint64 position);
    error SlashingOutOfReach(uint256 position);
    error SlashingWrongHashes(bytes32 expected, bytes32 computed);
    error SlashingBlockUnknown(bytes32 blockHash, bytes32 found);
    error SlashingNotFalse(bytes32 fact);
    error SlashingNoConflict(bytes32 fact, bytes32 other);
    error SlashingAlreadyProven(bytes32 proofId);
    error SlashingUnknownProof(bytes32 proofId);
    error SlashingNotASigner(uint256 place);
    error SlashingNotOpen(address operator, bytes32 fact);
    error SlashingTooEarly(uint64 dueAt);
    error SlashingNotConvicted(uint256 key);
    error SlashingTooManyKeys(uint256 count);
    error SlashingUnknownSibling(uint256 chainId, address account);
    error SlashingInvalidIncident(uint64 first, uint64 last);
    error SlashingFreezeFailed(address operator);
    error SlashingUnauthorized(address caller);

    // --- evidence (anyone) ---
    // Each stores one proof, emits {OffenceProven}, and reverts {SlashingUnreadableFact}, {SlashingNotIncluded}, {SlashingAlreadyProven}, what it names,
    // and as the GuardianSet for an attestation that is not signed by the signers it names.

    /// @notice The head at `position`, which is an end of the fact, is another in this rollup's own lane.
    /// @param hashes messages from the stored head at or below `position` to the next stored or the live head; none if it is stored
    /// @dev Reverts {SlashingWrongPosition}, {SlashingOtherLane}, {SlashingOutOfReach} where no stored head is, {SlashingWrongHashes},
    ///      {SlashingBlockUnknown} for a `fast` fact about a block that cannot be read, {SlashingNotFalse} if the head is right.
    function proveLaneHead(
        EvidenceLane.LaneFact calldata fact,
        Inclusion calldata inclusion,
        Lane calldata lane,
        SourceBlock calldata sourceBlock,
        uint64 position,
        bytes32[] calldata hashes
    ) external returns (bytes32 proofId);

    /// @notice The fact covers messages that this rollup's own lane does not have, or a lane that was never opened.
    /// @dev Reverts {SlashingOtherLane}, {SlashingOutOfReach} for a lane of older incarnations, {SlashingBlockUnknown}, {SlashingNotFalse}.
    function proveLaneAhead(
        EvidenceLane.LaneFact calldata fact,
        Inclusion calldata inclusion,
        Lane calldata lane,
        SourceBlock calldata sourceBlock
    ) external returns (bytes32 proofId);

    /// @notice The message hashes that lead from the fact's head before to its head at have another root. On any rollup.
    /// @dev Reverts {SlashingNotFalse}.
    function proveLaneRoot(
        EvidenceLane.LaneFact calldata fact,
        Inclusion calldata inclusion,
        bytes32[] calldata hashes
    ) external returns (bytes32 proofId);

    /// @notice With a header, on any rollup: the fact's block has another state root. Without: this rollup's anchor is another or not there.
    /// @dev Reverts {SlashingNotHome}, {SlashingNotFalse}.
    function proveHead(
        Fact.Head calldata fact,
        Inclusion calldata inclusion,
        bytes calldata header
    ) external returns (bytes32 proofId);

    /// @notice Two facts about one lane contradict each other. On any rollup. An empty second attestation stands for the first.
    /// @dev Reverts {SlashingNoConflict}.
    function proveLaneConflict(
        EvidenceLane.LaneFact calldata a,
        Inclusion calldata inclusionA,
        EvidenceLane.LaneFact calldata b,
        Inclusion calldata inclusionB,
        Difference calldata difference
    ) external returns (bytes32 proofId);

    /// @notice Two facts about one anchor contradict each other. On any rollup. An empty second attestation stands for the first.
    /// @dev Reverts {SlashingNoConflict}.
    function proveHeadConflict(
        Fact.Head calldata a,
        Inclusion calldata inclusionA,
        Fact.Head calldata b,
        Inclusion calldata inclusionB
    ) external returns (bytes32 proofId);

    // --- consequences (anyone) ---

    /// @notice Convicts signers of a proven offence. `final`: frozen until settled. `fast`: no `fast` signing for a time.
    /// @param otherAttestation of a conflict, as the proof has it; otherwise empty
    /// @param places in the first attestation, plus 2^128 times the place of the same operator in the other one for a conflict
    /// @dev Passes over who is convicted of a fact of the offence already. Reverts {SlashingUnknownProof}, {SlashingNotASigner}.
    ///      Emits {GuardianConvicted} or {FastSigningSuspended}.
    function convict(
        Offence calldata offence,
        bytes calldata attestation,
        bytes calldata otherAttestation,
        uint256[] calldata places
    ) external;

    /// @notice Ends an open conviction: lifts it if an incident covers the offence, burns it once it is due.
    /// @param attestationHash and `otherHash`: keccak-256 of what {convict} was given (the latter of empty bytes without a conflict)
    /// @dev Reverts {SlashingUnknownProof}, {SlashingNotOpen}, {SlashingTooEarly}. Emits {ConvictionLifted} or {ConvictionBurnt}.
    function settle(address operator, Offence calldata offence, bytes32 attestationHash, bytes32 otherHash) external;

    /// @notice Tells another rollup of keys with an open or burnt conviction here, so that they are frozen there. At most 8 keys.
    /// @dev Reverts {SlashingUnknownSibling}, {SlashingTooManyKeys}, {SlashingNotConvicted}, and as the gateway. Emits {ConvictionsAnnounced}.
    function announce(uint256 dstChainId, uint256[] calldata keys) external returns (bytes32 sendId);

    // --- governance ---

    /// @notice Sets access manager and terms, once, in the transaction that creates the proxy.
    /// @dev Reverts {SlashingInvalidTerms}, and if it was initialised. Emits {TermsSet}.
    function initialize(address authority, Terms calldata terms_) external;

    /// @notice Declares, replaces or withdraws (0, 0) the incident of a subject. Administrator.
    /// @dev Reverts {SlashingInvalidIncident} unless first ≤ last. Emits {IncidentDeclared}.
    function declareIncident(bytes32 subject, uint64 first, uint64 last) external;

    /// @notice Convicts a guardian by decision, e.g. on what was proven on another rollup, and takes a part of its pool. Administrator.
    /// @dev Reverts {SlashingInvalidFraction} above 1,000,000. Emits {SlashedByDecision}.
    function slash(address operator, uint32 fraction) external returns (uint256 taken);

    /// @notice Names the GuardianSlashing of another rollup, whose announcements count here; zero: none. Administrator.
    /// @dev Never reverts. Emits {SiblingSet}.
    function setSibling(uint256 chainId, address sibling_) external;

    /// @notice Sets the terms for what is convicted and settled from now on. Administrator.
    /// @dev Reverts {SlashingInvalidTerms} outside of the bounds. Emits {TermsSet}.
    function setTerms(Terms calldata terms_) external;

    // --- views ---

    /// @notice What governance has set.
    function terms() external view returns (Terms memory);
    /// @notice Whose announcements from a rollup count here, and whom it is told there; zero: nobody.
    function sibling(uint256 chainId) external view returns (address);
    /// @notice The incident of a subject; both zero if none is declared.
    function incident(bytes32 subject) external view returns (Incident memory);
    /// @notice Who proved what has this id, and when; zero if nobody.
    function proof(bytes32 proofId) external view returns (Proof memory);
    /// @notice A guardian's conviction for a fact; status None if there is none.
    function conviction(address operator, bytes32 fact) external view returns (Conviction memory);

    /// @notice Open convictions of an operator here, and how many were burnt.
    function standing(address operator) external view returns (uint64 open, uint64 burnt);

    /// @notice Until when an operator's `fast` signatures are refused.
    function fastSuspendedUntil(address operator) external view returns (uint64);

    /// @notice Identity of a proof: what was proven, and by which attestations.
    function proofIdOf(
        Offence calldata offence,
        bytes32 attestationHash,
        bytes32 otherHash
    ) external pure returns (bytes32);
}
