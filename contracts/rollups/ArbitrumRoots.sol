// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {StateProof} from "../libraries/StateProof.sol";
import {IParentBlocks} from "./IParentBlocks.sol";
import {IStateRootSource} from "./IStateRootSource.sol";
import {ParentState} from "./ParentState.sol";

/// @title State roots of an Arbitrum rollup (BoLD): the block of the last assertion that its rollup contract has confirmed.
/// @dev An assertion's hash commits to the assertion before it, the state after it and the inbox; that state's first word is a block hash, from whose
///      header the state root follows.
contract ArbitrumRoots is ParentState {
    /// @notice State after an assertion, as the rollup contract hashes it.
    /// @param blockHash of the rollup's block
    /// @param machineStatus 1: finished
    struct AssertionState {
        bytes32 blockHash;
        bytes32 sendRoot;
        uint64 inboxPosition;
        uint64 positionInMessage;
        uint8 machineStatus;
        bytes32 endHistoryRoot;
    }

    /// @param number block of the parent chain
    /// @param header of that block
    /// @param stateProof the rollup contract's account and its slot of the last confirmed assertion
    /// @param previous hash of the assertion before it
    /// @param state after it
    /// @param inboxAccumulator of the messages up to there
    /// @param rollupHeader of the rollup's block
    struct Proof {
        uint256 number;
        bytes header;
        bytes stateProof;
        bytes32 previous;
        AssertionState state;
        bytes32 inboxAccumulator;
        bytes rollupHeader;
    }

    /// @dev RollupCore's layout: `_latestConfirmed`.
    bytes32 private constant LATEST_CONFIRMED_SLOT = bytes32(uint256(116));
    uint8 private constant FINISHED = 1;

    uint256 private constant STEP_ASSERTION = 3;
    uint256 private constant STEP_HEADER = 4;

    /// @param chainId_ the rollup
    /// @param parent_ knows blocks of its parent chain
    /// @param rollup the rollup's contract there (its proxy)
    constructor(uint256 chainId_, IParentBlocks parent_, address rollup) ParentState(chainId_, parent_, rollup) {}

    /// @inheritdoc IStateRootSource
    /// @dev `proof` = abi.encode({Proof}).
    function stateRootOf(bytes calldata proof) external view returns (bytes32 stateRoot) {
        Proof calldata parts = _decode(proof);
        bytes32 state = keccak256(abi.encode(parts.state));
        bytes32 assertion = keccak256(abi.encodePacked(parts.previous, state, parts.inboxAccumulator));
        if (assertion != _confirmed(parts) || parts.state.machineStatus != FINISHED) {
            revert RootSourceRefused(STEP_ASSERTION);
        }
        bool proven;
        (proven, stateRoot) = StateProof.stateRootOf(parts.state.blockHash, parts.rollupHeader);
        if (!proven || stateRoot == 0) revert RootSourceRefused(STEP_HEADER);
    }

    /// @dev Hash of the last confirmed assertion, from the parent's state.
    function _confirmed(Proof calldata parts) private view returns (bytes32 assertion) {
        bytes32 stateRoot = _parentRoot(parts.number, parts.header);
        (bytes32 storageRoot, uint256 place) = _postedStorage(stateRoot, parts.stateProof);
        (assertion, place) = _postedSlot(storageRoot, LATEST_CONFIRMED_SLOT, place, STEP_SLOT);
        _checkEnd(parts.stateProof, place, STEP_SLOT);
    }

    /// @dev `abi.decode` would copy the proof to memory. Whatever is read is hashed and compared.
    function _decode(bytes calldata proof) private pure returns (Proof calldata parts) {
        assembly ("memory-safe") {
            parts := add(proof.offset, 0x20)
        }
    }
}
