// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {StateProof} from "../libraries/StateProof.sol";
import {IRollupRegistry} from "../messaging/IRollupRegistry.sol";
import {IStateRootInbox} from "../messaging/IStateRootInbox.sol";
import {IStateReader} from "../proofs/IStateReader.sol";
import {IAutomated} from "./IAutomated.sol";
import {IAutomations} from "./IAutomations.sol";
import {PaidCalls} from "./PaidCalls.sol";

/// @title Conditional execution. Not upgradeable, no owner; calls nothing but {IAutomated.onCondition} of who asked for it.
contract Automations is IAutomations, PaidCalls {
    IRollupRegistry private immutable REGISTRY;
    IStateReader private immutable STATE_READER;
    IStateRootInbox private immutable INBOX;

    mapping(bytes32 id => State) private _states;

    /// @param registry this rollup's
    /// @param stateReader this rollup's; must stand already
    /// @param era this rollup's
    constructor(address registry, address stateReader, address era) PaidCalls(era) {
        if (registry == address(0) || stateReader == address(0) || era == address(0)) {
            revert AutomationsInvalidWiring(registry, stateReader, era);
        }
        REGISTRY = IRollupRegistry(registry);
        STATE_READER = IStateReader(stateReader);
        INBOX = IStateRootInbox(IStateReader(stateReader).inbox());
    }

    /// @inheritdoc IAutomations
    function create(Automation calldata automation) external returns (bytes32 id) {
        bool isVain = automation.comparison == Comparison.None || automation.mask == 0;
        if (isVain || automation.maxAge == 0 || automation.gasLimit == 0) revert AutomationsInvalid(automation);
        _checkActive(automation);
        id = idOf(msg.sender, automation);
        if (_states[id].active) revert AutomationsKnown(id);
        _states[id].active = true;
        emit AutomationCreated(id, msg.sender, automation);
    }

    /// @inheritdoc IAutomations
    function end(bytes32 id, Automation calldata automation, address to) external {
        _checkAccount(to);
        State storage own = _states[id];
        if (idOf(msg.sender, automation) != id || (!own.active && own.balance == 0)) revert AutomationsUnknown(id);
        uint256 left = own.balance;
        (own.active, own.balance) = (false, 0);
        emit AutomationEnded(id, msg.sender);
        if (left > 0) _pay(to, left);
    }

    /// @inheritdoc IAutomations
    function fund(bytes32 id, uint256 amount) external {
        State storage theirs = _states[id];
        if (!theirs.active) revert AutomationsUnknown(id);
        theirs.balance = _added(theirs.balance, amount);
        _collect(id, amount);
    }

    /// @inheritdoc IAutomations
    function execute(
        address owner,
        Automation calldata automation,
        uint64 anchorIndex,
        bytes calldata header,
        bytes calldata proof
    ) external {
        bytes32 id = idOf(owner, automation);
        State memory before = _states[id];
        _checkDue(id, before, automation);
        uint64 number = _checkBlock(before, automation, anchorIndex, header);
        uint256 value = _checkCondition(id, automation, anchorIndex, proof);
        _states[id] = State(automation.period > 0, before.balance - automation.reward, uint64(block.timestamp), number);
        bytes memory data = abi.encodeCall(IAutomated.onCondition, (id, value));
        (bool ok, bytes memory reason) = _call(owner, automation.gasLimit, data);
        if (ok) {
            _earn(automation.reward);
            emit AutomationExecuted(id, msg.sender, value, automation.reward);
        } else {
            _takeBack(id, before, automation.reward, number);
            emit AutomationFailed(id, msg.sender, reason);
        }
    }

    /// @inheritdoc IAutomations
    function state(bytes32 id) external view returns (State memory) {
        return _states[id];
    }

    /// @inheritdoc IAutomations
    function idOf(address owner, Automation calldata automation) public pure returns (bytes32) {
        return keccak256(abi.encode(owner, automation));
    }

    /// @dev Gives back what the attempt took and nothing else. A call that reverted did nothing; what one that returned without its selector did stands: what
    ///      it funded or took out, and that a newer block called it. The automation goes on in any case.
    function _takeBack(bytes32 id, State memory before, uint64 reward, uint64 number) private {
        State storage theirs = _states[id];
        theirs.balance += reward;
        if (theirs.number != number) return;
        (theirs.active, theirs.calledAt, theirs.number) = (true, before.calledAt, before.number);
    }

    function _checkDue(bytes32 id, State memory before, Automation calldata automation) private view {
        if (!before.active) revert AutomationsUnknown(id);
        if (before.balance < automation.reward) revert AutomationsUnpaid(id, before.balance);
        uint256 from = before.calledAt == 0 ? 0 : uint256(before.calledAt) + automation.period;
        if (block.timestamp < from) revert AutomationsTooEarly(id, from);
    }

    /// @dev A call goes by a newer block than the one before it: no proof serves twice. When a head was recorded says nothing about its block's age.
    function _checkBlock(
        State memory before,
        Automation calldata automation,
        uint64 anchorIndex,
        bytes calldata header
    ) private view returns (uint64 number) {
        _checkActive(automation);
        IStateRootInbox.Head memory head = INBOX.head(automation.chainId, anchorIndex);
        (bool proven, uint256 time) = StateProof.timeOf(head.blockHash, header);
        if (!proven) revert AutomationsHeaderRefused(anchorIndex);
        bool isOld = time + automation.maxAge < block.timestamp;
        if (isOld || (before.calledAt != 0 && head.number <= before.number)) {
            revert AutomationsOldBlock(head.number, time);
        }
        return head.number;
    }

    function _checkCondition(
        bytes32 id,
        Automation calldata automation,
        uint64 anchorIndex,
        bytes calldata proof
    ) private view returns (uint256 value) {
        (uint256 chainId, address account, bytes32 slot) = (automation.chainId, automation.account, automation.slot);
        value = uint256(STATE_READER.slotAt(chainId, anchorIndex, account, slot, proof)) & automation.mask;
        (Comparison comparison, uint256 operand) = (automation.comparison, automation.operand);
        bool holds =
            (comparison == Comparison.Equal && value == operand) ||
                (comparison == Comparison.NotEqual && value != operand) ||
                (comparison == Comparison.AtLeast && value >= operand) ||
                (comparison == Comparison.AtMost && value <= operand);
        if (!holds) revert AutomationsNotSatisfied(id, value);
    }

    function _checkActive(Automation calldata automation) private view {
        if (REGISTRY.isActive(automation.chainId, automation.incarnation)) return;
        revert AutomationsUnknownRollup(automation.chainId, automation.incarnation);
    }
}
