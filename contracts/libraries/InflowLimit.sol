// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title What a rollup may bring in: a refilling bucket and a decaying exposure, in one storage word.
/// @notice docs/protocol/fees.md §4. The bucket limits speed: its level refills linearly to `capacity` over one day. The exposure limits
///         what is at stake: accepted minus sent, decaying linearly by `share` over 30 days, never below 0.
/// @dev Pure; amounts come and go in wei. Kept are gwei of ERA (level, exposure) and whole ERA (capacity, share), always rounded against who
///      receives. Times are block times (below 2^40). No pair of parameters can overflow: both are cut to 2^32 − 1 ERA, more than four times the supply, and every product
///      below fits 2^(40 + 62).
///
///      Word, from the lowest bit: level 64, exposure 64, updatedAt 40, capacity 32, share 32, tag 24 (free for the contract that keeps it).
library InflowLimit {
    /// @notice Time in which an empty bucket becomes full.
    uint256 internal constant REFILL_PERIOD = 1 days;
    /// @notice Time in which an exposure of one share decays.
    uint256 internal constant DECAY_PERIOD = 30 days;

    uint256 private constant EXPOSURE_SHIFT = 64;
    uint256 private constant TIME_SHIFT = 128;
    uint256 private constant CAPACITY_SHIFT = 168;
    uint256 private constant SHARE_SHIFT = 200;
    uint256 private constant TAG_SHIFT = 232;
    uint256 private constant MASK_64 = type(uint64).max;
    uint256 private constant MASK_40 = type(uint40).max;
    uint256 private constant MASK_32 = type(uint32).max;
    /// @dev Everything but level, exposure and time.
    uint256 private constant SETTINGS = type(uint256).max << CAPACITY_SHIFT;

    /// @dev Both in wei.
    uint256 private constant UNIT = 1e9;
    uint256 private constant WHOLE = 1e18;
    uint256 private constant UNITS_PER_WHOLE = WHOLE / UNIT;

    /// @notice Sets capacity and share, in wei. The first time the bucket starts full; afterwards no change adds level or lowers exposure.
    function configure(uint256 word, uint256 capacity, uint256 share, uint256 time) internal pure returns (uint256) {
        uint256 whole = Math.min(capacity / WHOLE, MASK_32);
        (uint256 level, uint256 exposure) = _advance(word, time);
        level = _updatedAt(word) == 0 ? whole * UNITS_PER_WHOLE : Math.min(level, whole * UNITS_PER_WHOLE);
        uint256 settings = (whole << CAPACITY_SHIFT) | (Math.min(share / WHOLE, MASK_32) << SHARE_SHIFT);
        return _pack(((word >> TAG_SHIFT) << TAG_SHIFT) | settings, level, exposure, Math.max(time, _updatedAt(word)));
    }

    /// @notice Accepts `amount` wei: takes it from the bucket and, if `exposed`, adds it to the exposure.
    /// @return ok false if one of both does not allow it; the word is then returned as it was
    function accept(uint256 word, uint256 amount, uint256 time, bool exposed) internal pure returns (bool ok, uint256) {
        if (amount == 0) return (true, word);
        (uint256 level, uint256 exposure) = _advance(word, time);
        unchecked {
            // amount > 0.
            (ok, level, exposure) = taken((amount - 1) / UNIT + 1, level, exposure, _share(word), exposed);
        }
        return (ok, ok ? _pack(word, level, exposure, Math.max(time, _updatedAt(word))) : word);
    }

    /// @notice Books `amount` wei as sent: lowers the exposure, at most to 0. The bucket does not gain from it.
    function release(uint256 word, uint256 amount, uint256 time) internal pure returns (uint256) {
        if ((word >> EXPOSURE_SHIFT) & MASK_64 == 0) return word;
        (uint256 level, uint256 exposure) = _advance(word, time);
        exposure = Math.saturatingSub(exposure, amount / UNIT);
        return _pack(word, level, exposure, Math.max(time, _updatedAt(word)));
    }

    /// @notice Most that {accept} would accept at `time`, in wei.
    function available(uint256 word, uint256 time, bool exposed) internal pure returns (uint256) {
        (uint256 level, uint256 exposure) = _advance(word, time);
        if (exposed) level = Math.min(level, Math.saturatingSub(_share(word), exposure));
        return level * UNIT;
    }

    /// @notice Level of the bucket at `time`, in wei.
    function levelAt(uint256 word, uint256 time) internal pure returns (uint256 level) {
        (level, ) = _advance(word, time);
        return level * UNIT;
    }

    /// @notice Exposure at `time`, in wei.
    function exposureAt(uint256 word, uint256 time) internal pure returns (uint256 exposure) {
        (, exposure) = _advance(word, time);
        return exposure * UNIT;
    }

    /// @notice Capacity in wei, as it counts.
    function capacityOf(uint256 word) internal pure returns (uint256) {
        return _capacity(word) * UNIT;
    }

    /// @notice Share in wei, as it counts.
    function shareOf(uint256 word) internal pure returns (uint256) {
        return _share(word) * UNIT;
    }

    /// @notice The 24 bits that belong to the contract which keeps the word.
    function tagOf(uint256 word) internal pure returns (uint24) {
        return uint24(word >> TAG_SHIFT);
    }

    /// @notice The word with another tag.
    function withTag(uint256 word, uint24 tag) internal pure returns (uint256) {
        return (word & ~(uint256(type(uint24).max) << TAG_SHIFT)) | (uint256(tag) << TAG_SHIFT);
    }

    /// @dev Level and exposure at `time` in gwei, refill and decay rounded down. A time before the last update counts as that.
    function _advance(uint256 word, uint256 time) private pure returns (uint256 level, uint256 exposure) {
        unchecked {
            // Capacity and share are below 2^62, times below 2^40; no difference is taken below 0.
            uint256 since = _updatedAt(word);
            uint256 elapsed = time > since ? time - since : 0;
            level = refilled(word & MASK_64, _capacity(word), elapsed);
            exposure = decayed((word >> EXPOSURE_SHIFT) & MASK_64, _share(word), elapsed);
        }
    }

    /// @notice Level of a bucket after `elapsed` seconds, rounded down; at most its capacity. Levels are below 2^64, capacities below 2^62.
    function refilled(uint256 level, uint256 capacity, uint256 elapsed) internal pure returns (uint256) {
        unchecked {
            level += (capacity * elapsed) / REFILL_PERIOD;
        }
        return level < capacity ? level : capacity;
    }

    /// @notice Exposure after `elapsed` seconds, its decay rounded down.
    function decayed(uint256 exposure, uint256 share, uint256 elapsed) internal pure returns (uint256) {
        unchecked {
            uint256 decay = (share * elapsed) / DECAY_PERIOD;
            return exposure > decay ? exposure - decay : 0;
        }
    }

    /// @notice Takes `units`, which are at least one, out of a bucket and, if `exposed`, adds them to the exposure.
    function taken(
        uint256 units,
        uint256 level,
        uint256 exposure,
        uint256 share,
        bool exposed
    ) internal pure returns (bool ok, uint256 levelLeft, uint256 nowExposed) {
        unchecked {
            // units ≤ level < 2^64 and exposure < 2^64 where they are added.
            if (units > level) return (false, level, exposure);
            nowExposed = exposed ? exposure + units : exposure;
            if (exposed && nowExposed > share) return (false, level, exposure);
            return (true, level - units, nowExposed);
        }
    }

    /// @dev In gwei.
    function _capacity(uint256 word) private pure returns (uint256) {
        return ((word >> CAPACITY_SHIFT) & MASK_32) * UNITS_PER_WHOLE;
    }

    /// @dev In gwei.
    function _share(uint256 word) private pure returns (uint256) {
        return ((word >> SHARE_SHIFT) & MASK_32) * UNITS_PER_WHOLE;
    }

    function _updatedAt(uint256 word) private pure returns (uint256) {
        return (word >> TIME_SHIFT) & MASK_40;
    }

    function _pack(uint256 settings, uint256 level, uint256 exposure, uint256 time) private pure returns (uint256) {
        return (settings & SETTINGS) | level | (exposure << EXPOSURE_SHIFT) | (time << TIME_SHIFT);
    }
}
