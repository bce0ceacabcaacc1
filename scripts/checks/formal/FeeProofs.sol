// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FeeMath} from "../../../contracts/libraries/FeeMath.sol";
import {InflowLimit} from "../../../contracts/libraries/InflowLimit.sol";

/// @title What holds of fees and of what a rollup may bring in: nothing appears, nothing vanishes, limits hold.
contract FeeProofs {
    /// @notice the fund's, the burnt and the paid part of a fee are the fee, in units as in wei
    /// @custom:seeded FeeMath.sol -> forGood = gross - toFund - net; -> forGood = (gross / 1000) * fundShare;
    function partsAreTheFee(uint128 thousands, uint256 fundShare, uint256 burnShare) external pure {
        require(fundShare <= 1000 && burnShare <= 1000 - fundShare);
        uint256 gross = uint256(thousands) * 1000;
        (uint256 toFund, uint256 forGood, uint256 net) = FeeMath.split(gross, fundShare, burnShare);
        assert(toFund + forGood + net == gross);
        assert(toFund == thousands * fundShare);
        assert(forGood == thousands * burnShare);
    }

    /// @notice what is burnt here for two messages at once is what both commit to be paid there: sweeping late loses nothing
    /// @custom:seeded FeeMath.sol -> return gross - (gross / 1000) * shares; -> return gross - (gross * shares) / 1001;
    function netsAddUp(uint56 one, uint56 other, uint256 fundShare, uint256 burnShare) external pure {
        require(fundShare <= 1000 && burnShare <= 1000 - fundShare);
        uint256 all = (uint256(one) + other) * 1000;
        (, , uint256 net) = FeeMath.split(all, fundShare, burnShare);
        uint256 shares = fundShare + burnShare;
        assert(FeeMath.netOf(uint256(one) * 1000, shares) + FeeMath.netOf(uint256(other) * 1000, shares) == net);
    }

    /// @notice what a delivery earned is paid or waits, to the unit, and guardians have no part of bounties
    /// @custom:seeded FeeMath.sol -> bountiesLeft = bounties - (taken - paidFees); -> bountiesLeft = bounties;
    function settlingConserves(uint64 fees, uint64 bounties, uint64 taken, uint256 guardianShare) external pure {
        require(uint256(taken) <= uint256(fees) + bounties && guardianShare <= 1000);
        (uint256 toGuardians, uint256 toDeliverer, uint256 feesLeft, uint256 bountiesLeft) = FeeMath.settle(
            fees,
            bounties,
            taken,
            guardianShare
        );
        assert(toGuardians + toDeliverer == taken);
        assert(taken + feesLeft + bountiesLeft == uint256(fees) + bounties);
        assert(feesLeft <= fees && bountiesLeft <= bounties);
    }

    /// @notice guardians get their share of paid fees, rounded down, and none of bounties
    /// @custom:seeded FeeMath.sol -> toGuardians = (paidFees * guardianShare) / 1000; -> toGuardians = (taken * guardianShare) / 1000;
    function guardiansShareFeesAlone(uint64 fees, uint64 bounties, uint64 taken, uint256 guardianShare) external pure {
        require(uint256(taken) <= uint256(fees) + bounties && guardianShare <= 1000);
        (uint256 toGuardians, , uint256 feesLeft, ) = FeeMath.settle(fees, bounties, taken, guardianShare);
        assert(toGuardians * 1000 <= (fees - feesLeft) * guardianShare);
        assert(toGuardians * 1000 + 999 >= (fees - feesLeft) * guardianShare);
    }

    /// @notice a bucket never holds more than its capacity, and refills at most at its speed
    /// @custom:seeded InflowLimit.sol -> return level < capacity ? level : capacity; -> return level;
    function bucketIsBounded(uint64 level, uint56 capacity, uint40 elapsed) external pure {
        uint256 refilled = InflowLimit.refilled(level, capacity, elapsed);
        assert(refilled <= capacity);
        assert(refilled * InflowLimit.REFILL_PERIOD <= level * InflowLimit.REFILL_PERIOD + uint256(capacity) * elapsed);
    }

    /// @notice a bucket loses nothing but to its capacity, and two refills give no more than one
    /// @custom:seeded InflowLimit.sol -> level += (capacity * elapsed) / REFILL_PERIOD; -> level += (capacity * elapsed) / REFILL_PERIOD + 1;
    function refillingTwiceGivesNoMore(uint64 level, uint56 capacity, uint40 first, uint40 second) external pure {
        uint256 twice = InflowLimit.refilled(InflowLimit.refilled(level, capacity, first), capacity, second);
        assert(twice <= InflowLimit.refilled(level, capacity, uint256(first) + second));
        assert(twice >= (level < capacity ? level : capacity));
    }

    /// @notice in any time no more comes in than the bucket held and gained: what it holds falls by exactly what was accepted
    /// @custom:seeded InflowLimit.sol -> return (true, level - units, nowExposed); -> return (true, level, nowExposed);
    function acceptedLeavesTheBucket(
        uint256 units,
        uint64 level,
        uint64 exposure,
        uint56 share,
        bool exposed
    ) external pure {
        (bool ok, uint256 left, uint256 nowExposed) = InflowLimit.taken(units, level, exposure, share, exposed);
        assert(ok || (left == level && nowExposed == exposure));
        assert(!ok || (units <= level && left == level - units));
    }

    /// @notice what is at stake of a source after an acceptance is at most its share, and counts all of what was accepted
    /// @custom:seeded InflowLimit.sol -> if (exposed && nowExposed > share) -> if (exposed && exposure > share)
    function exposureStaysWithinTheShare(uint256 units, uint64 level, uint64 exposure, uint56 share) external pure {
        (bool ok, , uint256 nowExposed) = InflowLimit.taken(units, level, exposure, share, true);
        assert(!ok || nowExposed <= share);
        assert(!ok || nowExposed == exposure + units);
    }

    /// @notice exposure decays at most at its speed and never below nothing
    /// @custom:seeded InflowLimit.sol -> uint256 decay = (share * elapsed) / DECAY_PERIOD; -> uint256 decay = (share * elapsed) / REFILL_PERIOD;
    function exposureDecaysSlowly(uint64 exposure, uint56 share, uint40 elapsed) external pure {
        uint256 decayed = InflowLimit.decayed(exposure, share, elapsed);
        assert(decayed <= exposure);
        assert((exposure - decayed) * InflowLimit.DECAY_PERIOD <= uint256(share) * elapsed);
    }
}
