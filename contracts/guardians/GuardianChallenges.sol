// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManagedUpgradeable} from "@openzeppelin/contracts-upgradeable/access/manager/AccessManagedUpgradeable.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IEra} from "../token/IEra.sol";
import {IGuardianChallenges} from "./IGuardianChallenges.sol";
import {IGuardianSet} from "./IGuardianSet.sol";

/// @title Questions whether a guardian lives (docs/protocol/staking.md §8).
abstract contract GuardianChallenges is IGuardianChallenges, AccessManagedUpgradeable {
    using SafeERC20 for IEra;

    /// @custom:storage-location erc7201:metalayer.storage.GuardianChallenges
    struct ChallengeStorage {
        ChallengeTerms terms;
        uint256 totalBonds;
        mapping(address operator => Challenge) challenges;
    }

    // keccak256(abi.encode(uint256(keccak256("metalayer.storage.GuardianChallenges")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant CHALLENGES = 0xd316c39d9f79f14870c96f2204a2ab5bdeddf3340c92ced380d03dd332687000;

    uint32 private constant MIN_WINDOW = 1 minutes;
    uint32 private constant MAX_WINDOW = 30 days;
    uint32 private constant MAX_JAIL_TIME = 365 days;

    IEra internal immutable ERA;
    IGuardianSet internal immutable GUARDIAN_SET;

    constructor(address era, address guardianSet) {
        ERA = IEra(era);
        GUARDIAN_SET = IGuardianSet(guardianSet);
    }

    /// @inheritdoc IGuardianChallenges
    function challenge(address operator) external {
        ChallengeStorage storage $ = _challenges();
        ChallengeTerms memory terms = $.terms;
        Challenge storage open = $.challenges[operator];
        if (terms.bond == 0) revert StakingChallengesClosed();
        if (GUARDIAN_SET.weightedSince(operator) == 0) revert StakingNotInTable(operator);
        if (open.challenger != address(0)) revert StakingChallengeOpen(operator, open.answerBy);

        uint64 answerBy = uint64(block.timestamp) + terms.window;
        (open.challenger, open.answerBy, open.bond) = (msg.sender, answerBy, terms.bond);
        $.totalBonds += terms.bond;
        emit Challenged(operator, msg.sender, terms.bond, answerBy);

        ERA.safeTransferFrom(msg.sender, address(this), terms.bond);
    }

    /// @inheritdoc IGuardianChallenges
    function answer() external {
        Challenge memory open = _end(msg.sender);
        if (block.timestamp > open.answerBy) revert StakingAnswerTooLate(msg.sender, open.answerBy);
        emit ChallengeAnswered(msg.sender, open.challenger, open.bond);

        ERA.safeTransfer(msg.sender, open.bond);
    }

    /// @inheritdoc IGuardianChallenges
    function closeChallenge(address operator) external {
        Challenge memory open = _end(operator);
        if (block.timestamp <= open.answerBy) revert StakingChallengeOpen(operator, open.answerBy);
        uint64 until = uint64(block.timestamp) + _challenges().terms.jailTime;
        emit ChallengeUnanswered(operator, open.challenger, until);

        GUARDIAN_SET.jail(operator, until);
        ERA.safeTransfer(open.challenger, open.bond);
    }

    /// @inheritdoc IGuardianChallenges
    function setChallengeTerms(uint128 bond, uint32 window, uint32 jailTime) external restricted {
        if (window < MIN_WINDOW || window > MAX_WINDOW || jailTime > MAX_JAIL_TIME) {
            revert StakingBadChallengeTerms(bond, window, jailTime);
        }
        _challenges().terms = ChallengeTerms(bond, window, jailTime);
        emit ChallengeTermsSet(bond, window, jailTime);
    }

    /// @inheritdoc IGuardianChallenges
    function challengeTerms() external view returns (ChallengeTerms memory) {
        return _challenges().terms;
    }

    /// @inheritdoc IGuardianChallenges
    function challengeOf(address operator) external view returns (Challenge memory) {
        return _challenges().challenges[operator];
    }

    /// @inheritdoc IGuardianChallenges
    function totalBonds() public view returns (uint256) {
        return _challenges().totalBonds;
    }

    function _end(address operator) private returns (Challenge memory open) {
        ChallengeStorage storage $ = _challenges();
        open = $.challenges[operator];
        if (open.challenger == address(0)) revert StakingNoChallenge(operator);
        delete $.challenges[operator];
        $.totalBonds -= open.bond;
    }

    function _challenges() private pure returns (ChallengeStorage storage $) {
        assembly ("memory-safe") {
            $.slot := CHALLENGES
        }
    }
}
