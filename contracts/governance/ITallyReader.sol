// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Brings tallies of other rollups home by storage proof: the second way beside the collector's message.
/// @notice The slot of a proposal's ballot in a rollup's collector is proven against an attested head of that rollup, and what it holds is handed to
///         the governor with the head's block number (docs/protocol/governance.md §4). Needs no message, hence neither the gateway nor anybody on
///         the other rollup.
interface ITallyReader {
    error TallyReaderInvalidWiring(address stateReader, address governor);
    /// @dev The governor knows no collector of this rollup.
    error TallyReaderUnknownRollup(uint256 chainId);

    /// @notice Proves a rollup's tally and has the governor count it. Anyone, with any recorded head; the newest block counts.
    /// @param chainId of the rollup where was voted
    /// @param anchorIndex names a head of it that the StateRootInbox here has recorded
    /// @param proposalId the governor's
    /// @param proof packed by the sdk: the collector's account, then {tallySlot} (docs/protocol/proofs.md §3)
    /// @dev Reverts {TallyReaderUnknownRollup}, GovernorNonexistentProposal, and as {IStateReader-slotAt}. The governor emits TallyCounted or
    ///      TallyIgnored.
    function proveTally(uint256 chainId, uint64 anchorIndex, uint256 proposalId, bytes calldata proof) external;

    /// @notice Storage slot in which every collector keeps its tally of a proposal.
    /// @dev Reverts GovernorNonexistentProposal.
    function tallySlot(uint256 proposalId) external view returns (bytes32);

    /// @notice Who checks proofs here.
    function stateReader() external view returns (address);

    /// @notice Who counts.
    function governor() external view returns (address);
}
