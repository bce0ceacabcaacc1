// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {FeeMath} from "./FeeMath.sol";
import {InflowLimit} from "./InflowLimit.sol";

/// @notice Everything but the head that a send needs to know about its lane, in one storage word.
/// @dev From the lowest bit: nonce 48 · accrued 56 (thousands of fee units) · basePrice 32 · pricePerByte 24 · pricePerKGas 24 ·
///      fundShare 10 · burnShare 10 · maxGasLimit 16 (units of 1,024 gas) · ownIncarnation 14 · incarnation 14 · status 8.
type OutWord is uint256;

/// @notice Everything that a delivery needs to know about its source, in one storage word.
/// @dev From the lowest bit: status 8 · ownIncarnation 14 · incarnation 14 · guardianShare 10 · pausedUntil 40 · level 56 (fee units) ·
///      levelAt 40 · capacity 32 (whole ERA) · fastCredited 40 (thousands of fee units) · fastSeen 1 · otherGateway 1.
type InWord is uint256;

using {
    OutWords.nonce,
    OutWords.accrued,
    OutWords.basePrice,
    OutWords.pricePerByte,
    OutWords.pricePerKGas,
    OutWords.fundShare,
    OutWords.burnShare,
    OutWords.maxGasLimit,
    OutWords.ownIncarnation,
    OutWords.incarnation,
    OutWords.status,
    OutWords.quote,
    OutWords.netOf,
    OutWords.afterSend
} for OutWord global;

using {
    InWords.status,
    InWords.ownIncarnation,
    InWords.incarnation,
    InWords.guardianShare,
    InWords.pausedUntil,
    InWords.capacity,
    InWords.level,
    InWords.fastCredited,
    InWords.fastSeen,
    InWords.hasOtherGateway,
    InWords.withField,
    InWords.withFastSeen,
    InWords.take,
    InWords.takeFast
} for InWord global;

library OutWords {
    uint256 internal constant ACCRUED = 48;
    uint256 internal constant BASE_PRICE = 104;
    uint256 internal constant OWN_INCARNATION = 220;
    uint256 internal constant INCARNATION = 234;
    uint256 internal constant STATUS = 248;

    function nonce(OutWord self) internal pure returns (uint256) {
        return uint48(OutWord.unwrap(self));
    }

    /// @dev In fee units.
    function accrued(OutWord self) internal pure returns (uint256) {
        return uint256(uint56(OutWord.unwrap(self) >> ACCRUED)) * 1000;
    }

    function basePrice(OutWord self) internal pure returns (uint256) {
        return uint32(OutWord.unwrap(self) >> BASE_PRICE);
    }

    function pricePerByte(OutWord self) internal pure returns (uint256) {
        return uint24(OutWord.unwrap(self) >> 136);
    }

    function pricePerKGas(OutWord self) internal pure returns (uint256) {
        return uint24(OutWord.unwrap(self) >> 160);
    }

    function fundShare(OutWord self) internal pure returns (uint256) {
        return (OutWord.unwrap(self) >> 184) & 0x3ff;
    }

    function burnShare(OutWord self) internal pure returns (uint256) {
        return (OutWord.unwrap(self) >> 194) & 0x3ff;
    }

    function maxGasLimit(OutWord self) internal pure returns (uint256) {
        return uint256(uint16(OutWord.unwrap(self) >> 204)) << 10;
    }

    function ownIncarnation(OutWord self) internal pure returns (uint256) {
        return (OutWord.unwrap(self) >> OWN_INCARNATION) & 0x3fff;
    }

    function incarnation(OutWord self) internal pure returns (uint256) {
        return (OutWord.unwrap(self) >> 234) & 0x3fff;
    }

    function status(OutWord self) internal pure returns (uint256) {
        return OutWord.unwrap(self) >> STATUS;
    }

    /// @notice Gross fee of a message in fee units, a multiple of 1,000: docs/protocol/fees.md §1.
    function quote(OutWord self, uint256 length, uint256 gasLimit) internal pure returns (uint256 gross) {
        unchecked {
            // Prices, length and gasLimit are below 2^32: no product passes 2^64, the result is below 2^46.
            uint256 variable = length * pricePerByte(self) + (gasLimit * pricePerKGas(self) + 999) / 1000;
            return 1000 * (basePrice(self) + (variable + 999) / 1000);
        }
    }

    /// @notice What of a gross fee is paid at the destination: all but the fund's and the burnt share.
    function netOf(OutWord self, uint256 gross) internal pure returns (uint256) {
        unchecked {
            // gross < 2^64, and both shares together are at most 1,000.
            return FeeMath.netOf(gross, fundShare(self) + burnShare(self));
        }
    }

    /// @notice The word after one more message with this charge. `ok` is false if a counter is full.
    function afterSend(OutWord self, uint256 gross) internal pure returns (OutWord word, bool ok) {
        unchecked {
            // gross < 2^64; the comparisons below exclude a carry into the next field.
            uint256 thousands = uint256(uint56(OutWord.unwrap(self) >> ACCRUED)) + gross / 1000;
            ok = nonce(self) < type(uint48).max && thousands <= type(uint56).max;
            word = OutWord.wrap(OutWord.unwrap(self) + 1 + ((gross / 1000) << ACCRUED));
        }
    }
}

