// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

/// @title An application whose editors are named on home: OpenZeppelin's `AccessManaged` and nothing of ours.
contract Noticeboard is AccessManaged {
    string public notice;

    event NoticeChanged(string notice, address indexed editor);

    /// @param authority a LeasedAccessManager, in which {post} is mapped to a leased role
    constructor(address authority) AccessManaged(authority) {}

    /// @notice Changes the notice. Editors. Emits {NoticeChanged}.
    function post(string calldata notice_) external restricted {
        notice = notice_;
        emit NoticeChanged(notice_, msg.sender);
    }
}
