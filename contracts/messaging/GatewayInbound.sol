// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC7786Recipient} from "@openzeppelin/contracts/interfaces/draft-IERC7786.sol";
import {Memory} from "@openzeppelin/contracts/utils/Memory.sol";
import {IGuardianSet} from "../guardians/IGuardianSet.sol";
import {EvmInterop} from "../libraries/EvmInterop.sol";
import {Fact} from "../libraries/Fact.sol";
import {FastAllowance} from "../libraries/FastAllowance.sol";
import {InWord} from "../libraries/LaneWords.sol";
import {Route} from "../libraries/Route.sol";
import {Tree} from "../libraries/Tree.sol";
import {BatchHead, BatchReader} from "./BatchReader.sol";
import {GatewayEarnings} from "./GatewayEarnings.sol";
import {IMetalayerGateway} from "./IMetalayerGateway.sol";
import {IStateRootInbox} from "./IStateRootInbox.sol";

/// @title The delivering half of the gateway: docs/protocol/messages.md §6.
abstract contract GatewayInbound is GatewayEarnings {
    /// @dev Gas that a failed attempt needs after the call; the call's own overhead is in it.
    uint256 private constant CALL_RESERVE = 20_000;
    uint256 private constant MAX_REASON = 256;

    /// @dev What is the same for all entries of a batch, and what they earn.
    /// @param input memory in which the call data of `receiveMessage` is prepared
    struct Run {
        BatchHead head;
        uint256 route;
        uint256 pausedUntil;
        uint256 serial;
        uint256 senderHigh;
        uint256 senderLow;
        uint256 senderLength;
        uint256 input;
        uint256 fees;
        uint256 bounties;
        uint256 attempts;
    }

    /// @inheritdoc IMetalayerGateway
    /// @dev STEP 3, on the destination (STEP 2 is the guardians' signature).
    function relay(bytes calldata attestation, bytes calldata batches) external {
        if (attestation.length < 32) revert GatewayAttestationRefused();
        uint256 serial;
        uint256 attempts;
        for (uint256 offset = 0; offset < batches.length;) {
            (BatchHead head, uint256 body) = BatchReader.read(batches, offset);
            InWord word = _state().inWords[head.srcChainId()];
            if (word.status() != uint256(LaneStatus.Open)) revert GatewayUnknownRollup(head.srcChainId());
            uint256 route = _inRoute(head.srcChainId(), word);
            if (!(head.class() == Fact.CLASS_FAST ? _anyOpenFast(route, head) : _anyOpen(route, head))) {
                offset = BatchReader.skip(batches, body, head.entries());
                continue;
            }
            if (serial == 0) serial = _verify(attestation);
            (bytes32[] memory ids, uint256 longest) = BatchReader.hashes(batches, head, body, networkId, route);
            _prove(bytes32(attestation), batches, offset, head, word, route, ids);
            Run memory run;
            (run.head, run.route, run.pausedUntil, run.serial) = (head, route, word.pausedUntil(), serial);
            (run.senderHigh, run.senderLow, run.senderLength) = EvmInterop.format(head.srcChainId(), address(0));
            run.input = _prepareInput(run.senderLength, longest);
            offset = _deliverAll(run, batches, body, ids);
            _settle(head.srcChainId(), serial, msg.sender, run.fees, run.bounties, head.class() == Fact.CLASS_FAST);
            attempts += run.attempts;
        }
        if (attempts == 0) revert GatewayNothingToDeliver();
    }

    /// @dev Whether a nonce of the batch's entries is not delivered yet, as far as that is known without hashing.
    function _anyOpen(uint256 route, BatchHead head) private view returns (bool) {
        mapping(uint256 => uint256) storage words = _state().delivered[route];
        unchecked {
            // Nonces are below 2^48. At most 5 rounds: a batch has at most 1,024 entries.
            uint256 nonce = head.firstNonce();
            uint256 last = nonce + head.entries() - 1;
            for (uint256 index = nonce >> 8; index <= last >> 8; ++index) {
                uint256 mask = type(uint256).max;
                if (index == nonce >> 8) mask <<= nonce & 255;
                if (index == last >> 8) mask &= type(uint256).max >> (255 - (last & 255));
                if (~words[index] & mask != 0) return true;
            }
        }
        return false;
    }

    /// @dev As {_anyOpen} for a `fast` batch, whose nonces may also be closed by a fingerprint. At most 1,024 rounds, one when all is open.
    function _anyOpenFast(uint256 route, BatchHead head) private view returns (bool) {
        uint256 nonce = head.firstNonce();
        for (uint256 end = nonce + head.entries(); nonce < end; ++nonce) {
            if (!_isClosed(route, nonce)) return true;
        }
        return false;
    }

    function _verify(bytes calldata attestation) private view returns (uint256 serial) {
        serial =
            attestation.length == 32
                ? IStateRootInbox(INBOX).serialOf(bytes32(attestation))
                : IGuardianSet(GUARDIAN_SET).verify(attestation);
        if (serial == 0) revert GatewayAttestationRefused();
    }

    /// @dev Reverts unless the entries with these hashes are in the attested root.
    function _prove(
        bytes32 attested,
        bytes calldata batches,
        uint256 offset,
        BatchHead head,
        InWord word,
        uint256 route,
        bytes32[] memory ids
    ) private view {
        // {Tree.fold} overwrites its leaves, and the ids are still needed.
        (bytes32 root, bool sound) = ids.length == 1
            ? Tree.foldOne(ids[0], head.first(), head.count(), BatchReader.batchSiblings(batches, offset))
            : Tree.fold(_copy(ids), head.first(), head.count(), BatchReader.batchSiblings(batches, offset));
        bytes32 factHash;
        {
            address srcGateway = word.hasOtherGateway() ? _state().gateways[head.srcChainId()] : address(this);
            bytes32 laneId = Route.laneId(networkId, route, srcGateway, address(this));
            (bytes32 headBefore, bytes32 headAt, bytes32 srcBlockHash) = BatchReader.fact(batches, offset);
            uint256 to = head.from() + head.count();
            factHash = Fact.hashLane(head.class(), laneId, head.from(), to, headBefore, headAt, root, srcBlockHash);
        }
        (uint256 index, uint256 total, bytes calldata siblings) = BatchReader.factPlace(batches, offset);
        bool factSound;
        (root, factSound) = Tree.foldOne(factHash, index, total, siblings);
        if (!sound || !factSound || root != attested) revert GatewayRootMismatch(attested, root);
    }

    function _deliverAll(
        Run memory run,
        bytes calldata batches,
        uint256 offset,
        bytes32[] memory ids
    ) private returns (uint256) {
        uint256 nonce = run.head.firstNonce();
        // What an entry leaves in memory is given back before the next.
        Memory.Pointer free = Memory.getFreeMemoryPointer();
        unchecked {
            // Bounds were checked when the same entries were hashed; nonces are below 2^48, fees below 2^64 · 1,024.
            for (uint256 i = 0; i < ids.length; ++i) {
                (uint256 tag, uint256 fields, uint256 rest, uint256 next) = BatchReader.entry(batches, offset);
                if (tag != BatchReader.TAG_HASH_ONLY) {
                    uint256 payload = offset + BatchReader.ENTRY_BYTES;
                    bytes calldata content = BatchReader.slice(batches, payload, next - payload);
                    if (_deliver(run, ids[i], nonce, tag, fields, address(uint160(rest >> 96)), content)) {
                        run.fees += uint64(fields >> 160);
                    }
                    Memory.unsafeSetFreeMemoryPointer(free);
                }
                offset = next;
                ++nonce;
            }
        }
        return offset;
    }

    /// @dev One message: if it is open, mark it, call, and clear only its own mark if that fails. True if it was delivered.
    /// @param fields gasLimit, fee and sender as {BatchReader.entry} returns them
    function _deliver(
        Run memory run,
        bytes32 id,
        uint256 nonce,
        uint256 tag,
        uint256 fields,
        address recipient,
        bytes calldata payload
    ) private returns (bool ok) {
        bool fast = run.head.class() == Fact.CLASS_FAST;
        mapping(uint256 => uint256) storage records =
            fast ? _state().fastDelivered[run.route] : _state().delivered[run.route];
        uint256 index = nonce >> (fast ? 3 : 8);
        uint256 shift = fast ? (nonce & 7) << 5 : nonce & 255;
        uint256 record = records[index];
        if (!(fast ? _openFast(run, nonce, record >> shift) : _openFinal(run, nonce, id, record >> shift)))
            return false;
        if (block.timestamp < run.pausedUntil && recipient != GOVERNANCE_EXECUTOR) {
            revert GatewayPaused(run.head.srcChainId(), run.pausedUntil);
        }
        records[index] = record | ((fast ? _fingerprint(id) : 1) << shift);
        unchecked {
            // At most 1,024 entries a batch.
            ++run.attempts;
        }
        bytes memory reason;
        if (tag == BatchReader.TAG_BOUNTY) ok = _bookBounty(run, recipient, payload);
        else (ok, reason) = _call(run, id, fields, recipient, payload);
        if (!ok) {
            // Read again: the recipient may have re-entered and delivered other messages of this word.
            records[index] &= ~((fast ? uint256(type(uint32).max) : 1) << shift);
            emit MessageFailed(id, reason);
            return false;
        }
        if (tag == BatchReader.TAG_CLAIM && !fast) run.bounties += _earnBounty(run.route, nonce, id);
        emit MessageDelivered(id);
    }

    /// @dev Whether a `final` message may be attempted; if a `fast` one took its nonce, only if that was another message.
    function _openFinal(Run memory run, uint256 nonce, bytes32 id, uint256 bits) private returns (bool) {
        if (bits & 1 == 1) return false;
        // Read now, not at the start of the batch: a recipient may have re-entered with a `fast` delivery.
        if (!_state().inWords[run.head.srcChainId()].fastSeen()) return true;
        uint256 seen = _seenFast(run.route, nonce);
        if (seen == 0) return true;
        if (seen == _fingerprint(id)) return false;
        emit FastContradicted(run.head.srcChainId(), uint64(nonce), id);
        return true;
    }

    /// @dev Whether a `fast` message may be attempted; says in the inbound word that the lane has fingerprints.
    function _openFast(Run memory run, uint256 nonce, uint256 seen) private returns (bool) {
        State storage $ = _state();
        if (uint32(seen) != 0 || ($.delivered[run.route][nonce >> 8] >> (nonce & 255)) & 1 == 1) return false;
        uint256 srcChainId = run.head.srcChainId();
        InWord word = $.inWords[srcChainId];
        if (!word.fastSeen()) $.inWords[srcChainId] = word.withFastSeen();
        return true;
    }

    function _fingerprint(bytes32 id) private pure returns (uint256) {
        uint256 low = uint32(uint256(id));
        return low == 0 ? 1 : low;
    }

    function _bookBounty(Run memory run, address refundTo, bytes calldata payload) private returns (bool ok) {
        uint256 direct;
        if (run.head.class() == Fact.CLASS_FAST) return false;
        (ok, direct) = _book(run.head.srcChainId(), run.route, refundTo, payload);
        if (direct != 0) _settle(run.head.srcChainId(), run.serial, refundTo, 0, direct, false);
    }

    /// @dev Takes one `fast` delivery from the recipient's own allowance.
    function _takeFast(address recipient, uint256 srcChainId) private returns (bool) {
        State storage $ = _state();
        (uint256 perDay, uint256 level) = FastAllowance.read($.fastLimits[recipient][srcChainId], block.timestamp);
        if (level < FastAllowance.ONE) return false;
        $.fastLimits[recipient][srcChainId] = FastAllowance.write(perDay, level - FastAllowance.ONE, block.timestamp);
        return true;
    }

    /// @dev Calls the recipient with the committed gas plus the deliverer's boost; bounded return data, nothing but {receiveMessage}.
    function _call(
        Run memory run,
        bytes32 id,
        uint256 fields,
        address recipient,
        bytes calldata payload
    ) private returns (bool ok, bytes memory reason) {
        if (_isProtocol(recipient)) {
            return (false, abi.encodeWithSelector(GatewayIllegalRecipient.selector, recipient));
        }
        if (run.head.class() == Fact.CLASS_FAST && !_takeFast(recipient, run.head.srcChainId())) {
            return (false, abi.encodeWithSelector(GatewayFastRefused.selector, recipient, run.head.srcChainId()));
        }
        uint256 input = run.input;
        uint256 size = _writeInput(run, id, address(uint160(fields)), payload);
        uint256 callGas;
        unchecked {
            // Both are below 2^32.
            callGas = (fields >> 224) + run.head.gasBoost();
            uint256 required = (callGas * 64) / 63 + CALL_RESERVE;
            if (gasleft() < required) revert GatewayInsufficientGas(id, gasleft(), required);
        }
        bytes32 magic = IERC7786Recipient.receiveMessage.selector;
        assembly ("memory-safe") {
            ok := call(callGas, recipient, 0, input, size, 0x00, 0x20)
            ok := and(ok, and(gt(returndatasize(), 0x1f), eq(mload(0x00), magic)))
            if iszero(ok) {
                let length := returndatasize()
                if gt(length, MAX_REASON) {
                    length := MAX_REASON
                }
                reason := mload(0x40)
                mstore(reason, length)
                returndatacopy(add(reason, 0x20), 0, length)
                mstore(0x40, add(reason, and(add(length, 0x3f), not(0x1f))))
            }
        }
    }

    /// @dev Reserves memory for `receiveMessage(id, sender, payload)` and writes what all messages of the batch share.
    function _prepareInput(uint256 senderLength, uint256 longest) private pure returns (uint256 input) {
        bytes32 selector = IERC7786Recipient.receiveMessage.selector;
        assembly ("memory-safe") {
            input := mload(0x40)
            let padded := and(add(senderLength, 0x1f), not(0x1f))
            mstore(input, selector)
            mstore(add(input, 0x24), 0x60)
            mstore(add(input, 0x44), add(0x80, padded))
            mstore(add(input, 0x64), senderLength)
            // 0x84 bytes before the sender, the sender, the payload's length, the payload, one word of padding
            let size := add(add(0xc4, padded), and(add(longest, 0x1f), not(0x1f)))
            mstore(0x40, and(add(add(input, size), 0x3f), not(0x1f)))
        }
    }

    /// @dev Writes one message into the reserved memory and returns the length of the call data.
    function _writeInput(
        Run memory run,
        bytes32 id,
        address sender,
        bytes calldata payload
    ) private pure returns (uint256 size) {
        uint256 length = run.senderLength;
        (uint256 high, uint256 low) = EvmInterop.withAccount(run.senderHigh, run.senderLow, length, sender);
        uint256 input = run.input;
        assembly ("memory-safe") {
            mstore(add(input, 0x04), id)
            mstore(add(input, 0x84), high)
            mstore(add(input, 0xa4), low)
            let tail := add(add(input, 0x84), and(add(length, 0x1f), not(0x1f)))
            mstore(tail, payload.length)
            calldatacopy(add(tail, 0x20), payload.offset, payload.length)
            mstore(add(add(tail, 0x20), payload.length), 0)
            size := sub(add(add(tail, 0x20), and(add(payload.length, 0x1f), not(0x1f))), input)
        }
    }

    /// @dev The protocol's own contracts are never called on behalf of a user.
    function _isProtocol(address recipient) private view returns (bool) {
        return
            recipient == address(this) ||
            recipient == INBOX ||
            recipient == GUARDIAN_SET ||
            recipient == STAKING ||
            recipient == FEE_CONTROLLER ||
            recipient == REGISTRY ||
            recipient == ACCESS_MANAGER;
    }

    function _currentSerial() internal view override returns (uint256) {
        return IGuardianSet(GUARDIAN_SET).currentSerial();
    }

    function _copy(bytes32[] memory source) private pure returns (bytes32[] memory copied) {
        copied = new bytes32[](source.length);
        assembly ("memory-safe") {
            mcopy(add(copied, 0x20), add(source, 0x20), shl(5, mload(source)))
        }
    }
}
