// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {DeliveryMarks} from "../libraries/DeliveryMarks.sol";
import {FeeMath} from "../libraries/FeeMath.sol";
import {InWord} from "../libraries/LaneWords.sol";
import {Route} from "../libraries/Route.sol";
import {GatewayStorage} from "./GatewayStorage.sol";
import {IMetalayerGateway} from "./IMetalayerGateway.sol";

/// @title What deliverers and guardians earn at the destination: docs/protocol/fees.md §2 to §4.
abstract contract GatewayEarnings is GatewayStorage {
    /// @inheritdoc IMetalayerGateway
    function claimQueued(uint256 srcChainId, address deliverer) external {
        State storage $ = _state();
        Queue memory queue = $.queues[srcChainId][deliverer];
        uint256 fast = $.fastQueues[srcChainId][deliverer];
        bool others = queue.fees | queue.bounties != 0;
        if (!others && fast == 0) revert GatewayNothingQueued(srcChainId, deliverer);
        delete $.queues[srcChainId][deliverer];
        delete $.fastQueues[srcChainId][deliverer];
        if (others) _settleLater(srcChainId, deliverer, queue.fees, queue.bounties, false);
        if (fast != 0) _settleLater(srcChainId, deliverer, fast, 0, true);
    }

    /// @inheritdoc IMetalayerGateway
    function refundBounty(uint256 srcChainId, uint64 nonce, bytes32 sendId) external {
        State storage $ = _state();
        uint256 route = _inRoute(srcChainId, $.sources[srcChainId].word);
        Bounty memory booked = $.bounties[route][nonce][sendId];
        bool due = booked.amount != 0 && !booked.claimed && _isClosed(route, nonce);
        if (!due) revert GatewayNoBounty(srcChainId, nonce, sendId);
        delete $.bounties[route][nonce][sendId];
        emit BountyPaid(sendId, booked.refundTo, booked.amount);
        _settleLater(srcChainId, booked.refundTo, 0, booked.amount, false);
    }

    /// @inheritdoc IMetalayerGateway
    function collectEarnings(
        uint256 serial,
        address deliverer
    ) external only(FEE_CONTROLLER) returns (uint256 forDeliverer, uint256 forGuardians) {
        State storage $ = _state();
        uint256 word = $.earnings[serial][deliverer];
        delete $.earnings[serial][deliverer];
        return (uint128(word), word >> 128);
    }

    /// @inheritdoc IMetalayerGateway
    function earnings(
        uint256 serial,
        address deliverer
    ) external view returns (uint256 forDeliverer, uint256 forGuardians) {
        uint256 word = _state().earnings[serial][deliverer];
        return (uint128(word), word >> 128);
    }

    /// @inheritdoc IMetalayerGateway
    function queued(uint256 srcChainId, address deliverer) external view returns (uint256) {
        Queue storage queue = _state().queues[srcChainId][deliverer];
        return uint256(queue.fees) + queue.bounties + _state().fastQueues[srcChainId][deliverer];
    }

    /// @inheritdoc IMetalayerGateway
    function bounty(
        uint256 srcChainId,
        uint64 nonce,
        bytes32 sendId
    ) external view returns (uint256 amount, address refundTo) {
        State storage $ = _state();
        Bounty storage booked = $.bounties[_inRoute(srcChainId, $.sources[srcChainId].word)][nonce][sendId];
        return (booked.amount, booked.refundTo);
    }

    /// @dev Serial of the table in force, for earnings that no attestation brings.
    function _currentSerial() internal view virtual returns (uint256);

    /// @dev Books a delivered bounty entry. Of two for the same message the greater stands, so that a small one keeps none away; the other is paid back.
    /// @return ok false if the payload is not that of a bounty
    /// @return back amount to be credited to `to` now
    /// @return to who offered the smaller one
    function _book(
        uint256 srcChainId,
        uint256 route,
        address refundTo,
        bytes calldata payload
    ) internal returns (bool ok, uint256 back, address to) {
        if (payload.length != 96) return (false, 0, to);
        uint256 nonce = uint256(bytes32(payload[:32]));
        bytes32 sendId = bytes32(payload[32:64]);
        uint256 amount = uint256(bytes32(payload[64:]));
        if (nonce > type(uint64).max || amount == 0 || amount > type(uint64).max || refundTo == address(0))
            return (false, 0, to);
        Bounty storage booked = _state().bounties[route][nonce][sendId];
        (back, to) = (booked.amount, booked.refundTo);
        if (booked.claimed || amount <= back) return (true, amount, refundTo);
        (booked.refundTo, booked.amount) = (refundTo, uint64(amount));
        emit BountyBooked(sendId, srcChainId, uint64(nonce), amount, refundTo);
        return (true, back, to);
    }

    /// @dev Keeps the bounty of a message for the caller while its recipient is called. False if there is none.
    function _claimBounty(uint256 route, uint256 nonce, bytes32 id) internal returns (bool) {
        Bounty storage booked = _state().bounties[route][nonce][id];
        if (booked.amount == 0) return false;
        booked.claimed = true;
        return true;
    }

    /// @dev Ends {_claimBounty}: the bounty is earned if the message was delivered, and open again if not.
    function _earnBounty(uint256 route, uint256 nonce, bytes32 id, bool delivered) internal returns (uint256 amount) {
        Bounty storage booked = _state().bounties[route][nonce][id];
        if (!delivered) {
            booked.claimed = false;
            return 0;
        }
        amount = booked.amount;
        delete _state().bounties[route][nonce][id];
        emit BountyPaid(id, msg.sender, amount);
    }

    /// @dev Credits what no attestation brings, to the epoch in force.
    function _settleLater(uint256 srcChainId, address account, uint256 fees, uint256 bounties, bool fast) private {
        Source storage source = _state().sources[srcChainId];
        _settle(source, source.word, srcChainId, _currentSerial(), account, fees, bounties, fast);
    }

    /// @dev Credits `fees` (shared with the guardians) and `bounties` (not shared) as far as the source's bucket reaches, queues the rest.
    ///      They are not both 0. Writes storage once, after all calls of a batch.
    /// @param word the source's, as it stands in storage now
    function _settle(
        Source storage source,
        InWord word,
        uint256 srcChainId,
        uint256 serial,
        address deliverer,
        uint256 fees,
        uint256 bounties,
        bool fast
    ) internal {
        unchecked {
            // fees + bounties < 2^64 · 1,025, taken < 2^56, shares ≤ 1,000; both halves of earnings and queues are sums of such amounts, far below 2^128.
            uint256 total = fees + bounties;
            (InWord next, uint256 taken) = fast
                ? word.takeFast(total, block.timestamp)
                : word.take(total, block.timestamp);
            source.word = next;
            (uint256 toGuardians, uint256 toDeliverer, uint256 feesLeft, uint256 bountiesLeft) = FeeMath.settle(
                fees,
                bounties,
                taken,
                word.guardianShare()
            );
            if (taken != 0) _state().earnings[serial][deliverer] += toDeliverer | (toGuardians << 128);
            if (taken != total) _enqueue(srcChainId, deliverer, feesLeft, bountiesLeft, fast);
        }
    }

    /// @dev Keeps for later what found the bucket empty.
    function _enqueue(uint256 srcChainId, address deliverer, uint256 fees, uint256 bounties, bool fast) private {
        if (fast) {
            _state().fastQueues[srcChainId][deliverer] += fees;
        } else {
            Queue storage queue = _state().queues[srcChainId][deliverer];
            queue.fees += uint128(fees);
            queue.bounties += uint128(bounties);
        }
        emit FeeQueued(srcChainId, deliverer, fees + bounties);
    }

    /// @dev Fingerprint of a `fast` delivery at this nonce, 0 if there was none.
    function _seenFast(uint256 route, uint256 nonce) internal view returns (uint256) {
        return DeliveryMarks.fingerprintAt(_state().fastDelivered[route][DeliveryMarks.fastWordOf(nonce)].marks, nonce);
    }

    /// @dev Whether a message was executed at this nonce, by either class.
    function _isClosed(uint256 route, uint256 nonce) internal view returns (bool) {
        return
            DeliveryMarks.isMarked(_state().delivered[route][DeliveryMarks.wordOf(nonce)].marks, nonce) ||
            _seenFast(route, nonce) != 0;
    }

    function _inRoute(uint256 srcChainId, InWord word) internal view returns (uint256) {
        return Route.pack(srcChainId, block.chainid, word.incarnation(), word.ownIncarnation());
    }
}
