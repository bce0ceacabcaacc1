// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Lets a keeper move prices of messages between two decisions of governance, within bounds that governance set.
/// @notice docs/protocol/fees.md §5. Prices have the units of {IMetalayerGateway-Prices}. Shares and gas limits are governance's alone. Nothing moves
///         for a destination without bounds, and none of this limits what governance sets itself.
interface IPriceKeeper {
    /// @notice How far the prices of one destination may move.
    /// @param baseFloor least base price, millionths of ERA, at least 1
    /// @param baseCap highest base price
    /// @param byteFloor least price of a byte, fee units, at least 1
    /// @param byteCap highest price of a byte
    /// @param gasFloor least price of 1,000 gas, fee units, at least 1
    /// @param gasCap highest price of 1,000 gas
    /// @param step most that a price changes in one move, per mille of what it was, 1 … 1,000
    /// @param interval least seconds between two moves, at least 1
    struct Bounds {
        uint32 baseFloor;
        uint32 baseCap;
        uint24 byteFloor;
        uint24 byteCap;
        uint24 gasFloor;
        uint24 gasCap;
        uint16 step;
        uint32 interval;
    }

    /// @notice All zero: nothing moves any more.
    event BoundsChanged(uint256 indexed dstChainId, Bounds bounds);
    event PricesMoved(uint256 indexed dstChainId, uint256 basePrice, uint256 pricePerByte, uint256 pricePerKGas);

    error KeeperInvalidWiring(address feeController, address gateway);
    error KeeperInvalidBounds(uint256 dstChainId, Bounds bounds);
    error KeeperNoBounds(uint256 dstChainId);
    error KeeperTooEarly(uint256 dstChainId, uint256 earliest);
    error KeeperUnchanged(uint256 dstChainId);
    error KeeperOutOfBounds(uint256 dstChainId, uint256 price, uint256 floor, uint256 cap);
    error KeeperStepTooLarge(uint256 dstChainId, uint256 from, uint256 to, uint256 step);

    /// @notice Sets the bounds of a destination; all zero ends the keeper's say there. Administrator. Prices stay as they are.
    /// @dev Reverts AccessManagedUnauthorized, {KeeperInvalidBounds} if a floor is 0 or above its cap, or step or interval out of range.
    ///      Emits {BoundsChanged}.
    function setBounds(uint256 dstChainId, Bounds calldata bounds) external;

    /// @notice Sets the three prices of a destination; shares and highest gas limit stay. Price keeper. A price that stays the same is not
    ///         held to the bounds: governance may have put it outside.
    /// @dev Sweeps the destination, as every change of prices does. Reverts AccessManagedUnauthorized, {KeeperNoBounds}, {KeeperTooEarly},
    ///      {KeeperUnchanged}, {KeeperOutOfBounds}, {KeeperStepTooLarge}, and as {IFeeController-setPrices}. Emits {PricesMoved}.
    function movePrices(uint256 dstChainId, uint256 basePrice, uint256 pricePerByte, uint256 pricePerKGas) external;

    /// @notice Bounds of a destination; all zero if there are none.
    function boundsOf(uint256 dstChainId) external view returns (Bounds memory);
    /// @notice When the keeper last moved prices of a destination, seconds since 1970; 0: never.
    function movedAt(uint256 dstChainId) external view returns (uint256);
}
