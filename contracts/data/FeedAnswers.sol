// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IFeeds} from "./IFeeds.sol";

/// @title The newest answer of a feed in one slot, and the newest 256 rounds beside it: docs/protocol/feeds.md §3.
library FeedAnswers {
    uint64 private constant KEPT = 256;

    /// @dev `newest` is first: its slot is the one that other rollups prove.
    struct Log {
        IFeeds.Answer newest;
        mapping(uint256 place => IFeeds.Answer) kept;
    }

    /// @dev Of a newer round than any before.
    function add(Log storage log, IFeeds.Answer memory answer) internal {
        log.newest = answer;
        log.kept[answer.round % KEPT] = answer;
    }

    /// @return answer all zero if the round has none here, or is too old
    function find(Log storage log, uint256 round) internal view returns (IFeeds.Answer memory answer) {
        uint256 newest = log.newest.round;
        if (round == 0 || round > newest || newest - round >= KEPT) return answer;
        IFeeds.Answer memory found = log.kept[round % KEPT];
        if (found.round == round) answer = found;
    }
}
