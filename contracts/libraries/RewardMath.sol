// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Arithmetic of rewards (docs/protocol/staking.md §10). Rounds against who receives.
library RewardMath {
    /// @notice Scale of an index and of rewards per share.
    uint256 internal constant RAY = 1e27;
    uint256 private constant WAD = 1e18;
    uint256 private constant MOST = 0.15e18;
    uint256 private constant LEAST = 0.08e18;
    /// @dev Share of the supply from which on the rate is the least.
    uint256 private constant FULL = 0.75e18;
    uint256 private constant YEAR = 365 days;

    /// @notice Yearly rate, parts per 10^18, at this share of the supply.
    function yearlyRate(uint256 staked, uint256 supply) internal pure returns (uint256) {
        if (staked >= supply) return LEAST;
        uint256 share = Math.mulDiv(staked, WAD, supply);
        if (share >= FULL) return LEAST;
        return MOST - ((MOST - LEAST) * share) / FULL;
    }

    /// @notice By how much the index of `staked` rises in `elapsed` seconds, and what that takes from a pot, never more than there is.
    /// @return rise of the index. @return taken at least staked · rise / RAY.
    function accrue(
        uint256 staked,
        uint256 supply,
        uint256 elapsed,
        uint256 pot
    ) internal pure returns (uint256 rise, uint256 taken) {
        if (staked == 0 || pot == 0) return (0, 0);
        rise = Math.mulDiv(yearlyRate(staked, supply) * elapsed, RAY, WAD * YEAR);
        taken = Math.mulDiv(staked, rise, RAY, Math.Rounding.Ceil);
        if (taken <= pot) return (rise, taken);
        rise = Math.mulDiv(pot, RAY, staked);
        taken = Math.mulDiv(staked, rise, RAY, Math.Rounding.Ceil);
    }
}
