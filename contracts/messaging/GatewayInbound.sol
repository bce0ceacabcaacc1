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
import {BatchReader} from "./BatchReader.sol";
import {GatewayEarnings} from "./GatewayEarnings.sol";
import {IMetalayerGateway} from "./IMetalayerGateway.sol";
import {IStateRootInbox} from "./IStateRootInbox.sol";

/// @title The delivering half of the gateway: docs/protocol/messages.md §6.
abstract contract GatewayInbound is GatewayEarnings {
    /// @dev Gas that a failed attempt needs after the call; the call's own overhead is in it.
    uint256 private constant CALL_RESERVE = 20_000;
    uint256 private constant MAX_REASON = 256;

    /// @dev What is the same for all entries of a batch, and what they earn.
    struct Run {
        uint256 route;
        uint256 srcChainId;
        uint256 pausedUntil;
        uint256 gasBoost;
        uint256 senderHigh;
        uint256 senderLow;
        uint256 senderLength;
        uint256 fees;
        uint256 bounties;
        uint256 attempts;
        uint256 serial;
        bool fast;
    }

    /// @inheritdoc IMetalayerGateway
    /// @dev STEP 3, on the destination (STEP 2 is the guardians' signature).
    function relay(bytes calldata attestation, bytes calldata batches) external {
        if (attestation.length < 32) revert GatewayAttestationRefused();
        uint256 serial;
        uint256 attempts;
        for (uint256 offset = 0; offset < batches.length;) {
            BatchReader.Batch memory batch = BatchReader.read(batches, offset);
            InWord word = _state().inWords[batch.srcChainId];
            if (word.status() != uint256(LaneStatus.Open)) revert GatewayUnknownRollup(batch.srcChainId);
            uint256 route = _inRoute(batch.srcChainId, word);
            if (!(batch.class == Fact.CLASS_FAST ? _anyOpenFast(route, batch) : _anyOpen(route, batch))) {
                offset = BatchReader.end(batches, batch);
                continue;
            }
            if (serial == 0) serial = _verify(attestation);
            bytes32[] memory ids = _prove(attestation, batches, batch, word, route);
            Run memory run = _start(batch, word, route, serial);
            offset = _deliverAll(run, batches, batch, ids);
            _settle(run.srcChainId, serial, msg.sender, run.fees, run.bounties, run.fast);
            attempts += run.attempts;
        }
        if (attempts == 0) revert GatewayNothingToDeliver();
    }

    /// @dev Whether a nonce of the batch's entries is not delivered yet, as far as that is known without hashing.
    function _anyOpen(uint256 route, BatchReader.Batch memory batch) private view returns (bool) {
        mapping(uint256 => uint256) storage words = _state().delivered[route];
        uint256 nonce = batch.from + batch.first;
        uint256 last = nonce + batch.entries - 1;
        // At most 5 words: a batch has at most 1,024 entries.
        for (uint256 index = nonce >> 8; index <= last >> 8; ++index) {
            uint256 mask = type(uint256).max;
            if (index == nonce >> 8) mask <<= nonce & 255;
            if (index == last >> 8) mask &= type(uint256).max >> (255 - (last & 255));
            if (~words[index] & mask != 0) return true;
        }
        return false;
    }

    /// @dev As {_anyOpen} for a `fast` batch, whose nonces may also be closed by a fingerprint. At most 1,024 rounds, one when all is open.
    function _anyOpenFast(uint256 route, BatchReader.Batch memory batch) private view returns (bool) {
        uint256 nonce = batch.from + batch.first;
        for (uint256 end = nonce + batch.entries; nonce < end; ++nonce) {
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

    /// @dev Message hashes of the entries, proven to be in the attested root, or revert.
    function _prove(
        bytes calldata attestation,
        bytes calldata batches,
        BatchReader.Batch memory batch,
        InWord word,
        uint256 route
    ) private view returns (bytes32[] memory ids) {
        ids = BatchReader.hashes(batches, batch, networkId, route);
        address srcGateway = word.hasOtherGateway() ? _state().gateways[batch.srcChainId] : address(this);
        bytes32 root;
        bool sound;
        {
            bytes calldata siblings = batches[batch.batchSiblings:batch.batchSiblings + batch.batchSiblingBytes];
            (root, sound) = Tree.fold(_copy(ids), batch.first, batch.count, siblings);
        }
        bytes32 factHash = Fact.hashLane(
            Fact.Lane({
                class: batch.class,
                laneId: Route.laneId(networkId, route, srcGateway, address(this)),
                from: batch.from,
                to: batch.from + batch.count,
                headBefore: batch.headBefore,
                headAt: batch.headAt,
                batchRoot: root,
                srcBlockHash: batch.srcBlockHash
            })
        );
        bool factSound;
        {
            bytes calldata siblings = batches[batch.factSiblings:batch.factSiblings + batch.factSiblingBytes];
            (root, factSound) = Tree.foldOne(factHash, batch.factIndex, batch.factCount, siblings);
        }
        bytes32 attested = bytes32(attestation[:32]);
        if (!sound || !factSound || root != attested) revert GatewayRootMismatch(attested, root);
    }

    function _start(
        BatchReader.Batch memory batch,
        InWord word,
        uint256 route,
        uint256 serial
    ) private pure returns (Run memory run) {
        run.route = route;
        run.srcChainId = batch.srcChainId;
        run.pausedUntil = word.pausedUntil();
        run.gasBoost = batch.gasBoost;
        (run.senderHigh, run.senderLow, run.senderLength) = EvmInterop.format(batch.srcChainId, address(0));
        run.serial = serial;
        run.fast = batch.class == Fact.CLASS_FAST;
    }

    function _deliverAll(
        Run memory run,
        bytes calldata batches,
        BatchReader.Batch memory batch,
        bytes32[] memory ids
    ) private returns (uint256 offset) {
        offset = batch.body;
        uint256 nonce = batch.from + batch.first;
        // What an entry leaves in memory is given back before the next.
        Memory.Pointer free = Memory.getFreeMemoryPointer();
        for (uint256 i = 0; i < ids.length; ++i) {
            Memory.unsafeSetFreeMemoryPointer(free);
            BatchReader.Entry memory e = BatchReader.entry(batches, offset);
            if (e.tag == BatchReader.TAG_BOUNTY && run.fast) revert GatewayMalformedBatch(offset);
            if (e.tag != BatchReader.TAG_HASH_ONLY && _open(run, nonce, ids[i])) {
                ++run.attempts;
                _deliver(run, e, ids[i], nonce, batches[e.payload:e.next]);
            }
            offset = e.next;
            ++nonce;
        }
    }

    /// @dev One message that is open: mark, call, and clear only its own mark if that fails.
    function _deliver(
        Run memory run,
        BatchReader.Entry memory e,
        bytes32 id,
        uint256 nonce,
        bytes calldata payload
    ) private {
        if (block.timestamp < run.pausedUntil && e.recipient != GOVERNANCE_EXECUTOR) {
            revert GatewayPaused(run.srcChainId, run.pausedUntil);
        }
        _mark(run, nonce, id);
        bool ok;
        bytes memory reason;
        if (e.tag == BatchReader.TAG_BOUNTY) {
            uint256 direct;
            (ok, direct) = _book(run.srcChainId, run.route, e.recipient, payload);
            if (direct != 0) _settle(run.srcChainId, run.serial, e.recipient, 0, direct, false);
        } else if (_isProtocol(e.recipient)) {
            reason = abi.encodeWithSelector(GatewayIllegalRecipient.selector, e.recipient);
        } else if (run.fast && !_takeFast(e.recipient, run.srcChainId)) {
            reason = abi.encodeWithSelector(GatewayFastRefused.selector, e.recipient, run.srcChainId);
        } else {
            (ok, reason) = _call(run, e, id, payload);
        }
        if (!ok) {
            _unmark(run, nonce);
            emit MessageFailed(id, reason);
            return;
        }
        run.fees += e.fee;
        if (e.tag == BatchReader.TAG_CLAIM && !run.fast) run.bounties += _earnBounty(run.route, nonce, id);
        emit MessageDelivered(id);
    }

    /// @dev Whether this message may be attempted; a `final` message whose nonce a `fast` one took is open only if it is another message.
    function _open(Run memory run, uint256 nonce, bytes32 id) private returns (bool) {
        State storage $ = _state();
        if (($.delivered[run.route][nonce >> 8] >> (nonce & 255)) & 1 == 1) return false;
        // Read now, not at the start of the batch: a recipient may have re-entered with a `fast` delivery.
        if (!run.fast && !$.inWords[run.srcChainId].fastSeen()) return true;
        uint256 seen = _seenFast(run.route, nonce);
        if (seen == 0) return true;
        if (run.fast || seen == _fingerprint(id)) return false;
        emit FastContradicted(run.srcChainId, uint64(nonce), id);
        return true;
    }

    function _mark(Run memory run, uint256 nonce, bytes32 id) private {
        State storage $ = _state();
        if (run.fast) {
            InWord word = $.inWords[run.srcChainId];
            if (!word.fastSeen()) $.inWords[run.srcChainId] = word.withFastSeen();
            $.fastDelivered[run.route][nonce >> 3] |= _fingerprint(id) << ((nonce & 7) << 5);
        } else {
            $.delivered[run.route][nonce >> 8] |= 1 << (nonce & 255);
        }
    }

    function _unmark(Run memory run, uint256 nonce) private {
        State storage $ = _state();
        if (run.fast) $.fastDelivered[run.route][nonce >> 3] &= ~(uint256(type(uint32).max) << ((nonce & 7) << 5));
        else $.delivered[run.route][nonce >> 8] &= ~(1 << (nonce & 255));
    }

    function _fingerprint(bytes32 id) private pure returns (uint256) {
        uint256 low = uint32(uint256(id));
        return low == 0 ? 1 : low;
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
        BatchReader.Entry memory e,
        bytes32 id,
        bytes calldata payload
    ) private returns (bool ok, bytes memory reason) {
        uint256 callGas = e.gasLimit + run.gasBoost;
        (uint256 high, uint256 low) = EvmInterop.withAccount(run.senderHigh, run.senderLow, run.senderLength, e.sender);
        (uint256 input, uint256 size) = _encode(id, high, low, run.senderLength, payload);
        uint256 required = (callGas * 64) / 63 + CALL_RESERVE;
        if (gasleft() < required) revert GatewayInsufficientGas(id, gasleft(), required);
        bytes32 magic = IERC7786Recipient.receiveMessage.selector;
        address recipient = e.recipient;
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

    /// @dev `receiveMessage(id, sender, payload)` in scratch memory behind the free pointer.
    function _encode(
        bytes32 id,
        uint256 high,
        uint256 low,
        uint256 senderLength,
        bytes calldata payload
    ) private pure returns (uint256 input, uint256 size) {
        bytes32 selector = IERC7786Recipient.receiveMessage.selector;
        assembly ("memory-safe") {
            input := mload(0x40)
            let padded := and(add(senderLength, 0x1f), not(0x1f))
            mstore(input, selector)
            mstore(add(input, 0x04), id)
            mstore(add(input, 0x24), 0x60)
            mstore(add(input, 0x44), add(0x80, padded))
            mstore(add(input, 0x64), senderLength)
            mstore(add(input, 0x84), high)
            mstore(add(input, 0xa4), low)
            let tail := add(add(input, 0x84), padded)
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
