// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Votes} from "@openzeppelin/contracts/governance/utils/Votes.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

/// @title Token of a community that has none yet: OpenZeppelin's ERC20Votes, all of it given away once, when it is created.
/// @dev Nobody mints, nobody administers. Its clock are seconds (ERC-6372).
contract DaoToken is ERC20, ERC20Permit, ERC20Votes {
    struct Share {
        address account;
        uint256 amount;
    }

    /// @dev A token that nobody has decides nothing.
    error DaoTokenNoShares();

    /// @param ownName such as "Garden"
    /// @param ownSymbol such as "GRDN"
    /// @param shares who gets how much, in 1e-18; each of them votes at once, without delegating first
    constructor(
        string memory ownName,
        string memory ownSymbol,
        Share[] memory shares
    ) ERC20(ownName, ownSymbol) ERC20Permit(ownName) {
        if (shares.length == 0) revert DaoTokenNoShares();
        for (uint256 i = 0; i < shares.length; ++i) {
            _mint(shares[i].account, shares[i].amount);
            _delegate(shares[i].account, shares[i].account);
        }
    }

    /// @inheritdoc Votes
    function clock() public view override returns (uint48) {
        return Time.timestamp();
    }

    /// @inheritdoc Votes
    // solhint-disable-next-line func-name-mixedcase
    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }

    /// @inheritdoc ERC20Permit
    function nonces(address owner) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }

    /// @inheritdoc ERC20Votes
    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Votes) {
        super._update(from, to, value);
    }
}
