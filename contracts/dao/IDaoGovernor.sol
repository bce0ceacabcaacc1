// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Decides for a community that lives on several rollups, on its home rollup.
/// @notice OpenZeppelin's Governor with the community's own token. A proposal is one batch of home's timelock that begins with its conditions; its
///         legs on other rollups are messages that the timelock sends over an ERC-7786 gateway (docs/how-to/dao.md).
interface IDaoGovernor {
    /// @param votingDelay from a proposal to its snapshot: seconds, or blocks if the token counts blocks
    /// @param votingPeriod from the snapshot to the end, by the same clock
    /// @param proposalThreshold votes that a proposer needs
    /// @param quorum basis points of the votes that exist at the snapshot, at least 1
    struct Terms {
        uint48 votingDelay;
        uint32 votingPeriod;
        uint256 proposalThreshold;
        uint256 quorum;
    }

    /// @dev Votes and timelock must be contracts, and the votes must know the past (ERC-5805).
    error DaoInvalidWiring(address votes, address timelock);
    error DaoZeroQuorum();
}
