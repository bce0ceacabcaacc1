// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IGuardianFeePool} from "./IGuardianFeePool.sol";
import {IStakeWeights} from "./IStakeWeights.sol";

/// @title Stake of guardians: one pool of ERA per operator, held in shares.
/// @notice Stake answers for every signature of its operator's key, also for signatures that are older than the stake, until it is paid out:
///         stake that is leaving stays in its pool and can be slashed like the rest. Amounts are in wei of ERA, times in seconds.
/// @dev ERA received as fees of the guardians is counted apart and never becomes stake by itself.
interface IGuardianStaking is IStakeWeights, IGuardianFeePool {
    /// @notice Addresses that an implementation carries as immutables.
    struct StakingWiring {
        address era;
        address guardianSet;
        address feeController;
        address slashing;
        address rewards;
    }

    /// @notice Pool of an operator.
    /// @param tokens ERA of the pool, leaving shares included
    /// @param shares all shares of the pool
    /// @param leavingShares shares on their way out: without weight, but slashable
    /// @param freshShares shares issued at `freshAt` and not leaving: without weight in a table that is formed at that very time
    /// @param freshAt when stake was last added
    struct Pool {
        uint128 tokens;
        uint128 shares;
        uint128 leavingShares;
        uint128 freshShares;
        uint64 freshAt;
    }

    /// @notice Stake on its way out.
    /// @param serial newest table when it was requested
    /// @param releaseAt not paid out before
    struct Exit {
        address account;
        uint32 serial;
        uint64 releaseAt;
        address operator;
        uint128 shares;
    }

    event Staked(address indexed operator, address indexed account, uint256 amount, uint256 shares);
    event ExitRequested(
        uint256 indexed exitId,
        address indexed operator,
        address indexed account,
        uint256 shares,
        uint64 releaseAt
    );
    event ExitPaid(uint256 indexed exitId, address indexed operator, address indexed account, uint256 amount);
    event Slashed(address indexed operator, uint256 taken, address indexed reporter, uint256 rewarded);
    event FeesReceived(uint256 indexed serial, uint256 amount);
    event FeesReleased(uint256 amount);
    event PeriodsSet(uint32 unbonding, uint32 evidenceWindow);

    error StakingInvalidWiring(StakingWiring wiring);
    error StakingZeroAccount();
    error StakingBadSlash(uint256 fraction, uint256 reporterShare);
    error StakingFrozen(address operator, uint64 until);
    error StakingZeroOperator();
    error StakingAmountTooSmall(uint256 amount, uint256 minimum);
    error StakingAmountTooLarge(uint256 amount);
    error StakingPoolEmpty(address operator);
    error StakingInsufficientShares(address operator, address account, uint256 shares, uint256 available);
    error StakingUnknownExit(uint256 exitId);
    error StakingNotReleased(uint256 exitId, uint64 releaseAt);
    error StakingStillCounts(uint256 exitId, uint32 serial);
    error StakingPeriodsTooShort(uint32 unbonding, uint32 grace, uint32 evidenceWindow);
    error StakingTooManyOperators(uint256 count, uint256 maxCount);
    error StakingUnauthorized(address caller);
    error StakingFeesNotReceived(uint256 balance, uint256 required);

    /// @notice Sets access manager and periods, once, in the transaction that creates the proxy; the GuardianSet must be there.
    /// @dev Reverts {StakingPeriodsTooShort}, and if it was initialised. Emits {PeriodsSet}.
    function initialize(address authority, uint32 unbonding, uint32 evidenceWindow) external;

    /// @notice Adds `amount` ERA of the caller (allowance) to the pool of `operator`; the shares belong to the caller. Anyone.
    /// @dev Without weight in the running table; counts from the next rotation, if that is in a later block. Reverts {StakingZeroOperator},
    ///      {StakingAmountTooSmall} below 1 ERA, {StakingAmountTooLarge},
    ///      {StakingPoolEmpty} for a pool that has lost all its ERA but not its shares, and as ERA's transferFrom. Emits {Staked}.
    function stake(address operator, uint256 amount) external returns (uint256 shares);

    /// @notice {stake} with ERA of the caller and shares that belong to `account`. Anyone.
    /// @dev Reverts as {stake}, and {StakingZeroAccount}. Emits {Staked}.
    function stakeFor(address operator, address account, uint256 amount) external returns (uint256 shares);

    /// @notice Starts the exit of shares of the caller. They lose their weight at the next rotation and can be slashed until they are paid out.
    /// @dev `releaseAt` is the later of now + unbonding, and the evidence window after the last moment at which a table can be accepted that
    ///      still counts this stake. It does not change afterwards. Reverts {StakingInsufficientShares}, also for 0. Emits {ExitRequested}.
    function unstake(address operator, uint256 shares) external returns (uint256 exitId);

    /// @notice Pays an exit to the account that requested it. Anyone.
    /// @dev Reverts {StakingUnknownExit} also if it was paid, {StakingNotReleased}, {StakingStillCounts} while the table of the request is accepted,
    ///      {StakingFrozen} while the operator is frozen. Emits {ExitPaid}.
    function withdraw(uint256 exitId) external returns (uint256 amount);

    /// @notice Takes a fraction of a pool's ERA, from every share alike, leaving ones included. Only the slashing contract.
    /// @param fraction of the pool, 1 … 1,000,000 parts per million; the amount is rounded down
    /// @param reporter receives `reporterShare` of what is taken; the rest is burnt for good
    /// @param reporterShare of what is taken, at most 50,000 parts per million; 0 if `reporter` is nobody
    /// @return taken ERA taken in wei, 0 for an empty pool. @return rewarded the part of it that the reporter got.
    /// @dev Reverts {StakingUnauthorized}, {StakingBadSlash}. Emits {Slashed}.
    function slash(
        address operator,
        uint256 fraction,
        address reporter,
        uint256 reporterShare
    ) external returns (uint256 taken, uint256 rewarded);

    /// @notice Hands the fees of guardians over to the rewards contract. Only that contract.
    /// @dev Reverts {StakingUnauthorized}. Emits {FeesReleased} if there are any.
    function releaseFees() external returns (uint256 amount);

    /// @notice Sets both periods for exits requested from now on. Administrator.
    /// @dev Reverts {StakingPeriodsTooShort} unless evidenceWindow > 0 and unbonding ≥ the GuardianSet's grace + evidenceWindow. Emits {PeriodsSet}.
    function setPeriods(uint32 unbonding, uint32 evidenceWindow) external;

    /// @notice Periods for exits that are requested now, in seconds.
    function periods() external view returns (uint32 unbonding, uint32 evidenceWindow);
    /// @notice Pool of an operator; all zero if nobody ever staked there.
    function pool(address operator) external view returns (Pool memory);
    /// @notice Shares of an account in a pool that are not leaving.
    function sharesOf(address operator, address account) external view returns (uint256);
    /// @notice What these shares are worth now, rounded down.
    function tokensOf(address operator, uint256 shares) external view returns (uint256);
    /// @notice An exit by id; all zero if unknown or paid.
    function exit(uint256 exitId) external view returns (Exit memory);
    /// @notice ERA held as stake, leaving stake included.
    function totalStaked() external view returns (uint256);
    /// @notice ERA held as fees of guardians.
    function totalFees() external view returns (uint256);
    /// @notice Fees received for a table, since deployment.
    function feesOf(uint256 serial) external view returns (uint256);
}
