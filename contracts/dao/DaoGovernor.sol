// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {GovernorVotesQuorumFraction} from "@openzeppelin/contracts/governance/extensions/GovernorVotesQuorumFraction.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {LegGovernor} from "../governance/LegGovernor.sol";
import {IDaoGovernor} from "./IDaoGovernor.sol";

/// @title Governor of a community on several rollups. Not upgradeable: replaced by giving another one the timelock's proposer role.
/// @dev Votes are those of any ERC20Votes or ERC721Votes of this rollup, by the token's own clock.
contract DaoGovernor is IDaoGovernor, LegGovernor {
    /// @param ownName of the community
    /// @param votes its token on this rollup; must stand already
    /// @param ownTimelock its treasury here, which executes what was decided
    /// @param terms as {setVotingDelay} and the like would set them
    constructor(
        string memory ownName,
        IVotes votes,
        TimelockController ownTimelock,
        Terms memory terms
    )
        LegGovernor(
            ownName,
            ownTimelock,
            _wired(votes, ownTimelock),
            terms.votingDelay,
            terms.votingPeriod,
            terms.proposalThreshold,
            terms.quorum
        )
    {
        if (!_knowsPast(votes)) revert DaoInvalidWiring(address(votes), address(ownTimelock));
    }

    /// @inheritdoc GovernorVotesQuorumFraction
    function _updateQuorumNumerator(uint256 newQuorumNumerator) internal override {
        if (newQuorumNumerator == 0) revert DaoZeroQuorum();
        super._updateQuorumNumerator(newQuorumNumerator);
    }

    function _wired(IVotes votes, TimelockController ownTimelock) private view returns (IVotes) {
        if (address(votes).code.length == 0 || address(ownTimelock).code.length == 0) {
            revert DaoInvalidWiring(address(votes), address(ownTimelock));
        }
        return votes;
    }

    /// @dev A token without votes of the past would make every proposal fail.
    function _knowsPast(IVotes votes) private view returns (bool) {
        try votes.getPastTotalSupply(clock() - 1) returns (uint256) {
            return true;
        } catch {
            return false;
        }
    }
}
