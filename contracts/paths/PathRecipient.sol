// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC7786Recipient} from "@openzeppelin/contracts/crosschain/ERC7786Recipient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {EvmInterop} from "../libraries/EvmInterop.sol";
import {Message} from "../libraries/Message.sol";
import {IMetalayerGateway} from "../messaging/IMetalayerGateway.sol";
import {IStateRootSource} from "../rollups/IStateRootSource.sol";
import {ILaneHeads} from "./ILaneHeads.sol";
import {IPathRecipient} from "./IPathRecipient.sol";
import {OpenLane} from "./OpenLane.sol";

/// @title Base of applications that demand more, or other, than the guardians' quorum: OpenZeppelin's recipient with one record per message.
/// @dev The application says who may write in OpenZeppelin's {_isAuthorizedGateway}, acts in {_processConfirmed}, and gives {_setDemand} and
///      {_liftVeto} to whom it trusts with them. The record is written before the application acts, so a message is executed at most once
///      over all paths, re-entrancy included.
abstract contract PathRecipient is IPathRecipient, ERC7786Recipient {
    uint256 private constant MAX_DELAY = 365 days;

    /// @custom:storage-location erc7201:metalayer.storage.PathRecipient
    struct PathStorage {
        mapping(uint256 srcChainId => Demand) demands;
        mapping(bytes32 receiveId => Held) held;
        mapping(uint256 srcChainId => uint256) delayedSince;
    }

    // keccak256(abi.encode(uint256(keccak256("metalayer.storage.PathRecipient")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE = 0x82bf0d6658c24d390c4f9f78a3e936b7d4f4a4ac75e98319a4176e1a61f85a00;

    IMetalayerGateway private immutable GATEWAY;
    ILaneHeads private immutable LANE_HEADS;
    bytes32 private immutable NETWORK_ID;

    /// @param heads LaneHeads of this rollup, which names the gateway
    constructor(ILaneHeads heads) {
        LANE_HEADS = heads;
        GATEWAY = IMetalayerGateway(heads.gateway());
        NETWORK_ID = GATEWAY.networkId();
    }

    /// @inheritdoc IPathRecipient
    function executeMessage(Sent calldata message, ILaneHeads.LaneProof calldata proof) external {
        bytes32 id = _idOf(message);
        if (!_isAuthorizedGateway(address(GATEWAY), message.sender)) {
            revert ERC7786RecipientUnauthorizedGateway(address(GATEWAY), message.sender);
        }
        uint256 srcChainId = message.route >> 192;
        Held storage record = _paths().held[id];
        Demand memory demand = demandOf(srcChainId);
        bool proven = proof.headBefore != 0;
        if (record.executed) revert PathAlreadyExecuted(id);
        (uint256 openRoute, ) = OpenLane.from(GATEWAY, srcChainId);
        // A head stays recorded and a message stays held; the lane that they belong to may be open no more.
        if (message.route != openRoute) revert PathLaneNotOpen(id, message.route, openRoute);
        if (record.vetoed) revert PathVetoed(id);
        if (proven && !_includes(demand, message, id, proof)) revert PathProofRefused(id);

        uint256 came = _count(demand, record, proven);
        if (came < demand.needed) {
            if (record.since != 0 || !proven) revert PathMissing(id, came, demand.needed);
            _hold(record, id, srcChainId);
            return;
        }
        _markExecuted(record, id, srcChainId);
        uint256 gasLimit = uint32(message.header >> 152);
        if (gasleft() < gasLimit) revert PathInsufficientGas(id, gasleft(), gasLimit);
        _processConfirmed(id, message.sender, message.payload);
    }

    /// @inheritdoc IPathRecipient
    function vetoMessage(bytes32 receiveId) external {
        Held storage record = _paths().held[receiveId];
        if (record.since == 0) revert PathNotHeld(receiveId);
        if (record.executed) revert PathAlreadyExecuted(receiveId);
        if (msg.sender != _paths().demands[record.srcChainId].vetoer) revert PathUnauthorized(msg.sender);
        record.vetoed = true;
        emit MessageVetoed(receiveId, msg.sender);
    }

    /// @inheritdoc IPathRecipient
    function demandOf(uint256 srcChainId) public view returns (Demand memory demand) {
        demand = _paths().demands[srcChainId];
        if (demand.needed == 0) (demand.needed, demand.quorum) = (1, true);
    }

    /// @inheritdoc IPathRecipient
    function heldMessage(bytes32 receiveId) external view returns (Held memory) {
        return _paths().held[receiveId];
    }

    /// @inheritdoc IPathRecipient
    function laneHeads() external view returns (address) {
        return address(LANE_HEADS);
    }

    /// @dev By default anyone on any rollup may write; an application that knows its senders narrows it, with `super`.
    function _isAuthorizedGateway(address gateway, bytes calldata) internal view virtual override returns (bool) {
        return gateway == address(GATEWAY);
    }

    /// @notice Acts on a message for which enough paths have come. Must revert if it cannot.
    function _processConfirmed(bytes32 receiveId, bytes calldata sender, bytes calldata payload) internal virtual;

    /// @dev The quorum's path, by which the gateway delivers messages of the open lane only. What another path has executed is accepted and
    ///      changes nothing, so that the lane's record is complete.
    function _processMessage(
        address gateway,
        bytes32 receiveId,
        bytes calldata sender,
        bytes calldata payload
    ) internal virtual override {
        if (gateway != address(GATEWAY)) revert PathUnknownGateway(gateway);
        uint256 srcChainId = EvmInterop.chainIdOf(sender);
        Held storage record = _paths().held[receiveId];
        if (record.executed) return;
        Demand memory demand = demandOf(srcChainId);
        record.quorum = true;
        if (record.vetoed || _count(demand, record, false) < demand.needed) {
            _hold(record, receiveId, srcChainId);
            return;
        }
        _markExecuted(record, receiveId, srcChainId);
        _processConfirmed(receiveId, sender, payload);
    }

    /// @dev States what is demanded from now on, of held messages too. Emits {DemandChanged}, reverts {PathInvalidDemand}.
    function _setDemand(uint256 srcChainId, Demand memory demand) internal {
        uint256 others = (demand.quorum ? 1 : 0) + (demand.rootSource == address(0) ? 0 : 1);
        bool delayed = demand.delay != 0;
        bool sane =
            others != 0 &&
                demand.needed != 0 &&
                demand.needed <= others + (delayed ? 1 : 0) &&
                (delayed ? demand.needed > 1 && demand.vetoer != address(0) : demand.vetoer == address(0)) &&
                demand.delay <= MAX_DELAY &&
                srcChainId != block.chainid;
        if (sane && demand.rootSource != address(0)) {
            sane = IStateRootSource(demand.rootSource).chainId() == srcChainId;
        }
        if (!sane) revert PathInvalidDemand(srcChainId, demand);
        _paths().demands[srcChainId] = demand;
        if (delayed) _paths().delayedSince[srcChainId] = block.timestamp;
        emit DemandChanged(srcChainId, demand);
    }

    /// @dev Lets a stopped message go on as if it had not been stopped. Emits {VetoLifted}, reverts {PathNotHeld}.
    function _liftVeto(bytes32 receiveId) internal {
        Held storage record = _paths().held[receiveId];
        if (!record.vetoed) revert PathNotHeld(receiveId);
        record.vetoed = false;
        emit VetoLifted(receiveId);
    }

    function _hold(Held storage record, bytes32 id, uint256 srcChainId) private {
        if (record.since != 0) return;
        (record.srcChainId, record.since) = (uint64(srcChainId), uint40(block.timestamp));
        emit MessageHeld(id, srcChainId);
    }

    function _markExecuted(Held storage record, bytes32 id, uint256 srcChainId) private {
        record.srcChainId = uint64(srcChainId);
        record.executed = true;
        emit MessageExecuted(id, srcChainId);
    }

    /// @dev How many of the demanded paths a message has come by.
    function _count(Demand memory demand, Held storage record, bool proven) private view returns (uint256 came) {
        if (demand.quorum && record.quorum) ++came;
        if (proven) ++came;
        if (demand.delay == 0 || record.since == 0) return came;
        // What was held before there was this vetoer has no head start: it could not be stopped until now.
        uint256 since = Math.max(record.since, _paths().delayedSince[record.srcChainId]);
        if (block.timestamp >= since + demand.delay) ++came;
    }

    function _includes(
        Demand memory demand,
        Sent calldata message,
        bytes32 id,
        ILaneHeads.LaneProof calldata proof
    ) private view returns (bool) {
        uint256 nonce = uint64(message.header >> 184);
        return
            demand.rootSource != address(0) && LANE_HEADS.includes(demand.rootSource, message.route, nonce, id, proof);
    }

    /// @dev Hash of a message to this contract; what is no message, or not to this rollup, is refused.
    function _idOf(Sent calldata message) private view returns (bytes32) {
        (uint256 route, uint256 header) = (message.route, message.header);
        (uint256 srcChainId, address account) = EvmInterop.parse(message.sender);
        bool sane =
            srcChainId != 0 &&
                srcChainId == route >> 192 &&
                uint64(route >> 128) == block.chainid &&
                header >> 248 == Message.KIND_MESSAGE;
        if (!sane) revert PathOtherMessage(route, header);
        return Message.hash(NETWORK_ID, route, header, account, address(this), keccak256(message.payload));
    }

    function _paths() private pure returns (PathStorage storage $) {
        assembly ("memory-safe") {
            $.slot := STORAGE
        }
    }
}
