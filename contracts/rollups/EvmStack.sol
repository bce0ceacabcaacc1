// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";
import {IRollupStack} from "./IRollupStack.sol";

/// @title Own blocks of rollups that count and hash them as Ethereum does (OP Stack, Polygon CDK, plain EVM).
/// @dev The last 256 hashes come from BLOCKHASH, up to 8,191 from the history contract of EIP-2935 where the rollup has it.
contract EvmStack is IRollupStack {
    /// @dev EIP-2935, `HISTORY_STORAGE_ADDRESS`.
    address private constant HISTORY = 0x0000F90827F1C53a10cb7A02335B175320002935;

    /// @inheritdoc IRollupStack
    function blockNumber() external view returns (uint256) {
        return block.number;
    }

    /// @inheritdoc IRollupStack
    function blockHash(uint256 number) external view returns (bytes32) {
        if (number >= block.number) return 0;
        if (block.number - number <= 256) return blockhash(number);
        (bool success, bytes32 hash, ) = LowLevelCall.staticcallReturn64Bytes(HISTORY, abi.encode(number));
        return success && LowLevelCall.returnDataSize() == 32 ? hash : bytes32(0);
    }
}
