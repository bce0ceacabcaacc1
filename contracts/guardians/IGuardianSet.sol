// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IStakeWeights} from "./IStakeWeights.sol";

/// @title Who may attest: proven guardian keys, one frozen table of keys and weights per epoch, and the check of attestations.
/// @dev Scheme, bytes and rules: docs/protocol/signatures.md. Weights are whole ERA, times are seconds since 1970.
interface IGuardianSet {
    /// @notice A full point of secp256k1.
    struct Key {
        uint256 x;
        uint256 y;
    }

    /// @notice The set word: which tables are accepted, and until when.
    struct Epoch {
        uint32 serial;
        uint32 previous;
        uint64 start;
        uint64 graceUntil;
        uint64 validUntil;
    }

    /// @notice One guardian of a table. `url` is the operator's newest announcement.
    struct GuardianInfo {
        uint256 index;
        address operator;
        Key key;
        uint64 weight;
        string url;
    }

    /// @notice What the set knows about an operator, whether in a table or not.
    struct OperatorInfo {
        Key key;
        uint64 bootstrapWeight;
        uint64 bootstrapExpiry;
        bool candidate;
        bool admitted;
        bool barred;
        bool convicted;
        bool jailed;
        uint64 jailedUntil;
        uint64 frozenUntil;
        uint256 retiredX;
        string url;
    }

    /// @notice A guardian that recovery puts in.
    struct Replacement {
        address operator;
        uint64 weight;
    }

    event KeyRegistered(address indexed operator, uint256 indexed x, uint256 y);
    event KeyReplaced(address indexed operator, uint256 indexed retiredX, uint256 indexed x, uint256 y);
    event ServiceAnnounced(address indexed operator, string url);
    event GuardianAdmitted(address indexed operator, uint64 bootstrapWeight, uint64 bootstrapExpiry);
    event GuardianJoined(address indexed operator, uint64 weight);
    event GuardianLeft(address indexed operator);
    event GuardianRemoved(address indexed operator);
    event TableRotated(
        uint32 indexed serial,
        address code,
        uint256 count,
        uint256 totalWeight,
        uint256 cap,
        uint64 start,
        uint64 graceUntil,
        uint64 validUntil
    );
    event GuardianFrozen(address indexed operator, uint64 until, bool byMessage);
    event GuardianUnfrozen(address indexed operator);
    event GuardianJailed(address indexed operator, uint64 until);
    event GuardianUnjailed(address indexed operator);
    event FloorSet(uint64 floor);
    event GuardianConvicted(address indexed operator);
    /// @notice No table is accepted until the next is formed, which anyone may do at once.
    event TablesRefused(uint32 indexed serial);
    event SignersCached(uint32 indexed serial, uint256 indexed bitmap, uint256 sumKeyX);
    event EpochSet(uint32 epochLength, uint32 grace);
    event MinimumWeightSet(uint64 minimumWeight);

