// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Delay between a decision and its effect on one rollup: the only administrator of that rollup's AccessManager.
/// @notice OpenZeppelin's TimelockController: the governor proposes, anyone executes once the delay is over, a local canceller may cancel in
///         between. The canceller can do nothing else, and it cannot cancel its own replacement.
interface IRollupTimelock {
    error TimelockInvalidRoles(address governor, address canceller);
    /// @dev The operation only grants or revokes the canceller role here, and the caller is not a proposer.
    error TimelockProtectedOperation(bytes32 id);
    error TimelockWrongRollup(uint256 chainId);
    error TimelockExpired(uint256 expiry);
    error TimelockChangedCode(address account, bytes32 expected, bytes32 actual);

    /// @notice Reverts unless this is rollup `chainId`, `expiry` has not passed, and the code of every account hashes as listed. As the first call of
    ///         a batch it binds the whole batch, because a batch is executed as a whole or not at all. Anyone.
    /// @param expiry seconds since 1970
    /// @param accounts the targets of the further calls, in order, then whatever else must not change, such as new implementations
    /// @param codeHashes of their runtime code; keccak256("") for accounts without code
    /// @dev Reverts {TimelockWrongRollup}, {TimelockExpired}, {TimelockChangedCode}.
    function requireConditions(
        uint256 chainId,
        uint256 expiry,
        address[] calldata accounts,
        bytes32[] calldata codeHashes
    ) external view;

    /// @notice Whether a scheduled operation does nothing but grant or revoke the canceller role of this contract, conditions aside.
    /// @dev Only proposers can cancel such an operation. One that does anything else besides is not protected.
    function isProtected(bytes32 id) external view returns (bool);
}
