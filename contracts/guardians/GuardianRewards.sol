// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManagedUpgradeable} from "@openzeppelin/contracts-upgradeable/access/manager/AccessManagedUpgradeable.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {RewardMath} from "../libraries/RewardMath.sol";
import {IEra} from "../token/IEra.sol";
import {IGuardianRewards} from "./IGuardianRewards.sol";
import {IGuardianSet} from "./IGuardianSet.sol";
import {IGuardianStaking} from "./IGuardianStaking.sol";

/// @title Rewards of one rollup's stake, behind an ERC-1967 proxy.
/// @dev Stake changes only after a settlement, so the stake that a settlement reads is the stake of the whole time since the last one.
contract GuardianRewards is IGuardianRewards, AccessManagedUpgradeable, UUPSUpgradeable {
    using SafeERC20 for IEra;

    uint256 private constant MILLION = 1_000_000;
    uint32 private constant MAX_COMMISSION = 500_000;
    uint64 private constant COMMISSION_DELAY = 7 days;

    struct Account {
        uint256 perShare;
        uint256 owed;
    }

    /// @custom:storage-location erc7201:metalayer.storage.GuardianRewards
    struct RewardStorage {
        Books books;
        mapping(address operator => RewardPool) pools;
        mapping(address operator => mapping(address account => Account)) accounts;
    }

    // keccak256(abi.encode(uint256(keccak256("metalayer.storage.GuardianRewards")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE = 0x80e10c7baaaa8584cb547993a1afb87aa0ad28f7a6039b291658ddb1226fbc00;

    IEra private immutable ERA;
    IGuardianStaking private immutable STAKING;
    IGuardianSet private immutable GUARDIAN_SET;

    constructor(address era, address staking, address guardianSet) {
        if (era == address(0) || staking == address(0) || guardianSet == address(0)) {
            revert RewardsInvalidWiring(era, staking, guardianSet);
        }
        ERA = IEra(era);
        STAKING = IGuardianStaking(staking);
        GUARDIAN_SET = IGuardianSet(guardianSet);
        _disableInitializers();
    }

    /// @inheritdoc IGuardianRewards
    function initialize(address authority) external initializer {
        __AccessManaged_init(authority);
    }

    /// @inheritdoc IGuardianRewards
    function settle(address operator, address account) external {
        _settle(operator, account);
    }

    /// @inheritdoc IGuardianRewards
    function fund(uint256 amount) external {
        _accrue();
        _rewards().books.pot += uint128(amount);
        emit RewardsFunded(msg.sender, amount);

        // Fails for more than the supply of 10^27, so the pot cannot have been cut off.
        ERA.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @inheritdoc IGuardianRewards
    function collectFees() external {
        _accrue();
        uint256 amount = STAKING.releaseFees();
        if (amount == 0) return;
        _rewards().books.pot += uint128(amount);
        emit FeesCollected(amount);
    }

    /// @inheritdoc IGuardianRewards
    function setCommission(uint32 commission) external {
        if (commission > MAX_COMMISSION) revert RewardsBadCommission(commission, MAX_COMMISSION);
        _settle(msg.sender, address(0));
        RewardPool storage pool = _rewards().pools[msg.sender];
        uint64 startsAt = uint64(block.timestamp) + COMMISSION_DELAY;
        (pool.nextCommission, pool.commissionAt) = (commission, startsAt);
        emit CommissionChanging(msg.sender, commission, startsAt);
    }

    /// @inheritdoc IGuardianRewards
    function claim(address operator) external returns (uint256 amount) {
        amount = _collect(operator);
        emit RewardsClaimed(operator, msg.sender, amount);

        ERA.safeTransfer(msg.sender, amount);
    }

    /// @inheritdoc IGuardianRewards
    function compound(address operator) external returns (uint256 amount, uint256 shares) {
        amount = _collect(operator);
        ERA.forceApprove(address(STAKING), amount);
        shares = STAKING.stakeFor(operator, msg.sender, amount);
        emit RewardsCompounded(operator, msg.sender, amount, shares);
    }

    /// @inheritdoc IGuardianRewards
    function yearlyRate(uint256 staked, uint256 supply) external pure returns (uint256) {
        return RewardMath.yearlyRate(staked, supply);
    }

    /// @inheritdoc IGuardianRewards
    function books() external view returns (Books memory) {
        return _rewards().books;
    }

    /// @inheritdoc IGuardianRewards
    function rewardPool(address operator) external view returns (RewardPool memory) {
        return _rewards().pools[operator];
    }

    /// @inheritdoc IGuardianRewards
    function earned(address operator, address account) external view returns (uint256) {
        Account storage own = _rewards().accounts[operator][account];
        uint256 rise = _rewards().pools[operator].perShare - own.perShare;
        return own.owed + Math.mulDiv(STAKING.sharesOf(operator, account), rise, RewardMath.RAY);
    }

    /// @dev Only the administrator may upgrade.
    function _authorizeUpgrade(address) internal override restricted {}

    /// @dev Moves what all stake has earned since the last time from the pot to the promises. The supply is that of the last time, so that nobody
    ///      raises the rate of the past by moving ERA.
    function _accrue() private {
        Books storage all = _rewards().books;
        uint256 elapsed = block.timestamp - all.updatedAt;
        if (elapsed == 0) return;
        (uint256 rise, uint256 taken) = RewardMath.accrue(STAKING.totalStaked(), all.supply, elapsed, all.pot);
        all.index += rise;
        all.pot -= uint128(taken);
        all.promised += uint128(taken);
        (all.updatedAt, all.supply) = (uint64(block.timestamp), uint128(ERA.totalSupply()));
    }

    function _settle(address operator, address account) private {
        _accrue();
        _settlePool(operator);
        if (account == address(0)) return;
        RewardStorage storage $ = _rewards();
        Account storage own = $.accounts[operator][account];
        uint256 perShare = $.pools[operator].perShare;
        if (own.perShare == perShare) return;
        own.owed += Math.mulDiv(STAKING.sharesOf(operator, account), perShare - own.perShare, RewardMath.RAY);
        own.perShare = perShare;
    }

    /// @dev Takes what was promised to the pool; grants what stake that is not leaving earned while the operator counted, and puts the rest back.
    function _settlePool(address operator) private {
        RewardStorage storage $ = _rewards();
        RewardPool storage pool = $.pools[operator];
        uint256 elapsed = block.timestamp - pool.settledAt;
        if (elapsed == 0) return;
        IGuardianStaking.Pool memory stake = STAKING.pool(operator);
        uint256 promised = Math.mulDiv(stake.tokens, $.books.index - pool.index, RewardMath.RAY);
        uint256 counted = Math.min(_countedTime(operator), elapsed);
        (pool.index, pool.settledAt) = ($.books.index, uint64(block.timestamp));
        uint32 commission = _commission(pool);
        if (promised == 0) return;

        uint256 active = stake.shares - stake.leavingShares;
        uint256 granted = Math.mulDiv(promised, active * counted, stake.shares * elapsed);
        uint256 cut = (granted * commission) / MILLION;
        uint256 paid;
        if (active != 0) {
            uint256 rise = Math.mulDiv(granted - cut, RewardMath.RAY, active);
            pool.perShare += rise;
            // Rounded up, because an account sums the rises before it rounds; never above what was granted.
            paid = Math.mulDiv(active, rise, RewardMath.RAY, Math.Rounding.Ceil);
        }
        $.accounts[operator][operator].owed += cut;
        $.books.promised -= uint128(promised);
        $.books.owed += uint128(paid + cut);
        $.books.pot += uint128(promised - paid - cut);
        emit RewardsSettled(operator, paid + cut, cut);
    }

    /// @dev How long the operator has counted without a break.
    function _countedTime(address operator) private view returns (uint256) {
        uint256 since = GUARDIAN_SET.weightedSince(operator);
        return since == 0 ? 0 : block.timestamp - since;
    }

    /// @dev A change within the time that is settled counts for all of it if it is a lower commission, for nothing of it otherwise.
    function _commission(RewardPool storage pool) private returns (uint32 commission) {
        commission = pool.commission;
        if (pool.commissionAt == 0 || block.timestamp < pool.commissionAt) return commission;
        uint32 next = pool.nextCommission;
        (pool.commission, pool.nextCommission, pool.commissionAt) = (next, 0, 0);
        if (next < commission) commission = next;
    }

    /// @dev What the caller has earned, which leaves the books.
    function _collect(address operator) private returns (uint256 amount) {
        _settle(operator, msg.sender);
        Account storage own = _rewards().accounts[operator][msg.sender];
        amount = own.owed;
        if (amount == 0) revert RewardsNothing(operator, msg.sender);
        own.owed = 0;
        _rewards().books.owed -= uint128(amount);
    }

    function _rewards() private pure returns (RewardStorage storage $) {
        assembly ("memory-safe") {
            $.slot := STORAGE
        }
    }
}
