// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {CalldataBytes} from "../libraries/CalldataBytes.sol";
import {StateProof} from "../libraries/StateProof.sol";
import {IParentBlocks} from "./IParentBlocks.sol";
import {IStateRootSource} from "./IStateRootSource.sol";

/// @title Base of sources that read what a rollup's own contract on its parent chain has accepted: parent's block → its state → that contract.
/// @dev The prover picks the block. What the contract held in it may have been taken back since, so a block is of use for {MAX_AGE} only.
abstract contract ParentState is IStateRootSource {
    error RootSourceInvalidWiring(uint256 chainId, address parent, address posted);

    /// @dev Steps that all families share; theirs follow.
    uint256 internal constant STEP_BLOCK = 0;
    uint256 internal constant STEP_ACCOUNT = 1;
    uint256 internal constant STEP_SLOT = 2;

    /// @dev Seconds by which the parent's block may be behind this rollup's time: what the parent takes back counts here after that at the latest.
    ///      Twice the 12 hours in which a rollup of the OP Stack has to take what is forced through its parent, so that keeping the block and then
    ///      proving under it need no sequencer.
    uint256 internal constant MAX_AGE = 1 days;

    uint256 private immutable CHAIN_ID;
    IParentBlocks private immutable PARENT;
    address private immutable POSTED;

    /// @param chainId_ the rollup
    /// @param parent_ knows blocks of its parent chain
    /// @param posted_ the rollup's contract on the parent chain
    constructor(uint256 chainId_, IParentBlocks parent_, address posted_) {
        if (chainId_ == 0 || address(parent_) == address(0) || posted_ == address(0)) {
            revert RootSourceInvalidWiring(chainId_, address(parent_), posted_);
        }
        (CHAIN_ID, PARENT, POSTED) = (chainId_, parent_, posted_);
    }

    /// @inheritdoc IStateRootSource
    function chainId() external view returns (uint256) {
        return CHAIN_ID;
    }

    /// @notice Who knows blocks of the parent chain here.
    function parent() external view returns (address) {
        return address(PARENT);
    }

    /// @notice The rollup's contract on the parent chain.
    function posted() external view returns (address) {
        return POSTED;
    }

    /// @dev State root of a block of the parent chain that is not older than {MAX_AGE}.
    function _parentRoot(uint256 number, bytes calldata header) internal view returns (bytes32 stateRoot) {
        bytes32 hash = PARENT.blockHash(number);
        (bool proven, uint64 time) = StateProof.timeOf(hash, header);
        if (hash == 0 || !proven) revert RootSourceRefused(STEP_BLOCK);
        if (time + MAX_AGE < block.timestamp) revert RootSourceStale(time, MAX_AGE);
        (, stateRoot) = StateProof.stateRootOf(hash, header);
    }

    /// @dev Storage root of the rollup's contract, proven by the first part of `proof`; `next` is where the part ends.
    function _postedStorage(
        bytes32 stateRoot,
        bytes calldata proof
    ) internal view returns (bytes32 storageRoot, uint256 next) {
        (storageRoot, next) = StateProof.storageRootAt(stateRoot, POSTED, CalldataBytes.start(proof));
        if (next == 0) revert RootSourceRefused(STEP_ACCOUNT);
    }

    /// @dev Value of a slot of the contract with this storage root, proven by the part at `place`.
    function _postedSlot(
        bytes32 storageRoot,
        bytes32 slot,
        uint256 place,
        uint256 step
    ) internal pure returns (bytes32 value, uint256 next) {
        (value, next) = StateProof.slotAt(storageRoot, slot, place);
        if (next == 0) revert RootSourceRefused(step);
    }

    function _checkEnd(bytes calldata proof, uint256 place, uint256 step) internal pure {
        if (place != CalldataBytes.end(proof)) revert RootSourceRefused(step);
    }
}
