// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {StateProof} from "../libraries/StateProof.sol";
import {IParentBlocks} from "./IParentBlocks.sol";
import {IStateRootSource} from "./IStateRootSource.sol";
import {ParentState} from "./ParentState.sol";

/// @title State roots of a rollup of the OP Stack: the output root of the dispute game that its AnchorStateRegistry holds as anchor.
/// @dev The registry takes a game as anchor when it was resolved for the claim, its delay is over, and it is neither retired nor blacklisted. It stays
///      the anchor if either happens later: that neither has happened is proven at the parent's block, so both count here {MAX_AGE} later at the
///      latest. Neither the game's type nor a pause is looked at: where a stack falls back to permissioned games, this proves a proposer's word.
///      The game is a clone whose arguments stand at the end of its code: game creator, root claim, parent's block hash, and more, then their length
///      with itself in two bytes.
contract OpStackRoots is ParentState {
    /// @param number block of the parent chain
    /// @param header of that block
    /// @param stateProof the registry's account, its slots of the anchor game, of the game's place in the blacklist and of the retirement, then
    ///        the game's account and its slot of the creation
    /// @param gameCode the game's code
    /// @param stateRoot of the rollup's block that the claim is about, the result
    /// @param passerRoot storage root of L2ToL1MessagePasser in it
    /// @param blockHash its hash
    struct Proof {
        uint256 number;
        bytes header;
        bytes stateProof;
        bytes gameCode;
        bytes32 stateRoot;
        bytes32 passerRoot;
        bytes32 blockHash;
    }

    /// @dev AnchorStateRegistry's layout: `anchorGame` (an address alone in its slot), `disputeGameBlacklist`, and `retirementTimestamp` above
    ///      the 32 bits of `respectedGameType`.
    bytes32 private constant ANCHOR_GAME_SLOT = bytes32(uint256(2));
    uint256 private constant BLACKLIST_SLOT = 5;
    bytes32 private constant RETIREMENT_SLOT = bytes32(uint256(6));
    uint256 private constant RETIREMENT_SHIFT = 32;
    /// @dev The games' layout: `createdAt` in the lowest 64 bits.
    bytes32 private constant CREATION_SLOT = bytes32(uint256(0));
    /// @dev Creator, root claim, parent's block hash, and the two bytes that count them.
    uint256 private constant CLAIM_OFFSET = 20;
    uint256 private constant LEAST_ARGUMENTS = 86;

    uint256 private constant STEP_BLACKLIST = 3;
    uint256 private constant STEP_RETIREMENT = 4;
    uint256 private constant STEP_GAME = 5;
    uint256 private constant STEP_CODE = 6;
    uint256 private constant STEP_OUTPUT = 7;

    /// @param chainId_ the rollup
    /// @param parent_ knows blocks of its parent chain
    /// @param registry the rollup's AnchorStateRegistry (its proxy)
    constructor(uint256 chainId_, IParentBlocks parent_, address registry) ParentState(chainId_, parent_, registry) {}

    /// @inheritdoc IStateRootSource
    /// @dev `proof` = abi.encode({Proof}).
    function stateRootOf(bytes calldata proof) external view returns (bytes32) {
        Proof calldata parts = _decode(proof);
        bytes32 claim = _claim(_codeHash(parts), parts.gameCode);
        // Version 0 of the output root.
        bytes32 output = keccak256(abi.encode(bytes32(0), parts.stateRoot, parts.passerRoot, parts.blockHash));
        if (output != claim || parts.stateRoot == 0) revert RootSourceRefused(STEP_OUTPUT);
        return parts.stateRoot;
    }

    /// @dev Hash of the anchor game's code, from the parent's state.
    function _codeHash(Proof calldata parts) private view returns (bytes32) {
        bytes32 stateRoot = _parentRoot(parts.number, parts.header);
        (address game, uint64 retirement, uint256 place) = _anchorGame(stateRoot, parts.stateProof);
        StateProof.Account memory account;
        (account, place) = StateProof.accountAt(stateRoot, game, place);
        if (place == 0) revert RootSourceRefused(STEP_GAME);
        bytes32 word;
        (word, place) = _postedSlot(account.storageRoot, CREATION_SLOT, place, STEP_GAME);
        _checkEnd(parts.stateProof, place, STEP_GAME);
        // As the registry counts: what was created in the second of the retirement is retired.
        if (uint64(uint256(word)) <= retirement) revert RootSourceRefused(STEP_RETIREMENT);
        return account.codeHash;
    }

    /// @dev The registry's anchor game, which is not blacklisted, the time up to which games are retired (seconds), and where the registry's part of the
    ///      proof ends.
    function _anchorGame(
        bytes32 stateRoot,
        bytes calldata stateProof
    ) private view returns (address game, uint64 retirement, uint256 place) {
        bytes32 storageRoot;
        (storageRoot, place) = _postedStorage(stateRoot, stateProof);
        bytes32 word;
        (word, place) = _postedSlot(storageRoot, ANCHOR_GAME_SLOT, place, STEP_SLOT);
        game = address(uint160(uint256(word)));
        if (game == address(0)) revert RootSourceRefused(STEP_SLOT);
        (word, place) = _postedSlot(storageRoot, keccak256(abi.encode(game, BLACKLIST_SLOT)), place, STEP_BLACKLIST);
        if (word != 0) revert RootSourceRefused(STEP_BLACKLIST);
        (word, place) = _postedSlot(storageRoot, RETIREMENT_SLOT, place, STEP_RETIREMENT);
        retirement = uint64(uint256(word) >> RETIREMENT_SHIFT);
        // A registry states one from its first day: without it the layout is another.
        if (retirement == 0) revert RootSourceRefused(STEP_RETIREMENT);
    }

    /// @dev The root claim among the arguments at the end of a clone's code.
    function _claim(bytes32 codeHash, bytes calldata code) private pure returns (bytes32) {
        uint256 length = code.length;
        if (length < LEAST_ARGUMENTS || keccak256(code) != codeHash) revert RootSourceRefused(STEP_CODE);
        uint256 arguments = uint16(bytes2(code[length - 2:]));
        if (arguments < LEAST_ARGUMENTS || arguments > length) revert RootSourceRefused(STEP_CODE);
        return bytes32(code[length - arguments + CLAIM_OFFSET:]);
    }

    /// @dev `abi.decode` would copy the proof to memory. Whatever is read is hashed and compared.
    function _decode(bytes calldata proof) private pure returns (Proof calldata parts) {
        assembly ("memory-safe") {
            parts := add(proof.offset, 0x20)
        }
    }
}
