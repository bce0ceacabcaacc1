// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title What counts of another rollup's tally: docs/protocol/governance.md. Proved in scripts/checks/formal.
library TallyMath {
    /// @notice Whether a tally of this block replaces the one that counts. Of one rollup the newest counts.
    function isNewer(uint256 blockNumber, uint256 countedBlock) internal pure returns (bool) {
        return blockNumber > countedBlock;
    }

    /// @notice Votes that count of one kind, of `total` that were reported and `ceiling` that may count: the same split.
    /// @dev At most `votes`.
    function capped(uint256 votes, uint256 total, uint256 ceiling) internal pure returns (uint256) {
        return total <= ceiling ? votes : (votes * ceiling) / total;
    }

    /// @notice Sum over all rollups after one of them reported anew.
    function replaced(uint64 sum, uint64 old, uint64 next) internal pure returns (uint64) {
        return sum - old + next;
    }
}
