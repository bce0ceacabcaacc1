// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {IRollupTimelock} from "./IRollupTimelock.sol";

/// @title Timelock of one rollup.
/// @dev Roles are complete after the constructor; nobody but the timelock itself administers them, so the deployer never holds one.
contract RollupTimelock is IRollupTimelock, TimelockController {
    /// @dev Hash of no code; an account that never existed has hash 0 instead.
    bytes32 private constant NO_CODE = keccak256("");

    mapping(bytes32 id => bool) private _protected;

    /// @param minDelay seconds
    /// @param governor proposes, and may cancel
    /// @param canceller may cancel
    constructor(
        uint256 minDelay,
        address governor,
        address canceller
    ) TimelockController(minDelay, _one(governor), _one(address(0)), address(0)) {
        if (governor == address(0) || canceller == address(0)) revert TimelockInvalidRoles(governor, canceller);
        _grantRole(CANCELLER_ROLE, canceller);
    }

    /// @inheritdoc TimelockController
    function schedule(
        address target,
        uint256 value,
        bytes calldata data,
        bytes32 predecessor,
        bytes32 salt,
        uint256 delay
    ) public override {
        super.schedule(target, value, data, predecessor, salt, delay);
        if (_concernsCanceller(target, data)) _protected[hashOperation(target, value, data, predecessor, salt)] = true;
    }

    /// @inheritdoc TimelockController
    function scheduleBatch(
        address[] calldata targets,
        uint256[] calldata values,
        bytes[] calldata payloads,
        bytes32 predecessor,
        bytes32 salt,
        uint256 delay
    ) public override {
        super.scheduleBatch(targets, values, payloads, predecessor, salt, delay);
        bool concerned = false;
        for (uint256 i = 0; i < targets.length; ++i) {
            if (_concernsCanceller(targets[i], payloads[i])) concerned = true;
            else if (!_isConditions(targets[i], payloads[i])) return;
        }
        if (concerned) _protected[hashOperationBatch(targets, values, payloads, predecessor, salt)] = true;
    }

    /// @inheritdoc TimelockController
    /// @dev Reverts {TimelockProtectedOperation} for a canceller that is no proposer, if the operation only replaces cancellers.
    function cancel(bytes32 id) public override {
        if (_protected[id] && !hasRole(PROPOSER_ROLE, msg.sender)) revert TimelockProtectedOperation(id);
        super.cancel(id);
    }

    /// @inheritdoc IRollupTimelock
    function requireConditions(
        uint256 chainId,
        uint256 expiry,
        address[] calldata accounts,
        bytes32[] calldata codeHashes
    ) external view {
        if (chainId != block.chainid) revert TimelockWrongRollup(chainId);
        if (block.timestamp > expiry) revert TimelockExpired(expiry);
        for (uint256 i = 0; i < accounts.length; ++i) {
            bytes32 actual = accounts[i].codehash;
            if (actual == 0) actual = NO_CODE;
            if (actual != codeHashes[i]) revert TimelockChangedCode(accounts[i], codeHashes[i], actual);
        }
    }

    /// @inheritdoc IRollupTimelock
    function isProtected(bytes32 id) external view returns (bool) {
        return _protected[id];
    }

    function _concernsCanceller(address target, bytes calldata data) private view returns (bool) {
        if (target != address(this) || data.length != 68) return false;
        bytes4 selector = bytes4(data);
        if (selector != IAccessControl.grantRole.selector && selector != IAccessControl.revokeRole.selector)
            return false;
        return bytes32(data[4:36]) == CANCELLER_ROLE;
    }

    /// @dev It only reads: it neither makes an operation a replacement of cancellers nor keeps it from being one.
    function _isConditions(address target, bytes calldata data) private view returns (bool) {
        return target == address(this) && data.length >= 4 && bytes4(data) == this.requireConditions.selector;
    }

    function _one(address account) private pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = account;
    }
}
