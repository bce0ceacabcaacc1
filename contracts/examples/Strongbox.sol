// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ILaneHeads} from "../paths/ILaneHeads.sol";
import {PathRecipient} from "../paths/PathRecipient.sol";

/// @title Keeps what came last from every sender on any rollup, if it came by the paths that the administrator demands.
/// @dev Messages come in any order that their deliverers choose: senders whose words replace each other should number them.
contract Strongbox is PathRecipient, AccessManaged {
    mapping(bytes sender => bytes) public kept;
    uint256 public count;

    event Kept(bytes32 indexed receiveId, bytes sender, bytes payload);

    constructor(ILaneHeads heads, address authority) PathRecipient(heads) AccessManaged(authority) {}

    /// @notice States what is demanded of messages from a rollup. Administrator.
    function setDemand(uint256 srcChainId, Demand calldata demand) external restricted {
        _setDemand(srcChainId, demand);
    }

    /// @notice Lets a stopped message go on. Administrator.
    function liftVeto(bytes32 receiveId) external restricted {
        _liftVeto(receiveId);
    }

    /// @dev Emits {Kept}.
    function _processConfirmed(bytes32 receiveId, bytes calldata sender, bytes calldata payload) internal override {
        kept[sender] = payload;
        ++count;
        emit Kept(receiveId, sender, payload);
    }
}
