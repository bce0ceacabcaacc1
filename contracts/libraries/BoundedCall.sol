// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Calls of contracts that nobody vouches for: a gas limit, a bounded answer.
library BoundedCall {
    uint256 private constant MAX_ANSWER = 256;

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
        }
        if (!ok) reason = lastAnswer();
    }

    /// @notice What the last call returned, no more than 256 bytes of it.
    /// @dev Nothing that calls may stand between that call and this.
    function lastAnswer() internal pure returns (bytes memory kept) {
        assembly ("memory-safe") {
            let length := returndatasize()
            if gt(length, MAX_ANSWER) {
                length := MAX_ANSWER
            }
            kept := mload(0x40)
            mstore(kept, length)
            returndatacopy(add(kept, 0x20), 0, length)
            mstore(0x40, add(kept, and(add(length, 0x3f), not(0x1f))))
        }
    }
}
