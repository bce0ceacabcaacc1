// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ILaneHeads} from "./ILaneHeads.sol";

/// @title A recipient that says, for each source, which paths a message has to come by: docs/protocol/paths.md.
interface IPathRecipient {
    /// @notice What is demanded of messages from a rollup: `needed` of the paths that are switched on.
    /// @param needed how many paths; 0 stands for the default, the quorum alone
    /// @param quorum the gateway's delivery counts: more than two thirds of the guardians' weight attested the message
    /// @param delay seconds since the first other path, or since this was stated if that is later, after which time itself counts as a path; 0: it
    ///        never does. At most one year
    /// @param rootSource where state roots come from under which a storage proof counts; zero: none counts
    /// @param vetoer who may stop a held message; exactly if there is a delay
    struct Demand {
        uint8 needed;
        bool quorum;
        uint40 delay;
        address rootSource;
        address vetoer;
    }

    /// @notice A message as its hash commits to it (docs/protocol/messages.md §2); the recipient is the contract itself.
    /// @param sender canonical ERC-7930 address
    struct Sent {
        uint256 route;
        uint256 header;
        bytes sender;
        bytes payload;
    }

    /// @notice What is known about a message here: its source, when its first path came, and whether the quorum's did.
    struct Held {
        uint64 srcChainId;
        uint40 since;
        bool quorum;
        bool vetoed;
        bool executed;
    }

    event DemandChanged(uint256 indexed srcChainId, Demand demand);
    /// @notice The first path of a message has come and does not suffice.
    event MessageHeld(bytes32 indexed receiveId, uint256 indexed srcChainId);
    /// @notice Once per message for ever, whatever paths it came by.
    event MessageExecuted(bytes32 indexed receiveId, uint256 indexed srcChainId);
    event MessageVetoed(bytes32 indexed receiveId, address indexed vetoer);
    event VetoLifted(bytes32 indexed receiveId);

    error PathInvalidDemand(uint256 srcChainId, Demand demand);
    /// @notice Messages come from this rollup's gateway only.
    error PathUnknownGateway(address gateway);
    /// @notice Not a message from another rollup to this contract.
    error PathOtherMessage(uint256 route, uint256 header);
    /// @notice The message is of a lane that is open here no more, or never was; `openRoute` zero: none is open from that rollup.
    error PathLaneNotOpen(bytes32 receiveId, uint256 route, uint256 openRoute);
    error PathProofRefused(bytes32 receiveId);
    /// @notice Nothing has changed: so many paths have come.
    error PathMissing(bytes32 receiveId, uint256 came, uint256 needed);
    error PathAlreadyExecuted(bytes32 receiveId);
    error PathVetoed(bytes32 receiveId);
    error PathNotHeld(bytes32 receiveId);
    error PathUnauthorized(address caller);
    error PathInsufficientGas(bytes32 receiveId, uint256 available, uint256 required);

    /// @notice Executes a message for which enough paths have come, or begins to hold it if this proof is its first. Anyone, as long as the
    ///         lane on which it was sent is open here: what was proven or held of it counts for nothing once a rollup was removed or admitted anew.
    /// @param proof that the message is on its lane; `headBefore` zero: none
    /// @dev Emits {MessageExecuted}, or {MessageHeld}. Reverts {PathOtherMessage}, {PathAlreadyExecuted}, {PathLaneNotOpen}, {PathVetoed},
    ///      {PathProofRefused}, {PathMissing} if nothing would change, {PathInsufficientGas} below the gas that the message commits to,
    ///      OpenZeppelin's `ERC7786RecipientUnauthorizedGateway` for a sender that may not write here, and as the application does.
    function executeMessage(Sent calldata message, ILaneHeads.LaneProof calldata proof) external;

    /// @notice Stops a held message until the application lifts the veto. The vetoer of its source.
    /// @dev Emits {MessageVetoed}. Reverts {PathNotHeld}, {PathAlreadyExecuted}, {PathUnauthorized}.
    function vetoMessage(bytes32 receiveId) external;

    /// @notice What is demanded of messages from a rollup, the default spelled out.
    function demandOf(uint256 srcChainId) external view returns (Demand memory);

    /// @notice What is known about a message (all zero if nothing).
    function heldMessage(bytes32 receiveId) external view returns (Held memory);

    /// @notice Where heads are proven that a proof of a message leads to.
    function laneHeads() external view returns (address);
}
