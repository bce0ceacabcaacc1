// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TallyMath} from "../../../contracts/governance/TallyMath.sol";

/// @title What holds of tallies from other rollups.
contract TallyProofs {
    /// @notice from one rollup no more counts than its ceiling, nor than it reported
    /// @custom:seeded TallyMath.sol -> total <= ceiling ? votes -> votes <= ceiling ? votes
    function countedIsBelowTheCeiling(uint64 against, uint64 inFavour, uint64 abstain, uint64 ceiling) external pure {
        uint256 total = uint256(against) + inFavour + abstain;
        uint256 first = TallyMath.capped(against, total, ceiling);
        uint256 second = TallyMath.capped(inFavour, total, ceiling);
        uint256 third = TallyMath.capped(abstain, total, ceiling);
        assert(first <= against && second <= inFavour && third <= abstain);
        if (first + second + third <= ceiling) return;
        // This product leads the solver: it is at least nothing, and here it would be less.
        uint256 product = (first + second + third - ceiling - 1) * total;
        assert(product < 0);
    }

    /// @notice a tally below its ceiling counts whole; above it each kind keeps its part, less than one vote lost
    /// @custom:seeded TallyMath.sol -> (votes * ceiling) / total; -> (votes * ceiling) / (total + 1);
    function theSplitStays(uint64 votes, uint64 others, uint64 ceiling) external pure {
        uint256 total = uint256(votes) + others;
        uint256 counted = TallyMath.capped(votes, total, ceiling);
        assert(counted <= votes);
        assert(total > ceiling || counted == votes);
        assert(total <= ceiling || (counted * total <= uint256(votes) * ceiling));
        assert(total <= ceiling || (counted + 1) * total > uint256(votes) * ceiling);
    }

    /// @notice a tally is replaced only by one of a later block, in whatever order they come: the newest counts
    /// @custom:seeded TallyMath.sol -> return blockNumber > countedBlock; -> return blockNumber >= countedBlock;
    function theNewestCounts(uint64 first, uint64 second) external pure {
        assert(!(TallyMath.isNewer(first, second) && TallyMath.isNewer(second, first)));
        assert(TallyMath.isNewer(first, second) || TallyMath.isNewer(second, first) || first == second);
        assert(!TallyMath.isNewer(first, first));
    }
}

/// @title The sum over rollups: one of two rollups reports, as often and in whichever order it likes.
contract TallySumProofs {
    uint64 private one;
    uint64 private other;
    uint64 private oneBlock;
    uint64 private otherBlock;
    uint64 private sum;

    /// @dev Counted are any votes below a ceiling; all ceilings together are below 2^63.
    function report(bool byOne, uint64 counted, uint64 blockNumber) external {
        require(counted < 1 << 62);
        if (!TallyMath.isNewer(blockNumber, byOne ? oneBlock : otherBlock)) return;
        sum = TallyMath.replaced(sum, byOne ? one : other, counted);
        if (byOne) {
            one = counted;
            oneBlock = blockNumber;
        } else {
            other = counted;
            otherBlock = blockNumber;
        }
    }

    /// @notice the sum is that of what counts of each rollup now: an earlier report leaves nothing behind
    /// @custom:engine chc
    /// @custom:seeded TallyMath.sol -> return sum - old + next; -> return sum + next;
    function sumIsExact() external view {
        assert(sum == uint256(one) + other);
    }
}
