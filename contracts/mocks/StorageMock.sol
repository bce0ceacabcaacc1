// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Storage that tests fill as they like.
contract StorageMock {
    mapping(uint256 key => uint256 value) public values;

    /// @notice Sets `values[from]` to `values[from + count − 1]` to their own number plus one.
    function fill(uint256 from, uint256 count) external {
        for (uint256 key = from; key < from + count; ++key) values[key] = key + 1;
    }

    /// @notice Writes any slot.
    function write(bytes32 slot, bytes32 value) external {
        assembly ("memory-safe") {
            sstore(slot, value)
        }
    }
}
