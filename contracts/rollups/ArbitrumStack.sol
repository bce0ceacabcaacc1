// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";
import {IArbSys} from "../interfaces/IArbSys.sol";
import {IRollupStack} from "./IRollupStack.sol";

/// @title Own blocks of Arbitrum Nitro rollups, where `block.number` and BLOCKHASH speak about the parent chain.
contract ArbitrumStack is IRollupStack {
    IArbSys private constant ARB_SYS = IArbSys(address(0x64));

    /// @inheritdoc IRollupStack
    function blockNumber() external view returns (uint256) {
        return ARB_SYS.arbBlockNumber();
    }

    /// @inheritdoc IRollupStack
    function blockHash(uint256 number) external view returns (bytes32) {
        (bool success, bytes32 hash, ) = LowLevelCall.staticcallReturn64Bytes(
            address(ARB_SYS),
            abi.encodeCall(IArbSys.arbBlockHash, (number))
        );
        return success && LowLevelCall.returnDataSize() == 32 ? hash : bytes32(0);
    }
}
