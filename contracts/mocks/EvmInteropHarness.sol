// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {InteroperableAddress} from "@openzeppelin/contracts/utils/draft-InteroperableAddress.sol";
import {EvmInterop} from "../libraries/EvmInterop.sol";

/// @title The parsers of interoperable addresses beside OpenZeppelin's.
contract EvmInteropHarness {
    function parse(bytes calldata encoded) external pure returns (uint256 chainId, address account) {
        return EvmInterop.parse(encoded);
    }

    function parseMemory(bytes memory encoded) external pure returns (uint256 chainId, address account) {
        return EvmInterop.parseMemory(encoded);
    }

    function chainIdOf(bytes calldata encoded) external pure returns (uint256) {
        return EvmInterop.chainIdOf(encoded);
    }

    /// @notice What OpenZeppelin reads, and zero unless writing it again gives the same bytes with both parts present.
    function parseReference(bytes memory encoded) external pure returns (uint256 chainId, address account) {
        bool ok;
        (ok, chainId, account) = InteroperableAddress.tryParseEvmV1(encoded);
        if (!ok || chainId == 0 || chainId > type(uint64).max || account == address(0)) return (0, address(0));
        bytes memory again = InteroperableAddress.formatEvmV1(chainId, account);
        if (keccak256(again) != keccak256(encoded)) return (0, address(0));
    }

    function format(uint256 chainId, address account) external pure returns (bytes memory) {
        (uint256 high, uint256 low, uint256 length) = EvmInterop.format(chainId, account);
        bytes memory both = abi.encodePacked(high, low);
        assembly ("memory-safe") {
            mstore(both, length)
        }
        return both;
    }
}
