// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Attested network roots, and the heads of other rollups that were proven against them.
interface IStateRootInbox {
    /// @notice A fact about one anchored block of a rollup (docs/protocol/messages.md §4).
    struct HeadFact {
        uint8 class;
        uint256 chainId;
        uint256 incarnation;
        uint64 anchorIndex;
        uint64 number;
        bytes32 blockHash;
        bytes32 stateRoot;
    }

    /// @notice Head of another rollup as recorded.
    struct Head {
        uint64 number;
        uint64 recordedAt;
        uint32 serial;
        bytes32 blockHash;
        bytes32 stateRoot;
    }

    event RootStored(bytes32 indexed root, uint256 serial);
    event HeadRecorded(
        uint256 indexed chainId,
        uint64 indexed anchorIndex,
        uint64 number,
        bytes32 blockHash,
        bytes32 stateRoot
    );

    error InboxAttestationRefused();
    error InboxUnknownRoot(bytes32 root);
    error InboxRootMismatch(bytes32 attested, bytes32 computed);
    error InboxUnknownRollup(uint256 chainId, uint256 incarnation);
    error InboxUnknownClass(uint8 class);
    error InboxHeadKnown(uint256 chainId, uint64 anchorIndex);
    error InboxEmptyHead(uint256 chainId, uint64 anchorIndex);
    error InboxInvalidWiring(bytes32 networkId, address guardianSet, address registry);

    /// @notice Sets the access manager, once, in the transaction that creates the proxy.
    /// @dev Reverts OpenZeppelin's `InvalidInitialization` ever after, and always on the implementation itself.
    function initialize(address authority) external;

    /// @notice Stores an attested network root, so that facts of it can be used later without its signature. Anyone.
    /// @dev Emits {RootStored}. Reverts {InboxAttestationRefused}, also for a bare root. Storing a known root again changes nothing and does not revert.
    function submit(bytes calldata attestation) external;

    /// @notice Records a `final` head fact proven in an attested root (attestation as for {submit}, or the bare 32-byte root). Anyone.
    /// @dev Reverts {InboxAttestationRefused}, {InboxUnknownRoot}, {InboxRootMismatch}, {InboxUnknownRollup} if the rollup is not admitted in
    ///      this incarnation, {InboxUnknownClass} if not `final`, {InboxHeadKnown} if this anchor is recorded already,
    ///      {InboxEmptyHead} for a zero block hash or state root. Emits {HeadRecorded}.
    function recordHead(
        bytes calldata attestation,
        HeadFact calldata fact,
        uint256 factIndex,
        uint256 factCount,
        bytes calldata siblings
    ) external;

    /// @notice Identity of the network whose facts are accepted.
    function networkId() external view returns (bytes32);

    /// @notice Serial of the table under which a root was stored; 0 if it was not.
    function serialOf(bytes32 root) external view returns (uint256 serial);

    /// @notice Newest recorded head of a rollup's current incarnation (all zero if none).
    function latestHead(uint256 chainId) external view returns (uint64 anchorIndex, Head memory head);

    /// @notice Recorded head by anchor index of a rollup's current incarnation (all zero if none).
    function head(uint256 chainId, uint64 anchorIndex) external view returns (Head memory);

    /// @notice State root of {head} alone; 0 if none.
    function stateRootOf(uint256 chainId, uint64 anchorIndex) external view returns (bytes32);
}
