// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC7786GatewaySource, IERC7786Recipient} from "@openzeppelin/contracts/interfaces/draft-IERC7786.sol";

/// @title A recipient whose behaviour tests choose: it accepts, reverts, returns bombs, eats gas, re-enters.
contract RecipientMock is IERC7786Recipient {
    enum Mode {
        Accept,
        Revert,
        WrongSelector,
        ShortReturn,
        ReturnBomb,
        RevertBomb,
        EatGas,
        Reenter,
        ReenterOnce,
        ReenterAndRefuse
    }

    event Received(address caller, bytes32 receiveId, bytes sender, bytes payload, uint256 gas);

    error RecipientMockRefused(uint256 number);

    Mode public mode;
    uint256 public received;
    mapping(bytes32 receiveId => uint256) public receivedById;
    address public callee;
    bytes public data;
    bool public reentrySucceeded;
    bytes public reentryResult;

    function setMode(Mode mode_) external {
        mode = mode_;
    }

    /// @notice What the re-entering modes call.
    function setCall(address target_, bytes calldata data_) external {
        (callee, data) = (target_, data_);
    }

    /// @notice Calls anything in this contract's name.
    function call(address target_, bytes calldata data_) external returns (bytes memory) {
        (bool ok, bytes memory result) = target_.call(data_);
        require(ok, string(result));
        return result;
    }

    /// @notice Sends a message in this contract's name.
    function send(address gateway, bytes calldata recipient, bytes calldata payload) external returns (bytes32) {
        return IERC7786GatewaySource(gateway).sendMessage(recipient, payload, new bytes[](0));
    }

    function receiveMessage(
        bytes32 receiveId,
        bytes calldata sender,
        bytes calldata payload
    ) external payable returns (bytes4) {
        uint256 gasGiven = gasleft();
        bytes4 answer = _misbehave();
        if (answer != 0) return answer;
        received++;
        receivedById[receiveId]++;
        emit Received(msg.sender, receiveId, sender, payload, gasGiven);
        _reenter();
        return _answer(IERC7786Recipient.receiveMessage.selector);
    }

    /// @dev Ends the call in the modes that do not accept; a wrong answer, or 0 to go on.
    function _misbehave() internal view returns (bytes4 answer) {
        if (mode == Mode.Revert) revert RecipientMockRefused(received);
        if (mode == Mode.WrongSelector) return 0xdeadbeef;
        if (mode == Mode.EatGas) while (true) {}
        if (mode == Mode.ShortReturn) {
            assembly {
                mstore(0, shl(224, 0x2432ef26))
                return(0, 4)
            }
        }
        if (mode == Mode.ReturnBomb || mode == Mode.RevertBomb) {
            bool bad = mode == Mode.RevertBomb;
            assembly {
                if bad {
                    revert(0, 100000)
                }
                return(0, 100000)
            }
        }
    }

    function _reenter() internal {
        if (mode < Mode.Reenter) return;
        if (mode == Mode.ReenterOnce) mode = Mode.Accept;
        (reentrySucceeded, reentryResult) = callee.call(data);
    }

    function _answer(bytes4 selector) internal view returns (bytes4) {
        return mode == Mode.ReenterAndRefuse ? bytes4(0xdeadbeef) : selector;
    }
}

/// @title A recipient that does nothing but accept, for gas measurements.
contract SilentRecipient is IERC7786Recipient {
    function receiveMessage(bytes32, bytes calldata, bytes calldata) external payable returns (bytes4) {
        return IERC7786Recipient.receiveMessage.selector;
    }
}
