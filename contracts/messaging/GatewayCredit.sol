// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {GatewayStorage} from "./GatewayStorage.sol";
import {IMetalayerGateway} from "./IMetalayerGateway.sol";

/// @title Prepaid credit and sponsors: who pays for a message.
abstract contract GatewayCredit is GatewayStorage {
    uint256 private constant MAX_UNITS = type(uint64).max;

    /// @inheritdoc IMetalayerGateway
    function setSponsor(address newSponsor) external {
        State storage $ = _state();
        $.credits[msg.sender].word = (uint256(uint160(newSponsor)) << 96) | uint64($.credits[msg.sender].word);
        emit SponsorChanged(msg.sender, newSponsor);
    }

    /// @inheritdoc IMetalayerGateway
    function sponsor(address account, uint256 limit, uint256 period) external {
        if (limit > MAX_UNITS || period > type(uint32).max) revert GatewayInvalidAmount(limit);
        _state().sponsorships[msg.sender][account] = limit | (period << 64) | (block.timestamp << 96);
        emit SponsorshipChanged(msg.sender, account, limit, period);
    }

    /// @inheritdoc IMetalayerGateway
    function addCredit(address account, uint256 amount) external only(FEE_CONTROLLER) {
        State storage $ = _state();
        uint256 word = $.credits[account].word;
        uint256 balance = uint64(word) + amount;
        if (amount > MAX_UNITS || balance > MAX_UNITS) revert GatewayInvalidAmount(amount);
        $.credits[account].word = word + amount;
        emit CreditChanged(account, balance);
    }

    /// @inheritdoc IMetalayerGateway
    function removeCredit(address account, uint256 amount) external only(FEE_CONTROLLER) {
        _spend(account, amount);
        emit CreditChanged(account, uint64(_state().credits[account].word));
    }

    /// @inheritdoc IMetalayerGateway
    function payFromCredit(address account, uint256 amount) external only(FEE_CONTROLLER) returns (bool paid) {
        return _charge(account, amount);
    }

    /// @inheritdoc IMetalayerGateway
    function credit(address account) external view returns (uint256 balance, address sponsoredBy) {
        uint256 word = _state().credits[account].word;
        return (uint64(word), address(uint160(word >> 96)));
    }

    /// @inheritdoc IMetalayerGateway
    function sponsorship(
        address sponsor_,
        address account
    ) external view returns (uint256 limit, uint256 period, uint256 available) {
        uint256 word = _state().sponsorships[sponsor_][account];
        (limit, period) = (uint64(word), uint32(word >> 64));
        available = limit - _spent(word);
    }

    /// @dev Takes `amount` from the account's own credit, else from its sponsor within the agreed limit; false if neither covers it.
    function _charge(address account, uint256 amount) internal returns (bool) {
        State storage $ = _state();
        Credit storage own = $.credits[account];
        uint256 word = own.word;
        if (uint64(word) >= amount) {
            unchecked {
                // The balance stands in the lowest bits and covers the amount.
                own.word = word - amount;
            }
            return true;
        }
        address payer = address(uint160(word >> 96));
        if (payer == address(0)) return false;
        uint256 agreement = $.sponsorships[payer][account];
        uint256 spent = _spent(agreement) + amount;
        Credit storage funds = $.credits[payer];
        uint256 payerWord = funds.word;
        if (spent > uint64(agreement) || uint64(payerWord) < amount) return false;
        uint256 start = spent == amount ? block.timestamp : uint40(agreement >> 96);
        $.sponsorships[payer][account] = uint96(agreement) | (start << 96) | (spent << 136);
        funds.word = payerWord - amount;
        return true;
    }

    /// @dev Takes `amount` from the account's own credit or reverts.
    function _spend(address account, uint256 amount) internal {
        State storage $ = _state();
        uint256 word = $.credits[account].word;
        if (uint64(word) < amount) revert GatewayInsufficientCredit(account, uint64(word), amount);
        $.credits[account].word = word - amount;
    }

    /// @dev Spent in the running window; a window that is over counts as empty.
    function _spent(uint256 agreement) private view returns (uint256) {
        bool over = block.timestamp >= uint256(uint40(agreement >> 96)) + uint32(agreement >> 64);
        return over ? 0 : uint64(agreement >> 136);
    }
}
