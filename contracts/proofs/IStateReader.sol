// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {StateProof} from "../libraries/StateProof.sol";

/// @title Reads accounts and storage of other rollups, proven against attested heads: docs/protocol/proofs.md.
/// @notice Every value is what the head's state holds, absence included: a slot that was never written reads 0, an account that does not exist
///         has nonce, balance and code hash 0. The caller names the head, hence how old the value may be.
/// @dev Proofs are packed by the sdk. A refused proof reverts {ReaderProofRefused}; a head that is not recorded for the rollup's current
///      incarnation reverts {ReaderUnknownHead}.
interface IStateReader {
    /// @notice Slots of one account.
    struct Slots {
        address account;
        bytes32[] slots;
    }

    /// @notice The storage root of an account under a state root is known from now on; slots need no proof of the account any more.
    event StorageRootRemembered(bytes32 indexed stateRoot, address indexed account, bytes32 storageRoot);

    error ReaderInvalidInbox(address inbox);
    error ReaderUnknownHead(uint256 chainId, uint64 anchorIndex);
    /// @notice The part of the proof that begins at this byte does not lead to the root.
    error ReaderProofRefused(address account, uint256 offset);
    /// @notice The parts end elsewhere than the proof.
    error ReaderProofLength(uint256 used, uint256 length);
    error ReaderNotRemembered(bytes32 stateRoot, address account);
    error ReaderHeaderRefused(bytes32 blockHash);

    /// @notice Stores the storage roots of accounts of a head, so that later proofs of their slots are shorter. Anyone; who calls pays.
    /// @dev Emits {StorageRootRemembered} for each account not remembered before. Reverts {ReaderUnknownHead}, {ReaderProofRefused}, {ReaderProofLength}.
    function remember(uint256 chainId, uint64 anchorIndex, address[] calldata accounts, bytes calldata proof) external;

    /// @notice Nonce, balance, storage root and code hash of an account.
    /// @dev Reverts {ReaderUnknownHead}, {ReaderProofRefused}, {ReaderProofLength}.
    function accountAt(
        uint256 chainId,
        uint64 anchorIndex,
        address account,
        bytes calldata proof
    ) external view returns (StateProof.Account memory);

    /// @notice As {accountAt} for several accounts: one part for each in `proof`.
    function accountsAt(
        uint256 chainId,
        uint64 anchorIndex,
        address[] calldata accounts,
        bytes calldata proof
    ) external view returns (StateProof.Account[] memory);

    /// @notice Value of a storage slot; the account's part of the proof may be the byte 5 if its storage root is remembered.
    /// @dev Reverts {ReaderUnknownHead}, {ReaderProofRefused}, {ReaderProofLength}, {ReaderNotRemembered}.
    function slotAt(
        uint256 chainId,
        uint64 anchorIndex,
        address account,
        bytes32 slot,
        bytes calldata proof
    ) external view returns (bytes32 value);

    /// @notice As {slotAt} for slots of several accounts: for each account its part, then one part for each of its slots.
    function slotsAt(
        uint256 chainId,
        uint64 anchorIndex,
        Slots[] calldata queries,
        bytes calldata proof
    ) external view returns (bytes32[][] memory values);

    /// @notice Remembered storage root; 0 if there is none.
    function storageRootOf(bytes32 stateRoot, address account) external view returns (bytes32);

    /// @notice State root in the header that hashes to `blockHash`, for who knows block hashes.
    /// @dev Reverts {ReaderHeaderRefused}.
    function stateRootOf(bytes32 blockHash, bytes calldata header) external pure returns (bytes32);

    /// @notice ERC-7888: state root of another rollup. `input` = abi.encode(uint256 chainId, uint64 anchorIndex).
    /// @dev Reverts {ReaderUnknownHead}.
    function getTargetStateCommitment(bytes calldata input) external view returns (bytes32 stateRoot);

    /// @notice ERC-7888: a slot under a state root that the caller trusts. `input` = abi.encode(address account, bytes32 slot, bytes proof).
    /// @dev Reverts {ReaderProofRefused}, {ReaderProofLength}. Nothing remembered is used.
    function verifyStorageSlot(
        bytes32 stateRoot,
        bytes calldata input
    ) external pure returns (address account, uint256 slot, bytes32 value);

    /// @notice Where attested heads are.
    function inbox() external view returns (address);
}
