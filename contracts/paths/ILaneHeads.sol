// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IStateRootSource} from "../rollups/IStateRootSource.sol";

/// @title Heads of lanes to this rollup, proven from the storage of the sending gateway without guardians: docs/protocol/paths.md §3.
/// @notice A head is kept under the source of the state root that it was proven against. Who reads one decides which source it believes.
interface ILaneHeads {
    /// @notice Messages of a lane behind one of them, up to a head.
    /// @param headBefore the lane's head before the message
    /// @param later hashes of the messages behind it, up to the head that is recorded
    struct LaneProof {
        bytes32 headBefore;
        bytes32[] later;
    }

    /// @notice After `count` messages the lane from the rollup had this head.
    event LaneHeadProven(address indexed source, uint256 indexed srcChainId, uint256 count, bytes32 head);

    error LaneHeadsInvalidGateway(address gateway);
    error LaneHeadsUnknownRollup(uint256 chainId);
    /// @notice The part of the proof that begins at this byte does not lead to the root, or the parts end elsewhere than the proof.
    error LaneHeadsProofRefused(uint256 offset);
    /// @notice The lane that is proven is not the one between the incarnations admitted here, or has no message.
    error LaneHeadsOtherLane(uint256 chainId);

    /// @notice Records the head of the lane from the source's rollup in the state that `rootProof` proves. Anyone; who calls pays.
    /// @param laneProof the sending gateway's account, then the slots of the lane's head and word (docs/protocol/proofs.md §3)
    /// @return count messages that the head stands for
    /// @dev Emits {LaneHeadProven} unless it is known. Reverts as the source does, {LaneHeadsUnknownRollup}, {LaneHeadsProofRefused},
    ///      {LaneHeadsOtherLane}.
    function recordHead(
        IStateRootSource source,
        bytes calldata rootProof,
        bytes calldata laneProof
    ) external returns (uint256 count);

    /// @notice As {recordHead} for the head after `64 · index` messages, which the gateway keeps for ever.
    /// @param laneProof the sending gateway's account, then the checkpoint's slot
    /// @dev Emits {LaneHeadProven} unless it is known. Reverts as {recordHead}; {LaneHeadsOtherLane} for a checkpoint that is not there.
    function recordCheckpoint(
        IStateRootSource source,
        uint256 index,
        bytes calldata rootProof,
        bytes calldata laneProof
    ) external returns (uint256 count);

    /// @notice Whether the message with this hash is number `nonce` of a lane, by a head that was recorded for `source`. Never reverts.
    /// @dev Heads outlive their lane: whoever acts on the answer asks the gateway whether this route is still the open lane's.
    function includes(
        address source,
        uint256 route,
        uint256 nonce,
        bytes32 id,
        LaneProof calldata proof
    ) external view returns (bool);

    /// @notice Recorded head after `count` messages of a lane; 0 if there is none.
    function headAt(address source, uint256 route, uint256 count) external view returns (bytes32);

    /// @notice This rollup's gateway, which knows the sending ones.
    function gateway() external view returns (address);
}
