// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISubscriber} from "../data/ISubscriber.sol";
import {RecipientMock} from "./RecipientMock.sol";

/// @title A subscriber with the behaviours of {RecipientMock}.
contract SubscriberMock is RecipientMock, ISubscriber {
    event PublicationReceived(
        address caller,
        uint256 chainId,
        address publisher,
        bytes32 topic,
        uint64 index,
        uint64 time,
        bytes payload,
        uint256 gas
    );

    mapping(uint256 chainId => mapping(address publisher => mapping(uint64 index => uint256))) public timesReceived;

    function onPublication(Publication calldata said) external returns (bytes4) {
        uint256 gasGiven = gasleft();
        bytes4 answer = _misbehave();
        if (answer != 0) return answer;
        received++;
        timesReceived[said.chainId][said.publisher][said.index]++;
        emit PublicationReceived(
            msg.sender,
            said.chainId,
            said.publisher,
            said.topic,
            said.index,
            said.time,
            said.payload,
            gasGiven
        );
        _reenter();
        return _answer(ISubscriber.onPublication.selector);
    }
}

/// @title A subscriber that does nothing but accept, for gas measurements.
contract SilentSubscriber is ISubscriber {
    /// @notice Calls anything in this contract's name.
    function call(address target_, bytes calldata data_) external {
        (bool ok, bytes memory result) = target_.call(data_);
        require(ok, string(result));
    }

    function onPublication(Publication calldata) external pure returns (bytes4) {
        return ISubscriber.onPublication.selector;
    }
}