    error GuardianSetInvalidWiring(address staking, address slashing);
    error GuardianSetUnauthorized(address caller);
    error GuardianSetZeroOperator();
    error GuardianSetOperatorKnown(address operator);
    error GuardianSetOperatorUnknown(address operator);
    error GuardianSetKeyTaken(uint256 x, address operator);
    error GuardianSetKeyNotDedicated(address operator);
    error GuardianSetInvalidKey(uint256 x, uint256 y);
    error GuardianSetInvalidPossession(address operator);
    error GuardianSetKeyStillCounts(address operator, uint256 x);
    error GuardianSetKeyUnknown(uint256 x);
    error GuardianSetKeysUnordered(uint256 index);
    error GuardianSetBadKeyCount(uint256 count);
    error GuardianSetBadAttestation(uint256 length);
    error GuardianSetInvalidSignature();
    error GuardianSetUnknownPlace(uint32 serial, uint256 index);
    error GuardianSetNotJailed(address operator);
    error GuardianSetStillJailed(address operator, uint64 until);
    error GuardianSetBelowFloor(uint256 weight, uint256 floor);
    error GuardianSetConvicted(address operator);
    error GuardianSetBadFreeze(address operator, uint64 until);
    error GuardianSetAlreadyFrozen(address operator, uint64 until);
    error GuardianSetFreezeTooMuch(address operator, uint256 weighted, uint256 remaining, uint256 silenced);
    error GuardianSetUrlTooLong(uint256 length);
    error GuardianSetBootstrapExpired(uint64 expiry);
    error GuardianSetNotCandidate(address operator);
    error GuardianSetAlreadyCandidate(address operator);
    error GuardianSetBarred(address operator);
    error GuardianSetNoTable();
    error GuardianSetWeightTooLow(address operator, uint256 weight, uint256 required);
    error GuardianSetFull();
    error GuardianSetNotDisplaceable(address operator);
    error GuardianSetTooEarly(uint256 rotatableAt);
    error GuardianSetTooFewGuardians(uint256 weighted);
    error GuardianSetBadWeights(uint256 expected, uint256 received);
    error GuardianSetTableNotAccepted(uint256 serial);
    error GuardianSetUnknownTable(uint256 serial);
    error GuardianSetUnknownSigners(uint256 bitmap);
    error GuardianSetNoQuorum(uint256 weight, uint256 required);
    error GuardianSetUnusableSum(uint32 serial, uint256 bitmap);
    error GuardianSetBadEpoch(uint32 epochLength, uint32 grace);
    error GuardianSetBadMinimum();

    /// @notice Checks an attestation (packed bytes of signatures.md §6).
    /// @return serial Table under which it holds: signed by more than 2/3 of the weight of that table, which is accepted now. 0: refused.
    /// @dev Never reverts on any bytes. Anyone.
    function serialOf(bytes calldata attestation) external view returns (uint256 serial);

    /// @notice Stores the sum key of a signer set, so that {serialOf} need not compute it. Anyone; no effect if stored already.
    /// @return sumKeyX The sum key's x-coordinate.
    /// @dev Reverts {GuardianSetTableNotAccepted}, {GuardianSetUnknownSigners} if a bit lies beyond the table, {GuardianSetNoQuorum},
    ///      {GuardianSetUnusableSum} if the sum is infinity or out of range. Emits {SignersCached}.
    function cacheSigners(uint32 serial, uint256 bitmap) external returns (uint256 sumKeyX);

    /// @notice Table and signers of an attestation, whether or not that table is accepted and whatever the signers weigh: for evidence.
    /// @return serial The table that it names. @return bitmap Its signers' places in that table. @return sumKeyX Their sum key's x-coordinate.
    /// @dev View. Reverts {GuardianSetBadAttestation} for another length, {GuardianSetUnknownTable}, {GuardianSetUnknownSigners} for a bit
    ///      beyond the table or a leading zero byte, {GuardianSetInvalidSignature}.
    function signedUnder(
        bytes calldata attestation
    ) external view returns (uint32 serial, uint256 bitmap, uint256 sumKeyX);

    /// @notice Operators of the signers of an attestation, in the order of their places. As {signedUnder}, some 2,300 gas more for each.
    function signersOf(bytes calldata attestation) external view returns (address[] memory operators);

    /// @notice Operators of these keys, if together they signed a network root: for evidence against guardians of no table here. Keys that were
    ///         replaced are accountable like those in use.
    /// @param xs x-coordinates of 1 … 256 keys proven on this rollup, strictly ascending.
    /// @dev View. Reverts {GuardianSetBadKeyCount}, {GuardianSetKeysUnordered}, {GuardianSetKeyUnknown}, {GuardianSetInvalidSignature}.
    function signersOfKeys(
        bytes32 root,
        uint256[] calldata xs,
        uint256 Rx,
        uint256 Ry,
        uint256 s
    ) external view returns (address[] memory operators);

    /// @notice Operator of a place of a table, accepted or not.
    /// @dev Reverts {GuardianSetUnknownPlace}.
    function operatorAt(uint32 serial, uint256 index) external view returns (address);

