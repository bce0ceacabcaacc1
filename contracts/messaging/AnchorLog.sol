// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IRollupStack} from "../rollups/IRollupStack.sol";
import {IAnchorLog} from "./IAnchorLog.sol";

/// @title Log of own blocks.
/// @dev Not upgradeable and without roles: nobody can change or remove an entry.
contract AnchorLog is IAnchorLog {
    IRollupStack private immutable STACK;
    uint256 private immutable HEARTBEAT_SECONDS;

    Anchor[] private _anchors;

    /// @param stack_ has code when this is called or will be given it at the same address, so it is not probed here
    /// @param heartbeatSeconds_ 1 second … 1 day
    constructor(address stack_, uint256 heartbeatSeconds_) {
        if (stack_ == address(0)) revert AnchorUnknownStack(stack_);
        if (heartbeatSeconds_ == 0 || heartbeatSeconds_ > 1 days) revert AnchorInvalidHeartbeat(heartbeatSeconds_);
        STACK = IRollupStack(stack_);
        HEARTBEAT_SECONDS = heartbeatSeconds_;
    }

    /// @inheritdoc IAnchorLog
    function anchor() external returns (uint64 index) {
        index = count();
        if (index != 0) {
            uint256 earliest = _anchors[index - 1].timestamp + HEARTBEAT_SECONDS;
            if (block.timestamp < earliest) revert AnchorTooEarly(block.timestamp, earliest);
        }
        uint256 number = STACK.blockNumber() - 1;
        bytes32 blockHash = STACK.blockHash(number);
        if (blockHash == 0) revert AnchorUnreadableBlock(number);

        _anchors.push(Anchor(SafeCast.toUint64(number), uint64(block.timestamp), blockHash));
        emit Anchored(index, uint64(number), blockHash);
    }

    /// @inheritdoc IAnchorLog
    function anchorAt(uint64 index) external view returns (Anchor memory entry) {
        if (index < count()) entry = _anchors[index];
    }

    /// @inheritdoc IAnchorLog
    function latest() external view returns (uint64 index, Anchor memory entry) {
        uint64 entries = count();
        if (entries != 0) (index, entry) = (entries - 1, _anchors[entries - 1]);
    }

    /// @inheritdoc IAnchorLog
    function stack() external view returns (address) {
        return address(STACK);
    }

    /// @inheritdoc IAnchorLog
    function heartbeatSeconds() external view returns (uint256) {
        return HEARTBEAT_SECONDS;
    }

    /// @inheritdoc IAnchorLog
    function count() public view returns (uint64) {
        return uint64(_anchors.length);
    }
}
