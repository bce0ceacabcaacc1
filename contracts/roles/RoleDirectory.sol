// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC7786GatewaySource} from "@openzeppelin/contracts/interfaces/draft-IERC7786.sol";
import {InteroperableAddress} from "@openzeppelin/contracts/utils/draft-InteroperableAddress.sol";
import {EnumerableSet} from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";
import {ILeasedAccessManager} from "./ILeasedAccessManager.sol";
import {IRoleDirectory} from "./IRoleDirectory.sol";

/// @title Says on home who holds a role on every rollup. Not upgradeable.
contract RoleDirectory is IRoleDirectory, AccessManaged {
    using EnumerableSet for EnumerableSet.AddressSet;
    using EnumerableSet for EnumerableSet.UintSet;

    /// @notice Most connected rollups.
    uint256 public constant MOST_ROLLUPS = 64;
    /// @notice Most holders of one role on one rollup: as many as {ILeasedAccessManager} takes.
    uint256 public constant MOST_HOLDERS = 32;
    /// @dev Shortest and longest term: a lease is at most 30 days where it is taken.
    uint48 private constant SHORTEST_TERM = 10 minutes;
    uint48 private constant LONGEST_TERM = 30 days;
    /// @dev ERC-7786's example of an attribute: gas for the call at the destination.
    bytes4 private constant MIN_GAS_LIMIT = bytes4(keccak256("minGasLimit(uint256)"));
    uint256 private constant GAS_PER_LIST = 120_000;
    uint256 private constant GAS_PER_HOLDER = 30_000;

    /// @param sequence number of the newest list
    /// @param sentAt seconds since 1970
    struct Roll {
        EnumerableSet.AddressSet holders;
        uint64 sequence;
        uint48 sentAt;
    }

    address private immutable GATEWAY;
    uint48 private immutable TERM;

    EnumerableSet.UintSet private _rollups;
    mapping(uint256 chainId => address manager) private _managers;
    mapping(uint64 roleId => mapping(uint256 chainId => Roll)) private _rolls;

    /// @param authority decides who governs the directory
    /// @param ownGateway carries lists to other rollups
    /// @param leaseTerm seconds for which a list is in force
    constructor(address authority, address ownGateway, uint48 leaseTerm) AccessManaged(authority) {
        if (ownGateway == address(0) || leaseTerm < SHORTEST_TERM || leaseTerm > LONGEST_TERM) {
            revert DirectoryInvalidWiring(ownGateway, leaseTerm);
        }
        GATEWAY = ownGateway;
        TERM = leaseTerm;
    }

    /// @inheritdoc IRoleDirectory
    function setManager(uint256 chainId, address manager) external restricted {
        if (manager == address(0)) _rollups.remove(chainId);
        else _rollups.add(chainId);
        if (_rollups.length() > MOST_ROLLUPS) revert DirectoryTooManyRollups(_rollups.length(), MOST_ROLLUPS);
        _managers[chainId] = manager;
        emit ManagerChanged(chainId, manager);
    }

    /// @inheritdoc IRoleDirectory
    function grant(uint64 roleId, Placement[] calldata placements) external restricted {
        for (uint256 i; i < placements.length; ++i) {
            Placement calldata placement = placements[i];
            Roll storage roll = _rolls[roleId][placement.chainId];
            for (uint256 j; j < placement.accounts.length; ++j) {
                if (placement.accounts[j] == address(0)) revert DirectoryZeroAccount();
                roll.holders.add(placement.accounts[j]);
            }
            uint256 count = roll.holders.length();
            if (count > MOST_HOLDERS) revert DirectoryTooManyHolders(roleId, placement.chainId, count);
            _send(roleId, placement.chainId);
        }
    }

    /// @inheritdoc IRoleDirectory
    function revoke(uint64 roleId, Placement[] calldata placements) external restricted {
        for (uint256 i; i < placements.length; ++i) {
            Placement calldata placement = placements[i];
            Roll storage roll = _rolls[roleId][placement.chainId];
            for (uint256 j; j < placement.accounts.length; ++j) roll.holders.remove(placement.accounts[j]);
            _send(roleId, placement.chainId);
        }
    }

    /// @inheritdoc IRoleDirectory
    function revokeAll(uint64 roleId) external restricted {
        uint256[] memory chainIds = _rollups.values();
        for (uint256 i; i < chainIds.length; ++i) {
            Roll storage roll = _rolls[roleId][chainIds[i]];
            if (roll.sequence == 0) continue;
            roll.holders.clear();
            _send(roleId, chainIds[i]);
        }
    }

    /// @inheritdoc IRoleDirectory
    function renew(uint64 roleId, uint256[] calldata chainIds) external {
        for (uint256 i; i < chainIds.length; ++i) {
            Roll storage roll = _rolls[roleId][chainIds[i]];
            if (roll.sequence == 0) revert DirectoryNeverSent(roleId, chainIds[i]);
            uint256 notBefore = roll.sentAt + TERM / 4;
            if (block.timestamp < notBefore) revert DirectoryTooEarly(roleId, chainIds[i], notBefore);
            _send(roleId, chainIds[i]);
        }
    }

    /// @inheritdoc IRoleDirectory
    function holders(uint64 roleId, uint256 chainId) external view returns (address[] memory) {
        return _rolls[roleId][chainId].holders.values();
    }

    /// @inheritdoc IRoleDirectory
    function sent(
        uint64 roleId,
        uint256 chainId
    ) external view returns (uint64 sequence, uint48 sentAt, uint48 expiresAt) {
        Roll storage roll = _rolls[roleId][chainId];
        return (roll.sequence, roll.sentAt, roll.sequence == 0 ? 0 : roll.sentAt + TERM);
    }

    /// @inheritdoc IRoleDirectory
    function rollups() external view returns (uint256[] memory) {
        return _rollups.values();
    }

    /// @inheritdoc IRoleDirectory
    function managerOf(uint256 chainId) external view returns (address) {
        return _managers[chainId];
    }

    /// @inheritdoc IRoleDirectory
    function term() external view returns (uint48) {
        return TERM;
    }

    /// @inheritdoc IRoleDirectory
    function gateway() external view returns (address) {
        return GATEWAY;
    }

    function _send(uint64 roleId, uint256 chainId) private {
        address manager = _managers[chainId];
        if (manager == address(0)) revert DirectoryUnknownRollup(chainId);
        Roll storage roll = _rolls[roleId][chainId];
        uint64 sequence = ++roll.sequence;
        uint48 sentAt = uint48(block.timestamp);
        roll.sentAt = sentAt;
        address[] memory accounts = roll.holders.values();
        emit RoleSent(roleId, chainId, sequence, sentAt + TERM, accounts);
        if (chainId == block.chainid) {
            ILeasedAccessManager(manager).lease(roleId, sequence, sentAt + TERM, accounts);
            return;
        }
        bytes[] memory attributes = new bytes[](1);
        attributes[0] = abi.encodeWithSelector(MIN_GAS_LIMIT, GAS_PER_LIST + GAS_PER_HOLDER * accounts.length);
        IERC7786GatewaySource(GATEWAY).sendMessage(
            InteroperableAddress.formatEvmV1(chainId, manager),
            abi.encode(roleId, sequence, sentAt + TERM, accounts),
            attributes
        );
    }
}