    /// @notice Takes weight and exit from an operator until a time (2^40 − 1 at most; more means that). Only the slashing contract.
    /// @dev If a key of it has weight in an accepted table, no table is accepted from now on ({TablesRefused}); anyone may call {rotate} at once, in the
    ///      same transaction too. An earlier end than the present one changes nothing. Reverts {GuardianSetUnauthorized}, {GuardianSetOperatorUnknown},
    ///      {GuardianSetBadFreeze} unless `until` is in the future. Emits {GuardianFrozen}.
    function freeze(address operator, uint64 until) external;

    /// @notice {freeze} on the word of another rollup: for 30 days at most, and only while enough others remain. Only the slashing contract.
    /// @dev Reverts as {freeze}, {GuardianSetAlreadyFrozen}, and {GuardianSetFreezeTooMuch} unless, without it and all others frozen so, four
    ///      weighted candidates remain, with the floor's weight and with twice the weight of those frozen so, as the next table would count them.
    ///      Emits {GuardianFrozen}.
    function freezeForeign(address operator, uint64 until) external;

    /// @notice Ends a freeze, but not another rollup's, which goes on until its own end; the weight returns with the next table, unless the operator is
    ///         convicted. Only the slashing contract.
    /// @dev Reverts {GuardianSetUnauthorized}, {GuardianSetOperatorUnknown}. Emits {GuardianUnfrozen}, or {GuardianFrozen} with what remains.
    function unfreeze(address operator) external;

    /// @notice Takes an operator and all its keys out for ever: no admission lifts that. Stays accountable. Only the slashing contract.
    /// @dev Refuses tables as {freeze} does. Reverts {GuardianSetUnauthorized}, {GuardianSetOperatorUnknown}. Emits {GuardianConvicted}.
    function convict(address operator) external;

    /// @notice Takes an operator's weight away from the next table on, until it returns by {unjail}. Only the staking contract, for an
    ///         unanswered challenge. Never touches stake.
    /// @dev Reverts {GuardianSetUnauthorized}, {GuardianSetOperatorUnknown}. Emits {GuardianJailed}.
    function jail(address operator, uint64 until) external;

    /// @notice Gives the caller its weight back, from the next table on. Jailed operators, once their time is over.
    /// @dev Reverts {GuardianSetOperatorUnknown}, {GuardianSetNotJailed}, {GuardianSetStillJailed}. Emits {GuardianUnjailed}.
    function unjail() external;

    /// @notice Puts guardians in place of a set that is silent for good: all candidates are jailed, without an end that they must wait for, the
    ///         replacements admitted with these bootstrap weights, and a table formed at once. Convicted and frozen ones stay out. The recovery
    ///         role, whose calls the AccessManager publishes and holds back for its delay.
    /// @dev The last candidates of a list that would be too long leave it ({GuardianLeft}). Reverts as {admit} and {rotate}. Emits {GuardianJailed},
    ///      {GuardianAdmitted}, {TableRotated}.
    function recover(Replacement[] calldata replacements, uint64 expiry) external;

    /// @notice Replaces the caller's key. The new one counts from the next table on; the old one stays accountable for ever. Registered operators.
    /// @param proof as for {register}
    /// @dev Reverts {GuardianSetOperatorUnknown}, {GuardianSetConvicted}, {GuardianSetKeyStillCounts} while the key replaced before is in an accepted table,
    ///      {GuardianSetInvalidKey}, {GuardianSetKeyTaken}, {GuardianSetKeyNotDedicated}, {GuardianSetInvalidPossession}. Emits {KeyReplaced}.
    function replaceKey(Key calldata key, bytes calldata proof) external;

