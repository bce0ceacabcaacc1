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
        return IAutomated.onCondition.selector;
    }
}
