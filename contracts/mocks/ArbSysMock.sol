// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IArbSys} from "../interfaces/IArbSys.sol";

/// @title Arbitrum's system precompile as Nitro answers: own count of blocks, hashes of the last 256, a revert for others.
/// @dev Its own number runs 1,000,000 ahead of `block.number`, so that mixing up the two shows.
contract ArbSysMock is IArbSys {
    error InvalidBlockNumber(uint256 requested, uint256 current);

    function arbBlockNumber() public view returns (uint256) {
        return block.number + 1_000_000;
    }

    function arbBlockHash(uint256 number) external view returns (bytes32) {
        uint256 current = arbBlockNumber();
        if (number >= current || number + 256 < current) revert InvalidBlockNumber(number, current);
        return keccak256(abi.encode("arbitrum block", number));
    }
}
