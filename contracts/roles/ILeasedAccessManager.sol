// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

/// @title OpenZeppelin's AccessManager on one rollup, some of whose roles are held on lease from a directory on home.
/// @notice Roles below {FIRST_LEASED_ROLE} are granted here as usual. From there on, home's {IRoleDirectory} says who holds a role,
///         until a time; when nothing comes any more, nobody holds it. Contracts use it through OpenZeppelin's `AccessManaged`
///         (docs/protocol/roles.md).
interface ILeasedAccessManager is IAccessManager {
    /// @param sequence only lists with a higher number are taken: that of the newest list taken here, or what {endLease} said; 0: any
    /// @param generation counts the lists that were taken or ended here
    /// @param expiresAt seconds since 1970 from which on nobody holds the role
    /// @param executionDelay seconds between announcement and execution of what holders do
    struct Lease {
        uint64 sequence;
        uint64 generation;
        uint48 expiresAt;
        uint32 executionDelay;
    }

    /// @notice From now until `expiresAt` exactly `accounts` hold the role.
    event RoleLeased(uint64 indexed roleId, uint64 indexed sequence, uint48 expiresAt, address[] accounts);
    /// @notice A list that a newer one had overtaken changed nothing.
    event LeaseOutdated(uint64 indexed roleId, uint64 sequence, uint64 newest);
    /// @notice Nobody holds the role until a list of home's with a number above `sequence`.
    event LeaseEnded(uint64 indexed roleId, uint64 sequence);
    event LeaseDelayChanged(uint64 indexed roleId, uint32 executionDelay);

    error LeaseInvalidWiring(address gateway, uint256 homeChainId, address directory);
    error LeaseUnauthorized(address caller);
    /// @notice Only roles from {FIRST_LEASED_ROLE} on, without OpenZeppelin's PUBLIC_ROLE, are leased.
    error LeaseForbiddenRole(uint64 roleId);
    /// @notice Leased roles are granted by the directory alone.
    error LeaseLocalGrant(uint64 roleId);
    error LeaseTooManyHolders(uint256 count, uint256 most);
    error LeaseZeroAccount();

    /// @notice Takes a list from the directory, on home itself. Elsewhere lists come by message.
    /// @dev Only the directory, only on home. Emits {RoleLeased}, or {LeaseOutdated}. Reverts with LeaseUnauthorized,
    ///      LeaseForbiddenRole, LeaseTooManyHolders, LeaseZeroAccount.
    function lease(uint64 roleId, uint64 sequence, uint48 expiresAt, address[] calldata accounts) external;

    /// @notice Ends what is leased of a role here, and takes the next list with a number above `sequence`. Against a directory that was captured.
    /// @param sequence of the newest list that home is known to have sent ({IRoleDirectory-sent}): an older one that never arrived stays out
    /// @dev Only this rollup's ADMIN_ROLE. Emits {LeaseEnded}. Reverts with LeaseForbiddenRole.
    function endLease(uint64 roleId, uint64 sequence) external;

    /// @notice Lets the holders of a leased role act only after an announcement of this many seconds.
    /// @dev Only this rollup's ADMIN_ROLE. Emits {LeaseDelayChanged}. Reverts with LeaseForbiddenRole.
    function setLeaseDelay(uint64 roleId, uint32 executionDelay) external;

    /// @notice State of a leased role's list; all zero where none was ever taken.
    function leaseOf(uint64 roleId) external view returns (Lease memory);

    /// @notice Who sends lists: the directory on the home rollup, over this gateway.
    function source() external view returns (address gateway, uint256 homeChainId, address directory);
}
