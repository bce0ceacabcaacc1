// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Where the guardians' part of fees is booked.
interface IGuardianFeePool {
    /// @notice Books `amount` wei of ERA, already minted to this contract, as earned by the guardians of table `serial`. Only the FeeController.
    /// @dev Reverts unless the ERA is really there beside everything else that this contract holds.
    function receiveFees(uint256 serial, uint256 amount) external;
}
