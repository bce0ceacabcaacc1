// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IGuardianSet} from "../guardians/IGuardianSet.sol";

/// @title The question to the guardian set, asked without a second copy of the attestation.
library AttestationCall {
    /// @notice Serial of the table whose quorum signed `attestation`; 0 authorises nothing.
    /// @dev Functionally equivalent: IGuardianSet(guardianSet).serialOf(attestation), but 0 where that call would revert. The bytes are not padded:
    ///      the decoder asks only that they lie within the call data.
    function serialOf(address guardianSet, bytes calldata attestation) internal view returns (uint256 serial) {
        bytes32 selector = IGuardianSet.serialOf.selector;
        assembly ("memory-safe") {
            let input := mload(0x40)
            mstore(input, selector)
            mstore(add(input, 0x04), 0x20)
            mstore(add(input, 0x24), attestation.length)
            calldatacopy(add(input, 0x44), attestation.offset, attestation.length)
            let ok := staticcall(gas(), guardianSet, input, add(0x44, attestation.length), 0x00, 0x20)
            if and(ok, gt(returndatasize(), 0x1f)) {
                serial := mload(0x00)
            }
        }
    }

    /// @notice The root that an attestation of at least 32 bytes is about.
    function rootOf(bytes calldata attestation) internal pure returns (bytes32 root) {
        assembly ("memory-safe") {
            root := calldataload(attestation.offset)
        }
    }
}
