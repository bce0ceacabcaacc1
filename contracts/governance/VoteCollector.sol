// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC5805} from "@openzeppelin/contracts/interfaces/IERC5805.sol";
import {IERC7786GatewaySource} from "@openzeppelin/contracts/interfaces/draft-IERC7786.sol";
import {InteroperableAddress} from "@openzeppelin/contracts/utils/draft-InteroperableAddress.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IRollupStack} from "../rollups/IRollupStack.sol";
import {IVoteCollector} from "./IVoteCollector.sol";

/// @title Votes on home's proposals, cast on another rollup. Not upgradeable, without any administrator.
contract VoteCollector is IVoteCollector {
    uint256 private constant WEI_PER_UNIT = 1e9;

    mapping(bytes32 ballotId => Tally) private _tallies;
    mapping(bytes32 ballotId => mapping(address voter => bool)) private _voted;

    IERC5805 private immutable VOTES;
    IERC7786GatewaySource private immutable GATEWAY;
    IRollupStack private immutable STACK;
    uint256 private immutable HOME_CHAIN_ID;
    address private immutable GOVERNOR;

    /// @param votes deposits on this rollup
    /// @param gateway this rollup's
    /// @param stack counts this rollup's blocks
    /// @param homeChainId where the governor lives
    /// @param homeGovernor its address there
    constructor(
        IERC5805 votes,
        IERC7786GatewaySource gateway,
        IRollupStack stack,
        uint256 homeChainId,
        address homeGovernor
    ) {
        if (
            address(votes) == address(0) ||
            address(gateway) == address(0) ||
            address(stack) == address(0) ||
            homeChainId == 0 ||
            homeGovernor == address(0)
        ) {
            revert CollectorInvalidWiring(address(votes), address(gateway), address(stack), homeChainId, homeGovernor);
        }
        VOTES = votes;
        GATEWAY = gateway;
        STACK = stack;
        HOME_CHAIN_ID = homeChainId;
        GOVERNOR = homeGovernor;
    }

    /// @inheritdoc IVoteCollector
    function castVote(Ballot calldata ballot, uint8 support) external returns (uint64 votes) {
        bytes32 ballotId = ballotIdOf(ballot);
        if (block.timestamp > ballot.votesUntil) revert CollectorClosed(ballot.votesUntil);
        if (_voted[ballotId][msg.sender]) revert CollectorAlreadyVoted(ballotId, msg.sender);
        votes = SafeCast.toUint64(VOTES.getPastVotes(msg.sender, ballot.snapshot) / WEI_PER_UNIT);
        if (votes == 0) revert CollectorNoVotes(msg.sender, ballot.snapshot);
        _voted[ballotId][msg.sender] = true;
        Tally storage sum = _tallies[ballotId];
        if (support == 0) sum.againstVotes += votes;
        else if (support == 1) sum.forVotes += votes;
        else if (support == 2) sum.abstainVotes += votes;
        else revert CollectorInvalidSupport(support);
        emit BallotCast(ballotId, msg.sender, ballot.proposalId, support, votes);
    }

    /// @inheritdoc IVoteCollector
    function sendTally(Ballot calldata ballot) external returns (bytes32 sendId) {
        bytes32 ballotId = ballotIdOf(ballot);
        Tally memory sum = _tallies[ballotId];
        uint256 blockNumber = STACK.blockNumber();
        bytes memory payload = abi.encode(ballot.proposalId, ballotId, blockNumber, sum);
        bytes memory recipient = InteroperableAddress.formatEvmV1(HOME_CHAIN_ID, GOVERNOR);
        sendId = GATEWAY.sendMessage(recipient, payload, new bytes[](0));
        emit TallySent(ballotId, sendId, blockNumber, sum);
    }

    /// @inheritdoc IVoteCollector
    function tally(bytes32 ballotId) external view returns (Tally memory) {
        return _tallies[ballotId];
    }

    /// @inheritdoc IVoteCollector
    function hasVoted(bytes32 ballotId, address voter) external view returns (bool) {
        return _voted[ballotId][voter];
    }

    /// @inheritdoc IVoteCollector
    function votesSource() external view returns (address) {
        return address(VOTES);
    }

    /// @inheritdoc IVoteCollector
    function governor() external view returns (uint256 homeChainId, address account) {
        return (HOME_CHAIN_ID, GOVERNOR);
    }

    /// @inheritdoc IVoteCollector
    function ballotIdOf(Ballot calldata ballot) public pure returns (bytes32) {
        return keccak256(abi.encode(ballot.proposalId, ballot.snapshot, ballot.votesUntil));
    }
}
