// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManagedUpgradeable} from "@openzeppelin/contracts-upgradeable/access/manager/AccessManagedUpgradeable.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {FeeMath} from "../libraries/FeeMath.sol";
import {IGuardianFeePool} from "../guardians/IGuardianFeePool.sol";
import {IMetalayerGateway} from "../messaging/IMetalayerGateway.sol";
import {IEra} from "../token/IEra.sol";
import {IFeeController} from "./IFeeController.sol";

/// @title Fees of one rollup, behind an ERC-1967 proxy.
/// @dev The counters are the gateway's, the ERA behind them is here. Every counter that the gateway clears is booked before ERA moves.
contract FeeController is IFeeController, AccessManagedUpgradeable, UUPSUpgradeable {
    using SafeERC20 for IEra;

    /// @dev Wei of ERA in a fee unit.
    uint256 private constant UNIT = 1e9;

    /// @custom:storage-location erc7201:metalayer.storage.FeeController
    struct FeeStorage {
        address fund;
        address guardianPool;
        uint256 held;
        uint256 burntForGood;
        uint256 minted;
        mapping(uint256 dstChainId => Swept) swept;
        mapping(uint256 serial => uint256) guardianFees;
    }

    // keccak256(abi.encode(uint256(keccak256("metalayer.storage.FeeController")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE = 0x78f237d3b2bcb434ad3af78d6024639b61b9f87b571f4482b219ccfc44bcc100;

    IEra private immutable ERA;
    IMetalayerGateway private immutable GATEWAY;

    constructor(address era, address gateway) {
        if (era == address(0) || gateway == address(0)) revert FeesInvalidWiring(era, gateway);
        ERA = IEra(era);
        GATEWAY = IMetalayerGateway(gateway);
        _disableInitializers();
    }

    /// @inheritdoc IFeeController
    function initialize(address authority, address fund_, address guardianPool_) external initializer {
        if (guardianPool_ == address(0)) revert FeesInvalidPool(guardianPool_);
        __AccessManaged_init(authority);
        _fees().guardianPool = guardianPool_;
        emit GuardianPoolChanged(guardianPool_);
        _setFund(fund_);
    }

    /// @inheritdoc IFeeController
    function buyCredit(address account, uint256 amount) external {
        _buy(account, amount);
    }

    /// @inheritdoc IFeeController
    function buyCreditWithPermit(
        address account,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external {
        // Whoever copies the permit from the mempool only sets the allowance that it grants; transferFrom decides.
        try IERC20Permit(address(ERA)).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        _buy(account, amount);
    }

    /// @inheritdoc IFeeController
    function withdrawCredit(uint256 amount) external {
        uint256 units = _units(amount);
        GATEWAY.removeCredit(msg.sender, units);
        _fees().held -= amount;
        emit CreditWithdrawn(msg.sender, amount);

        ERA.safeTransfer(msg.sender, amount);
    }

    /// @inheritdoc IFeeController
    function spendCredit(address account, uint256 amount) external restricted returns (address payer) {
        uint256 units = _units(amount);
        // Read before the charge: it says which of the two pays.
        (uint256 own, address sponsor) = GATEWAY.credit(account);
        payer = own >= units ? account : sponsor;
        if (!GATEWAY.payFromCredit(account, units)) revert FeesInsufficientCredit(account, amount);
        _fees().held -= amount;
        emit CreditSpent(account, payer, msg.sender, amount);

        ERA.safeTransfer(msg.sender, amount);
    }

    /// @inheritdoc IFeeController
    function burn(uint256 amount) external {
        _fees().burntForGood += amount;
        emit BurntForGood(msg.sender, amount);

        ERA.safeTransferFrom(msg.sender, address(this), amount);
        ERA.burn(amount);
    }

    /// @inheritdoc IFeeController
    function sweep(uint256 dstChainId) external {
        _sweep(dstChainId);
    }

    /// @inheritdoc IFeeController
    function withdraw(uint256 serial, address deliverer) external {
        (uint256 unitsDeliverer, uint256 unitsGuardians) = GATEWAY.collectEarnings(serial, deliverer);
        uint256 forDeliverer = unitsDeliverer * UNIT;
        uint256 forGuardians = unitsGuardians * UNIT;
        if (forDeliverer + forGuardians == 0) return;
        FeeStorage storage $ = _fees();
        $.minted += forDeliverer + forGuardians;
        $.guardianFees[serial] += forGuardians;
        emit EarningsWithdrawn(serial, deliverer, forDeliverer, forGuardians);

        if (forDeliverer != 0) ERA.mint(deliverer, forDeliverer);
        if (forGuardians != 0) {
            address pool = $.guardianPool;
            ERA.mint(pool, forGuardians);
            IGuardianFeePool(pool).receiveFees(serial, forGuardians);
        }
    }

    /// @inheritdoc IFeeController
    function setPrices(uint256 dstChainId, IMetalayerGateway.Prices calldata prices) external restricted {
        _sweep(dstChainId);
        GATEWAY.setPrices(dstChainId, prices);
    }

    /// @inheritdoc IFeeController
    function setInboundTerms(uint256 srcChainId, uint256 guardianShare, uint256 feeCapacity) external restricted {
        GATEWAY.setInboundTerms(srcChainId, guardianShare, feeCapacity);
    }

    /// @inheritdoc IFeeController
    function setFund(address fund_) external restricted {
        _setFund(fund_);
    }

    /// @inheritdoc IFeeController
    function setGuardianPool(address pool) external restricted {
        if (pool.code.length == 0) revert FeesInvalidPool(pool);
        _fees().guardianPool = pool;
        emit GuardianPoolChanged(pool);
    }

    /// @inheritdoc IFeeController
    function fund() external view returns (address) {
        return _fees().fund;
    }

    /// @inheritdoc IFeeController
    function guardianPool() external view returns (address) {
        return _fees().guardianPool;
    }

    /// @inheritdoc IFeeController
    function held() external view returns (uint256) {
        return _fees().held;
    }

    /// @inheritdoc IFeeController
    function burntForGood() external view returns (uint256) {
        return _fees().burntForGood;
    }

    /// @inheritdoc IFeeController
    function swept(uint256 dstChainId) external view returns (Swept memory) {
        return _fees().swept[dstChainId];
    }

    /// @inheritdoc IFeeController
    function minted() external view returns (uint256) {
        return _fees().minted;
    }

    /// @inheritdoc IFeeController
    function guardianFees(uint256 serial) external view returns (uint256) {
        return _fees().guardianFees[serial];
    }

    /// @dev Only the administrator may upgrade.
    function _authorizeUpgrade(address) internal override restricted {}

    function _buy(address account, uint256 amount) private {
        uint256 units = _units(amount);
        if (account == address(0)) revert FeesInvalidAccount(account);
        _fees().held += amount;
        emit CreditBought(msg.sender, account, amount);

        ERA.safeTransferFrom(msg.sender, address(this), amount);
        GATEWAY.addCredit(account, units);
    }

    /// @dev The shares in force apply to all that has accrued: {setPrices} sweeps first. Gross is a multiple of 1,000 units, so all parts are exact.
    function _sweep(uint256 dstChainId) private {
        IMetalayerGateway.Prices memory prices = GATEWAY.outLane(dstChainId).prices;
        (uint256 gross, uint256 bountyUnits) = GATEWAY.collectAccrued(dstChainId);
        if (gross + bountyUnits == 0) return;
        (uint256 toFund, uint256 forGood, uint256 net) = FeeMath.split(
            gross * UNIT,
            prices.fundShare,
            prices.burnShare
        );
        uint256 bounties = bountyUnits * UNIT;

        FeeStorage storage $ = _fees();
        $.held -= toFund + forGood + net + bounties;
        $.burntForGood += forGood;
        Swept storage total = $.swept[dstChainId];
        // Below the supply of 10^27, because all of it was held.
        total.net += uint128(net);
        total.bounties += uint128(bounties);
        emit FeesSwept(dstChainId, toFund, forGood, net, bounties);

        if (toFund != 0) ERA.safeTransfer($.fund, toFund);
        ERA.burn(forGood + net + bounties);
    }

    function _setFund(address fund_) private {
        if (fund_ == address(0) || fund_ == address(this)) revert FeesInvalidFund(fund_);
        _fees().fund = fund_;
        emit FundChanged(fund_);
    }

    /// @dev Whole fee units of an amount in wei.
    function _units(uint256 amount) private pure returns (uint256) {
        if (amount == 0 || amount % UNIT != 0) revert FeesInvalidAmount(amount);
        return amount / UNIT;
    }

    function _fees() private pure returns (FeeStorage storage $) {
        assembly ("memory-safe") {
            $.slot := STORAGE
        }
    }
}
