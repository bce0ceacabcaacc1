// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IAutomated} from "../data/IAutomated.sol";
import {IAutomations} from "../data/IAutomations.sol";

/// @title Remembers that a value on another rollup went where its owner does not want it, as soon as somebody proves it.
contract Sentinel is IAutomated, Ownable {
    IAutomations private immutable AUTOMATIONS;

    /// @notice How often it was alarmed, and by what value the last time.
    uint256 public alarms;
    uint256 public value;

    event Alarmed(bytes32 indexed id, uint256 value);

    error SentinelUnauthorized(address caller);

    constructor(IAutomations automations) Ownable(msg.sender) {
        AUTOMATIONS = automations;
    }

    /// @notice Has this contract called when the condition holds. Owner.
    function watch(IAutomations.Automation calldata automation) external onlyOwner returns (bytes32 id) {
        return AUTOMATIONS.create(automation);
    }

    /// @notice Ends it; what is left of its ERA goes to the owner. Owner.
    function stop(IAutomations.Automation calldata automation) external onlyOwner {
        AUTOMATIONS.end(AUTOMATIONS.idOf(address(this), automation), automation, owner());
    }

    /// @dev Emits {Alarmed}.
    /// @inheritdoc IAutomated
    function onCondition(bytes32 id, uint256 proven) external returns (bytes4) {
        if (msg.sender != address(AUTOMATIONS)) revert SentinelUnauthorized(msg.sender);
        (alarms, value) = (alarms + 1, proven);
        emit Alarmed(id, proven);
        return this.onCondition.selector;
    }
}