    /// @notice Binds an operator's first key to it: from then on it answers for what this key signs. The operator itself, or governance; on any rollup
    ///         with the same proof. Only the operator can replace it.
    /// @param proof `R.x ‖ R.y ‖ s`, 96 bytes (signatures.md §4).
    /// @dev Reverts {GuardianSetZeroOperator}, for any other caller, {GuardianSetOperatorKnown}, {GuardianSetInvalidKey}, {GuardianSetKeyTaken} unless
    ///      it was imported for this operator and is neither frozen nor convicted,
    ///      {GuardianSetKeyNotDedicated} if the operator's account is this key's account, {GuardianSetInvalidPossession}. Emits {KeyRegistered}.
    function register(address operator, Key calldata key, bytes calldata proof) external;

    /// @notice Makes a key of an operator known here, so that what it signed elsewhere can be judged. Anyone, with the operator's proof. It names an
    ///         address that is nobody's in place of the operator, who has not spoken here: neither its stake nor its own keys are touched.
    /// @param proof as for {register}
    /// @dev Reverts {GuardianSetOperatorKnown} if it was imported before, {GuardianSetInvalidKey}, {GuardianSetKeyTaken}, {GuardianSetKeyNotDedicated},
    ///      {GuardianSetInvalidPossession}. Emits {KeyRegistered}.
    function importKey(address operator, Key calldata key, bytes calldata proof) external;

    /// @notice Publishes where the caller's guardian service answers (at most 256 bytes; empty withdraws it). Registered operators.
    /// @dev Reverts {GuardianSetOperatorUnknown}, {GuardianSetUrlTooLong}. Emits {ServiceAnnounced}.
    function announce(string calldata url) external;

    /// @notice Makes an operator a candidate, or changes its bootstrap weight; lifts a removal. Weight 0 is allowed. Governance.
    /// @dev Counts from the next rotation, while time < `bootstrapExpiry`. Reverts {GuardianSetOperatorUnknown}, {GuardianSetConvicted}, {GuardianSetFull},
    ///      {GuardianSetBootstrapExpired} if a weight has an expiry that is not in the future. Emits {GuardianAdmitted}.
    function admit(address operator, uint64 bootstrapWeight, uint64 bootstrapExpiry) external;

    /// @notice Makes the caller a candidate on the strength of its stake. Registered operators.
    /// @param displaced If the list is full: a candidate that was not admitted and has less stake, which loses its place. Otherwise ignored.
    /// @dev Reverts {GuardianSetNoTable} before the first table, {GuardianSetOperatorUnknown}, {GuardianSetAlreadyCandidate}, {GuardianSetConvicted}, {GuardianSetBarred},
    ///      {GuardianSetWeightTooLow} below the minimum weight or not above the displaced one's,
    ///      {GuardianSetNotDisplaceable}. Emits {GuardianJoined}, and {GuardianLeft} for the displaced one.
    function join(address displaced) external;

    /// @notice Takes the caller out of the candidates; it leaves the table at the next rotation. Candidates.
    /// @dev Reverts {GuardianSetNotCandidate}. Emits {GuardianLeft}.
    function resign() external;

    /// @notice Takes a guardian out of the candidates and bars it from joining until it is admitted again. Governance.
    /// @dev It leaves the table at the next rotation (see {forceRotation}). Reverts {GuardianSetOperatorUnknown}. Emits {GuardianRemoved}.
    function remove(address operator) external;

    /// @notice Forms the next table from the candidates, once the epoch length has passed. Anyone.
    /// @dev A table that is not accepted any more need not be waited for. The old table is accepted for the grace period, at most until it would
    ///      have expired anyway. Candidates that were not admitted and weigh less than the minimum are dropped ({GuardianLeft}). Stake adds at most a
    ///      sixth of the old table's weight an epoch, less in a shorter time. Reverts {GuardianSetTooEarly}, {GuardianSetTooFewGuardians} if
    ///      fewer than four candidates have weight, {GuardianSetBelowFloor} (both: the old table stands), {GuardianSetBadWeights}. Emits {TableRotated}.
    function rotate() external;

