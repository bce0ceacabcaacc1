// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Rewards of stake: 15 % to 8 % a year by the share of ERA staked here, out of what was paid in and of nothing else.
/// @notice Rules: docs/protocol/staking.md §10. Amounts are in wei of ERA, times in seconds, shares of rewards in parts per million.
interface IGuardianRewards {
    /// @notice Rewards of one operator's pool.
    /// @param index where the pool stands in the index of rewards per staked wei
    /// @param perShare rewards per share since the beginning, times 10^27
    /// @param settledAt until when it is settled
    /// @param commission the operator's part
    /// @param nextCommission its part from `commissionAt` on, if that is not 0
    struct RewardPool {
        uint256 index;
        uint256 perShare;
        uint64 settledAt;
        uint32 commission;
        uint32 nextCommission;
        uint64 commissionAt;
    }

    /// @notice Where all ERA of this contract is: `pot` is free, `promised` has accrued to pools that were not settled since, `owed` belongs
    ///         to accounts. `index` is the reward of one staked wei since the beginning, times 10^27.
    struct Books {
        uint256 index;
        uint128 pot;
        uint128 promised;
        uint128 owed;
        uint64 updatedAt;
        uint128 supply;
    }

    event RewardsFunded(address indexed payer, uint256 amount);
    event FeesCollected(uint256 amount);
    event RewardsSettled(address indexed operator, uint256 granted, uint256 commission);
    event RewardsClaimed(address indexed operator, address indexed account, uint256 amount);
    event RewardsCompounded(address indexed operator, address indexed account, uint256 amount, uint256 shares);
    event CommissionChanging(address indexed operator, uint32 commission, uint64 startsAt);

    error RewardsInvalidWiring(address era, address staking, address guardianSet);
    error RewardsBadCommission(uint32 commission, uint32 most);
    error RewardsNothing(address operator, address account);

    /// @notice Sets the access manager, once, in the transaction that creates the proxy.
    /// @dev Reverts if it was initialised.
    function initialize(address authority) external;

    /// @notice Brings a pool, and the part of one account in it, up to now. The staking contract calls it before it changes either; anyone may.
    /// @param account nobody: the pool alone
    /// @dev What accrued while the operator had no weight in the newest table goes back to the pot. Never reverts. Emits {RewardsSettled} if there was anything.
    function settle(address operator, address account) external;

    /// @notice Adds ERA of the caller (allowance) to the pot. Anyone.
    /// @dev Reverts as ERA's transferFrom. Emits {RewardsFunded}.
    function fund(uint256 amount) external;

    /// @notice Adds the guardians' fees to the pot. Anyone.
    /// @dev Never reverts. Emits {FeesCollected} if there are any.
    function collectFees() external;

    /// @notice Announces the caller's commission, at most 500,000; it holds from seven days later on. A later call replaces an earlier one that
    ///         does not hold yet.
    /// @dev Reverts {RewardsBadCommission}. Emits {CommissionChanging}.
    function setCommission(uint32 commission) external;

    /// @notice Pays what the caller has earned in a pool, commission included.
    /// @dev Reverts {RewardsNothing}. Emits {RewardsClaimed}.
    function claim(address operator) external returns (uint256 amount);

    /// @notice Stakes what the caller has earned in a pool in that pool.
    /// @dev Reverts {RewardsNothing}, and as the staking contract's stake, below 1 ERA for instance. Emits {RewardsCompounded}.
    function compound(address operator) external returns (uint256 amount, uint256 shares);

    /// @notice Rewards in a year of stake at this share of the supply, parts per 10^18: 15 % falling in a straight line to 8 % at three quarters.
    function yearlyRate(uint256 staked, uint256 supply) external pure returns (uint256);

    /// @notice Where all ERA of this contract is, as of the last settlement.
    function books() external view returns (Books memory);
    /// @notice A pool's rewards, as of its last settlement.
    function rewardPool(address operator) external view returns (RewardPool memory);
    /// @notice What an account has earned in a pool, as of the pool's last settlement. A static call of {claim} tells it as of now.
    function earned(address operator, address account) external view returns (uint256);
}
