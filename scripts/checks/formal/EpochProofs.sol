// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {GuardianEpoch} from "../../../contracts/guardians/GuardianEpoch.sol";

/// @title How tables hand over, from any state in which the newest table's serial is one more than that of the one before it.
contract EpochProofs {
    /// @notice a table that was refused or has expired never comes back: not by time, not by a rotation, not by a refusal of all
    /// @custom:engine chc
    /// @custom:seeded GuardianEpoch.sol -> oldUntil = graceUntil < validUntil ? graceUntil : validUntil; -> oldUntil = graceUntil;
    function refusedForEver(
        uint32 watched,
        uint32 serial,
        uint64 graceUntil,
        uint64 validUntil,
        uint40 time,
        uint40 later,
        uint32 grace,
        uint32 length
    ) external pure {
        require(serial != 0 && serial < type(uint32).max && watched <= serial && time <= later);
        require(!GuardianEpoch.accepts(watched, serial, serial - 1, graceUntil, validUntil, time));
        assert(!GuardianEpoch.accepts(watched, serial, serial - 1, graceUntil, validUntil, later));
        assert(!GuardianEpoch.accepts(watched, serial, serial - 1, later, later, later));
        (uint64 oldUntil, uint64 nextUntil) = GuardianEpoch.handOver(validUntil, uint64(later) + grace, later, length);
        assert(!GuardianEpoch.accepts(watched, serial + 1, serial, oldUntil, nextUntil, later));
    }

    /// @notice a table is accepted for two of its epochs, a replaced one no longer than that, nor than its grace
    /// @custom:engine chc
    /// @custom:seeded GuardianEpoch.sol -> VALID_EPOCHS = 2; -> VALID_EPOCHS = 3;
    function expiresAfterTwoEpochs(
        uint64 validUntil,
        uint64 graceUntil,
        uint40 time,
        uint32 length,
        uint40 later
    ) external pure {
        (uint64 oldUntil, uint64 nextUntil) = GuardianEpoch.handOver(validUntil, graceUntil, time, length);
        assert(nextUntil == uint64(time) + 2 * uint64(length));
        assert(oldUntil <= validUntil && oldUntil <= graceUntil);
        assert(!GuardianEpoch.accepts(2, 2, 1, oldUntil, nextUntil, later) || later < nextUntil);
        assert(
            !GuardianEpoch.accepts(1, 2, 1, oldUntil, nextUntil, later) || (later < validUntil && later < graceUntil)
        );
    }

    /// @notice only the newest table and the one before it are ever accepted, and never the table before the first
    /// @custom:engine chc
    /// @custom:seeded GuardianEpoch.sol -> return serial == previous && time < graceUntil; -> return serial <= previous && time < graceUntil;
    function onlyTheLastTwo(
        uint32 any,
        uint32 serial,
        uint64 graceUntil,
        uint64 validUntil,
        uint40 time
    ) external pure {
        require(serial != 0);
        bool accepted = GuardianEpoch.accepts(any, serial, serial - 1, graceUntil, validUntil, time);
        assert(!accepted || (any != 0 && (any == serial || any == serial - 1)));
    }

    /// @notice after a rotation the new table is accepted at once, and with a grace of now the old one is not
    /// @custom:engine chc
    /// @custom:seeded GuardianEpoch.sol -> if (serial == newest) return time < validUntil; -> if (serial == newest) return time > validUntil;
    function handsOverOneWay(uint32 serial, uint64 validUntil, uint40 time, uint32 length) external pure {
        require(serial < type(uint32).max && length != 0);
        (uint64 oldUntil, uint64 nextUntil) = GuardianEpoch.handOver(validUntil, time, time, length);
        assert(GuardianEpoch.accepts(uint256(serial) + 1, uint256(serial) + 1, serial, oldUntil, nextUntil, time));
        assert(!GuardianEpoch.accepts(serial, uint256(serial) + 1, serial, oldUntil, nextUntil, time));
    }

    /// @notice nobody waits longer than an epoch for the next table, nor at all once the newest is not accepted
    /// @custom:engine chc
    /// @custom:seeded GuardianEpoch.sol -> return start + length < validUntil ? start + length : validUntil; -> return start + length;
    function rotationIsNeverBlocked(
        uint32 serial,
        uint40 start,
        uint64 validUntil,
        uint32 length,
        uint64 graceUntil,
        uint40 time
    ) external pure {
        require(serial != 0);
        uint256 at = GuardianEpoch.rotatableAt(start, validUntil, length);
        assert(at <= uint256(start) + length);
        assert(time >= at || GuardianEpoch.accepts(serial, serial, serial - 1, graceUntil, validUntil, time));
    }
}
