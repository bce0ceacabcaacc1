// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IFeeController} from "../fees/IFeeController.sol";
import {StakeMath} from "../libraries/StakeMath.sol";
import {IEra} from "../token/IEra.sol";
import {GuardianChallenges} from "./GuardianChallenges.sol";
import {IGuardianFeePool} from "./IGuardianFeePool.sol";
import {IGuardianRewards} from "./IGuardianRewards.sol";
import {IGuardianSet} from "./IGuardianSet.sol";
import {IGuardianStaking} from "./IGuardianStaking.sol";
import {IStakeWeights} from "./IStakeWeights.sol";

/// @title Stake of one rollup's guardians, behind an ERC-1967 proxy.
/// @dev A pool holds all stake of an operator, whoever it belongs to and whether it is leaving or not: whatever later takes ERA from a pool
///      takes it from every share alike, and whatever rewards shares counts those that are not leaving.
contract GuardianStaking is IGuardianStaking, GuardianChallenges, UUPSUpgradeable {
    using SafeERC20 for IEra;

    uint256 private constant WHOLE = 1e18;
    uint256 private constant MIN_STAKE = 1e18;
    uint256 private constant MAX_OPERATORS = 256;
    /// @dev A liar that reports itself keeps no more than this.
    uint256 private constant MAX_REPORTER_SHARE = 50_000;

    /// @custom:storage-location erc7201:metalayer.storage.GuardianStaking
    struct StakingStorage {
        uint32 unbonding;
        uint32 evidenceWindow;
        uint64 exitCount;
        uint128 totalStaked;
        uint128 totalFees;
        mapping(address operator => Pool) pools;
        mapping(address operator => mapping(address account => uint256)) shares;
        mapping(uint256 exitId => Exit) exits;
        mapping(uint256 serial => uint256) fees;
    }

    // keccak256(abi.encode(uint256(keccak256("metalayer.storage.GuardianStaking")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE = 0xa8102c487671be71ea3a3f5d3d047aae83697fe7703cde6a2ecc7ac135e83400;

    address private immutable FEE_CONTROLLER;
    address private immutable SLASHING;
    IGuardianRewards private immutable REWARDS;

    /// @notice Addresses of the other contracts, all of them there or to come.
    constructor(StakingWiring memory wiring) GuardianChallenges(wiring.era, wiring.guardianSet) {
        if (
            wiring.era == address(0) ||
            wiring.guardianSet == address(0) ||
            wiring.feeController == address(0) ||
            wiring.slashing == address(0) ||
            wiring.rewards == address(0)
        ) revert StakingInvalidWiring(wiring);
        FEE_CONTROLLER = wiring.feeController;
        SLASHING = wiring.slashing;
        REWARDS = IGuardianRewards(wiring.rewards);
        _disableInitializers();
    }

    /// @inheritdoc IGuardianStaking
    function initialize(address authority, uint32 unbonding, uint32 evidenceWindow) external initializer {
        __AccessManaged_init(authority);
        _setPeriods(unbonding, evidenceWindow);
    }

    /// @inheritdoc IGuardianStaking
    function stake(address operator, uint256 amount) external returns (uint256) {
        return _stake(operator, msg.sender, amount);
    }

    /// @inheritdoc IGuardianStaking
    function stakeFor(address operator, address account, uint256 amount) external returns (uint256) {
        if (account == address(0)) revert StakingZeroAccount();
        return _stake(operator, account, amount);
    }

    /// @inheritdoc IGuardianStaking
    function unstake(address operator, uint256 shares) external returns (uint256 exitId) {
        StakingStorage storage $ = _staking();
        uint256 owned = $.shares[operator][msg.sender];
        if (shares == 0 || shares > owned) revert StakingInsufficientShares(operator, msg.sender, shares, owned);
        REWARDS.settle(operator, msg.sender);
        IGuardianSet.Epoch memory epoch = GUARDIAN_SET.epoch();
        uint256 acceptedUntil = Math.max(epoch.validUntil, epoch.graceUntil);
        uint64 releaseAt = uint64(
            Math.max(block.timestamp + $.unbonding, Math.max(acceptedUntil, block.timestamp) + $.evidenceWindow)
        );

        Pool storage pool_ = $.pools[operator];
        $.shares[operator][msg.sender] = owned - shares;
        pool_.leavingShares += uint128(shares);
        pool_.freshShares = uint128(StakeMath.freshAfter(shares, _fresh(pool_)));
        exitId = ++$.exitCount;
        $.exits[exitId] = Exit(msg.sender, epoch.serial, releaseAt, operator, uint128(shares));
        emit ExitRequested(exitId, operator, msg.sender, shares, releaseAt);
    }

    /// @inheritdoc IGuardianStaking
    function withdraw(uint256 exitId) external returns (uint256 amount) {
        StakingStorage storage $ = _staking();
        Exit memory leaving = $.exits[exitId];
        if (leaving.account == address(0)) revert StakingUnknownExit(exitId);
        if (block.timestamp < leaving.releaseAt) revert StakingNotReleased(exitId, leaving.releaseAt);
        if (leaving.serial != 0 && GUARDIAN_SET.isAccepted(leaving.serial)) {
            revert StakingStillCounts(exitId, leaving.serial);
        }
        uint64 until = GUARDIAN_SET.frozenUntil(leaving.operator);
        if (block.timestamp < until) revert StakingFrozen(leaving.operator, until);
        REWARDS.settle(leaving.operator, address(0));
        Pool storage pool_ = $.pools[leaving.operator];
        uint256 tokens;
        uint256 shares;
        uint256 stillLeaving;
        (amount, tokens, shares, stillLeaving) = StakeMath.pay(
            leaving.shares,
            pool_.tokens,
            pool_.shares,
            pool_.leavingShares
        );

        delete $.exits[exitId];
        // None is more than it was.
        (pool_.tokens, pool_.shares, pool_.leavingShares) = (uint128(tokens), uint128(shares), uint128(stillLeaving));
        $.totalStaked -= uint128(amount);
        emit ExitPaid(exitId, leaving.operator, leaving.account, amount);

        ERA.safeTransfer(leaving.account, amount);
    }

    /// @inheritdoc IGuardianStaking
    function slash(
        address operator,
        uint256 fraction,
        address reporter,
        uint256 reporterShare
    ) external returns (uint256 taken, uint256 rewarded) {
        if (msg.sender != SLASHING) revert StakingUnauthorized(msg.sender);
        uint256 mostShare = reporter == address(0) ? 0 : MAX_REPORTER_SHARE;
        if (fraction == 0 || fraction > StakeMath.MILLION || reporterShare > mostShare) {
            revert StakingBadSlash(fraction, reporterShare);
        }
        REWARDS.settle(operator, address(0));
        StakingStorage storage $ = _staking();
        Pool storage pool_ = $.pools[operator];
        (taken, rewarded) = StakeMath.cut(pool_.tokens, fraction, reporterShare);

        pool_.tokens -= uint128(taken);
        $.totalStaked -= uint128(taken);
        emit Slashed(operator, taken, reporter, rewarded);

        if (rewarded != 0) ERA.safeTransfer(reporter, rewarded);
        if (taken == rewarded) return (taken, rewarded);
        ERA.forceApprove(FEE_CONTROLLER, taken - rewarded);
        IFeeController(FEE_CONTROLLER).burn(taken - rewarded);
    }

    /// @inheritdoc IGuardianFeePool
    function receiveFees(uint256 serial, uint256 amount) external {
        if (msg.sender != FEE_CONTROLLER) revert StakingUnauthorized(msg.sender);
        StakingStorage storage $ = _staking();
        uint256 required = uint256($.totalStaked) + $.totalFees + totalBonds() + amount;
        uint256 balance = ERA.balanceOf(address(this));
        if (balance < required) revert StakingFeesNotReceived(balance, required);
        // Below the supply of 10^27, because the balance covers it.
        $.totalFees += uint128(amount);
        $.fees[serial] += amount;
        emit FeesReceived(serial, amount);
    }

    /// @inheritdoc IGuardianStaking
    function releaseFees() external returns (uint256 amount) {
        if (msg.sender != address(REWARDS)) revert StakingUnauthorized(msg.sender);
        StakingStorage storage $ = _staking();
        amount = $.totalFees;
        if (amount == 0) return 0;
        $.totalFees = 0;
        emit FeesReleased(amount);

        ERA.safeTransfer(msg.sender, amount);
    }

    /// @inheritdoc IGuardianStaking
    function setPeriods(uint32 unbonding, uint32 evidenceWindow) external restricted {
        _setPeriods(unbonding, evidenceWindow);
    }

    /// @inheritdoc IStakeWeights
    function weights(address[] calldata operators) external view returns (uint64[] memory result) {
        if (operators.length > MAX_OPERATORS) revert StakingTooManyOperators(operators.length, MAX_OPERATORS);
        result = new uint64[](operators.length);
        StakingStorage storage $ = _staking();
        for (uint256 i = 0; i < operators.length; ++i) result[i] = _weight($.pools[operators[i]]);
    }

    /// @inheritdoc IGuardianStaking
    function periods() external view returns (uint32 unbonding, uint32 evidenceWindow) {
        StakingStorage storage $ = _staking();
        return ($.unbonding, $.evidenceWindow);
    }

    /// @inheritdoc IGuardianStaking
    function pool(address operator) external view returns (Pool memory) {
        return _staking().pools[operator];
    }

    /// @inheritdoc IGuardianStaking
    function sharesOf(address operator, address account) external view returns (uint256) {
        return _staking().shares[operator][account];
    }

    /// @inheritdoc IGuardianStaking
    function tokensOf(address operator, uint256 shares) external view returns (uint256) {
        Pool storage pool_ = _staking().pools[operator];
        return pool_.shares == 0 ? 0 : Math.mulDiv(shares, pool_.tokens, pool_.shares);
    }

    /// @inheritdoc IGuardianStaking
    function exit(uint256 exitId) external view returns (Exit memory) {
        return _staking().exits[exitId];
    }

    /// @inheritdoc IGuardianStaking
    function totalStaked() external view returns (uint256) {
        return _staking().totalStaked;
    }

    /// @inheritdoc IGuardianStaking
    function totalFees() external view returns (uint256) {
        return _staking().totalFees;
    }

    /// @inheritdoc IGuardianStaking
    function feesOf(uint256 serial) external view returns (uint256) {
        return _staking().fees[serial];
    }

    /// @dev The ERA is the caller's, the shares are the account's.
    function _stake(address operator, address account, uint256 amount) private returns (uint256 shares) {
        if (operator == address(0)) revert StakingZeroOperator();
        if (amount < MIN_STAKE) revert StakingAmountTooSmall(amount, MIN_STAKE);
        if (amount > type(uint128).max) revert StakingAmountTooLarge(amount);
        REWARDS.settle(operator, account);
        StakingStorage storage $ = _staking();
        Pool storage pool_ = $.pools[operator];
        (uint256 tokens, uint256 issued) = (pool_.tokens, pool_.shares);
        if (tokens == 0 && issued != 0) revert StakingPoolEmpty(operator);
        // A pool never holds more ERA than shares, so that no stake is too small for a share.
        shares = StakeMath.sharesFor(amount, tokens, issued);
        if (issued + shares > type(uint128).max) revert StakingAmountTooLarge(amount);

        pool_.tokens = uint128(tokens + amount);
        pool_.shares = uint128(issued + shares);
        pool_.freshShares = uint128(_fresh(pool_) + shares);
        pool_.freshAt = uint64(block.timestamp);
        $.shares[operator][account] += shares;
        $.totalStaked += uint128(amount);
        emit Staked(operator, account, amount, shares);

        ERA.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @dev Only the administrator may upgrade.
    function _authorizeUpgrade(address) internal override restricted {}

    function _setPeriods(uint32 unbonding, uint32 evidenceWindow) private {
        (, uint32 grace) = GUARDIAN_SET.settings();
        if (evidenceWindow == 0 || unbonding < uint256(grace) + evidenceWindow) {
            revert StakingPeriodsTooShort(unbonding, grace, evidenceWindow);
        }
        StakingStorage storage $ = _staking();
        $.unbonding = unbonding;
        $.evidenceWindow = evidenceWindow;
        emit PeriodsSet(unbonding, evidenceWindow);
    }

    /// @dev Stake in whole ERA without what is leaving and without what came in at this very time.
    function _weight(Pool storage pool_) private view returns (uint64) {
        uint256 issued = pool_.shares;
        if (issued == 0) return 0;
        // Below the supply of 10^9 ERA.
        return uint64(StakeMath.counted(pool_.tokens, issued, pool_.leavingShares, _fresh(pool_)) / WHOLE);
    }

    /// @dev Shares issued at this very time.
    function _fresh(Pool storage pool_) private view returns (uint256) {
        return pool_.freshAt == block.timestamp ? pool_.freshShares : 0;
    }

    function _staking() private pure returns (StakingStorage storage $) {
        assembly ("memory-safe") {
            $.slot := STORAGE
        }
    }
}
