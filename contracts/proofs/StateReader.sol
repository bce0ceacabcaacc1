// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CalldataBytes} from "../libraries/CalldataBytes.sol";
import {StateProof} from "../libraries/StateProof.sol";
import {IStateRootInbox} from "../messaging/IStateRootInbox.sol";
import {IStateReader} from "./IStateReader.sol";

/// @title Proven state of other rollups. Not upgradeable, no owner, holds nothing but storage roots that were proven.
contract StateReader is IStateReader {
    /// @dev Instead of an account's part: its storage root is remembered.
    uint256 private constant KIND_REMEMBERED = 5;

    IStateRootInbox private immutable INBOX;

    mapping(bytes32 stateRoot => mapping(address account => bytes32)) private _storageRoots;

    /// @param inbox_ StateRootInbox of this rollup
    constructor(address inbox_) {
        if (inbox_ == address(0)) revert ReaderInvalidInbox(inbox_);
        INBOX = IStateRootInbox(inbox_);
    }

    /// @inheritdoc IStateReader
    function remember(uint256 chainId, uint64 anchorIndex, address[] calldata accounts, bytes calldata proof) external {
        bytes32 stateRoot = _stateRoot(chainId, anchorIndex);
        uint256 place = CalldataBytes.start(proof);
        for (uint256 i = 0; i < accounts.length; ++i) {
            address account = accounts[i];
            bytes32 storageRoot;
            (storageRoot, place) = _storageRoot(stateRoot, account, proof, place);
            if (_storageRoots[stateRoot][account] != 0) continue;
            _storageRoots[stateRoot][account] = storageRoot;
            emit StorageRootRemembered(stateRoot, account, storageRoot);
        }
        _checkEnd(proof, place);
    }

    /// @inheritdoc IStateReader
    function accountAt(
        uint256 chainId,
        uint64 anchorIndex,
        address account,
        bytes calldata proof
    ) external view returns (StateProof.Account memory proven) {
        uint256 place = CalldataBytes.start(proof);
        (proven, place) = _account(_stateRoot(chainId, anchorIndex), account, proof, place);
        _checkEnd(proof, place);
    }

    /// @inheritdoc IStateReader
    function accountsAt(
        uint256 chainId,
        uint64 anchorIndex,
        address[] calldata accounts,
        bytes calldata proof
    ) external view returns (StateProof.Account[] memory proven) {
        bytes32 stateRoot = _stateRoot(chainId, anchorIndex);
        uint256 place = CalldataBytes.start(proof);
        proven = new StateProof.Account[](accounts.length);
        for (uint256 i = 0; i < accounts.length; ++i) {
            (proven[i], place) = _account(stateRoot, accounts[i], proof, place);
        }
        _checkEnd(proof, place);
    }

    /// @inheritdoc IStateReader
    function slotAt(
        uint256 chainId,
        uint64 anchorIndex,
        address account,
        bytes32 slot,
        bytes calldata proof
    ) external view returns (bytes32 value) {
        bytes32 stateRoot = _stateRoot(chainId, anchorIndex);
        (bytes32 storageRoot, uint256 place) = _storage(stateRoot, account, proof, CalldataBytes.start(proof));
        (value, place) = _slot(storageRoot, account, slot, proof, place);
        _checkEnd(proof, place);
    }

    /// @inheritdoc IStateReader
    function slotsAt(
        uint256 chainId,
        uint64 anchorIndex,
        Slots[] calldata queries,
        bytes calldata proof
    ) external view returns (bytes32[][] memory values) {
        bytes32 stateRoot = _stateRoot(chainId, anchorIndex);
        uint256 place = CalldataBytes.start(proof);
        values = new bytes32[][](queries.length);
        for (uint256 i = 0; i < queries.length; ++i) {
            address account = queries[i].account;
            bytes32[] calldata slots = queries[i].slots;
            bytes32 storageRoot;
            (storageRoot, place) = _storage(stateRoot, account, proof, place);
            values[i] = new bytes32[](slots.length);
            for (uint256 j = 0; j < slots.length; ++j) {
                (values[i][j], place) = _slot(storageRoot, account, slots[j], proof, place);
            }
        }
        _checkEnd(proof, place);
    }

    /// @inheritdoc IStateReader
    function storageRootOf(bytes32 stateRoot, address account) external view returns (bytes32) {
        return _storageRoots[stateRoot][account];
    }

    /// @inheritdoc IStateReader
    function stateRootOf(bytes32 blockHash, bytes calldata header) external pure returns (bytes32 stateRoot) {
        bool proven;
        (proven, stateRoot) = StateProof.stateRootOf(blockHash, header);
        if (!proven) revert ReaderHeaderRefused(blockHash);
    }

    /// @inheritdoc IStateReader
    function getTargetStateCommitment(bytes calldata input) external view returns (bytes32 stateRoot) {
        (uint256 chainId, uint64 anchorIndex) = abi.decode(input, (uint256, uint64));
        return _stateRoot(chainId, anchorIndex);
    }

    /// @inheritdoc IStateReader
    function verifyStorageSlot(
        bytes32 stateRoot,
        bytes calldata input
    ) external pure returns (address account, uint256 slot, bytes32 value) {
        bytes calldata proof;
        (account, slot, proof) = _decode(input);
        (bytes32 storageRoot, uint256 place) = _storageRoot(stateRoot, account, proof, CalldataBytes.start(proof));
        (value, place) = _slot(storageRoot, account, bytes32(slot), proof, place);
        _checkEnd(proof, place);
    }

    /// @inheritdoc IStateReader
    function inbox() external view returns (address) {
        return address(INBOX);
    }

    function _stateRoot(uint256 chainId, uint64 anchorIndex) private view returns (bytes32 stateRoot) {
        stateRoot = INBOX.stateRootOf(chainId, anchorIndex);
        if (stateRoot == 0) revert ReaderUnknownHead(chainId, anchorIndex);
    }

    /// @dev Storage root of an account, remembered or proven at `place`.
    function _storage(
        bytes32 stateRoot,
        address account,
        bytes calldata proof,
        uint256 place
    ) private view returns (bytes32 storageRoot, uint256 next) {
        if (CalldataBytes.byteAt(place) == KIND_REMEMBERED) {
            storageRoot = _storageRoots[stateRoot][account];
            if (storageRoot == 0) revert ReaderNotRemembered(stateRoot, account);
            return (storageRoot, place + 1);
        }
        return _storageRoot(stateRoot, account, proof, place);
    }

    function _storageRoot(
        bytes32 stateRoot,
        address account,
        bytes calldata proof,
        uint256 place
    ) private pure returns (bytes32 storageRoot, uint256 next) {
        (storageRoot, next) = StateProof.storageRootAt(stateRoot, account, place);
        if (next == 0) revert ReaderProofRefused(account, place - CalldataBytes.start(proof));
    }

    function _account(
        bytes32 stateRoot,
        address account,
        bytes calldata proof,
        uint256 place
    ) private pure returns (StateProof.Account memory proven, uint256 next) {
        (proven, next) = StateProof.accountAt(stateRoot, account, place);
        if (next == 0) revert ReaderProofRefused(account, place - CalldataBytes.start(proof));
    }

    function _slot(
        bytes32 storageRoot,
        address account,
        bytes32 slot,
        bytes calldata proof,
        uint256 place
    ) private pure returns (bytes32 value, uint256 next) {
        (value, next) = StateProof.slotAt(storageRoot, slot, place);
        if (next == 0) revert ReaderProofRefused(account, place - CalldataBytes.start(proof));
    }

    /// @dev Refuses bytes behind the last part, and parts that were read behind the proof's end.
    function _checkEnd(bytes calldata proof, uint256 place) private pure {
        if (place != CalldataBytes.end(proof)) {
            revert ReaderProofLength(place - CalldataBytes.start(proof), proof.length);
        }
    }

    /// @dev `abi.decode` would copy the proof to memory.
    function _decode(bytes calldata input) private pure returns (address account, uint256 slot, bytes calldata proof) {
        bytes32 slotWord;
        (account, slotWord) = abi.decode(input, (address, bytes32));
        slot = uint256(slotWord);
        uint256 offset = uint256(bytes32(input[64:96]));
        uint256 length = uint256(bytes32(input[offset:offset + 32]));
        proof = input[offset + 32:offset + 32 + length];
    }
}
