// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {GuardianEpoch} from "../../../contracts/guardians/GuardianEpoch.sol";
import {GuardianTable} from "../../../contracts/guardians/GuardianTable.sol";

/// @title What holds of the weights of a table of at most 256 guardians.
contract WeightProofs {
    /// @notice a quorum is more than two thirds, is never nothing, and all together reach it
    /// @custom:seeded GuardianEpoch.sol -> return (2 * totalWeight) / 3 + 1; -> return (2 * totalWeight) / 3;
    function quorumIsAboveTwoThirds(uint80 total, uint80 weight) external pure {
        uint256 quorum = GuardianEpoch.quorum(total);
        assert((weight >= quorum) == (3 * uint256(weight) > 2 * uint256(total)));
        assert(quorum != 0);
        assert(total == 0 || quorum <= total);
    }

    /// @notice two signer sets that both reach a quorum share more than a third of the weight
    /// @custom:seeded GuardianEpoch.sol -> return (2 * totalWeight) / 3 + 1; -> return totalWeight / 2 + 1;
    function quorumsOverlap(uint80 total, uint80 one, uint80 other, uint80 both) external pure {
        require(both <= one && both <= other && uint256(one) + other - both <= total);
        uint256 quorum = GuardianEpoch.quorum(total);
        require(one >= quorum && other >= quorum);
        assert(3 * uint256(both) > total);
    }

    /// @notice stake adds at most a sixth of the weight in an epoch, however long it lasted
    /// @custom:seeded GuardianEpoch.sol -> (elapsed < length ? elapsed : length) -> elapsed
    function growthIsAtMostASixth(uint80 total, uint40 elapsed, uint32 length) external pure {
        require(length != 0);
        assert(6 * GuardianEpoch.allowance(total, elapsed, length) <= total);
    }

    /// @notice after one more guardian's growth was scaled, all growth together is within the allowance: a step of the sum
    /// @custom:seeded GuardianTable.sol -> return base + ((weight - base) * allowance) / growth; -> return base + ((weight - base) * allowance) / growth + 1;
    function scaledGrowthIsWithinTheAllowance(
        uint64 weight,
        uint64 base,
        uint80 allowance,
        uint80 growth,
        uint80 growthBefore,
        uint80 scaledBefore
    ) external pure {
        // Those before have their part: scaledBefore / allowance ≤ growthBefore / growth.
        require(weight > base && allowance < growth && growthBefore + uint256(weight - base) <= growth);
        require(uint256(scaledBefore) * growth <= uint256(allowance) * growthBefore);
        uint256 scaled = GuardianTable.grown(weight, base, allowance, growth);
        assert(scaled >= base && scaled <= weight);
        uint256 sum = scaledBefore + (scaled - base);
        assert(sum * growth <= uint256(allowance) * (growthBefore + uint256(weight - base)));
    }

    /// @notice all growth together after the last guardian, which the step above leads to, is at most the allowance
    /// @custom:seeded GuardianTable.sol -> ((weight - base) * allowance) / growth; -> ((weight - base) * growth) / allowance;
    function allGrowthIsTheAllowanceAtMost(uint64 weight, uint64 base, uint80 allowance, uint80 growth) external pure {
        require(weight > base && allowance != 0 && allowance < growth && uint256(weight - base) == growth);
        assert(GuardianTable.grown(weight, base, allowance, growth) - base <= allowance);
    }

    /// @notice with at least four guardians nobody has a third after the limit: the two heaviest, and the others together
    /// @custom:seeded GuardianTable.sol -> cap = (all - first - 1) / 2; -> cap = (all - first) / 2;
    function nobodyHasAThird(uint64 first, uint64 second, uint64 third, uint80 others) external pure {
        // At least one more guardian stands behind the third.
        require(first >= second && second >= third && third != 0 && others != 0);
        uint256 all = uint256(first) + second + third + others;
        uint256 cap = GuardianTable.capOf(first, second, all);
        assert(cap != 0 && cap <= first);
        assert(third <= cap);
        uint256 limited = (first < cap ? first : cap) + (second < cap ? second : cap) + third + others;
        assert(3 * cap < limited);
    }

    /// @notice the limit takes off as little as possible: one more and somebody has a third
    /// @custom:seeded GuardianTable.sol -> if (cap < second) cap = all - first - second - 1; -> if (cap < second) cap = (all - first - second - 1) / 2;
    function theLimitIsTheGreatest(uint64 first, uint64 second, uint64 third, uint80 others) external pure {
        require(first >= second && second >= third && third != 0 && others != 0);
        uint256 all = uint256(first) + second + third + others;
        uint256 cap = GuardianTable.capOf(first, second, all);
        uint256 more = cap + 1;
        uint256 limited = (first < more ? first : more) + (second < more ? second : more) + third + others;
        assert(cap == first || 3 * more >= limited);
        assert((cap == first) == (3 * uint256(first) < all));
    }
}