    /// @notice Forms the next table now and refuses the old one at once. Governance.
    /// @dev Reverts and emits as {rotate}, without {GuardianSetTooEarly}.
    function forceRotation() external;

    /// @notice Sets epoch length and grace period in seconds for the following rotations. Governance.
    /// @dev Reverts {GuardianSetBadEpoch} unless 10 seconds ≤ epochLength ≤ 30 days and grace ≤ epochLength. Emits {EpochSet}.
    function setEpoch(uint32 epochLength, uint32 grace) external;

    /// @notice Sets the least weight in whole ERA with which a guardian joins and stays without having been admitted. Governance.
    /// @dev Reverts {GuardianSetBadMinimum} for 0. Emits {MinimumWeightSet}.
    function setMinimumWeight(uint64 minimumWeight) external;

    /// @notice Sets the least counted weight of a table in whole ERA, bootstrap weight included. Governance.
    /// @dev No table below it is formed: the old one stands until it expires, then nothing is accepted. Reverts for anybody else. Emits {FloorSet}.
    function setFloor(uint64 floor) external;

    /// @notice The network whose attestations and proofs are accepted here.
    function networkId() external view returns (bytes32);

    /// @notice Where stake weights come from.
    function staking() external view returns (IStakeWeights);

    /// @notice Least counted weight of a table in whole ERA.
    function floor() external view returns (uint64);

    /// @notice Since when an operator has had weight in every table, as of the newest; 0 if it has none in that.
    function weightedSince(address operator) external view returns (uint64);

    /// @notice Who convicts and freezes.
    function slashing() external view returns (address);

    /// @notice Until when an operator is frozen: no weight, and its stake must not leave. In the past if it is not.
    function frozenUntil(address operator) external view returns (uint64);

    /// @notice Serial of the newest table; 0 before the first.
    function currentSerial() external view returns (uint32);

    /// @notice The set word.
    function epoch() external view returns (Epoch memory);

    /// @notice Epoch length and grace period in seconds, for the next rotation.
    function settings() external view returns (uint32 epochLength, uint32 grace);

    /// @notice Least weight in whole ERA with which a guardian joins and stays without having been admitted.
    function minimumWeight() external view returns (uint64);

    /// @notice Whether attestations under this table are accepted now.
    function isAccepted(uint256 serial) external view returns (bool);

    /// @notice Least weight of signers that authorises under a table, accepted or not: the smallest integer above 2/3 of its total.
    /// @dev Reverts {GuardianSetUnknownTable} if there is no such table.
    function quorumWeight(uint32 serial) external view returns (uint256);

    /// @notice A table by serial, accepted or not: the contract whose code it is, number of guardians, total weight. All zero if none.
    function table(uint32 serial) external view returns (address code, uint256 count, uint256 totalWeight);

    /// @notice A page of a table, accepted or not, in bitmap order; for off-chain use. Empty beyond the end and if there is no such table.
    function guardians(uint32 serial, uint256 offset, uint256 limit) external view returns (GuardianInfo[] memory page);

    /// @notice Operators from which the next table is formed.
    function candidates() external view returns (address[] memory);

    /// @notice What is known about an operator (all zero if nothing).
    function operatorInfo(address operator) external view returns (OperatorInfo memory);

    /// @notice Operator of a key by its x-coordinate; 0 if unknown.
    function operatorOf(uint256 x) external view returns (address);

    /// @notice Whether an operator can still sign something that is accepted here, or will at the next rotation: it is a candidate, or in
    ///         a table that is accepted now. Its stake must not leave before this is false.
    function isActive(address operator) external view returns (bool);

    /// @notice Cached sum key of a signer set; 0 if none.
    function cachedSigners(uint32 serial, uint256 bitmap) external view returns (uint256 sumKeyX);

    /// @notice The digest that guardians sign for a network root.
    function attestationDigest(bytes32 root) external view returns (bytes32);

    /// @notice The digest that an operator signs to prove possession of a key.
    function possessionDigest(address operator, Key calldata key) external view returns (bytes32);
}
