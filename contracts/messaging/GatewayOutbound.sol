// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC7786GatewaySource} from "@openzeppelin/contracts/interfaces/draft-IERC7786.sol";
import {EvmInterop} from "../libraries/EvmInterop.sol";
import {OutWord} from "../libraries/LaneWords.sol";
import {Message} from "../libraries/Message.sol";
import {Route} from "../libraries/Route.sol";
import {GatewayCredit} from "./GatewayCredit.sol";
import {IMetalayerGateway} from "./IMetalayerGateway.sol";

/// @title The sending half of the gateway: docs/protocol/messages.md §2, fees.md §1.
abstract contract GatewayOutbound is GatewayCredit {
    /// @dev `minGasLimit(uint256)`, the ERC's own example of an attribute.
    bytes4 private constant MIN_GAS_LIMIT = bytes4(keccak256("minGasLimit(uint256)"));

    /// @inheritdoc IERC7786GatewaySource
    function supportsAttribute(bytes4 selector) external pure returns (bool) {
        return selector == MIN_GAS_LIMIT;
    }

    /// @inheritdoc IERC7786GatewaySource
    /// @dev STEP 1, on the source. Anyone. Emits {MessageSent} and {MessageAccepted}, and {MessageUnfunded} if nobody pays.
    ///      Reverts {GatewayUnexpectedValue}, {GatewayInvalidRecipient}, {GatewayUnknownRollup}, {UnsupportedAttribute},
    ///      {GatewayDuplicateAttribute}, {GatewayMalformedAttribute}, {GatewayGasLimitTooHigh}, {GatewayPayloadTooLong}.
    function sendMessage(
        bytes calldata recipient,
        bytes calldata payload,
        bytes[] calldata attributes
    ) external payable returns (bytes32 sendId) {
        if (msg.value != 0) revert GatewayUnexpectedValue(msg.value);
        (uint256 dstChainId, address account) = EvmInterop.parse(recipient);
        if (dstChainId == 0) revert GatewayInvalidRecipient(recipient);
        OutLaneState storage lane = _state().outLanes[dstChainId];
        OutWord word = lane.word;
        uint256 gasLimit = attributes.length == 0 ? Message.DEFAULT_GAS_LIMIT : _gasLimit(attributes);
        uint256 gross = _quote(word, dstChainId, payload.length, gasLimit);

        uint256 fee;
        bool funded = gross == 0 || _charge(msg.sender, gross);
        if (funded) fee = word.netOf(gross);
        uint256 header = Message.packHeader(Message.KIND_MESSAGE, word.nonce(), gasLimit, fee);
        sendId = _append(lane, word, dstChainId, header, account, Message.hashPayload(payload), funded ? gross : 0);

        emit MessageSent(sendId, _interop(msg.sender), recipient, payload, 0, attributes);
        emit MessageAccepted(sendId, dstChainId, uint64(word.nonce()), header);
        if (!funded) emit MessageUnfunded(sendId, gross);
    }

    /// @inheritdoc IMetalayerGateway
    function requestRelay(
        uint256 dstChainId,
        uint64 nonce,
        bytes32 sendId,
        uint256 amount,
        address refundTo
    ) external returns (bytes32 bountyId) {
        State storage $ = _state();
        OutLaneState storage lane = $.outLanes[dstChainId];
        OutWord word = lane.word;
        if (word.status() != uint256(LaneStatus.Open)) revert GatewayUnknownRollup(dstChainId);
        if (nonce >= word.nonce()) revert GatewayUnknownNonce(dstChainId, nonce, uint64(word.nonce()));
        if (amount == 0 || amount % 1000 != 0) revert GatewayInvalidAmount(amount);
        if (refundTo == address(0)) revert GatewayInvalidRecipient("");

        _spend(msg.sender, amount);
        $.accruedBounties[dstChainId] += amount;
        bytes memory payload = abi.encode(nonce, sendId, amount);
        uint256 header = Message.packHeader(Message.KIND_BOUNTY, word.nonce(), 0, 0);
        bountyId = _append(lane, word, dstChainId, header, refundTo, keccak256(payload), 0);

        (uint256 high, uint256 low, uint256 length) = EvmInterop.format(dstChainId, refundTo);
        emit MessageSent(bountyId, _interop(msg.sender), _bytes(high, low, length), payload, 0, new bytes[](0));
        emit MessageAccepted(bountyId, dstChainId, uint64(word.nonce()), header);
    }

    /// @inheritdoc IMetalayerGateway
    function quote(uint256 dstChainId, uint256 payloadLength, uint256 gasLimit) external view returns (uint256) {
        return _quote(_state().outLanes[dstChainId].word, dstChainId, payloadLength, gasLimit);
    }

    /// @inheritdoc IMetalayerGateway
    function checkpoint(uint256 route, uint256 index) external view returns (bytes32) {
        return _state().checkpoints[route][index];
    }

    /// @inheritdoc IMetalayerGateway
    function outLane(uint256 dstChainId) external view returns (OutLane memory) {
        OutLaneState storage lane = _state().outLanes[dstChainId];
        OutWord word = lane.word;
        return
            OutLane({
                status: LaneStatus(word.status()),
                nonce: uint64(word.nonce()),
                head: lane.head,
                ownIncarnation: word.ownIncarnation(),
                incarnation: word.incarnation(),
                accrued: word.accrued(),
                prices: Prices({
                    basePrice: word.basePrice(),
                    pricePerByte: word.pricePerByte(),
                    pricePerKGas: word.pricePerKGas(),
                    fundShare: word.fundShare(),
                    burnShare: word.burnShare(),
                    maxGasLimit: word.maxGasLimit()
                })
            });
    }

    /// @dev Chains one entry to the lane and stores every 64th head.
    function _append(
        OutLaneState storage lane,
        OutWord word,
        uint256 dstChainId,
        uint256 header,
        address recipient,
        bytes32 payloadHash,
        uint256 gross
    ) private returns (bytes32 id) {
        uint256 route = Route.pack(block.chainid, dstChainId, word.ownIncarnation(), word.incarnation());
        id = Message.hash(NETWORK_ID, route, header, msg.sender, recipient, payloadHash);
        bytes32 head = Message.chain(lane.head, id);
        (OutWord next, bool ok) = word.afterSend(gross);
        if (!ok) revert GatewayInvalidAmount(gross);
        lane.head = head;
        lane.word = next;
        uint256 count = next.nonce();
        if (count % Message.CHECKPOINT_INTERVAL == 0) {
            _state().checkpoints[route][count / Message.CHECKPOINT_INTERVAL] = head;
        }
    }

    /// @dev The one price rule: what {quote} returns is what {sendMessage} charges.
    function _quote(
        OutWord word,
        uint256 dstChainId,
        uint256 payloadLength,
        uint256 gasLimit
    ) private pure returns (uint256) {
        if (word.status() != uint256(LaneStatus.Open)) revert GatewayUnknownRollup(dstChainId);
        if (payloadLength > Message.MAX_PAYLOAD) revert GatewayPayloadTooLong(payloadLength, Message.MAX_PAYLOAD);
        if (gasLimit > word.maxGasLimit()) revert GatewayGasLimitTooHigh(gasLimit, word.maxGasLimit());
        return word.quote(payloadLength, gasLimit);
    }

    /// @dev Exactly one attribute is known, so a second element is a duplicate or unsupported.
    function _gasLimit(bytes[] calldata attributes) private pure returns (uint256) {
        bytes calldata attribute = attributes[0];
        _requireSupported(attribute);
        if (attributes.length > 1) {
            _requireSupported(attributes[1]);
            revert GatewayDuplicateAttribute(MIN_GAS_LIMIT);
        }
        if (attribute.length != 36) revert GatewayMalformedAttribute(attribute);
        return uint256(bytes32(attribute[4:]));
    }

    function _requireSupported(bytes calldata attribute) private pure {
        bytes4 selector = attribute.length < 4 ? bytes4(0) : bytes4(attribute[:4]);
        if (selector != MIN_GAS_LIMIT) revert UnsupportedAttribute(selector);
    }

    function _interop(address account) private view returns (bytes memory) {
        (uint256 high, uint256 low, uint256 length) = EvmInterop.format(block.chainid, account);
        return _bytes(high, low, length);
    }

    function _bytes(uint256 high, uint256 low, uint256 length) private pure returns (bytes memory result) {
        assembly ("memory-safe") {
            result := mload(0x40)
            mstore(result, length)
            mstore(add(result, 0x20), high)
            mstore(add(result, 0x40), low)
            mstore(0x40, add(result, 0x60))
        }
    }
}
