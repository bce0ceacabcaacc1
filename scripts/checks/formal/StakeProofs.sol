// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {StakeMath} from "../../../contracts/libraries/StakeMath.sol";

/// @title What holds of a pool of stake, for all numbers below 2^128.
/// @dev An invariant of pools is proved as a step: it is assumed before an operation and asserted after it. An empty pool has it.
contract StakeProofs {
    /// @notice a pool has at least as many shares as tokens after stake came in, and who stakes gets at least one share a wei
    /// @custom:seeded StakeMath.sol -> (amount * shares) / tokens -> (amount * tokens) / shares
    function sharesCoverTokensAfterStake(uint128 amount, uint128 tokens, uint128 shares) external pure {
        require(tokens <= shares && (tokens != 0 || shares == 0));
        uint256 issued = StakeMath.sharesFor(amount, tokens, shares);
        assert(issued >= amount);
        assert(uint256(tokens) + amount <= shares + issued);
    }

    /// @notice stake that comes in takes nothing from a share of the others
    /// @custom:seeded StakeMath.sol -> (amount * shares) / tokens -> (amount * shares) / tokens + 1
    function stakeDilutesNobody(uint128 amount, uint128 tokens, uint128 shares) external pure {
        require(tokens <= shares && tokens != 0);
        uint256 issued = StakeMath.sharesFor(amount, tokens, shares);
        // tokens / shares ≤ (tokens + amount) / (shares + issued), without the common product
        assert(issued * tokens <= uint256(amount) * shares);
    }

    /// @notice who stakes and leaves gets no more than was staked
    /// @custom:seeded StakeMath.sol -> (amount * shares) / tokens; -> (amount * shares) / tokens + 2;
    function noGainFromARoundTrip(uint128 amount, uint128 tokens, uint128 shares) external pure {
        require((tokens <= shares && tokens != 0) || (tokens == 0 && shares == 0 && amount != 0));
        uint256 issued = StakeMath.sharesFor(amount, tokens, shares);
        require(shares + issued <= type(uint128).max);
        assert(StakeMath.tokensOf(issued, uint256(tokens) + amount, shares + issued) <= amount);
    }

    /// @notice an exit is paid within the pool, and leaves at least as many shares as tokens
    /// @custom:seeded StakeMath.sol -> return (amount, tokens - amount, shares - part, leaving - part); -> return (amount, tokens - amount, shares - amount, leaving - part);
    function payKeepsSharesAboveTokens(uint128 part, uint128 tokens, uint128 shares, uint128 leaving) external pure {
        require(tokens <= shares && part != 0 && part <= leaving && leaving <= shares);
        (uint256 amount, uint256 tokensLeft, uint256 sharesLeft, uint256 stillLeaving) = StakeMath.pay(
            part,
            tokens,
            shares,
            leaving
        );
        assert(tokensLeft <= sharesLeft);
        assert(tokensLeft + amount == tokens);
        assert(sharesLeft + part == shares);
        assert(stillLeaving + part == leaving);
    }

    /// @notice what is paid out takes nothing from a share of the others, also not of those that wait in the queue
    /// @custom:seeded StakeMath.sol -> return (part * tokens) / shares; -> return (part * tokens + shares - 1) / shares;
    function payDilutesNobody(uint128 part, uint128 tokens, uint128 shares) external pure {
        require(tokens <= shares && part <= shares && part != 0);
        assert(StakeMath.tokensOf(part, tokens, shares) * shares <= uint256(part) * tokens);
    }

    /// @notice all shares together can be paid: whatever any two holders get is in the pool
    /// @custom:seeded StakeMath.sol -> return (part * tokens) / shares; -> return (part * tokens) / shares + 1;
    function poolIsSolvent(uint128 one, uint128 other, uint128 tokens, uint128 shares) external pure {
        require(tokens <= shares && shares != 0 && uint256(one) + other <= shares);
        assert(StakeMath.tokensOf(one, tokens, shares) + StakeMath.tokensOf(other, tokens, shares) <= tokens);
    }

    /// @notice the last one to leave is paid all that is left
    /// @custom:seeded StakeMath.sol -> return (part * tokens) / shares; -> return (part * tokens) / (shares + 1);
    function lastExitEmptiesThePool(uint128 tokens, uint128 shares) external pure {
        require(tokens <= shares && shares != 0);
        (uint256 amount, uint256 tokensLeft, uint256 sharesLeft, ) = StakeMath.pay(shares, tokens, shares, shares);
        assert(amount == tokens);
        assert(tokensLeft == 0 && sharesLeft == 0);
    }

    /// @notice a slash takes at most the pool, all of it at 100 %, and a reporter gets at most the twentieth part
    /// @custom:seeded StakeMath.sol -> rewarded = (taken * reporterShare) / MILLION; -> rewarded = (tokens * reporterShare) / MILLION;
    function slashIsBounded(uint128 tokens, uint256 fraction, uint256 reporterShare) external pure {
        require(fraction <= StakeMath.MILLION && reporterShare <= 50_000);
        (uint256 taken, uint256 rewarded) = StakeMath.cut(tokens, fraction, reporterShare);
        assert(taken <= tokens);
        assert(fraction != StakeMath.MILLION || taken == tokens);
        assert(rewarded * 20 <= taken);
        assert(taken * StakeMath.MILLION <= uint256(tokens) * fraction);
    }

    /// @notice a slash hits shares in the queue as it hits all others: nobody's tokens grow, and a slash of all leaves nothing to any part
    /// @custom:seeded StakeMath.sol -> taken = (tokens * fraction) / MILLION; -> taken = (tokens * fraction) / (MILLION + 1);
    function slashReachesTheQueue(uint128 part, uint128 tokens, uint128 shares, uint256 fraction) external pure {
        require(tokens <= shares && part <= shares && shares != 0 && fraction <= StakeMath.MILLION);
        (uint256 taken, ) = StakeMath.cut(tokens, fraction, 0);
        uint256 left = StakeMath.tokensOf(part, tokens - taken, shares);
        assert(left <= StakeMath.tokensOf(part, tokens, shares));
        assert(fraction != StakeMath.MILLION || left == 0);
    }

    /// @notice shares that are leaving and fresh ones are never more than all, through stakes, exits and payments: no weight can underflow
    /// @custom:seeded StakeMath.sol -> return fresh > part ? fresh - part : 0; -> return fresh;
    function silentSharesAreShares(uint128 part, uint128 shares, uint128 leaving, uint128 fresh) external pure {
        // A holder's part is neither leaving yet nor beyond what the pool has.
        require(uint256(leaving) + fresh <= shares && uint256(leaving) + part <= shares);
        assert(uint256(leaving) + part + StakeMath.freshAfter(part, fresh) <= shares);
        assert(StakeMath.freshAfter(part, fresh) <= fresh);
    }

    /// @notice stake counts only when it is neither leaving nor came at this very time, and never for more than the pool has
    /// @custom:seeded StakeMath.sol -> tokensOf(shares - leaving - fresh, tokens, shares) -> tokensOf(shares - fresh, tokens, shares)
    function onlyStandingStakeCounts(uint128 tokens, uint128 shares, uint128 leaving, uint128 fresh) external pure {
        require(tokens <= shares && shares != 0 && uint256(leaving) + fresh <= shares);
        uint256 weight = StakeMath.counted(tokens, shares, leaving, fresh);
        assert(weight <= tokens);
        assert(uint256(leaving) + fresh != shares || weight == 0);
    }
}
