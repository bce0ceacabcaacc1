// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Guardian set that accepts exactly the attestations it was told about.
contract AttestationsMock {
    mapping(bytes32 attestationHash => uint256 serial) private _serials;

    function accept(bytes calldata attestation, uint256 serial) external {
        _serials[keccak256(attestation)] = serial;
    }

    function serialOf(bytes calldata attestation) external view returns (uint256) {
        return _serials[keccak256(attestation)];
    }
}
