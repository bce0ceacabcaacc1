// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CalldataBytes} from "../libraries/CalldataBytes.sol";
import {LaneSlots} from "../libraries/LaneSlots.sol";
import {OutWord} from "../libraries/LaneWords.sol";
import {Message} from "../libraries/Message.sol";
import {Route} from "../libraries/Route.sol";
import {StateProof} from "../libraries/StateProof.sol";
import {IMetalayerGateway} from "../messaging/IMetalayerGateway.sol";
import {IStateRootSource} from "../rollups/IStateRootSource.sol";
import {ILaneHeads} from "./ILaneHeads.sol";
import {OpenLane} from "./OpenLane.sol";

/// @title Heads of lanes that were proven without guardians. Not upgradeable, no owner, holds nothing else.
contract LaneHeads is ILaneHeads {
    struct Lane {
        uint256 chainId;
        uint256 route;
        address sender;
    }

    IMetalayerGateway private immutable GATEWAY;

    /// @dev A head is the outcome of a proof and never overwritten.
    mapping(address source => mapping(uint256 route => mapping(uint256 count => bytes32))) private _heads;

    /// @param gateway_ MetalayerGateway of this rollup
    constructor(address gateway_) {
        if (gateway_ == address(0)) revert LaneHeadsInvalidGateway(gateway_);
        GATEWAY = IMetalayerGateway(gateway_);
    }

    /// @inheritdoc ILaneHeads
    function recordHead(
        IStateRootSource source,
        bytes calldata rootProof,
        bytes calldata laneProof
    ) external returns (uint256 count) {
        Lane memory lane = _lane(source);
        (bytes32 headSlot, bytes32 wordSlot) = LaneSlots.lane(block.chainid);
        (bytes32 storageRoot, uint256 place) = _storage(source, lane, rootProof, laneProof);
        bytes32 head;
        bytes32 word;
        (head, place) = _slot(storageRoot, headSlot, laneProof, place);
        (word, place) = _slot(storageRoot, wordSlot, laneProof, place);
        _checkEnd(laneProof, place);
        OutWord state = OutWord.wrap(uint256(word));
        uint256 route = Route.pack(lane.chainId, block.chainid, state.ownIncarnation(), state.incarnation());
        count = state.nonce();
        if (route != lane.route || count == 0) revert LaneHeadsOtherLane(lane.chainId);
        _record(source, lane, count, head);
    }

    /// @inheritdoc ILaneHeads
    function recordCheckpoint(
        IStateRootSource source,
        uint256 index,
        bytes calldata rootProof,
        bytes calldata laneProof
    ) external returns (uint256 count) {
        Lane memory lane = _lane(source);
        (bytes32 storageRoot, uint256 place) = _storage(source, lane, rootProof, laneProof);
        bytes32 head;
        (head, place) = _slot(storageRoot, LaneSlots.checkpoint(lane.route, index), laneProof, place);
        _checkEnd(laneProof, place);
        if (head == 0) revert LaneHeadsOtherLane(lane.chainId);
        count = index * Message.CHECKPOINT_INTERVAL;
        _record(source, lane, count, head);
    }

    /// @inheritdoc ILaneHeads
    function includes(
        address source,
        uint256 route,
        uint256 nonce,
        bytes32 id,
        LaneProof calldata proof
    ) external view returns (bool) {
        bytes32 head = Message.chain(proof.headBefore, id);
        uint256 length = proof.later.length;
        for (uint256 i = 0; i < length; ++i) head = Message.chain(head, proof.later[i]);
        unchecked {
            // A count that wraps has no head: counts are below 2^48 and proofs far shorter.
            return head == _heads[source][route][nonce + 1 + length];
        }
    }

    /// @inheritdoc ILaneHeads
    function headAt(address source, uint256 route, uint256 count) external view returns (bytes32) {
        return _heads[source][route][count];
    }

    /// @inheritdoc ILaneHeads
    function gateway() external view returns (address) {
        return address(GATEWAY);
    }

    function _record(IStateRootSource source, Lane memory lane, uint256 count, bytes32 head) private {
        if (_heads[address(source)][lane.route][count] != 0) return;
        _heads[address(source)][lane.route][count] = head;
        emit LaneHeadProven(address(source), lane.chainId, count, head);
    }

    /// @dev The open lane from the source's rollup, and the gateway that writes it there.
    function _lane(IStateRootSource source) private view returns (Lane memory lane) {
        lane.chainId = source.chainId();
        (lane.route, lane.sender) = OpenLane.from(GATEWAY, lane.chainId);
        if (lane.route == 0) revert LaneHeadsUnknownRollup(lane.chainId);
    }

    function _storage(
        IStateRootSource source,
        Lane memory lane,
        bytes calldata rootProof,
        bytes calldata proof
    ) private view returns (bytes32 storageRoot, uint256 next) {
        bytes32 stateRoot = source.stateRootOf(rootProof);
        (storageRoot, next) = StateProof.storageRootAt(stateRoot, lane.sender, CalldataBytes.start(proof));
        if (next == 0) revert LaneHeadsProofRefused(0);
    }

    function _slot(
        bytes32 storageRoot,
        bytes32 slot,
        bytes calldata proof,
        uint256 place
    ) private pure returns (bytes32 value, uint256 next) {
        (value, next) = StateProof.slotAt(storageRoot, slot, place);
        if (next == 0) revert LaneHeadsProofRefused(place - CalldataBytes.start(proof));
    }

    /// @dev Refuses bytes behind the last part, and parts that were read behind the proof's end.
    function _checkEnd(bytes calldata proof, uint256 place) private pure {
        if (place != CalldataBytes.end(proof)) revert LaneHeadsProofRefused(place - CalldataBytes.start(proof));
    }
}
