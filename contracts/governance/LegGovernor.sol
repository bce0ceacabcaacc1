// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {GovernorCountingFractional} from "@openzeppelin/contracts/governance/extensions/GovernorCountingFractional.sol";
import {GovernorSettings} from "@openzeppelin/contracts/governance/extensions/GovernorSettings.sol";
import {GovernorTimelockControl} from "@openzeppelin/contracts/governance/extensions/GovernorTimelockControl.sol";
import {GovernorVotes} from "@openzeppelin/contracts/governance/extensions/GovernorVotes.sol";
import {GovernorVotesQuorumFraction} from "@openzeppelin/contracts/governance/extensions/GovernorVotesQuorumFraction.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {Conditions} from "./Conditions.sol";

/// @title OpenZeppelin's Governor over a timelock of its own rollup, for decisions with legs on other rollups.
/// @dev A proposal is one batch of the timelock and begins with its conditions; its legs elsewhere are messages that the timelock sends.
abstract contract LegGovernor is
    GovernorSettings,
    GovernorCountingFractional,
    GovernorVotesQuorumFraction,
    GovernorTimelockControl
{
    uint256 internal constant BASIS_POINTS = 10_000;

    /// @param ownName of the governor, as signed votes name it
    /// @param ownTimelock executes what was decided; its only proposer must be this contract
    /// @param votes counts at times in the past
    /// @param delay from a proposal to its snapshot, by the clock of the votes
    /// @param duration from the snapshot to the end, by that clock
    /// @param threshold votes that a proposer needs
    /// @param fraction quorum, basis points
    constructor(
        string memory ownName,
        TimelockController ownTimelock,
        IVotes votes,
        uint48 delay,
        uint32 duration,
        uint256 threshold,
        uint256 fraction
    )
        Governor(ownName)
        GovernorSettings(delay, duration, threshold)
        GovernorVotes(votes)
        GovernorVotesQuorumFraction(fraction)
        GovernorTimelockControl(ownTimelock)
    {}

    /// @inheritdoc GovernorVotesQuorumFraction
    function quorumDenominator() public pure override returns (uint256) {
        return BASIS_POINTS;
    }

    /// @inheritdoc GovernorSettings
    function proposalThreshold() public view override(Governor, GovernorSettings) returns (uint256) {
        return super.proposalThreshold();
    }

    /// @inheritdoc GovernorTimelockControl
    function state(uint256 proposalId) public view override(Governor, GovernorTimelockControl) returns (ProposalState) {
        return super.state(proposalId);
    }

    /// @inheritdoc GovernorTimelockControl
    function proposalNeedsQueuing(
        uint256 proposalId
    ) public view override(Governor, GovernorTimelockControl) returns (bool) {
        return super.proposalNeedsQueuing(proposalId);
    }

    /// @inheritdoc Governor
    function _propose(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        string memory description,
        address proposer
    ) internal override returns (uint256) {
        Conditions.check(timelock(), targets, calldatas);
        return super._propose(targets, values, calldatas, description, proposer);
    }

    /// @inheritdoc GovernorTimelockControl
    function _queueOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint48) {
        return super._queueOperations(proposalId, targets, values, calldatas, descriptionHash);
    }

    /// @inheritdoc GovernorTimelockControl
    function _executeOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) {
        super._executeOperations(proposalId, targets, values, calldatas, descriptionHash);
    }

    /// @inheritdoc GovernorTimelockControl
    function _cancel(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint256) {
        return super._cancel(targets, values, calldatas, descriptionHash);
    }

    /// @inheritdoc Governor
    /// @dev The timelock's only proposer is this contract: what the timelock calls was decided here, whoever had it executed.
    function _checkGovernance() internal view override {
        if (msg.sender != _executor()) revert GovernorOnlyExecutor(msg.sender);
    }

    /// @inheritdoc GovernorTimelockControl
    function _executor() internal view override(Governor, GovernorTimelockControl) returns (address) {
        return super._executor();
    }
}
