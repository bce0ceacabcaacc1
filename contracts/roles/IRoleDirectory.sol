// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Says on home who holds a role on every rollup: granted once, granted everywhere; revoked once, revoked everywhere.
/// @notice What it sends to a rollup is the complete list of a role's holders there, with a time at which the list ends, so that
///         silence revokes too (docs/protocol/roles.md). Its messages are paid from its credit; what that does not cover waits
///         for a bounty (`requestRelay`) like any message.
interface IRoleDirectory {
    /// @param chainId rollup; addresses may differ from rollup to rollup
    /// @param accounts on that rollup
    struct Placement {
        uint256 chainId;
        address[] accounts;
    }

    /// @notice The list numbered `sequence` is on its way to a rollup, or in force on home.
    event RoleSent(
        uint64 indexed roleId,
        uint256 indexed chainId,
        uint64 sequence,
        uint48 expiresAt,
        address[] accounts
    );
    /// @notice `manager` takes lists on a rollup; zero: nobody does any more.
    event ManagerChanged(uint256 indexed chainId, address manager);

    error DirectoryInvalidWiring(address gateway, uint48 term);
    error DirectoryUnknownRollup(uint256 chainId);
    error DirectoryTooManyRollups(uint256 count, uint256 most);
    error DirectoryTooManyHolders(uint64 roleId, uint256 chainId, uint256 count);
    error DirectoryZeroAccount();
    error DirectoryNeverSent(uint64 roleId, uint256 chainId);
    /// @notice A list is renewed at most four times in its term, so that nobody can use up the directory's credit.
    error DirectoryTooEarly(uint64 roleId, uint256 chainId, uint256 notBefore);

    /// @notice Names the {ILeasedAccessManager} of a rollup, home's own included; zero disconnects it, and its leases run out.
    /// @dev Governed (AccessManaged). Emits {ManagerChanged}. Reverts with DirectoryTooManyRollups.
    function setManager(uint256 chainId, address manager) external;

    /// @notice Adds holders of a role and sends each rollup its new list.
    /// @dev Governed. Emits {RoleSent} per placement. Reverts with DirectoryUnknownRollup, DirectoryZeroAccount, DirectoryTooManyHolders.
    function grant(uint64 roleId, Placement[] calldata placements) external;

    /// @notice Takes holders out and sends each rollup its new list. Accounts that do not hold the role are passed over.
    /// @dev Governed. Emits {RoleSent} per placement. Reverts with DirectoryUnknownRollup.
    function revoke(uint64 roleId, Placement[] calldata placements) external;

    /// @notice Takes the role from everybody on every connected rollup where it was ever sent.
    /// @dev Governed. Emits {RoleSent} per rollup. Reverts with what the gateway reverts with, such as a lane that is closed.
    function revokeAll(uint64 roleId) external;

    /// @notice Sends present lists once more, with a new time. Anyone, once a quarter of the term has passed since the last sending.
    /// @dev Emits {RoleSent} per rollup. Reverts with DirectoryNeverSent, DirectoryTooEarly, DirectoryUnknownRollup.
    function renew(uint64 roleId, uint256[] calldata chainIds) external;

    /// @notice A role's holders on a rollup, as home knows it.
    function holders(uint64 roleId, uint256 chainId) external view returns (address[] memory);

    /// @notice Newest list of a role for a rollup: its number (0: none) and, in seconds since 1970, when it was sent and when it ends.
    function sent(
        uint64 roleId,
        uint256 chainId
    ) external view returns (uint64 sequence, uint48 sentAt, uint48 expiresAt);

    /// @notice Connected rollups.
    function rollups() external view returns (uint256[] memory);

    /// @notice Who takes lists on a rollup; zero: nobody.
    function managerOf(uint256 chainId) external view returns (address);

    /// @notice Seconds for which a list is in force.
    function term() external view returns (uint48);

    /// @notice Over which lists go.
    function gateway() external view returns (address);
}