library InWords {
    uint256 internal constant OWN_INCARNATION = 8;
    uint256 internal constant INCARNATION = 22;
    uint256 internal constant GUARDIAN_SHARE = 36;
    uint256 internal constant PAUSED_UNTIL = 46;
    uint256 internal constant LEVEL = 86;
    uint256 internal constant LEVEL_AT = 142;
    uint256 internal constant CAPACITY = 182;
    uint256 internal constant FAST_CREDITED = 214;
    uint256 internal constant FAST_SEEN = 254;
    uint256 internal constant OTHER_GATEWAY = 255;
    /// @dev Capacity counts whole ERA of 1e9 fee units.
    uint256 internal constant UNITS_PER_ERA = 1e9;
    /// @dev 2^56 fee units are 72 million ERA.
    uint256 internal constant MAX_CAPACITY = 72_000_000;

    function status(InWord self) internal pure returns (uint256) {
        return uint8(InWord.unwrap(self));
    }

    function ownIncarnation(InWord self) internal pure returns (uint256) {
        return (InWord.unwrap(self) >> OWN_INCARNATION) & 0x3fff;
    }

    function incarnation(InWord self) internal pure returns (uint256) {
        return (InWord.unwrap(self) >> INCARNATION) & 0x3fff;
    }

    /// @dev Per mille.
    function guardianShare(InWord self) internal pure returns (uint256) {
        return (InWord.unwrap(self) >> GUARDIAN_SHARE) & 0x3ff;
    }

    function pausedUntil(InWord self) internal pure returns (uint256) {
        return uint40(InWord.unwrap(self) >> PAUSED_UNTIL);
    }

    /// @dev In fee units.
    function capacity(InWord self) internal pure returns (uint256) {
        unchecked {
            // Below 2^32 · 2^30.
            return uint256(uint32(InWord.unwrap(self) >> CAPACITY)) * UNITS_PER_ERA;
        }
    }

    /// @dev In fee units.
    function fastCredited(InWord self) internal pure returns (uint256) {
        return uint256(uint40(InWord.unwrap(self) >> FAST_CREDITED)) * 1000;
    }

    function fastSeen(InWord self) internal pure returns (bool) {
        return (InWord.unwrap(self) >> FAST_SEEN) & 1 == 1;
    }

    function hasOtherGateway(InWord self) internal pure returns (bool) {
        return InWord.unwrap(self) >> OTHER_GATEWAY == 1;
    }

    /// @notice What the fee bucket holds at `timestamp`, in fee units.
    function level(InWord self, uint256 timestamp) internal pure returns (uint256 current) {
        unchecked {
            // capacity < 2^62, level < 2^56 and times < 2^64: the product is below 2^126.
            uint256 since = uint40(InWord.unwrap(self) >> LEVEL_AT);
            uint256 elapsed = timestamp > since ? timestamp - since : 0;
            current = InflowLimit.refilled(uint56(InWord.unwrap(self) >> LEVEL), capacity(self), elapsed);
        }
    }

    /// @dev Replaces `bits` bits at `shift`; `value` must fit.
    function withField(InWord self, uint256 shift, uint256 bits, uint256 value) internal pure returns (InWord) {
        uint256 mask = ((1 << bits) - 1) << shift;
        return InWord.wrap((InWord.unwrap(self) & ~mask) | (value << shift));
    }

    function withFastSeen(InWord self) internal pure returns (InWord) {
        return InWord.wrap(InWord.unwrap(self) | (1 << FAST_SEEN));
    }

    /// @notice Takes up to `amount` fee units out of the bucket.
    function take(InWord self, uint256 amount, uint256 timestamp) internal pure returns (InWord word, uint256 taken) {
        uint256 held = level(self, timestamp);
        taken = amount < held ? amount : held;
        unchecked {
            // taken ≤ held < 2^56.
            word = _withLevel(self, held - taken, timestamp);
        }
    }

    /// @notice As {take} for fees of `fast` deliveries: only while the bucket stays above half, and on the fast line.
    function takeFast(
        InWord self,
        uint256 amount,
        uint256 timestamp
    ) internal pure returns (InWord word, uint256 taken) {
        uint256 held = level(self, timestamp);
        uint256 half = capacity(self) / 2;
        uint256 available = held > half ? held - half : 0;
        taken = amount < available ? amount : available;
        // The fast line counts thousands, begun ones whole. Full it counts no further: it limits nothing itself.
        uint256 line = (fastCredited(self) + taken + 999) / 1000;
        word = self.withField(FAST_CREDITED, 40, line < type(uint40).max ? line : type(uint40).max);
        word = _withLevel(word, held - taken, timestamp);
    }

    /// @dev `held` must be below 2^56, `timestamp` below 2^40.
    function _withLevel(InWord self, uint256 held, uint256 timestamp) private pure returns (InWord) {
        return self.withField(LEVEL, 96, held | (timestamp << (LEVEL_AT - LEVEL)));
    }
}
