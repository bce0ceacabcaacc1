// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC7786Recipient} from "@openzeppelin/contracts/crosschain/ERC7786Recipient.sol";
import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {GovernorCountingFractional} from "@openzeppelin/contracts/governance/extensions/GovernorCountingFractional.sol";
import {GovernorSettings} from "@openzeppelin/contracts/governance/extensions/GovernorSettings.sol";
import {GovernorVotesQuorumFraction} from "@openzeppelin/contracts/governance/extensions/GovernorVotesQuorumFraction.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {EvmInterop} from "../libraries/EvmInterop.sol";
import {IEraVotes} from "../token/IEraVotes.sol";
import {IEraGovernor} from "./IEraGovernor.sol";
import {IVoteCollector} from "./IVoteCollector.sol";
import {LegGovernor} from "./LegGovernor.sol";
import {TallyMath} from "./TallyMath.sol";

/// @title Governor of the network. Not upgradeable: replaced by giving another one the timelock's proposer role.
/// @dev Home's voters are counted by OpenZeppelin; every other rollup is one tally beside them, replaced whole by a newer one.
contract EraGovernor is IEraGovernor, LegGovernor, ERC7786Recipient {
    /// @dev All ERA that was ever minted, wei. What was burnt since makes the quorum no easier.
    uint256 private constant SUPPLY = 1_000_000_000e18;
    uint256 private constant MOST_CEILING = BASIS_POINTS / 3;
    /// @dev Least quorum that governance can set, basis points.
    uint256 private constant LEAST_QUORUM = 100;
    uint256 private constant WEI_PER_UNIT = 1e9;

    address private immutable GATEWAY;
    uint256 private immutable NOTICE;
    uint256 private immutable TALLY_WINDOW;

    mapping(uint256 chainId => Spoke) private _spokes;
    mapping(uint256 proposalId => mapping(uint256 chainId => CountedTally)) private _tallies;
    /// @dev Sum over all rollups; its block number stays 0.
    mapping(uint256 proposalId => CountedTally) private _sums;
    uint256 private _allCeilings;
    address private _tallyReader;

    /// @param ownGateway brings tallies
    /// @param ownTimelock executes what was decided
    /// @param votes deposits on this rollup
    /// @param terms as {setVotingDelay} and the like would set them
    /// @param spokes as {setSpoke} would set them
    /// @param reader as {setTallyReader} would set it
    constructor(
        address ownGateway,
        TimelockController ownTimelock,
        IEraVotes votes,
        Terms memory terms,
        SpokeTerms[] memory spokes,
        address reader
    )
        LegGovernor(
            "EraGovernor",
            ownTimelock,
            votes,
            terms.votingDelay,
            terms.votingPeriod,
            terms.proposalThreshold,
            terms.quorum
        )
    {
        if (ownGateway == address(0) || address(ownTimelock) == address(0)) {
            revert GovernorInvalidWiring(ownGateway, address(ownTimelock), address(votes));
        }
        GATEWAY = ownGateway;
        NOTICE = votes.notice();
        TALLY_WINDOW = terms.tallyWindow;
        _checkTimes(terms.votingDelay, terms.votingPeriod);
        for (uint256 i = 0; i < spokes.length; ++i) _setSpoke(spokes[i]);
        _setTallyReader(reader);
    }

    /// @inheritdoc IEraGovernor
    function setSpoke(SpokeTerms calldata terms) external onlyGovernance {
        _setSpoke(terms);
    }

    /// @inheritdoc IEraGovernor
    function setTallyReader(address reader) external onlyGovernance {
        _setTallyReader(reader);
    }

    /// @inheritdoc IEraGovernor
    function recordTally(
        uint256 chainId,
        uint256 proposalId,
        bytes32 ballotId,
        uint256 blockNumber,
        IVoteCollector.Tally calldata reported
    ) external {
        if (msg.sender != _tallyReader) revert GovernorUnauthorizedReader(msg.sender);
        _recordTally(chainId, proposalId, ballotId, blockNumber, reported);
    }

    /// @inheritdoc GovernorSettings
    function setVotingDelay(uint48 newVotingDelay) public override {
        _checkTimes(newVotingDelay, votingPeriod());
        super.setVotingDelay(newVotingDelay);
    }

    /// @inheritdoc GovernorSettings
    function setVotingPeriod(uint32 newVotingPeriod) public override {
        _checkTimes(votingDelay(), newVotingPeriod);
        super.setVotingPeriod(newVotingPeriod);
    }

    /// @inheritdoc IEraGovernor
    function ballot(uint256 proposalId) public view returns (IVoteCollector.Ballot memory) {
        uint256 snapshot = proposalSnapshot(proposalId);
        if (snapshot == 0) revert GovernorNonexistentProposal(proposalId);
        uint256 votesUntil = proposalDeadline(proposalId) - TALLY_WINDOW;
        return IVoteCollector.Ballot(proposalId, uint48(snapshot), uint48(votesUntil));
    }

    /// @inheritdoc IEraGovernor
    function countedTally(uint256 proposalId, uint256 chainId) external view returns (CountedTally memory) {
        return _tallies[proposalId][chainId];
    }

    /// @inheritdoc IEraGovernor
    function spoke(uint256 chainId) external view returns (Spoke memory) {
        return _spokes[chainId];
    }

    /// @inheritdoc IEraGovernor
    function allCeilings() external view returns (uint256) {
        return _allCeilings;
    }

    /// @inheritdoc IEraGovernor
    function tallyReader() external view returns (address) {
        return _tallyReader;
    }

    /// @inheritdoc IEraGovernor
    function tallyWindow() external view returns (uint256) {
        return TALLY_WINDOW;
    }

    /// @inheritdoc IEraGovernor
    function gateway() external view returns (address) {
        return GATEWAY;
    }

    /// @inheritdoc GovernorCountingFractional
    /// @dev Home's votes and what counts from other rollups.
    function proposalVotes(
        uint256 proposalId
    ) public view override returns (uint256 againstVotes, uint256 forVotes, uint256 abstainVotes) {
        (againstVotes, forVotes, abstainVotes) = super.proposalVotes(proposalId);
        CountedTally memory sum = _sums[proposalId];
        againstVotes += sum.againstVotes * WEI_PER_UNIT;
        forVotes += sum.forVotes * WEI_PER_UNIT;
        abstainVotes += sum.abstainVotes * WEI_PER_UNIT;
    }

    /// @inheritdoc GovernorVotesQuorumFraction
    /// @dev Of all ERA, not of what happens to be deposited: nobody lowers the quorum by keeping others from depositing.
    function quorum(uint256 timepoint) public view override(Governor, GovernorVotesQuorumFraction) returns (uint256) {
        return (SUPPLY * quorumNumerator(timepoint)) / BASIS_POINTS;
    }

    /// @inheritdoc Governor
    function _castVote(
        uint256 proposalId,
        address account,
        uint8 support,
        string memory reason,
        bytes memory params
    ) internal override returns (uint256) {
        uint256 votesUntil = ballot(proposalId).votesUntil;
        if (clock() > votesUntil) revert GovernorVotingClosed(proposalId, votesUntil);
        return super._castVote(proposalId, account, support, reason, params);
    }

    /// @inheritdoc GovernorVotesQuorumFraction
    function _updateQuorumNumerator(uint256 newQuorumNumerator) internal override {
        if (newQuorumNumerator < LEAST_QUORUM) {
            revert GovernorInvalidQuorumFraction(newQuorumNumerator, BASIS_POINTS);
        }
        super._updateQuorumNumerator(newQuorumNumerator);
    }

    /// @inheritdoc ERC7786Recipient
    function _processMessage(address, bytes32, bytes calldata sender, bytes calldata payload) internal override {
        (uint256 proposalId, bytes32 ballotId, uint256 blockNumber, IVoteCollector.Tally memory reported) = abi.decode(
            payload,
            (uint256, bytes32, uint256, IVoteCollector.Tally)
        );
        // Authorised, hence canonical.
        _recordTally(EvmInterop.chainIdOf(sender), proposalId, ballotId, blockNumber, reported);
    }

    /// @inheritdoc ERC7786Recipient
    function _isAuthorizedGateway(address instance, bytes calldata sender) internal view override returns (bool) {
        (uint256 chainId, address account) = EvmInterop.parse(sender);
        return instance == GATEWAY && account != address(0) && _spokes[chainId].collector == account;
    }

    /// @inheritdoc GovernorCountingFractional
    function _quorumReached(
        uint256 proposalId
    ) internal view override(Governor, GovernorCountingFractional) returns (bool) {
        (, uint256 forVotes, uint256 abstainVotes) = proposalVotes(proposalId);
        return quorum(proposalSnapshot(proposalId)) <= forVotes + abstainVotes;
    }

    /// @inheritdoc GovernorCountingFractional
    function _voteSucceeded(
        uint256 proposalId
    ) internal view override(Governor, GovernorCountingFractional) returns (bool) {
        (uint256 againstVotes, uint256 forVotes, ) = proposalVotes(proposalId);
        return forVotes > againstVotes;
    }

    /// @dev Where both ways of a tally meet. Both bring the same numbers; of one rollup the newest block counts.
    function _recordTally(
        uint256 chainId,
        uint256 proposalId,
        bytes32 ballotId,
        uint256 blockNumber,
        IVoteCollector.Tally memory reported
    ) private {
        IVoteCollector.Ballot memory own = ballot(proposalId);
        if (ballotId != keccak256(abi.encode(own.proposalId, own.snapshot, own.votesUntil))) {
            revert GovernorWrongBallot(proposalId, ballotId);
        }
        CountedTally memory old = _tallies[proposalId][chainId];
        if (state(proposalId) != ProposalState.Active || !TallyMath.isNewer(blockNumber, old.blockNumber)) {
            emit TallyIgnored(proposalId, chainId, blockNumber);
            return;
        }
        uint256 ceiling = (quorum(own.snapshot) * _spokes[chainId].ceiling) / BASIS_POINTS / WEI_PER_UNIT;
        CountedTally memory next = _capped(reported, ceiling);
        next.blockNumber = SafeCast.toUint64(blockNumber);
        _tallies[proposalId][chainId] = next;
        CountedTally storage sum = _sums[proposalId];
        sum.againstVotes = TallyMath.replaced(sum.againstVotes, old.againstVotes, next.againstVotes);
        sum.forVotes = TallyMath.replaced(sum.forVotes, old.forVotes, next.forVotes);
        sum.abstainVotes = TallyMath.replaced(sum.abstainVotes, old.abstainVotes, next.abstainVotes);
        emit TallyCounted(proposalId, chainId, next);
    }

    /// @dev The same split, at most `ceiling` units together.
    function _capped(
        IVoteCollector.Tally memory reported,
        uint256 ceiling
    ) private pure returns (CountedTally memory capped) {
        uint256 total = uint256(reported.againstVotes) + reported.forVotes + reported.abstainVotes;
        // At most the reported 64 bits each.
        capped.againstVotes = uint64(TallyMath.capped(reported.againstVotes, total, ceiling));
        capped.forVotes = uint64(TallyMath.capped(reported.forVotes, total, ceiling));
        capped.abstainVotes = uint64(TallyMath.capped(reported.abstainVotes, total, ceiling));
    }

    function _setSpoke(SpokeTerms memory terms) private {
        uint256 ceilings = _allCeilings - _spokes[terms.chainId].ceiling + terms.ceiling;
        bool empty = terms.collector == address(0);
        if (
            terms.chainId == 0 ||
            terms.chainId == block.chainid ||
            terms.ceiling > MOST_CEILING ||
            ceilings >= BASIS_POINTS ||
            (empty && terms.ceiling != 0)
        ) {
            revert GovernorInvalidSpoke(terms.chainId, terms.collector, terms.ceiling, ceilings);
        }
        _allCeilings = ceilings;
        _spokes[terms.chainId] = Spoke(terms.collector, terms.ceiling);
        emit SpokeSet(terms.chainId, terms.collector, terms.ceiling);
    }

    function _setTallyReader(address reader) private {
        _tallyReader = reader;
        emit TallyReaderSet(reader);
    }

    /// @dev A deposit that counts in a vote stays on its rollup until that vote is over.
    function _checkTimes(uint256 delay, uint256 duration) private view {
        if (duration <= TALLY_WINDOW || delay + duration > NOTICE) {
            revert GovernorInvalidTimes(delay, duration, TALLY_WINDOW, NOTICE);
        }
    }
}
