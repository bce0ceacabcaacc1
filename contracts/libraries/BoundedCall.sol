// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Calls of contracts that nobody vouches for: a gas limit, a bounded answer.
library BoundedCall {
    uint256 private constant MAX_REASON = 256;

    /// @notice Calls `target` with `callGas`. True only if it returned at least 32 bytes that begin with exactly the selector of the call;
    ///         otherwise `reason` holds at most 256 bytes of what it returned.
    /// @dev The EVM gives less than `callGas` if 63/64 of what is left are less: the caller has to see to it that there is enough.
    /// @param data call data, selector first
    function execute(
        address target,
        uint256 callGas,
        bytes memory data
    ) internal returns (bool ok, bytes memory reason) {
        assembly ("memory-safe") {
            let selector := shl(224, shr(224, mload(add(data, 0x20))))
            ok := call(callGas, target, 0, add(data, 0x20), mload(data), 0x00, 0x20)
            ok := and(ok, and(gt(returndatasize(), 0x1f), eq(mload(0x00), selector)))
            if iszero(ok) {
                let kept := returndatasize()
                if gt(kept, MAX_REASON) {
                    kept := MAX_REASON
                }
                reason := mload(0x40)
                mstore(reason, kept)
                returndatacopy(add(reason, 0x20), 0, kept)
                mstore(0x40, add(reason, and(add(kept, 0x3f), not(0x1f))))
            }
        }
    }
}
