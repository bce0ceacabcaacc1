// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC7786Recipient} from "@openzeppelin/contracts/crosschain/ERC7786Recipient.sol";
import {IERC7786GatewaySource} from "@openzeppelin/contracts/interfaces/draft-IERC7786.sol";
import {InteroperableAddress} from "@openzeppelin/contracts/utils/draft-InteroperableAddress.sol";
import {IOmniDeployer} from "../deployment/IOmniDeployer.sol";

/// @title Counts on all rollups what is counted on one: the smallest application of an {IOmniDeployer}, which tells it its peers.
contract OmniCounter is ERC7786Recipient {
    IOmniDeployer private immutable DEPLOYER;
    uint256 public count;

    constructor(IOmniDeployer deployer) {
        DEPLOYER = deployer;
    }

    /// @notice Counts one, here and on these rollups. Anyone.
    function increment(uint256[] calldata chainIds) external {
        ++count;
        for (uint256 i; i < chainIds.length; ++i) {
            bytes memory peer = InteroperableAddress.formatEvmV1(
                chainIds[i],
                DEPLOYER.peerOf(address(this), chainIds[i])
            );
            IERC7786GatewaySource(DEPLOYER.gateway()).sendMessage(peer, "", new bytes[](0));
        }
    }

    /// @dev Peers over the gateway, and nobody else.
    function _isAuthorizedGateway(address instance, bytes calldata sender) internal view override returns (bool) {
        (uint256 chainId, address account) = InteroperableAddress.parseEvmV1Calldata(sender);
        return instance == DEPLOYER.gateway() && account == DEPLOYER.peerOf(address(this), chainId);
    }

    function _processMessage(address, bytes32, bytes calldata, bytes calldata) internal override {
        ++count;
    }
}
