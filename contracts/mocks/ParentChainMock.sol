// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title A contract on a parent chain with the storage layout of another project's, and code that a test chooses.
/// @dev Layouts from public records of the stacks' own repositories: ethereum-optimism/optimism, snapshots/storageLayout/AnchorStateRegistry.json
///      (0973cab) and FaultDisputeGame.json, and OffchainLabs/nitro-contracts, test/storage/RollupCore (0644331).
contract ParentChainMock {
    /// @notice Writes any slot.
    function write(uint256 slot, bytes32 value) external {
        assembly ("memory-safe") {
            sstore(slot, value)
        }
    }

    /// @notice Places a contract with exactly this code, and this word in its slot 0.
    function place(bytes calldata code, bytes32 first) external returns (address created) {
        // PUSH32 first, PUSH0, SSTORE; then what returns all behind these 45 bytes: PUSH2 size, DUP1, PUSH1 45, PUSH0, CODECOPY, PUSH0, RETURN.
        bytes memory store = bytes.concat(hex"7f", first, hex"5f55");
        bytes memory creation = bytes.concat(store, hex"61", bytes2(uint16(code.length)), hex"80602d5f395ff3", code);
        assembly ("memory-safe") {
            created := create(0, add(creation, 0x20), mload(creation))
        }
        emit Placed(created);
    }

    event Placed(address created);
}
