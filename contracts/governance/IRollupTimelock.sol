// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Delay between a decision and its effect on one rollup: the only administrator of that rollup's AccessManager.
/// @notice OpenZeppelin's TimelockController: the governor proposes, anyone executes once the delay is over, a local canceller may cancel in
///         between. The canceller can do nothing else, and it cannot cancel its own replacement.
interface IRollupTimelock {
    error TimelockInvalidRoles(address governor, address canceller);
    /// @dev The operation only grants or revokes the canceller role here, and the caller is not a proposer.
    error TimelockProtectedOperation(bytes32 id);

    /// @notice Whether a scheduled operation does nothing but grant or revoke the canceller role of this contract.
    /// @dev Only proposers can cancel such an operation. One that does anything else besides is not protected.
    function isProtected(bytes32 id) external view returns (bool);
}
