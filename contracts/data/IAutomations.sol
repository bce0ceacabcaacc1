// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IPaidCalls} from "./IPaidCalls.sol";

/// @title Calls contracts of this rollup when a proven value of another one satisfies their condition: docs/protocol/automations.md.
/// @notice Amounts are in fee units of 1e-9 ERA. An automation is the caller's own; nobody automates another contract.
interface IAutomations is IPaidCalls {
    /// @dev Zero is no comparison.
    enum Comparison {
        None,
        Equal,
        NotEqual,
        AtLeast,
        AtMost
    }

    /// @notice When a contract is to be called, and what it pays for it.
    /// @param incarnation in which the rollup is active here
    /// @param account, slot whose value counts
    /// @param mask bits of the value that count, not zero
    /// @param operand what the masked value is compared with
    /// @param maxAge seconds since the time of the block that shows the value, at most; not zero
    /// @param period seconds between two calls at least; 0: called once
    /// @param gasLimit gas of the call: exactly this
    /// @param reward paid to who executes
    struct Automation {
        uint256 chainId;
        uint256 incarnation;
        address account;
        bytes32 slot;
        uint256 mask;
        Comparison comparison;
        uint256 operand;
        uint64 maxAge;
        uint64 period;
        uint32 gasLimit;
        uint64 reward;
    }

    /// @notice Prepaid ERA, and the last call: when, and the number of the block that it went by.
    struct State {
        bool active;
        uint64 balance;
        uint64 calledAt;
        uint64 number;
    }

    event AutomationCreated(bytes32 indexed id, address indexed owner, Automation automation);
    event AutomationEnded(bytes32 indexed id, address indexed owner);
    event AutomationExecuted(bytes32 indexed id, address indexed executor, uint256 value, uint256 reward);
    /// @notice The call failed and can be tried again; see {IPaidCalls}. At most 256 bytes of the reason.
    event AutomationFailed(bytes32 indexed id, address indexed executor, bytes reason);

    error AutomationsInvalidWiring(address registry, address stateReader, address era);
    error AutomationsInvalid(Automation automation);
    error AutomationsUnknown(bytes32 id);
    error AutomationsKnown(bytes32 id);
    error AutomationsUnknownRollup(uint256 chainId, uint256 incarnation);
    error AutomationsTooEarly(bytes32 id, uint256 from);
    /// @notice The block is older than the automation allows, or not newer than that of the last call.
    error AutomationsOldBlock(uint256 number, uint256 time);
    /// @notice Not the header of the block of a recorded head.
    error AutomationsHeaderRefused(uint64 anchorIndex);
    error AutomationsNotSatisfied(bytes32 id, uint256 value);
    error AutomationsUnpaid(bytes32 id, uint256 balance);

    /// @notice Automates the caller, which implements IAutomated. Returns the automation's id.
    /// @dev Reverts {AutomationsInvalid} for no comparison, mask, age or gas, {AutomationsUnknownRollup}, {AutomationsKnown}. Emits {AutomationCreated}.
    function create(Automation calldata automation) external returns (bytes32 id);

    /// @notice Ends the caller's automation and pays what is left of its prepaid ERA to `to`. What was called stays noted: created again, it
    ///         goes on from there.
    /// @dev Reverts {AutomationsUnknown}, {PaidCallsInvalidAccount} for zero. Emits {AutomationEnded}.
    function end(bytes32 id, Automation calldata automation, address to) external;

    /// @notice Takes ERA from the caller (allowance) for an automation. Anyone.
    /// @dev Reverts {AutomationsUnknown}, {PaidCallsInvalidAmount} for 0 or 2^64 units and more, and as ERA's transferFrom. Emits {Funded}.
    function fund(bytes32 id, uint256 amount) external;

    /// @notice Proves that the condition holds and calls the owner. Anyone; earns the reward.
    /// @dev Emits {AutomationExecuted}, or {AutomationFailed} if the call failed. Reverts {AutomationsUnknown}, {AutomationsUnknownRollup},
    ///      {AutomationsTooEarly} before the period is over, {AutomationsHeaderRefused}, {AutomationsOldBlock}, {AutomationsNotSatisfied}, {AutomationsUnpaid} if the prepaid ERA does not cover the reward, {PaidCallsInsufficientGas}, and as
    ///      {IStateReader.slotAt}.
    /// @param anchorIndex of the recorded head whose block shows the value
    /// @param header of that block, in RLP
    /// @param proof of the slot in that block's state, for StateReader
    function execute(
        address owner,
        Automation calldata automation,
        uint64 anchorIndex,
        bytes calldata header,
        bytes calldata proof
    ) external;

    /// @notice Prepaid ERA and last call of an automation.
    function state(bytes32 id) external view returns (State memory);

    /// @notice Id of an owner's automation.
    function idOf(address owner, Automation calldata automation) external pure returns (bytes32);
}
