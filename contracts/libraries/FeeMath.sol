// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Who gets which part of fees: docs/protocol/fees.md §1 and §2. Shares are per mille. Proved in scripts/checks/formal.
library FeeMath {
    /// @notice What of a message's gross fee is paid at the destination: all but `shares`, at most 1,000.
    function netOf(uint256 gross, uint256 shares) internal pure returns (uint256) {
        unchecked {
            return gross - (gross / 1000) * shares;
        }
    }

    /// @notice Parts of gross fees, which are a multiple of 1,000 units: nothing is lost by rounding. Both shares together are at most 1,000.
    function split(
        uint256 gross,
        uint256 fundShare,
        uint256 burnShare
    ) internal pure returns (uint256 toFund, uint256 forGood, uint256 net) {
        unchecked {
            toFund = (gross / 1000) * fundShare;
            net = netOf(gross, fundShare + burnShare);
            forGood = gross - toFund - net;
        }
    }

    /// @notice What a delivery earned, as far as `taken`, which is at most fees and bounties together, reaches: fees first.
    /// @return toGuardians their share of the fees
    /// @return toDeliverer the rest of what was taken
    /// @return feesLeft what waits
    /// @return bountiesLeft what waits
    function settle(
        uint256 fees,
        uint256 bounties,
        uint256 taken,
        uint256 guardianShare
    ) internal pure returns (uint256 toGuardians, uint256 toDeliverer, uint256 feesLeft, uint256 bountiesLeft) {
        unchecked {
            // Amounts are below 2^128, guardianShare is at most 1,000.
            uint256 paidFees = taken < fees ? taken : fees;
            toGuardians = (paidFees * guardianShare) / 1000;
            toDeliverer = taken - toGuardians;
            feesLeft = fees - paidFees;
            bountiesLeft = bounties - (taken - paidFees);
        }
    }
}
