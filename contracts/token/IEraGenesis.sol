// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Who got ERA when it began.
/// @notice Receives all ERA when it is minted on home and gives every part away in its own creation: it never holds ERA afterwards and has no
///         function that changes anything.
interface IEraGenesis {
    /// @notice A part of all ERA. With a root an airdrop, with a duration a vesting wallet, otherwise paid at once: into the pot of rewards, if
    ///         the beneficiary is this rollup's GuardianRewards.
    /// @param name for people
    /// @param amount wei
    /// @param beneficiary who gets it, owns the vesting wallet, or gets what nobody claimed
    /// @param start of the vesting, seconds since 1970
    /// @param duration of the vesting, seconds
    /// @param root of the airdrop: OpenZeppelin's StandardMerkleTree over (address account, uint256 amount)
    /// @param deadline of the airdrop, seconds since 1970
    struct Part {
        bytes32 name;
        uint256 amount;
        address beneficiary;
        uint64 start;
        uint64 duration;
        bytes32 root;
        uint64 deadline;
    }

    /// @param holder whom the ERA went to: a vesting wallet, an airdrop, or the beneficiary
    struct Placed {
        bytes32 name;
        uint256 amount;
        address holder;
    }

    event PartPlaced(bytes32 indexed name, address indexed holder, uint256 amount);

    /// @dev The parts must be exactly what was minted.
    error GenesisWrongSum(uint256 sum, uint256 minted);
    error GenesisInvalidPart(uint256 index);

    /// @notice Part `index` as it was placed.
    /// @dev Reverts past the last part.
    function part(uint256 index) external view returns (Placed memory);

    /// @notice How many parts there are.
    function partCount() external view returns (uint256);
}
