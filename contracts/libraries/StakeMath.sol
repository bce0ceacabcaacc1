// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Arithmetic of a pool of stake: docs/protocol/staking.md §1 to §5. Proved in scripts/checks/formal.
/// @dev Everything but times is below 2^128, so that no product passes 2^256. Rounds against who acts. A pool never holds more tokens than shares.
library StakeMath {
    uint256 internal constant MILLION = 1_000_000;

    /// @notice Shares for `amount` that comes into a pool. A pool without tokens must be without shares.
    function sharesFor(uint256 amount, uint256 tokens, uint256 shares) internal pure returns (uint256) {
        return shares == 0 ? amount : (amount * shares) / tokens;
    }

    /// @notice Tokens of `part` of all shares, of which there is at least one.
    function tokensOf(uint256 part, uint256 tokens, uint256 shares) internal pure returns (uint256) {
        return (part * tokens) / shares;
    }

    /// @notice Pays out `part`, which is leaving, and what the pool then is.
    function pay(
        uint256 part,
        uint256 tokens,
        uint256 shares,
        uint256 leaving
    ) internal pure returns (uint256 amount, uint256 tokensLeft, uint256 sharesLeft, uint256 stillLeaving) {
        amount = tokensOf(part, tokens, shares);
        return (amount, tokens - amount, shares - part, leaving - part);
    }

    /// @notice What a slash by `fraction` takes from a pool, and the reporter's part of it; both in parts per million.
    function cut(
        uint256 tokens,
        uint256 fraction,
        uint256 reporterShare
    ) internal pure returns (uint256 taken, uint256 rewarded) {
        taken = (tokens * fraction) / MILLION;
        rewarded = (taken * reporterShare) / MILLION;
    }

    /// @notice Fresh shares after `part` of all shares began to leave: fresh ones leave first, so that who stakes and leaves at once takes no
    ///         weight from the others.
    function freshAfter(uint256 part, uint256 fresh) internal pure returns (uint256) {
        return fresh > part ? fresh - part : 0;
    }

    /// @notice Tokens that count, of a pool with shares: not those of shares that are leaving or fresh.
    function counted(uint256 tokens, uint256 shares, uint256 leaving, uint256 fresh) internal pure returns (uint256) {
        return tokensOf(shares - leaving - fresh, tokens, shares);
    }
}
