// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {IEraAirdrop} from "./IEraAirdrop.sol";

/// @title ERA for accounts on a list. Not upgradeable, without any administrator.
contract EraAirdrop is IEraAirdrop {
    using SafeERC20 for IERC20;

    IERC20 private immutable ERA;
    bytes32 private immutable ROOT;
    uint256 private immutable DEADLINE;
    address private immutable REMAINDER_TO;

    mapping(address account => bool) private _claimed;

    /// @param era the currency
    /// @param listRoot of the list
    /// @param lastSecond to claim, since 1970
    /// @param remainder gets what nobody claimed
    constructor(IERC20 era, bytes32 listRoot, uint256 lastSecond, address remainder) {
        if (address(era) == address(0) || listRoot == 0 || lastSecond <= block.timestamp || remainder == address(0)) {
            revert AirdropInvalidSettings(address(era), listRoot, lastSecond, remainder);
        }
        ERA = era;
        ROOT = listRoot;
        DEADLINE = lastSecond;
        REMAINDER_TO = remainder;
    }

    /// @inheritdoc IEraAirdrop
    function claim(address account, uint256 amount, bytes32[] calldata proof) external {
        if (block.timestamp > DEADLINE) revert AirdropEnded(DEADLINE);
        if (_claimed[account]) revert AirdropAlreadyClaimed(account);
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(account, amount))));
        if (!MerkleProof.verifyCalldata(proof, ROOT, leaf)) revert AirdropNotListed(account, amount);
        _claimed[account] = true;
        emit Claimed(account, amount);
        ERA.safeTransfer(account, amount);
    }

    /// @inheritdoc IEraAirdrop
    function payRemainder() external {
        if (block.timestamp <= DEADLINE) revert AirdropNotEnded(DEADLINE);
        uint256 amount = ERA.balanceOf(address(this));
        emit RemainderPaid(REMAINDER_TO, amount);
        ERA.safeTransfer(REMAINDER_TO, amount);
    }

    /// @inheritdoc IEraAirdrop
    function isClaimed(address account) external view returns (bool) {
        return _claimed[account];
    }

    /// @inheritdoc IEraAirdrop
    function root() external view returns (bytes32) {
        return ROOT;
    }

    /// @inheritdoc IEraAirdrop
    function deadline() external view returns (uint256) {
        return DEADLINE;
    }

    /// @inheritdoc IEraAirdrop
    function remainderTo() external view returns (address) {
        return REMAINDER_TO;
    }
}
