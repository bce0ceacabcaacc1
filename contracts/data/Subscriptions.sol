// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DeliveryMarks} from "../libraries/DeliveryMarks.sol";
import {Publication} from "../libraries/Publication.sol";
import {IRollupRegistry} from "../messaging/IRollupRegistry.sol";
import {IStateReader} from "../proofs/IStateReader.sol";
import {IBroadcaster} from "./IBroadcaster.sol";
import {ISubscriber} from "./ISubscriber.sol";
import {ISubscriptions} from "./ISubscriptions.sol";
import {PaidCalls} from "./PaidCalls.sol";

/// @title Subscriptions of one rollup. Not upgradeable, no owner; calls nothing but {ISubscriber.onPublication} of who asked for it.
contract Subscriptions is ISubscriptions, PaidCalls {
    IRollupRegistry private immutable REGISTRY;
    IStateReader private immutable STATE_READER;

    mapping(bytes32 id => Subscription) private _subscriptions;
    /// @dev A bit for each index, in words of 256.
    mapping(bytes32 row => mapping(uint256 word => uint256)) private _delivered;

    /// @param registry this rollup's
    /// @param stateReader this rollup's
    /// @param era this rollup's
    constructor(address registry, address stateReader, address era) PaidCalls(era) {
        if (registry == address(0) || stateReader == address(0) || era == address(0)) {
            revert SubscriptionsInvalidWiring(registry, stateReader, era);
        }
        REGISTRY = IRollupRegistry(registry);
        STATE_READER = IStateReader(stateReader);
    }

    /// @inheritdoc ISubscriptions
    function subscribe(Filter calldata filter, Terms calldata terms) external {
        bool twoTopics = filter.everyTopic && filter.topic != 0;
        if (filter.publisher == address(0) || filter.broadcaster == address(0) || twoTopics) {
            revert SubscriptionsInvalidFilter(filter);
        }
        if (terms.gasLimit == 0) revert SubscriptionsInvalidTerms(terms);
        _checkActive(filter.chainId, filter.incarnation);
        bytes32 id = _idOf(msg.sender, filter);
        Subscription storage own = _subscriptions[id];
        (own.gasLimit, own.start, own.price) = (terms.gasLimit, terms.start, terms.price);
        emit Subscribed(id, msg.sender, filter, terms);
    }

    /// @inheritdoc ISubscriptions
    function unsubscribe(Filter calldata filter, address to) external {
        _checkAccount(to);
        bytes32 id = _idOf(msg.sender, filter);
        (uint256 gasLimit, uint256 left) = (_subscriptions[id].gasLimit, _subscriptions[id].balance);
        if (gasLimit == 0) revert SubscriptionsUnknown(id);
        delete _subscriptions[id];
        emit Unsubscribed(id, msg.sender);
        if (left > 0) _payBack(id, left, to);
    }

    /// @inheritdoc ISubscriptions
    function fund(address subscriber, Filter calldata filter, uint256 amount) external {
        bytes32 id = _idOf(subscriber, filter);
        Subscription storage theirs = _subscriptions[id];
        if (theirs.gasLimit == 0) revert SubscriptionsUnknown(id);
        theirs.balance = _added(theirs.balance, amount);
        _collect(id, amount);
    }

    /// @inheritdoc ISubscriptions
    function withdraw(Filter calldata filter, uint256 amount, address to) external {
        _checkAccount(to);
        bytes32 id = _idOf(msg.sender, filter);
        uint256 balance = _subscriptions[id].balance;
        if (amount == 0 || amount > balance) revert PaidCallsInvalidAmount(amount);
        // Not above the balance, which is below 2^64.
        _subscriptions[id].balance = uint64(balance - amount);
        _payBack(id, amount, to);
    }

    /// @inheritdoc ISubscriptions
    function deliver(Source calldata source, Item[] calldata items, bytes calldata proof) external {
        _checkActive(source.chainId, source.incarnation);
        bytes32[] memory messages = new bytes32[](items.length);
        for (uint256 i = 0; i < items.length; ++i) {
            Item calldata item = items[i];
            messages[i] = Publication.hash(item.publisher, item.index, item.topic, item.payload);
        }
        uint256[] memory times = _times(source, messages, source.broadcaster, proof);
        bool attempted;
        uint256 earnings;
        for (uint256 i = 0; i < items.length; ++i) {
            // No clock shows 2^64 seconds: such a word is no Broadcaster's.
            if (times[i] == 0 || times[i] > type(uint64).max) revert SubscriptionsNotPublished(messages[i]);
            (bool any, uint256 paid) = _deliverItem(source, items[i], messages[i], uint64(times[i]));
            attempted = attempted || any;
            earnings += paid;
        }
        if (!attempted) revert SubscriptionsNothingToDeliver();
        _earn(earnings);
    }

    /// @inheritdoc ISubscriptions
    function subscription(address subscriber, Filter calldata filter) external view returns (Subscription memory) {
        return _subscriptions[_idOf(subscriber, filter)];
    }

    /// @inheritdoc ISubscriptions
    function isDelivered(
        address subscriber,
        uint256 chainId,
        uint256 incarnation,
        address broadcaster,
        address publisher,
        uint64 index
    ) external view returns (bool) {
        bytes32 row = keccak256(abi.encode(subscriber, chainId, incarnation, broadcaster, publisher));
        return DeliveryMarks.isMarked(_delivered[row][DeliveryMarks.wordOf(index)], index);
    }

    /// @inheritdoc ISubscriptions
    function broadcastTime(
        Source calldata source,
        bytes32 message,
        address publisher,
        bytes calldata proof
    ) external view returns (uint256) {
        _checkActive(source.chainId, source.incarnation);
        bytes32[] memory messages = new bytes32[](1);
        messages[0] = message;
        return _times(source, messages, publisher, proof)[0];
    }

    /// @dev Calls those named for one proven publication. As many rounds as the deliverer named.
    function _deliverItem(
        Source calldata source,
        Item calldata item,
        bytes32 message,
        uint64 time
    ) private returns (bool attempted, uint256 earnings) {
        bytes memory data = abi.encodeCall(
            ISubscriber.onPublication,
            (ISubscriber.Publication(source.chainId, item.publisher, item.topic, item.index, time, item.payload))
        );
        for (uint256 i = 0; i < item.targets.length; ++i) {
            (bool any, uint256 paid) = _attempt(source, item, item.targets[i], message, data);
            attempted = attempted || any;
            earnings += paid;
        }
    }

    /// @dev One subscriber: passes it over, or marks, takes the price, calls, and takes both back if the call fails.
    function _attempt(
        Source calldata source,
        Item calldata item,
        Target calldata target,
        bytes32 message,
        bytes memory data
    ) private returns (bool attempted, uint256 paid) {
        Subscription storage theirs = _subscriptions[_idFor(source, item, target)];
        uint256 gasLimit = theirs.gasLimit;
        if (gasLimit == 0 || item.index < theirs.start || gasLimit > target.gasLimit) return (false, 0);
        paid = theirs.price < theirs.balance ? theirs.price : theirs.balance;
        if (paid < target.price) return (false, 0);
        mapping(uint256 => uint256) storage marks = _marksOf(source, item.publisher, target.subscriber);
        uint256 word = DeliveryMarks.wordOf(item.index);
        if (DeliveryMarks.isMarked(marks[word], item.index)) return (false, 0);
        marks[word] = DeliveryMarks.mark(marks[word], item.index);
        // At most the balance.
        if (paid > 0) theirs.balance -= uint64(paid);
        (bool ok, bytes memory reason) = _call(target.subscriber, gasLimit, data);
        if (ok) {
            emit PublicationDelivered(message, target.subscriber, paid);
            return (true, paid);
        }
        // Gives back what the attempt took and nothing else. A call that reverted did nothing, what one that returned without its selector did stands:
        // storage is read again.
        marks[word] = DeliveryMarks.unmark(marks[word], item.index);
        if (paid > 0) theirs.balance += uint64(paid);
        emit PublicationFailed(message, target.subscriber, reason);
        return (true, 0);
    }

    function _payBack(bytes32 id, uint256 amount, address to) private {
        emit Withdrawn(id, to, amount);
        _pay(to, amount);
    }

    /// @dev When messages were broadcast in one account's name, 0 for those that were not.
    function _times(
        Source calldata source,
        bytes32[] memory messages,
        address publisher,
        bytes calldata proof
    ) private view returns (uint256[] memory times) {
        times = new uint256[](messages.length);
        if (source.chainId == block.chainid) {
            for (uint256 i = 0; i < messages.length; ++i) {
                times[i] = IBroadcaster(source.broadcaster).broadcastTime(messages[i], publisher);
            }
            return times;
        }
        IStateReader.Slots[] memory queries = new IStateReader.Slots[](1);
        queries[0] = IStateReader.Slots(source.broadcaster, new bytes32[](messages.length));
        for (uint256 i = 0; i < messages.length; ++i) {
            queries[0].slots[i] = Publication.slot(messages[i], publisher);
        }
        bytes32[] memory values = STATE_READER.slotsAt(source.chainId, source.anchorIndex, queries, proof)[0];
        for (uint256 i = 0; i < messages.length; ++i) times[i] = uint256(values[i]);
    }

    function _checkActive(uint256 chainId, uint256 incarnation) private view {
        bool active =
            chainId == block.chainid
                ? incarnation == REGISTRY.ownIncarnation()
                : REGISTRY.isActive(chainId, incarnation);
        if (!active) revert SubscriptionsUnknownRollup(chainId, incarnation);
    }

    function _marksOf(
        Source calldata source,
        address publisher,
        address subscriber
    ) private view returns (mapping(uint256 => uint256) storage) {
        bytes32 row = keccak256(
            abi.encode(subscriber, source.chainId, source.incarnation, source.broadcaster, publisher)
        );
        return _delivered[row];
    }

    function _idFor(Source calldata source, Item calldata item, Target calldata target) private pure returns (bytes32) {
        return
            _id(
                target.subscriber,
                Filter(
                    source.chainId,
                    source.incarnation,
                    source.broadcaster,
                    item.publisher,
                    target.everyTopic ? bytes32(0) : item.topic,
                    target.everyTopic
                )
            );
    }

    function _idOf(address subscriber, Filter calldata filter) private pure returns (bytes32) {
        return _id(subscriber, filter);
    }

    function _id(address subscriber, Filter memory filter) private pure returns (bytes32) {
        return keccak256(abi.encode(subscriber, filter));
    }
}
