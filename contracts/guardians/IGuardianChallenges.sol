// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Inactivity of guardians, shown by an unanswered question and by nothing else. It costs weight, never stake.
/// @notice Amounts are in wei of ERA, times in seconds.
interface IGuardianChallenges {
    /// @param bond what a challenger puts down; 0: no challenges
    /// @param window time to answer
    /// @param jailTime least time in jail
    struct ChallengeTerms {
        uint128 bond;
        uint32 window;
        uint32 jailTime;
    }

    struct Challenge {
        address challenger;
        uint64 answerBy;
        uint128 bond;
    }

    event Challenged(address indexed operator, address indexed challenger, uint256 bond, uint64 answerBy);
    event ChallengeAnswered(address indexed operator, address indexed challenger, uint256 bond);
    event ChallengeUnanswered(address indexed operator, address indexed challenger, uint64 jailedUntil);
    event ChallengeTermsSet(uint128 bond, uint32 window, uint32 jailTime);

    error StakingChallengesClosed();
    error StakingNotInTable(address operator);
    error StakingChallengeOpen(address operator, uint64 answerBy);
    error StakingNoChallenge(address operator);
    error StakingAnswerTooLate(address operator, uint64 answerBy);
    error StakingBadChallengeTerms(uint128 bond, uint32 window, uint32 jailTime);

    /// @notice Asks an operator whether it lives, for a bond (allowance). Anyone.
    /// @dev Reverts {StakingChallengesClosed}, {StakingNotInTable} unless it has weight in the newest table, {StakingChallengeOpen}, and as ERA's
    ///      transferFrom. Emits {Challenged}.
    function challenge(address operator) external;

    /// @notice Answers the challenge of the caller, who gets the bond. Challenged operators, until `answerBy`.
    /// @dev Reverts {StakingNoChallenge}, {StakingAnswerTooLate}. Emits {ChallengeAnswered}.
    function answer() external;

    /// @notice Jails an operator that did not answer in time, and gives the bond back. Anyone.
    /// @dev Reverts {StakingNoChallenge}, {StakingChallengeOpen}. Emits {ChallengeUnanswered}.
    function closeChallenge(address operator) external;

    /// @notice Sets the terms for challenges from now on. Administrator.
    /// @dev Reverts {StakingBadChallengeTerms} unless 1 minute ≤ window ≤ 30 days and jailTime ≤ 365 days. Emits {ChallengeTermsSet}.
    function setChallengeTerms(uint128 bond, uint32 window, uint32 jailTime) external;

    /// @notice Terms of challenges that are opened now.
    function challengeTerms() external view returns (ChallengeTerms memory);
    /// @notice Open challenge of an operator; all zero if none.
    function challengeOf(address operator) external view returns (Challenge memory);
    /// @notice ERA held as bonds.
    function totalBonds() external view returns (uint256);
}
