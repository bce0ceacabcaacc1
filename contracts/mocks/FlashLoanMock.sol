// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title Lends what it holds for one transaction, to a borrower that makes calls with it.
contract FlashLenderMock {
    error FlashNotRepaid(uint256 held, uint256 lent);

    /// @notice Lends `amount`, lets the borrower act, and takes it back or undoes everything.
    function lend(
        IERC20 token,
        uint256 amount,
        FlashBorrowerMock borrower,
        FlashBorrowerMock.Call[] calldata calls
    ) external {
        token.transfer(address(borrower), amount);
        borrower.act(calls);
        token.transferFrom(address(borrower), address(this), borrower.repay(token, amount));
        uint256 held = token.balanceOf(address(this));
        if (held < amount) revert FlashNotRepaid(held, amount);
    }
}

/// @title Makes any calls with borrowed tokens, one after the other; what the first that fails reverts with, it reverts with.
contract FlashBorrowerMock {
    struct Call {
        address target;
        bytes data;
    }

    function act(Call[] calldata calls) external {
        for (uint256 i; i < calls.length; ++i) {
            (bool success, bytes memory result) = calls[i].target.call(calls[i].data);
            if (success) continue;
            assembly ("memory-safe") {
                revert(add(result, 0x20), mload(result))
            }
        }
    }

    /// @notice Lets the lender take back as much of `amount` as is there.
    function repay(IERC20 token, uint256 amount) external returns (uint256 there) {
        there = token.balanceOf(address(this));
        if (there > amount) there = amount;
        token.approve(msg.sender, there);
    }
}
