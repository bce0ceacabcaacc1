// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title ERA for accounts on a list.
/// @notice Leaves are those of OpenZeppelin's StandardMerkleTree over (address account, uint256 amount): keccak256(keccak256(abi.encode(…))).
interface IEraAirdrop {
    event Claimed(address indexed account, uint256 amount);
    /// @notice What nobody claimed until the deadline went to `remainderTo`.
    event RemainderPaid(address indexed remainderTo, uint256 amount);

    error AirdropInvalidSettings(address era, bytes32 root, uint256 deadline, address remainderTo);
    error AirdropEnded(uint256 deadline);
    error AirdropNotEnded(uint256 deadline);
    error AirdropAlreadyClaimed(address account);
    error AirdropNotListed(address account, uint256 amount);

    /// @notice Pays `amount` to `account`, once. Anyone, for whom they like: it always goes to the account on the list.
    /// @dev Reverts {AirdropEnded}, {AirdropAlreadyClaimed}, {AirdropNotListed}. Emits {Claimed}.
    function claim(address account, uint256 amount, bytes32[] calldata proof) external;

    /// @notice After the deadline: pays everything that is left to {remainderTo}. Anyone, as often as there is something.
    /// @dev Reverts {AirdropNotEnded}. Emits {RemainderPaid}.
    function payRemainder() external;

    /// @notice Whether the account has had its part.
    function isClaimed(address account) external view returns (bool);

    /// @notice Root of the list.
    function root() external view returns (bytes32);

    /// @notice The last second to claim.
    function deadline() external view returns (uint256);

    /// @notice Who gets what nobody claimed.
    function remainderTo() external view returns (address);
}
