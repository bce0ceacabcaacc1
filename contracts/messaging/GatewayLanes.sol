// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {FastAllowance} from "../libraries/FastAllowance.sol";
import {InWord, InWords, OutWord, OutWords} from "../libraries/LaneWords.sol";
import {Route} from "../libraries/Route.sol";
import {GatewayEarnings} from "./GatewayEarnings.sol";
import {IMetalayerGateway} from "./IMetalayerGateway.sol";

/// @title Lanes and their terms: admission, prices, limits, pause, `fast` opt-in.
abstract contract GatewayLanes is GatewayEarnings {
    uint256 internal constant MAX_PAUSE = 7 days;

    /// @inheritdoc IMetalayerGateway
    function openLane(Admission calldata admission) external only(REGISTRY) {
        uint256 chainId = admission.chainId;
        State storage $ = _state();
        OutLaneState storage lane = $.outLanes[chainId];
        _requireAdmissible(admission, lane.word);

        uint256 outRoute = Route.pack(block.chainid, chainId, admission.ownIncarnation, admission.incarnation);
        uint256 inRoute = Route.pack(chainId, block.chainid, admission.incarnation, admission.ownIncarnation);
        bytes32 outLaneId = Route.laneId(NETWORK_ID, outRoute, address(this), admission.gateway);
        bytes32 inLaneId = Route.laneId(NETWORK_ID, inRoute, admission.gateway, address(this));

        // Prices and what is accrued stay; the nonce restarts in the new lane.
        uint256 kept = ((OutWord.unwrap(lane.word) << 36) >> 84) << OutWords.ACCRUED;
        lane.word = OutWord.wrap(
            kept |
                (admission.ownIncarnation << OutWords.OWN_INCARNATION) |
                (admission.incarnation << OutWords.INCARNATION) |
                (uint256(LaneStatus.Open) << OutWords.STATUS)
        );
        lane.head = outLaneId;
        $.sources[chainId].gateway = admission.gateway;
        $.sources[chainId].word = $
            .sources[chainId]
            .word
            .withField(0, 8, uint256(LaneStatus.Open))
            .withField(InWords.OWN_INCARNATION, 14, admission.ownIncarnation)
            .withField(InWords.INCARNATION, 14, admission.incarnation)
            .withField(InWords.OTHER_GATEWAY, 1, admission.gateway == address(this) ? 0 : 1);
        emit LaneChanged(chainId, LaneStatus.Open, outLaneId, inLaneId);
    }

    /// @inheritdoc IMetalayerGateway
    function closeLane(uint256 chainId) external only(REGISTRY) {
        State storage $ = _state();
        OutLaneState storage lane = $.outLanes[chainId];
        if (lane.word.status() != uint256(LaneStatus.Open)) revert GatewayUnknownRollup(chainId);
        uint256 closed = uint256(LaneStatus.Closed);
        lane.word = OutWord.wrap(uint248(OutWord.unwrap(lane.word)) | (closed << OutWords.STATUS));
        $.sources[chainId].word = $.sources[chainId].word.withField(0, 8, closed);
        emit LaneChanged(chainId, LaneStatus.Closed, 0, 0);
    }

    /// @inheritdoc IMetalayerGateway
    function setPrices(uint256 dstChainId, Prices calldata prices) external only(FEE_CONTROLLER) {
        OutLaneState storage lane = _state().outLanes[dstChainId];
        uint256 word = OutWord.unwrap(lane.word);
        if (word == 0) revert GatewayUnknownRollup(dstChainId);
        bool sane =
            prices.basePrice < 1 << 32 &&
                prices.pricePerByte < 1 << 24 &&
                prices.pricePerKGas < 1 << 24 &&
                prices.fundShare <= 1000 &&
                prices.burnShare <= 1000 - prices.fundShare &&
                prices.maxGasLimit >> 10 < 1 << 16 &&
                prices.maxGasLimit <= type(uint32).max;
        if (!sane) revert GatewayInvalidPrices(prices);
        uint256 packed =
            prices.basePrice |
                (prices.pricePerByte << 32) |
                (prices.pricePerKGas << 56) |
                (prices.fundShare << 80) |
                (prices.burnShare << 90) |
                ((prices.maxGasLimit >> 10) << 100);
        uint256 mask = ((1 << 116) - 1) << OutWords.BASE_PRICE;
        lane.word = OutWord.wrap((word & ~mask) | (packed << OutWords.BASE_PRICE));
        emit PricesChanged(dstChainId, prices);
    }

    /// @inheritdoc IMetalayerGateway
    function setInboundTerms(
        uint256 srcChainId,
        uint256 guardianShare,
        uint256 feeCapacity
    ) external only(FEE_CONTROLLER) {
        State storage $ = _state();
        InWord word = $.sources[srcChainId].word;
        if (word.status() == uint256(LaneStatus.None)) revert GatewayUnknownRollup(srcChainId);
        uint256 capacity = feeCapacity / InWords.UNITS_PER_ERA;
        bool sane =
            guardianShare <= 1000 && feeCapacity % InWords.UNITS_PER_ERA == 0 && capacity <= InWords.MAX_CAPACITY;
        if (!sane) revert GatewayInvalidTerms(guardianShare, feeCapacity);
        // The level is brought up to date under the old capacity first: a change never fills the bucket.
        uint256 level = word.level(block.timestamp);
        if (level > feeCapacity) level = feeCapacity;
        $.sources[srcChainId].word = word
            .withField(InWords.GUARDIAN_SHARE, 10, guardianShare)
            .withField(InWords.LEVEL, 56, level)
            .withField(InWords.LEVEL_AT, 40, block.timestamp)
            .withField(InWords.CAPACITY, 32, capacity);
        emit InboundTermsChanged(srcChainId, guardianShare, feeCapacity);
    }

    /// @inheritdoc IMetalayerGateway
    function collectAccrued(
        uint256 dstChainId
    ) external only(FEE_CONTROLLER) returns (uint256 gross, uint256 bounties) {
        State storage $ = _state();
        OutLaneState storage lane = $.outLanes[dstChainId];
        uint256 word = OutWord.unwrap(lane.word);
        gross = lane.word.accrued();
        bounties = $.accruedBounties[dstChainId];
        lane.word = OutWord.wrap(word & ~(uint256(type(uint56).max) << OutWords.ACCRUED));
        $.accruedBounties[dstChainId] = 0;
    }

    /// @inheritdoc IMetalayerGateway
    function setFastAdmin(address admin) external {
        _state().fastAdmins[msg.sender] = admin;
        emit FastAdminChanged(msg.sender, admin);
    }

    /// @inheritdoc IMetalayerGateway
    function setFastLimit(address recipient, uint256 srcChainId, uint256 perDay) external {
        State storage $ = _state();
        if (msg.sender != recipient && msg.sender != $.fastAdmins[recipient]) revert GatewayUnauthorized(msg.sender);
        if (perDay > type(uint32).max) revert GatewayInvalidAmount(perDay);
        $.fastLimits[recipient][srcChainId] = FastAllowance.write(perDay, perDay * FastAllowance.ONE, block.timestamp);
        emit FastLimitChanged(recipient, srcChainId, perDay);
    }

    /// @inheritdoc IMetalayerGateway
    function inLane(uint256 srcChainId) external view returns (InLane memory) {
        InWord word = _state().sources[srcChainId].word;
        return
            InLane({
                status: LaneStatus(word.status()),
                ownIncarnation: word.ownIncarnation(),
                incarnation: word.incarnation(),
                gateway: _state().sources[srcChainId].gateway,
                guardianShare: word.guardianShare(),
                pausedUntil: word.pausedUntil(),
                feeLevel: word.level(block.timestamp),
                feeCapacity: word.capacity(),
                fastCredited: word.fastCredited()
            });
    }

    /// @inheritdoc IMetalayerGateway
    function fastPolicy(
        address recipient,
        uint256 srcChainId
    ) external view returns (uint256 perDay, uint256 left, address admin) {
        (perDay, left) = FastAllowance.read(_state().fastLimits[recipient][srcChainId], block.timestamp);
        return (perDay, left / FastAllowance.ONE, _state().fastAdmins[recipient]);
    }

    /// @dev For the pauser: at most {MAX_PAUSE}, and not again until as long after the end of the last one.
    function _pause(uint256[] calldata srcChainIds, uint256 duration) internal {
        if (duration == 0 || duration > MAX_PAUSE) revert GatewayPauseTooLong(duration, MAX_PAUSE);
        State storage $ = _state();
        uint256 until = block.timestamp + duration;
        for (uint256 i = 0; i < srcChainIds.length; ++i) {
            uint256 srcChainId = srcChainIds[i];
            InWord word = $.sources[srcChainId].word;
            if (word.status() == uint256(LaneStatus.None)) revert GatewayUnknownRollup(srcChainId);
            uint256 last = word.pausedUntil();
            if (last != 0 && block.timestamp < last + MAX_PAUSE) {
                revert GatewayPauseCoolingDown(srcChainId, last + MAX_PAUSE);
            }
            $.sources[srcChainId].word = word.withField(InWords.PAUSED_UNTIL, 40, until);
            emit Paused(srcChainId, until);
        }
    }

    function _unpause(uint256 srcChainId) internal {
        State storage $ = _state();
        $.sources[srcChainId].word = $.sources[srcChainId].word.withField(InWords.PAUSED_UNTIL, 40, 0);
        emit Unpaused(srcChainId);
    }

    /// @dev Incarnations only grow, one of them at least, so that no lane and no delivery record is ever used twice.
    function _requireAdmissible(Admission calldata admission, OutWord previous) private view {
        bool sane =
            admission.chainId != 0 &&
                admission.chainId <= Route.MAX_CHAIN_ID &&
                admission.chainId != block.chainid &&
                admission.gateway != address(0) &&
                admission.ownIncarnation != 0 &&
                admission.ownIncarnation <= Route.MAX_INCARNATION &&
                admission.incarnation <= Route.MAX_INCARNATION &&
                admission.ownIncarnation >= previous.ownIncarnation() &&
                admission.incarnation >= previous.incarnation() &&
                admission.ownIncarnation + admission.incarnation > previous.ownIncarnation() + previous.incarnation();
        if (!sane || admission.incarnation == 0) {
            revert GatewayInvalidAdmission(
                admission.chainId,
                admission.ownIncarnation,
                admission.incarnation,
                admission.gateway
            );
        }
    }
}
