// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IPaidCalls} from "./IPaidCalls.sol";

/// @title Contracts of this rollup that are called for publications of any rollup: docs/protocol/publications.md §2 to §5.
/// @notice Amounts are in fee units of 1e-9 ERA. A subscription is the caller's own; nobody subscribes another contract.
interface ISubscriptions is IPaidCalls {
    /// @notice Whose publications are wanted.
    /// @param incarnation in which the rollup is active here, or this rollup's own
    /// @param broadcaster where the rollup keeps its publications
    /// @param topic 0 if every topic is wanted
    struct Filter {
        uint256 chainId;
        uint256 incarnation;
        address broadcaster;
        address publisher;
        bytes32 topic;
        bool everyTopic;
    }

    /// @notice How a subscriber is called.
    /// @param gasLimit gas of the call: exactly this
    /// @param start least index that is wanted
    /// @param price paid to who delivers, for each publication
    struct Terms {
        uint32 gasLimit;
        uint64 start;
        uint64 price;
    }

    /// @notice Terms and prepaid ERA; no gas limit means not subscribed.
    struct Subscription {
        uint32 gasLimit;
        uint64 start;
        uint64 price;
        uint64 balance;
    }

    /// @notice A rollup's state as it is believed here. The anchor counts for nothing if it is this rollup.
    struct Source {
        uint256 chainId;
        uint256 incarnation;
        address broadcaster;
        uint64 anchorIndex;
    }

    /// @notice A publication and who is to be called for it.
    struct Item {
        address publisher;
        bytes32 topic;
        uint64 index;
        bytes payload;
        Target[] targets;
    }

    /// @notice A subscriber with what the deliverer reckons with: it is passed over if it wants more gas or pays less.
    /// @param everyTopic which of its subscriptions is meant
    struct Target {
        address subscriber;
        bool everyTopic;
        uint32 gasLimit;
        uint64 price;
    }

    event Subscribed(bytes32 indexed id, address indexed subscriber, Filter filter, Terms terms);
    event Unsubscribed(bytes32 indexed id, address indexed subscriber);
    event Withdrawn(bytes32 indexed id, address indexed to, uint256 amount);
    event PublicationDelivered(bytes32 indexed message, address indexed subscriber, uint256 paid);
    /// @notice The call failed and can be tried again; see {IPaidCalls}. At most 256 bytes of the reason.
    event PublicationFailed(bytes32 indexed message, address indexed subscriber, bytes reason);

    error SubscriptionsInvalidWiring(address registry, address stateReader, address era);
    error SubscriptionsInvalidFilter(Filter filter);
    error SubscriptionsInvalidTerms(Terms terms);
    error SubscriptionsUnknown(bytes32 id);
    error SubscriptionsUnknownRollup(uint256 chainId, uint256 incarnation);
    error SubscriptionsNotPublished(bytes32 message);
    error SubscriptionsNothingToDeliver();

    /// @notice Subscribes the caller, or changes the terms of its subscription; prepaid ERA stays. Contracts that implement ISubscriber.
    /// @dev Reverts {SubscriptionsInvalidFilter} for a zero publisher or broadcaster and for a topic beside `everyTopic`,
    ///      {SubscriptionsInvalidTerms} for no gas, {SubscriptionsUnknownRollup}. Emits {Subscribed}.
    function subscribe(Filter calldata filter, Terms calldata terms) external;

    /// @notice Ends the caller's subscription and pays what is left of its prepaid ERA to `to`.
    /// @dev Reverts {SubscriptionsUnknown}, {PaidCallsInvalidAccount} for zero. Emits {Unsubscribed}, {Withdrawn} if anything is left.
    function unsubscribe(Filter calldata filter, address to) external;

    /// @notice Takes ERA from the caller (allowance) for a subscription. Anyone.
    /// @dev Reverts {SubscriptionsUnknown}, {PaidCallsInvalidAmount} for 0 or 2^64 units and more, and as ERA's transferFrom. Emits {Funded}.
    function fund(address subscriber, Filter calldata filter, uint256 amount) external;

    /// @notice Pays prepaid ERA of the caller's subscription to `to`.
    /// @dev Reverts {PaidCallsInvalidAmount} for 0 or more than there is, {PaidCallsInvalidAccount} for zero. Emits {Withdrawn}.
    function withdraw(Filter calldata filter, uint256 amount, address to) external;

    /// @notice Proves publications of one rollup and calls the named subscribers. Anyone; earns what they pay.
    /// @dev Emits {PublicationDelivered} or {PublicationFailed} for each that was called; nothing for those passed over. Reverts
    ///      {SubscriptionsUnknownRollup}, {SubscriptionsNotPublished}, {SubscriptionsNothingToDeliver} if nobody was called,
    ///      {PaidCallsInsufficientGas} if a call could not get its gas, and as {IStateReader.slotsAt}.
    /// @param proof for StateReader: the broadcaster's part, then one for each item; empty if the source is this rollup
    function deliver(Source calldata source, Item[] calldata items, bytes calldata proof) external;

    /// @notice A subscription's terms and prepaid ERA.
    function subscription(address subscriber, Filter calldata filter) external view returns (Subscription memory);

    /// @notice Whether a subscriber was called for a publication, whichever of its subscriptions matched.
    function isDelivered(
        address subscriber,
        uint256 chainId,
        uint256 incarnation,
        address broadcaster,
        address publisher,
        uint64 index
    ) external view returns (bool);

    /// @notice When an ERC-7888 message was broadcast there, seconds; 0 if it was not. `publisher` is the broadcaster for a publication.
    /// @dev Reverts {SubscriptionsUnknownRollup} and as {IStateReader.slotAt}.
    function broadcastTime(
        Source calldata source,
        bytes32 message,
        address publisher,
        bytes calldata proof
    ) external view returns (uint256);
}
