// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ISubscriber} from "../data/ISubscriber.sol";
import {ISubscriptions} from "../data/ISubscriptions.sol";

/// @title Pins the newest word of each publisher on any rollup to which its owner has it subscribe. While it is closed nothing is lost.
contract Pinboard is ISubscriber, Ownable {
    struct Pin {
        uint64 time;
        uint64 index;
        bytes payload;
    }

    ISubscriptions private immutable SUBSCRIPTIONS;

    /// @notice Whether publications are refused. They stay deliverable and come when the board is open again.
    bool public closed;
    /// @notice The newest of a publisher's publications about a topic.
    mapping(uint256 chainId => mapping(address publisher => mapping(bytes32 topic => Pin))) public pins;

    event Pinned(uint256 chainId, address indexed publisher, bytes32 indexed topic, uint64 index, bytes payload);
    event ClosedChanged(bool closed);

    error PinboardClosed(uint64 index);
    error PinboardUnauthorized(address caller);

    constructor(ISubscriptions subscriptions) Ownable(msg.sender) {
        SUBSCRIPTIONS = subscriptions;
    }

    /// @notice Subscribes, or changes the terms. Owner.
    function subscribe(ISubscriptions.Filter calldata filter, ISubscriptions.Terms calldata terms) external onlyOwner {
        SUBSCRIPTIONS.subscribe(filter, terms);
    }

    /// @notice Ends a subscription; what is left of its ERA goes to the owner. Owner.
    function unsubscribe(ISubscriptions.Filter calldata filter) external onlyOwner {
        SUBSCRIPTIONS.unsubscribe(filter, owner());
    }

    /// @notice Closes or opens the board. Owner. Emits {ClosedChanged}.
    function setClosed(bool closed_) external onlyOwner {
        closed = closed_;
        emit ClosedChanged(closed_);
    }

    /// @dev Publications come in no particular order: an older one changes nothing. Emits {Pinned}. Reverts {PinboardClosed}.
    /// @inheritdoc ISubscriber
    function onPublication(Publication calldata said) external returns (bytes4) {
        if (msg.sender != address(SUBSCRIPTIONS)) revert PinboardUnauthorized(msg.sender);
        if (closed) revert PinboardClosed(said.index);
        Pin storage pin = pins[said.chainId][said.publisher][said.topic];
        // Indexes begin anew with another incarnation of the rollup, and on another Broadcaster; its clock goes on.
        if (said.time > pin.time || (said.time == pin.time && said.index > pin.index)) {
            (pin.time, pin.index, pin.payload) = (said.time, said.index, said.payload);
            emit Pinned(said.chainId, said.publisher, said.topic, said.index, said.payload);
        }
        return this.onPublication.selector;
    }
}
