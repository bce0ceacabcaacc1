// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {ERC7786Recipient} from "@openzeppelin/contracts/crosschain/ERC7786Recipient.sol";
import {EvmInterop} from "../libraries/EvmInterop.sol";
import {ILeasedAccessManager} from "./ILeasedAccessManager.sol";

/// @title OpenZeppelin's AccessManager on one rollup, some of whose roles are held on lease from a directory on home. Not upgradeable.
contract LeasedAccessManager is ILeasedAccessManager, AccessManager, ERC7786Recipient {
    /// @notice Roles from here on are leased.
    uint64 public constant FIRST_LEASED_ROLE = 1 << 32;
    /// @notice Most holders of one role on one rollup.
    uint256 public constant MOST_HOLDERS = 32;
    /// @notice Longest lease in seconds, whatever home says.
    uint48 public constant LONGEST_LEASE = 30 days;

    address private immutable GATEWAY;
    uint256 private immutable HOME_CHAIN_ID;
    address private immutable DIRECTORY;

    mapping(uint64 roleId => Lease) private _leases;
    /// @dev The generation in which an account was last listed; it counts while it is the role's present one.
    mapping(uint64 roleId => mapping(address account => uint64 generation)) private _listed;

    /// @param admin of this rollup: maps functions to roles and grants the roles that are not leased
    /// @param gateway brings lists
    /// @param homeChainId where the directory is
    /// @param directory sends lists
    constructor(address admin, address gateway, uint256 homeChainId, address directory) AccessManager(admin) {
        if (gateway == address(0) || homeChainId == 0 || directory == address(0)) {
            revert LeaseInvalidWiring(gateway, homeChainId, directory);
        }
        GATEWAY = gateway;
        HOME_CHAIN_ID = homeChainId;
        DIRECTORY = directory;
    }

    /// @inheritdoc ILeasedAccessManager
    function lease(uint64 roleId, uint64 sequence, uint48 expiresAt, address[] calldata accounts) external {
        if (block.chainid != HOME_CHAIN_ID || msg.sender != DIRECTORY) revert LeaseUnauthorized(msg.sender);
        _take(roleId, sequence, expiresAt, accounts);
    }

    /// @inheritdoc ILeasedAccessManager
    function endLease(uint64 roleId, uint64 sequence) external onlyAuthorized {
        Lease storage current = _leased(roleId);
        current.sequence = sequence;
        current.expiresAt = 0;
        ++current.generation;
        emit LeaseEnded(roleId, sequence);
    }

    /// @inheritdoc ILeasedAccessManager
    function setLeaseDelay(uint64 roleId, uint32 executionDelay) external onlyAuthorized {
        _leased(roleId).executionDelay = executionDelay;
        emit LeaseDelayChanged(roleId, executionDelay);
    }

    /// @inheritdoc ILeasedAccessManager
    function leaseOf(uint64 roleId) external view returns (Lease memory) {
        return _leases[roleId];
    }

    /// @inheritdoc ILeasedAccessManager
    function source() external view returns (address gateway, uint256 homeChainId, address directory) {
        return (GATEWAY, HOME_CHAIN_ID, DIRECTORY);
    }

    /// @inheritdoc IAccessManager
    function hasRole(
        uint64 roleId,
        address account
    ) public view override(AccessManager, IAccessManager) returns (bool isMember, uint32 executionDelay) {
        if (!_isLeased(roleId)) return super.hasRole(roleId, account);
        Lease storage current = _leases[roleId];
        uint64 generation = _listed[roleId][account];
        isMember = generation != 0 && generation == current.generation && block.timestamp < current.expiresAt;
        return (isMember, current.executionDelay);
    }

    /// @inheritdoc AccessManager
    function _grantRole(
        uint64 roleId,
        address account,
        uint32 grantDelay,
        uint32 executionDelay
    ) internal override returns (bool) {
        if (_isLeased(roleId)) revert LeaseLocalGrant(roleId);
        return super._grantRole(roleId, account, grantDelay, executionDelay);
    }

    /// @inheritdoc ERC7786Recipient
    function _isAuthorizedGateway(address instance, bytes calldata sender) internal view override returns (bool) {
        (uint256 chainId, address account) = EvmInterop.parse(sender);
        return instance == GATEWAY && chainId == HOME_CHAIN_ID && account == DIRECTORY;
    }

    /// @inheritdoc ERC7786Recipient
    function _processMessage(address, bytes32, bytes calldata, bytes calldata payload) internal override {
        (uint64 roleId, uint64 sequence, uint48 expiresAt, address[] memory accounts) = abi.decode(
            payload,
            (uint64, uint64, uint48, address[])
        );
        _take(roleId, sequence, expiresAt, accounts);
    }

    /// @dev A complete list of the role's holders here; the newest one counts, in whatever order they come.
    function _take(uint64 roleId, uint64 sequence, uint48 expiresAt, address[] memory accounts) private {
        Lease storage current = _leased(roleId);
        uint64 newest = current.sequence;
        if (sequence <= newest) {
            emit LeaseOutdated(roleId, sequence, newest);
            return;
        }
        if (accounts.length > MOST_HOLDERS) revert LeaseTooManyHolders(accounts.length, MOST_HOLDERS);
        uint48 latest = uint48(block.timestamp) + LONGEST_LEASE;
        if (expiresAt > latest) expiresAt = latest;
        uint64 generation = current.generation + 1;
        (current.sequence, current.generation, current.expiresAt) = (sequence, generation, expiresAt);
        for (uint256 i; i < accounts.length; ++i) {
            if (accounts[i] == address(0)) revert LeaseZeroAccount();
            _listed[roleId][accounts[i]] = generation;
        }
        emit RoleLeased(roleId, sequence, expiresAt, accounts);
    }

    function _leased(uint64 roleId) private view returns (Lease storage) {
        if (!_isLeased(roleId)) revert LeaseForbiddenRole(roleId);
        return _leases[roleId];
    }

    function _isLeased(uint64 roleId) private pure returns (bool) {
        return roleId >= FIRST_LEASED_ROLE && roleId != PUBLIC_ROLE;
    }
}
