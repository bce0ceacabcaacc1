// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title A contract on a parent chain with the storage layout of another project's, and code that a test chooses.
/// @dev Layouts from public records of the stacks' own repositories: ethereum-optimism/optimism, snapshots/storageLayout/AnchorStateRegistry.json
///      (0973cab) and OffchainLabs/nitro-contracts, test/storage/RollupCore (0644331).
contract ParentChainMock {
    /// @notice Writes any slot.
    function write(uint256 slot, bytes32 value) external {
        assembly ("memory-safe") {
            sstore(slot, value)
        }
    }

    /// @notice Places a contract with exactly this code.
    function place(bytes calldata code) external returns (address created) {
        // Returns what stands behind its own 14 bytes: PUSH2 size, DUP1, PUSH1 14, PUSH0, CODECOPY, PUSH0, RETURN, and padding.
        bytes memory creation = bytes.concat(hex"61", bytes2(uint16(code.length)), hex"80600e5f395ff35b5b5b5b", code);
        assembly ("memory-safe") {
            created := create(0, add(creation, 0x20), mload(creation))
        }
        emit Placed(created);
    }

    event Placed(address created);
}
