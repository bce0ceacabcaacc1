// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAutomated} from "../data/IAutomated.sol";
import {ISubscriber} from "../data/ISubscriber.sol";

/// @title Accepts when it is asked, for nothing, and eats all gas when it is called, until it is mended.
contract FaithlessMock is ISubscriber, IAutomated {
    bool public mended;
    uint256 public received;

    function mend() external {
        mended = true;
    }

    /// @notice Calls anything in this contract's name, so many times.
    function call(uint256 times, address target_, bytes calldata data_) external {
        for (uint256 i = 0; i < times; ++i) {
            (bool ok, bytes memory result) = target_.call(data_);
            require(ok, string(result));
        }
    }

    function onPublication(Publication calldata) external returns (bytes4) {
        _take();
        return ISubscriber.onPublication.selector;
    }

    function onCondition(bytes32, uint256) external returns (bytes4) {
        _take();
        return IAutomated.onCondition.selector;
    }

    function _take() private {
        if (!mended && tx.gasprice > 0) while (true) {}
        ++received;
    }
}
