// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IMetalayerGateway} from "../messaging/IMetalayerGateway.sol";
import {IFeeController} from "./IFeeController.sol";
import {IPriceKeeper} from "./IPriceKeeper.sol";

/// @title Prices that follow what gas costs, within bounds. Not upgradeable.
/// @dev Needs the role that may call {IFeeController-setPrices}, and no other.
contract PriceKeeper is IPriceKeeper, AccessManaged {
    uint256 private constant MILLE = 1000;

    IFeeController private immutable FEES;
    IMetalayerGateway private immutable GATEWAY;

    mapping(uint256 dstChainId => Bounds) private _bounds;
    mapping(uint256 dstChainId => uint256) private _movedAt;

    constructor(address authority, address feeController, address gateway) AccessManaged(authority) {
        if (feeController == address(0) || gateway == address(0)) revert KeeperInvalidWiring(feeController, gateway);
        FEES = IFeeController(feeController);
        GATEWAY = IMetalayerGateway(gateway);
    }

    /// @inheritdoc IPriceKeeper
    function setBounds(uint256 dstChainId, Bounds calldata bounds) external restricted {
        if (!_isNothing(bounds) && !_isSane(bounds)) revert KeeperInvalidBounds(dstChainId, bounds);
        _bounds[dstChainId] = bounds;
        emit BoundsChanged(dstChainId, bounds);
    }

    /// @inheritdoc IPriceKeeper
    function movePrices(
        uint256 dstChainId,
        uint256 basePrice,
        uint256 pricePerByte,
        uint256 pricePerKGas
    ) external restricted {
        Bounds memory bounds = _bounds[dstChainId];
        if (bounds.interval == 0) revert KeeperNoBounds(dstChainId);
        uint256 earliest = _movedAt[dstChainId] + bounds.interval;
        if (block.timestamp < earliest) revert KeeperTooEarly(dstChainId, earliest);

        IMetalayerGateway.Prices memory prices = GATEWAY.outLane(dstChainId).prices;
        bool changed = _check(dstChainId, prices.basePrice, basePrice, bounds.baseFloor, bounds.baseCap, bounds.step);
        changed =
            _check(dstChainId, prices.pricePerByte, pricePerByte, bounds.byteFloor, bounds.byteCap, bounds.step) ||
            changed;
        changed =
            _check(dstChainId, prices.pricePerKGas, pricePerKGas, bounds.gasFloor, bounds.gasCap, bounds.step) ||
            changed;
        if (!changed) revert KeeperUnchanged(dstChainId);

        _movedAt[dstChainId] = block.timestamp;
        (prices.basePrice, prices.pricePerByte, prices.pricePerKGas) = (basePrice, pricePerByte, pricePerKGas);
        emit PricesMoved(dstChainId, basePrice, pricePerByte, pricePerKGas);

        FEES.setPrices(dstChainId, prices);
    }

    /// @inheritdoc IPriceKeeper
    function boundsOf(uint256 dstChainId) external view returns (Bounds memory) {
        return _bounds[dstChainId];
    }

    /// @inheritdoc IPriceKeeper
    function movedAt(uint256 dstChainId) external view returns (uint256) {
        return _movedAt[dstChainId];
    }

    /// @dev Whether the price changes; reverts if it may not change that much or to that.
    function _check(
        uint256 dstChainId,
        uint256 from,
        uint256 to,
        uint256 floor,
        uint256 cap,
        uint256 step
    ) private pure returns (bool) {
        if (to == from) return false;
        if (to < floor || to > cap) revert KeeperOutOfBounds(dstChainId, to, floor, cap);
        uint256 change = to > from ? to - from : from - to;
        // A price of 0 is a decision of governance: no step leads away from it.
        if (change * MILLE > from * step) revert KeeperStepTooLarge(dstChainId, from, to, step);
        return true;
    }

    function _isSane(Bounds calldata bounds) private pure returns (bool) {
        return
            bounds.interval != 0 &&
            bounds.step != 0 &&
            bounds.step <= MILLE &&
            _isRange(bounds.baseFloor, bounds.baseCap) &&
            _isRange(bounds.byteFloor, bounds.byteCap) &&
            _isRange(bounds.gasFloor, bounds.gasCap);
    }

    function _isRange(uint256 floor, uint256 cap) private pure returns (bool) {
        return floor != 0 && floor <= cap;
    }

    function _isNothing(Bounds calldata bounds) private pure returns (bool) {
        return
            bounds.interval == 0 &&
            bounds.step == 0 &&
            uint256(bounds.baseFloor) +
                bounds.baseCap +
                bounds.byteFloor +
                bounds.byteCap +
                bounds.gasFloor +
                bounds.gasCap ==
                0;
    }
}
