// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAutomated} from "../data/IAutomated.sol";
import {RecipientMock} from "./RecipientMock.sol";

/// @title An automated contract with the behaviours of {RecipientMock}.
contract AutomatedMock is RecipientMock, IAutomated {
    event ConditionMet(address caller, bytes32 id, uint256 value, uint256 gas);

    function onCondition(bytes32 id, uint256 value) external returns (bytes4) {
        uint256 gasGiven = gasleft();
        bytes4 answer = _misbehave();
        if (answer != 0) return answer;
        received++;
        emit ConditionMet(msg.sender, id, value, gasGiven);
        _reenter();
        return _answer(IAutomated.onCondition.selector);
    }
}

/// @title An automated contract that does nothing but accept, for gas measurements.
contract SilentAutomated is IAutomated {
    /// @notice Calls anything in this contract's name.
    function call(address target_, bytes calldata data_) external {
        (bool ok, bytes memory result) = target_.call(data_);
        require(ok, string(result));
    }

    function onCondition(bytes32, uint256) external pure returns (bytes4) {
        return IAutomated.onCondition.selector;
    }
}
