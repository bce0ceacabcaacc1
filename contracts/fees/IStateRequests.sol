// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IStateRootInbox} from "../messaging/IStateRootInbox.sol";

/// @title Validation of other rollups' state on request, for ERA: a head is recorded, or a slot is read under one.
/// @notice docs/protocol/fees.md §6. Who asks pays from prepaid credit as for a message; who brings the answer is paid, and the guardians who attested
///         the head are. Nobody has to ask: {IStateRootInbox-recordHead} and {IStateReader} cost no fee.
/// @dev A request is named by its id: keccak256(abi.encode(chainId, incarnation, anchorIndex, account, slot)), for a head with account and slot 0.
interface IStateRequests {
    /// @notice What validating a rollup's state costs here, millionths of ERA. 0: not on offer.
    struct Terms {
        uint32 headPrice;
        uint32 slotPrice;
    }

    /// @param payer whose credit paid: the one who asked, or its sponsor
    /// @param madeAt seconds since 1970; 0 if there is no such request
    /// @param paid fee units, a multiple of 1,000
    struct Request {
        address payer;
        uint40 madeAt;
        uint48 paid;
    }

    /// @notice Parts of answered requests that wait for {sweep}, in wei of ERA.
    struct Due {
        uint128 fund;
        uint128 burn;
        uint256 guardians;
    }

    event TermsChanged(uint256 indexed chainId, uint256 headPrice, uint256 slotPrice);
    event StateRequested(
        bytes32 indexed id,
        uint256 indexed chainId,
        uint64 indexed anchorIndex,
        address account,
        bytes32 slot,
        address payer,
        uint256 paid
    );
    /// @param value of the slot, or the state root of the head
    /// @param reward in wei of ERA
    event StateAnswered(bytes32 indexed id, address indexed answerer, bytes32 value, uint256 reward);
    event RequestWithdrawn(bytes32 indexed id, address indexed payer, uint256 amount);
    event SharesSwept(uint256 toFund, uint256 burnt, uint256 toGuardians);

    error RequestsInvalidWiring();
    error RequestsInvalidAccount(address account);
    error RequestsUnknownRollup(uint256 chainId);
    error RequestsNotOffered(uint256 chainId);
    error RequestsAlreadyOpen(bytes32 id);
    error RequestsAlreadyKnown(bytes32 id);
    error RequestsNotOpen(bytes32 id);
    error RequestsTooEarly(bytes32 id, uint256 earliest);

    /// @notice Sets what validating a rollup's state costs here. Administrator. Requests that are open stay as they were paid.
    /// @dev Reverts AccessManagedUnauthorized. Emits {TermsChanged}.
    function setTerms(uint256 chainId, Terms calldata terms) external;

    /// @notice Asks for the head of one anchor of a rollup, in its current incarnation. Anyone with credit, own or a sponsor's.
    /// @dev Reverts {RequestsUnknownRollup}, {RequestsNotOffered}, {RequestsAlreadyOpen}, {RequestsAlreadyKnown} if that head is recorded,
    ///      FeesInsufficientCredit. Emits {StateRequested}.
    function requestHead(uint256 chainId, uint64 anchorIndex) external returns (bytes32 id);

    /// @notice Asks for the value of a slot under the head of one anchor, which need not be recorded yet. Anyone with credit, own or a sponsor's.
    /// @dev Reverts as {requestHead}; {RequestsAlreadyKnown} if {answerOf} knows it; {RequestsInvalidAccount} for account 0. Emits {StateRequested}.
    function requestSlot(
        uint256 chainId,
        uint64 anchorIndex,
        address account,
        bytes32 slot
    ) external returns (bytes32 id);

    /// @notice Records the head of an open request and earns its reward. Anyone; the same arguments as {IStateRootInbox-recordHead}.
    /// @dev Reverts {RequestsNotOpen}, and as recordHead does, InboxHeadKnown for instance. Emits {StateAnswered}.
    function answerHead(
        bytes calldata attestation,
        IStateRootInbox.HeadFact calldata fact,
        uint256 factIndex,
        uint256 factCount,
        bytes calldata siblings
    ) external;

    /// @notice Proves the slot of an open request under the recorded head and earns its reward. Anyone; the same arguments as {IStateReader-slotAt}.
    /// @dev Reverts {RequestsNotOpen}, and as slotAt does. Emits {StateAnswered}. The value stays readable for everybody: {answerOf}.
    function answerSlot(
        uint256 chainId,
        uint64 anchorIndex,
        address account,
        bytes32 slot,
        bytes calldata proof
    ) external;

    /// @notice Gives what was paid for a request back to the payer's credit, from one hour after it was made. Anyone.
    /// @dev Reverts {RequestsNotOpen}, {RequestsTooEarly}. Emits {RequestWithdrawn}.
    function withdraw(bytes32 id) external;

    /// @notice Pays the fund's and the guardians' parts of answered requests and burns the burnt part for good. Anyone.
    /// @dev Never reverts; with nothing due it changes nothing and emits nothing. Emits {SharesSwept}.
    function sweep() external;

    /// @notice What validating a rollup's state costs here.
    function termsOf(uint256 chainId) external view returns (Terms memory);
    /// @notice Id of a request about the rollup's current incarnation; account and slot 0 for a head.
    function idOf(uint256 chainId, uint64 anchorIndex, address account, bytes32 slot) external view returns (bytes32);
    /// @notice An open request; all zero if there is none.
    function request(bytes32 id) external view returns (Request memory);
    /// @notice Value of a slot as a request brought it, for the rollup's current incarnation.
    function answerOf(
        uint256 chainId,
        uint64 anchorIndex,
        address account,
        bytes32 slot
    ) external view returns (bool known, bytes32 value);
    /// @notice What {sweep} would pay now.
    function due() external view returns (Due memory);
    /// @notice ERA that this contract must hold: open requests, and what is due. Its balance is never less.
    function held() external view returns (uint256);
}
