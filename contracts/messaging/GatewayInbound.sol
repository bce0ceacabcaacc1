// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Memory} from "@openzeppelin/contracts/utils/Memory.sol";
import {IGuardianSet} from "../guardians/IGuardianSet.sol";
import {DeliveryMarks} from "../libraries/DeliveryMarks.sol";
import {FastAllowance} from "../libraries/FastAllowance.sol";
import {InWord} from "../libraries/LaneWords.sol";
import {Route} from "../libraries/Route.sol";
import {BatchHead, BatchReader} from "./BatchReader.sol";
import {GatewayEarnings} from "./GatewayEarnings.sol";
import {IMetalayerGateway} from "./IMetalayerGateway.sol";
import {IStateRootInbox} from "./IStateRootInbox.sol";
import {ReceiveCall, ReceiveCalls} from "./ReceiveCall.sol";
import {AttestationCall} from "./AttestationCall.sol";

/// @title The delivering half of the gateway: docs/protocol/messages.md §6.
abstract contract GatewayInbound is GatewayEarnings {
    /// @dev A call of {relay}: what all its batches share, what all entries of the running batch share, and what they earn.
    /// @param serial table that verified the attestation, 0 until it was asked
    /// @param attempted whether a message was attempted so far
    /// @param nonce of the first entry
    /// @param word the source's, as it stands in storage: read again after every call of a recipient
    /// @param watched bit b is set if recipients whose last byte is b need a closer look: all if the source is paused or the batch `fast`
    /// @param frame memory in which the call data of `receiveMessage` is prepared
    struct Run {
        uint256 serial;
        bool attempted;
        BatchHead head;
        uint256 nonce;
        uint256 facts;
        uint256 route;
        InWord word;
        uint256 watched;
        ReceiveCall frame;
        uint256 fees;
        uint256 bounties;
    }

    /// @inheritdoc IMetalayerGateway
    /// @dev STEP 3, on the destination (STEP 2 is the guardians' signature).
    function relay(bytes calldata attestation, bytes calldata batches) external {
        Run memory run;
        (uint256 place, uint256 end) = BatchReader.bounds(batches);
        while (place < end) place = _relayBatch(run, attestation, batches, place);
        if (!run.attempted) revert GatewayNothingToDeliver();
    }

    /// @dev Proves and delivers the batch at `place`; returns where the next one begins.
    function _relayBatch(
        Run memory run,
        bytes calldata attestation,
        bytes calldata batches,
        uint256 place
    ) private returns (uint256 next) {
        (BatchHead head, uint256 facts, uint256 body) = BatchReader.read(batches, place);
        Source storage source = _state().sources[head.srcChainId()];
        InWord word = source.word;
        if (word.status() != uint256(LaneStatus.Open)) revert GatewayUnknownRollup(head.srcChainId());
        (uint256 route, uint256 nonce) = (_inRoute(head.srcChainId(), word), head.firstNonce());
        (run.head, run.nonce, run.facts, run.route, run.word) = (head, nonce, facts, route, word);
        Record storage record = _state().delivered[route][DeliveryMarks.wordOf(nonce)];
        if (!(head.isFast() ? _anyOpenFast(route, nonce, head) : _anyOpen(route, nonce, record, head))) {
            return BatchReader.skip(batches, head, body);
        }
        if (run.serial == 0) run.serial = _verify(attestation);
        bytes32[] memory ids;
        (ids, next) = BatchReader.hashes(batches, head, nonce, body, NETWORK_ID, run.route);
        _prove(run, source, AttestationCall.rootOf(attestation), place, ids);
        _deliverAll(run, source, record, body, ids);
    }

    /// @dev Reverts unless the entries with these hashes are in the attested root.
    function _prove(
        Run memory run,
        Source storage source,
        bytes32 attested,
        uint256 place,
        bytes32[] memory ids
    ) private view {
        address srcGateway = run.word.hasOtherGateway() ? source.gateway : address(this);
        bytes32 laneId = Route.laneId(NETWORK_ID, run.route, srcGateway, address(this));
        (bytes32 root, bool sound) = BatchReader.rootOf(run.head, place, run.facts, laneId, ids);
        if (sound && root == attested) return;
        revert GatewayRootMismatch(attested, root);
    }

    /// @dev Whether a nonce of the `final` batch's entries is not delivered yet, as far as that is known without hashing.
    /// @param record where the first entry's mark stands
    function _anyOpen(uint256 route, uint256 nonce, Record storage record, BatchHead head) private view returns (bool) {
        unchecked {
            // Nonces are below 2^48, a batch has at most 1,024 entries: at most 5 rounds.
            uint256 open = ~record.marks >> (nonce & 255);
            if (open & 1 == 1) return true;
            uint256 left = head.entries();
            uint256 inWord = 256 - (nonce & 255);
            while (left > inWord) {
                if (open != 0) return true;
                nonce += inWord;
                left -= inWord;
                inWord = 256;
                open = ~_state().delivered[route][DeliveryMarks.wordOf(nonce)].marks;
            }
            return open << (256 - left) != 0;
        }
    }

    /// @dev As {_anyOpen} for a `fast` batch, whose nonces may also be closed by a fingerprint. At most 1,024 rounds, one when all is open.
    function _anyOpenFast(uint256 route, uint256 nonce, BatchHead head) private view returns (bool) {
        for (uint256 end = nonce + head.entries(); nonce < end; ++nonce) {
            if (!_isClosed(route, nonce)) return true;
        }
        return false;
    }

    function _verify(bytes calldata attestation) private view returns (uint256 serial) {
        serial =
            attestation.length == 32
                ? IStateRootInbox(INBOX).serialOf(bytes32(attestation))
                : AttestationCall.serialOf(GUARDIAN_SET, attestation);
        if (serial == 0) revert GatewayAttestationRefused();
    }

    /// @dev Attempts every open entry of a batch, which has at least one, and books what they earned.
    /// @param record where the first entry's mark stands, if the batch is `final`
    /// @param place where the first entry stands
    function _deliverAll(
        Run memory run,
        Source storage source,
        Record storage record,
        uint256 place,
        bytes32[] memory ids
    ) private {
        run.watched = _watched(run.head, run.word);
        (run.fees, run.bounties) = (0, 0);
        run.frame = ReceiveCalls.prepare(run.head.srcChainId());
        uint256 nonce = run.nonce;
        (uint256 slot, uint256 end) = BatchReader.span(ids);
        unchecked {
            // Nonces are below 2^48.
            for (; slot != end; slot += 32) {
                (bool hashOnly, uint256 next) = BatchReader.step(place);
                if (!hashOnly) {
                    bytes32 id = BatchReader.hashAt(slot);
                    if (run.head.isFast() ? _markFast(run, source, nonce, id) : _mark(run, record, nonce, id)) {
                        _attempt(run, id, nonce, place);
                        run.attempted = true;
                        run.word = source.word;
                    }
                }
                place = next;
                ++nonce;
                if (nonce & 255 == 0) record = _state().delivered[run.route][DeliveryMarks.wordOf(nonce)];
            }
        }
        (BatchHead head, uint256 fees, uint256 bounties) = (run.head, run.fees, run.bounties);
        if (fees | bounties == 0) return;
        _settle(source, run.word, head.srcChainId(), run.serial, msg.sender, fees, bounties, head.isFast());
    }

    /// @dev Marks a `final` message as delivered; false if it was executed before.
    function _mark(Run memory run, Record storage record, uint256 nonce, bytes32 id) private returns (bool) {
        uint256 marks = record.marks;
        if (DeliveryMarks.isMarked(marks, nonce)) return false;
        if (run.word.fastSeen()) {
            uint256 seen = _seenFast(run.route, nonce);
            if (seen == DeliveryMarks.fingerprint(id)) return false;
            if (seen != 0) emit FastContradicted(run.head.srcChainId(), uint64(nonce), id);
        }
        record.marks = DeliveryMarks.mark(marks, nonce);
        return true;
    }

    /// @dev Marks a `fast` message with its fingerprint, and its source as one that has fingerprints; false if it was executed before.
    function _markFast(Run memory run, Source storage source, uint256 nonce, bytes32 id) private returns (bool) {
        if (_isClosed(run.route, nonce)) return false;
        Record storage record = _state().fastDelivered[run.route][DeliveryMarks.fastWordOf(nonce)];
        record.marks = DeliveryMarks.withFingerprint(record.marks, nonce, DeliveryMarks.fingerprint(id));
        if (!source.word.fastSeen()) source.word = source.word.withFastSeen();
        return true;
    }

    /// @dev Clears the mark of one message that failed. Storage is read again: the recipient may have re-entered and delivered other messages
    ///      of this word.
    function _unmark(BatchHead head, uint256 route, uint256 nonce) private {
        if (head.isFast()) {
            Record storage record = _state().fastDelivered[route][DeliveryMarks.fastWordOf(nonce)];
            record.marks = DeliveryMarks.withoutFingerprint(record.marks, nonce);
        } else {
            Record storage record = _state().delivered[route][DeliveryMarks.wordOf(nonce)];
            record.marks = DeliveryMarks.unmark(record.marks, nonce);
        }
    }

    /// @dev One message that is marked as delivered: calls its recipient, and clears its mark if that fails.
    /// @param place where its entry stands
    function _attempt(Run memory run, bytes32 id, uint256 nonce, uint256 place) private {
        (uint256 tag, uint256 fields, uint256 rest, bytes calldata payload) = BatchReader.entry(place);
        address recipient = address(uint160(rest >> 96));
        Memory.Pointer free = Memory.getFreeMemoryPointer();
        bool ok;
        bytes memory reason;
        if (tag | ((run.watched >> uint8(rest >> 96)) & 1) == BatchReader.TAG_MESSAGE) {
            (ok, reason) = _call(run, id, fields, recipient, payload);
        } else {
            (ok, reason) = _attemptSpecial(run, id, nonce, tag, fields, recipient, payload);
        }
        if (ok) {
            unchecked {
                // At most 1,024 fees below 2^64.
                run.fees += uint64(fields >> 160);
            }
            emit MessageDelivered(id);
            return;
        }
        _unmark(run.head, run.route, nonce);
        emit MessageFailed(id, reason);
        // The next message may use the memory of the reason.
        Memory.unsafeSetFreeMemoryPointer(free);
    }

    /// @dev A message for which one of these may count: pause, class `fast`, bounty, recipients that are never called.
    function _attemptSpecial(
        Run memory run,
        bytes32 id,
        uint256 nonce,
        uint256 tag,
        uint256 fields,
        address recipient,
        bytes calldata payload
    ) private returns (bool ok, bytes memory reason) {
        BatchHead head = run.head;
        uint256 pausedUntil = run.word.pausedUntil();
        if (block.timestamp < pausedUntil && recipient != GOVERNANCE_EXECUTOR) {
            revert GatewayPaused(head.srcChainId(), pausedUntil);
        }
        if (tag == BatchReader.TAG_BOUNTY) return (_bookBounty(run, recipient, payload), reason);
        if (_isProtocol(recipient)) {
            return (false, abi.encodeWithSelector(GatewayIllegalRecipient.selector, recipient));
        }
        if (head.isFast()) {
            if (!_takeFast(recipient, head.srcChainId())) {
                return (false, abi.encodeWithSelector(GatewayFastRefused.selector, recipient, head.srcChainId()));
            }
            (ok, reason) = _call(run, id, fields, recipient, payload);
            if (!ok) _giveBackFast(recipient, head.srcChainId());
            return (ok, reason);
        }
        bool claims = tag == BatchReader.TAG_CLAIM && _claimBounty(run.route, nonce, id);
        (ok, reason) = _call(run, id, fields, recipient, payload);
        if (claims) run.bounties += _earnBounty(run.route, nonce, id, ok);
    }

    function _bookBounty(Run memory run, address refundTo, bytes calldata payload) private returns (bool ok) {
        if (run.head.isFast()) return false;
        uint256 srcChainId = run.head.srcChainId();
        uint256 back;
        address to;
        (ok, back, to) = _book(srcChainId, run.route, refundTo, payload);
        if (back == 0) return ok;
        Source storage source = _state().sources[srcChainId];
        _settle(source, source.word, srcChainId, run.serial, to, 0, back, false);
    }

    /// @dev Calls the recipient with the committed gas plus the deliverer's boost; nothing but {receiveMessage}.
    function _call(
        Run memory run,
        bytes32 id,
        uint256 fields,
        address recipient,
        bytes calldata payload
    ) private returns (bool ok, bytes memory reason) {
        uint256 callGas;
        unchecked {
            // Both are below 2^32.
            callGas = (fields >> 224) + run.head.gasBoost();
        }
        return run.frame.execute(recipient, callGas, id, fields, payload);
    }

    /// @dev Takes one `fast` delivery from the recipient's own allowance.
    function _takeFast(address recipient, uint256 srcChainId) private returns (bool) {
        State storage $ = _state();
        (uint256 perDay, uint256 level) = FastAllowance.read($.fastLimits[recipient][srcChainId], block.timestamp);
        if (level < FastAllowance.ONE) return false;
        $.fastLimits[recipient][srcChainId] = FastAllowance.write(perDay, level - FastAllowance.ONE, block.timestamp);
        return true;
    }

    /// @dev What failed was no delivery: it leaves the recipient's allowance as it was.
    function _giveBackFast(address recipient, uint256 srcChainId) private {
        State storage $ = _state();
        (uint256 perDay, uint256 level) = FastAllowance.read($.fastLimits[recipient][srcChainId], block.timestamp);
        $.fastLimits[recipient][srcChainId] = FastAllowance.write(perDay, level + FastAllowance.ONE, block.timestamp);
    }

    /// @dev Last bytes, as bits, of recipients that need a closer look: the protocol's own; all while the source is paused, and in `fast` batches.
    function _watched(BatchHead head, InWord word) private view returns (uint256) {
        if (head.isFast() || block.timestamp < word.pausedUntil()) return type(uint256).max;
        return PROTOCOL_BYTES | _lastByteBit(address(this));
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
}
