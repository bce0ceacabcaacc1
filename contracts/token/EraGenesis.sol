// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {VestingWallet} from "@openzeppelin/contracts/finance/VestingWallet.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IGuardianRewards} from "../guardians/IGuardianRewards.sol";
import {EraAirdrop} from "./EraAirdrop.sol";
import {IEraGenesis} from "./IEraGenesis.sol";

/// @title Who got ERA when it began. Stands on home only.
/// @dev ERA was minted to this address before this contract was created there.
contract EraGenesis is IEraGenesis {
    using SafeERC20 for IERC20;

    Placed[] private _parts;

    /// @param era the currency
    /// @param rewards GuardianRewards of this rollup, whose part is paid into its pot
    /// @param parts all of them
    constructor(IERC20 era, IGuardianRewards rewards, Part[] memory parts) {
        uint256 minted = era.totalSupply();
        uint256 sum = 0;
        for (uint256 i = 0; i < parts.length; ++i) {
            if (parts[i].amount == 0 || parts[i].beneficiary == address(0)) revert GenesisInvalidPart(i);
            sum += parts[i].amount;
            _place(era, rewards, parts[i], i);
        }
        if (sum != minted) revert GenesisWrongSum(sum, minted);
    }

    /// @inheritdoc IEraGenesis
    function part(uint256 index) external view returns (Placed memory) {
        return _parts[index];
    }

    /// @inheritdoc IEraGenesis
    function partCount() external view returns (uint256) {
        return _parts.length;
    }

    function _place(IERC20 era, IGuardianRewards rewards, Part memory given, uint256 index) private {
        address holder = given.beneficiary;
        if (given.root != 0) {
            if (given.duration != 0 || given.deadline <= block.timestamp) revert GenesisInvalidPart(index);
            holder = address(new EraAirdrop(era, given.root, given.deadline, given.beneficiary));
        } else if (given.duration != 0) {
            holder = address(new VestingWallet(given.beneficiary, given.start, given.duration));
        }
        _parts.push(Placed(given.name, given.amount, holder));
        emit PartPlaced(given.name, holder, given.amount);
        if (holder == address(rewards)) {
            // A transfer alone would be in no book there, hence nobody's for ever.
            era.forceApprove(holder, given.amount);
            rewards.fund(given.amount);
        } else {
            era.safeTransfer(holder, given.amount);
        }
    }
}
