// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Secp256k1} from "../libraries/Secp256k1.sol";
import {GuardianRegistry} from "./GuardianRegistry.sol";
import {GuardianTable} from "./GuardianTable.sol";
import {IGuardianSet} from "./IGuardianSet.sol";

/// @title What proofs do to guardians: freezes and convictions, for the slashing contract alone (docs/protocol/staking.md §6).
abstract contract GuardianDiscipline is GuardianRegistry {
    uint64 private constant MAX_FREEZE_BY_MESSAGE = 30 days;

    modifier onlySlashing() {
        if (msg.sender != SLASHING) revert GuardianSetUnauthorized(msg.sender);
        _;
    }

    /// @inheritdoc IGuardianSet
    function freeze(address operator, uint64 until) external onlySlashing {
        _freeze(_registered(operator), operator, until, false);
        _refuseTables(operator);
    }

    /// @inheritdoc IGuardianSet
    function freezeForeign(address operator, uint64 until) external onlySlashing {
        Operator storage entry = _registered(operator);
        if (until > block.timestamp + MAX_FREEZE_BY_MESSAGE) revert GuardianSetBadFreeze(operator, until);
        if (block.timestamp < entry.frozenUntil) revert GuardianSetAlreadyFrozen(operator, entry.frozenUntil);
        _requireFloorWithout(operator);
        _registry().messageUntil[operator] = until;
        _freeze(entry, operator, until, true);
        _refuseTables(operator);
    }

    /// @inheritdoc IGuardianSet
    function unfreeze(address operator) external onlySlashing {
        Operator storage entry = _registered(operator);
        uint64 until = _registry().messageUntil[operator];
        bool remains = block.timestamp < until;
        (entry.frozenUntil, entry.frozenByMessage) = (remains ? uint40(until) : 0, remains);
        if (remains) emit GuardianFrozen(operator, until, true);
        else emit GuardianUnfrozen(operator);
    }

    /// @inheritdoc IGuardianSet
    function convict(address operator) external onlySlashing {
        Operator storage entry = _registered(operator);
        entry.convicted = true;
        if (entry.place != 0) _takeOut(operator);
        emit GuardianConvicted(operator);
        _refuseTables(operator);
    }

    /// @inheritdoc IGuardianSet
    function jail(address operator, uint64 until) external {
        if (msg.sender != address(STAKING)) revert GuardianSetUnauthorized(msg.sender);
        _registered(operator).jailed = true;
        _registry().jailedUntil[operator] = until;
        emit GuardianJailed(operator, until);
    }

    /// @inheritdoc IGuardianSet
    function unjail() external {
        Operator storage entry = _registered(msg.sender);
        if (!entry.jailed) revert GuardianSetNotJailed(msg.sender);
        uint64 until = _registry().jailedUntil[msg.sender];
        if (block.timestamp < until) revert GuardianSetStillJailed(msg.sender, until);
        entry.jailed = false;
        delete _registry().jailedUntil[msg.sender];
        emit GuardianUnjailed(msg.sender);
    }

    /// @dev Everybody keeps its stake, and weighs nothing until it shows, by {unjail}, that it lives. The last of a list that would be too long
    ///      with `newcomers` lose their places too.
    function _silenceCandidates(uint256 newcomers) internal {
        GuardianRegistryStorage storage $ = _registry();
        address[] memory operators = $.candidates;
        for (uint256 i = operators.length; i > 0; i--) {
            Operator storage entry = $.operators[operators[i - 1]];
            entry.jailed = true;
            (entry.bootstrapWeight, entry.bootstrapExpiry) = (0, 0);
            emit GuardianJailed(operators[i - 1], 0);
            if (i + newcomers <= GuardianTable.MAX_GUARDIANS) continue;
            _takeOut(operators[i - 1]);
            emit GuardianLeft(operators[i - 1]);
        }
    }

    /// @dev A later end stands.
    function _freeze(Operator storage entry, address operator, uint64 until, bool byMessage) private {
        if (until <= block.timestamp) revert GuardianSetBadFreeze(operator, until);
        uint40 end = until > type(uint40).max ? type(uint40).max : uint40(until);
        if (end < entry.frozenUntil) end = entry.frozenUntil;
        (entry.frozenUntil, entry.frozenByMessage) = (end, byMessage);
        emit GuardianFrozen(operator, end, byMessage);
    }

    /// @dev Judges by counted weights: what candidates would weigh in the next table if no other rollup had frozen anybody, and what that
    ///      table would weigh without the operator and without all whom other rollups have frozen.
    function _requireFloorWithout(address operator) private view {
        address[] memory operators = _registry().candidates;
        (GuardianTable.Entry[] memory entries, bool[] memory silent) = _countWith(operators, operator);
        uint256 silenced;
        uint256 others;
        for (uint256 i = 0; i < operators.length; i++) {
            if (silent[i]) (silenced, entries[i].weight) = (silenced + entries[i].weight, 0);
            else others += entries[i].weight;
        }
        (uint256 cap, uint256 remaining, uint256 weighted) = GuardianTable.limitWeights(entries);
        if (cap == 0 || remaining < _registry().floor || others < 2 * silenced) {
            revert GuardianSetFreezeTooMuch(operator, weighted, remaining, silenced);
        }
    }

    /// @dev Candidates as the next table would count them, and which of them other rollups silence, this operator included; these do not grow.
    function _countWith(
        address[] memory operators,
        address operator
    ) private view returns (GuardianTable.Entry[] memory entries, bool[] memory silent) {
        GuardianTable.Entry[] memory newest = _newestTable();
        uint64[] memory stakes = _stakes(operators);
        entries = new GuardianTable.Entry[](operators.length);
        uint64[] memory bases = new uint64[](operators.length);
        silent = new bool[](operators.length);
        for (uint256 i = 0; i < operators.length; i++) {
            Operator storage entry = _registry().operators[operators[i]];
            if (_isTooLight(entry, stakes[i])) continue;
            silent[i] = operators[i] == operator || (entry.frozenByMessage && block.timestamp < entry.frozenUntil);
            if (silent[i]) entries[i].weight = bases[i] = _fullWeightOf(entry, stakes[i]);
            else (entries[i].weight, bases[i]) = (_weightOf(entry, stakes[i]), _baseOf(entry, newest));
        }
        _limit(entries, bases);
    }

    /// @dev Operators and sum of these keys, each of which was proven here, whether in use or replaced.
    function _sumOfKeys(uint256[] calldata xs) internal view returns (address[] memory operators, uint256 x) {
        if (xs.length == 0 || xs.length > GuardianTable.MAX_GUARDIANS) revert GuardianSetBadKeyCount(xs.length);
        GuardianRegistryStorage storage $ = _registry();
        operators = new address[](xs.length);
        uint256 X;
        uint256 Y;
        uint256 Z;
        for (uint256 i = 0; i < xs.length; i++) {
            if (i != 0 && xs[i] <= xs[i - 1]) revert GuardianSetKeysUnordered(i);
            address operator = $.operatorOf[xs[i]];
            if (operator == address(0)) revert GuardianSetKeyUnknown(xs[i]);
            Key storage key = $.operators[operator].key;
            uint256 y = key.x == xs[i] ? key.y : $.retired[xs[i]];
            operators[i] = operator;
            (X, Y, Z) = Secp256k1.add(X, Y, Z, xs[i], y);
        }
        (x, ) = Secp256k1.toAffine(X, Y, Z);
    }

    /// @dev If a key of the operator has weight in a table that is accepted now: no table is accepted until the next is formed.
    function _refuseTables(address operator) internal virtual;
}
