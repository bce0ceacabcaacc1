// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title A recipient's own limit of `fast` deliveries: refills linearly, `perDay` messages a day.
/// @dev One word: perDay 32 · level 64 · at 64, from the lowest bit. The level counts 1/86,400 messages, so that refilling never rounds.
library FastAllowance {
    uint256 internal constant ONE = 1 days;

    function read(uint256 word, uint256 timestamp) internal pure returns (uint256 perDay, uint256 level) {
        perDay = uint32(word);
        level = uint64(word >> 32) + (timestamp - uint64(word >> 96)) * perDay;
        if (level > perDay * ONE) level = perDay * ONE;
    }

    function write(uint256 perDay, uint256 level, uint256 timestamp) internal pure returns (uint256) {
        return perDay | (level << 32) | (timestamp << 96);
    }
}
