// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC7786GatewaySource, IERC7786Recipient} from "@openzeppelin/contracts/interfaces/draft-IERC7786.sol";
import {InteroperableAddress} from "@openzeppelin/contracts/utils/draft-InteroperableAddress.sol";

/// @title M of N ERC-7786 gateways behind one: a message counts once M of them have brought it. Both halves at one address.
/// @dev Sends to its counterpart over every gateway, without attributes and value, and swallows the recipient's errors, so that no gateway ever
///      sees a failure; {execute} tries again.
contract AggregatorMock is IERC7786GatewaySource, IERC7786Recipient {
    error AggregatorUnknownSource(address gateway, bytes sender);
    error AggregatorNotExecutable(bytes32 id, uint256 votes);

    event Executed(bytes32 indexed id, bool ok);

    uint256 private constant EXECUTED = 1 << 255;

    address[] public gateways;
    uint256 public threshold;
    uint256 public nonce;
    mapping(uint256 chainId => bytes) public counterparts;
    /// @dev One bit for each gateway that brought the message, and EXECUTED.
    mapping(bytes32 id => uint256) public votes;

    function configure(address[] calldata gateways_, uint256 threshold_) external {
        (gateways, threshold) = (gateways_, threshold_);
    }

    function link(bytes calldata counterpart) external {
        (uint256 chainId, ) = InteroperableAddress.parseEvmV1Calldata(counterpart);
        counterparts[chainId] = counterpart;
    }

    function supportsAttribute(bytes4) external pure returns (bool) {
        return false;
    }

    function sendMessage(
        bytes calldata recipient,
        bytes calldata payload,
        bytes[] calldata attributes
    ) external payable returns (bytes32 sendId) {
        if (attributes.length != 0) revert UnsupportedAttribute(bytes4(attributes[0]));
        bytes memory sender = InteroperableAddress.formatEvmV1(block.chainid, msg.sender);
        bytes memory wrapped = abi.encode(++nonce, sender, recipient, payload);
        (uint256 chainId, ) = InteroperableAddress.parseEvmV1Calldata(recipient);
        for (uint256 i = 0; i < gateways.length; ++i) {
            IERC7786GatewaySource(gateways[i]).sendMessage(counterparts[chainId], wrapped, attributes);
        }
        sendId = keccak256(wrapped);
        emit MessageSent(sendId, sender, recipient, payload, 0, attributes);
    }

    function receiveMessage(
        bytes32,
        bytes calldata sender,
        bytes calldata payload
    ) external payable returns (bytes4 selector) {
        (uint256 chainId, ) = InteroperableAddress.parseEvmV1Calldata(sender);
        uint256 place = _place(msg.sender);
        if (place == gateways.length || keccak256(sender) != keccak256(counterparts[chainId])) {
            revert AggregatorUnknownSource(msg.sender, sender);
        }
        bytes32 id = keccak256(payload);
        votes[id] |= 1 << place;
        if (_isExecutable(id)) _execute(id, payload);
        return IERC7786Recipient.receiveMessage.selector;
    }

    /// @notice Tries a message again that enough gateways have brought.
    function execute(bytes calldata payload) external {
        bytes32 id = keccak256(payload);
        if (!_isExecutable(id)) revert AggregatorNotExecutable(id, votes[id]);
        _execute(id, payload);
    }

    function _execute(bytes32 id, bytes calldata wrapped) private {
        (, bytes memory sender, bytes memory recipient, bytes memory payload) = abi.decode(
            wrapped,
            (uint256, bytes, bytes, bytes)
        );
        (, address target) = InteroperableAddress.parseEvmV1(recipient);
        votes[id] |= EXECUTED;
        (bool ok, bytes memory result) = target.call(
            abi.encodeCall(IERC7786Recipient.receiveMessage, (id, sender, payload))
        );
        ok = ok && result.length == 32 && bytes4(result) == IERC7786Recipient.receiveMessage.selector;
        if (!ok) votes[id] &= ~EXECUTED;
        emit Executed(id, ok);
    }

    function _isExecutable(bytes32 id) private view returns (bool) {
        uint256 count;
        for (uint256 i = 0; i < gateways.length; ++i) count += (votes[id] >> i) & 1;
        return count >= threshold && votes[id] & EXECUTED == 0;
    }

    function _place(address gateway) private view returns (uint256 place) {
        while (place < gateways.length && gateways[place] != gateway) ++place;
    }
}

/// @title A gateway of another kind, which tests deliver for: it believes whoever calls it.
contract CredulousGatewayMock is IERC7786GatewaySource {
    function supportsAttribute(bytes4) external pure returns (bool) {
        return false;
    }

    function sendMessage(
        bytes calldata recipient,
        bytes calldata payload,
        bytes[] calldata attributes
    ) external payable returns (bytes32) {
        bytes memory sender = InteroperableAddress.formatEvmV1(block.chainid, msg.sender);
        emit MessageSent(0, sender, recipient, payload, 0, attributes);
        return 0;
    }

    function deliver(IERC7786Recipient recipient, bytes calldata sender, bytes calldata payload) external {
        recipient.receiveMessage(0, sender, payload);
    }
}
