// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IStateRootInbox} from "../messaging/IStateRootInbox.sol";
import {IStateReader} from "../proofs/IStateReader.sol";
import {IEraGovernor} from "./IEraGovernor.sol";
import {ITallyReader} from "./ITallyReader.sol";
import {IVoteCollector} from "./IVoteCollector.sol";

/// @title Tallies by storage proof. Not upgradeable, keeps nothing, no administrator: the governor names the reader that it believes.
contract TallyReader is ITallyReader {
    /// @dev Where a collector's tallies are: its first mapping.
    uint256 private constant TALLIES_SLOT = 0;

    IStateReader private immutable STATE_READER;
    IStateRootInbox private immutable INBOX;
    IEraGovernor private immutable GOVERNOR;

    /// @param ownStateReader checks proofs; must stand already
    /// @param ownGovernor counts
    constructor(IStateReader ownStateReader, IEraGovernor ownGovernor) {
        if (address(ownStateReader) == address(0) || address(ownGovernor) == address(0)) {
            revert TallyReaderInvalidWiring(address(ownStateReader), address(ownGovernor));
        }
        STATE_READER = ownStateReader;
        INBOX = IStateRootInbox(ownStateReader.inbox());
        GOVERNOR = ownGovernor;
    }

    /// @inheritdoc ITallyReader
    function proveTally(uint256 chainId, uint64 anchorIndex, uint256 proposalId, bytes calldata proof) external {
        address collector = GOVERNOR.spoke(chainId).collector;
        if (collector == address(0)) revert TallyReaderUnknownRollup(chainId);
        bytes32 ballotId = _ballotId(proposalId);
        bytes32 word = STATE_READER.slotAt(chainId, anchorIndex, collector, _slot(ballotId), proof);
        // Known: slotAt has found it.
        uint256 blockNumber = INBOX.head(chainId, anchorIndex).number;
        GOVERNOR.recordTally(chainId, proposalId, ballotId, blockNumber, _decode(word));
    }

    /// @inheritdoc ITallyReader
    function tallySlot(uint256 proposalId) external view returns (bytes32) {
        return _slot(_ballotId(proposalId));
    }

    /// @inheritdoc ITallyReader
    function stateReader() external view returns (address) {
        return address(STATE_READER);
    }

    /// @inheritdoc ITallyReader
    function governor() external view returns (address) {
        return address(GOVERNOR);
    }

    function _ballotId(uint256 proposalId) private view returns (bytes32) {
        IVoteCollector.Ballot memory own = GOVERNOR.ballot(proposalId);
        return keccak256(abi.encode(own.proposalId, own.snapshot, own.votesUntil));
    }

    function _slot(bytes32 ballotId) private pure returns (bytes32) {
        return keccak256(abi.encode(ballotId, TALLIES_SLOT));
    }

    /// @dev The collector's packing; the 64 bits above the three are always zero there.
    function _decode(bytes32 word) private pure returns (IVoteCollector.Tally memory) {
        uint256 packed = uint256(word);
        return IVoteCollector.Tally(uint64(packed), uint64(packed >> 64), uint64(packed >> 128));
    }
}
