// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRollupRegistry} from "../messaging/IRollupRegistry.sol";
import {IStateRootInbox} from "../messaging/IStateRootInbox.sol";
import {IStateReader} from "../proofs/IStateReader.sol";

/// @title Lets in who holds enough of a token on another rollup, by proof: no bridge, no message, nothing to do on that rollup.
contract Turnstile {
    /// @notice A token of another rollup, by the slot of its mapping of balances. In another incarnation of the rollup its address may be another's.
    struct Ticket {
        uint256 chainId;
        uint256 incarnation;
        address token;
        uint256 position;
        uint256 least;
        uint256 maxLag;
    }

    IRollupRegistry private immutable REGISTRY;
    IStateReader private immutable STATE_READER;
    IStateRootInbox private immutable INBOX;

    /// @notice What is asked for, under one of the newest heads: at most `maxLag` behind the newest one that is recorded here.
    Ticket public ticket;
    mapping(address holder => bool) public passed;

    event Passed(address indexed holder, uint256 balance);

    error TurnstileClosed(uint256 chainId, uint256 incarnation);
    error TurnstileTooOld(uint256 anchorIndex, uint256 newest);
    error TurnstileTooLittle(uint256 balance, uint256 least);

    constructor(IRollupRegistry registry, IStateReader stateReader, IStateRootInbox inbox, Ticket memory ticket_) {
        (REGISTRY, STATE_READER, INBOX, ticket) = (registry, stateReader, inbox, ticket_);
    }

    /// @notice Lets the caller in, who held enough when head `anchorIndex` of the token's rollup was made.
    /// @dev Emits {Passed}. Reverts {TurnstileClosed} if the rollup was removed or admitted anew since, {TurnstileTooOld}, {TurnstileTooLittle}, and as {IStateReader.slotAt}.
    function pass(uint64 anchorIndex, bytes calldata proof) external {
        Ticket memory asked = ticket;
        if (!REGISTRY.isActive(asked.chainId, asked.incarnation)) {
            revert TurnstileClosed(asked.chainId, asked.incarnation);
        }
        (uint256 newest, ) = INBOX.latestHead(asked.chainId);
        if (anchorIndex + asked.maxLag < newest) revert TurnstileTooOld(anchorIndex, newest);
        bytes32 slot = keccak256(abi.encode(msg.sender, asked.position));
        uint256 balance = uint256(STATE_READER.slotAt(asked.chainId, anchorIndex, asked.token, slot, proof));
        if (balance < asked.least) revert TurnstileTooLittle(balance, asked.least);
        passed[msg.sender] = true;
        emit Passed(msg.sender, balance);
    }
}
