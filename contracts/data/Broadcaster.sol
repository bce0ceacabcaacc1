// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {StorageSlot} from "@openzeppelin/contracts/utils/StorageSlot.sol";
import {Publication} from "../libraries/Publication.sol";
import {IBroadcaster} from "./IBroadcaster.sol";

/// @title Publications of one rollup. Not upgradeable, no owner: what is written here stands for ever.
contract Broadcaster is IBroadcaster {
    /// @dev Lies in slot 0: an entry's slot would be that of a message only for the publisher 0, which nobody is.
    mapping(address publisher => uint64) private _newestIndexes;

    /// @inheritdoc IBroadcaster
    function broadcastMessage(bytes32 message) external {
        _broadcast(message, msg.sender);
    }

    /// @inheritdoc IBroadcaster
    function publish(bytes32 topic, bytes calldata payload) external returns (uint64 index) {
        if (payload.length > Publication.MAX_PAYLOAD) {
            revert BroadcasterPayloadTooLong(payload.length, Publication.MAX_PAYLOAD);
        }
        index = ++_newestIndexes[msg.sender];
        _broadcast(Publication.hash(msg.sender, index, topic, payload), address(this));
        emit Published(msg.sender, topic, index, payload);
    }

    /// @inheritdoc IBroadcaster
    function newestIndex(address publisher) external view returns (uint64) {
        return _newestIndexes[publisher];
    }

    /// @inheritdoc IBroadcaster
    function broadcastTime(bytes32 message, address publisher) external view returns (uint256) {
        return _time(message, publisher).value;
    }

    function _broadcast(bytes32 message, address publisher) private {
        StorageSlot.Uint256Slot storage time = _time(message, publisher);
        if (time.value != 0) revert BroadcasterKnownMessage(message, publisher);
        time.value = block.timestamp;
        emit MessageBroadcast(message, publisher);
    }

    function _time(bytes32 message, address publisher) private pure returns (StorageSlot.Uint256Slot storage) {
        return StorageSlot.getUint256Slot(Publication.slot(message, publisher));
    }
}
