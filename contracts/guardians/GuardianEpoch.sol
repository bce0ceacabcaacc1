// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Which tables are accepted when, and how tables hand over to the next: docs/protocol/signatures.md §7. Proved in scripts/checks/formal.
/// @dev Times are block times. No length is above 30 days and no grace is longer than a length.
library GuardianEpoch {
    /// @dev A table is accepted for this many epoch lengths unless it is replaced.
    uint64 internal constant VALID_EPOCHS = 2;
    /// @dev Stake adds at most this part of a table's weight in an epoch: one sixth.
    uint256 internal constant MAX_GROWTH_PART = 6;

    /// @notice Whether a table counts: the newest until it expires, the one before it until its grace ends.
    function accepts(
        uint256 serial,
        uint256 newest,
        uint256 previous,
        uint256 graceUntil,
        uint256 validUntil,
        uint256 time
    ) internal pure returns (bool) {
        if (serial == 0) return false;
        if (serial == newest) return time < validUntil;
        return serial == previous && time < graceUntil;
    }

    /// @notice When the next table may be formed by anybody. A table that is not accepted any more, expired or refused, need not be waited for.
    function rotatableAt(uint256 start, uint256 validUntil, uint256 length) internal pure returns (uint256) {
        return start + length < validUntil ? start + length : validUntil;
    }

    /// @notice What follows a table that is replaced now and was valid until `validUntil`: until when it is still accepted (with a grace of now,
    ///         it is refused at once), and until when the next one is.
    /// @dev A table that is expired, or soon will be, does not live longer because it was replaced.
    function handOver(
        uint64 validUntil,
        uint64 graceUntil,
        uint64 time,
        uint32 length
    ) internal pure returns (uint64 oldUntil, uint64 nextUntil) {
        oldUntil = graceUntil < validUntil ? graceUntil : validUntil;
        nextUntil = time + VALID_EPOCHS * length;
    }

    /// @notice What stake may add to the next table's weight after `elapsed` seconds.
    function allowance(uint256 totalWeight, uint256 elapsed, uint256 length) internal pure returns (uint256) {
        return (totalWeight * (elapsed < length ? elapsed : length)) / (MAX_GROWTH_PART * length);
    }

    /// @notice The smallest integer above two thirds. Never 0.
    function quorum(uint256 totalWeight) internal pure returns (uint256) {
        return (2 * totalWeight) / 3 + 1;
    }
}
