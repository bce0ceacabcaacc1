// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManagedUpgradeable} from "@openzeppelin/contracts-upgradeable/access/manager/AccessManagedUpgradeable.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {GatewayInbound} from "./GatewayInbound.sol";
import {GatewayLanes} from "./GatewayLanes.sol";
import {GatewayOutbound} from "./GatewayOutbound.sol";
import {GatewayStorage, GatewayWiring} from "./GatewayStorage.sol";
import {IMetalayerGateway} from "./IMetalayerGateway.sol";

/// @title Metalayer's ERC-7786 gateway (see {IMetalayerGateway}).
/// @dev One state machine a lane: sending in {GatewayOutbound}, delivery in {GatewayInbound}, terms in {GatewayLanes}.
contract MetalayerGateway is GatewayOutbound, GatewayInbound, GatewayLanes, AccessManagedUpgradeable, UUPSUpgradeable {
    constructor(GatewayWiring memory wiring) GatewayStorage(wiring) {
        _disableInitializers();
    }

    /// @notice Names the AccessManager, once, in the proxy's constructor.
    function initialize(address authority) external initializer {
        __AccessManaged_init(authority);
    }

    /// @inheritdoc IMetalayerGateway
    function pause(uint256[] calldata srcChainIds, uint256 duration) external restricted {
        _pause(srcChainIds, duration);
    }

    /// @inheritdoc IMetalayerGateway
    function unpause(uint256 srcChainId) external restricted {
        _unpause(srcChainId);
    }

    /// @inheritdoc IMetalayerGateway
    function isDelivered(uint256 srcChainId, uint64 nonce) external view returns (bool) {
        return _isClosed(_inRoute(srcChainId, _state().sources[srcChainId].word), nonce);
    }

    /// @inheritdoc IMetalayerGateway
    function deliveredWord(uint256 srcChainId, uint256 index) external view returns (uint256) {
        return _state().delivered[_inRoute(srcChainId, _state().sources[srcChainId].word)][index].marks;
    }

    /// @inheritdoc IMetalayerGateway
    function fastWord(uint256 srcChainId, uint256 index) external view returns (uint256) {
        return _state().fastDelivered[_inRoute(srcChainId, _state().sources[srcChainId].word)][index].marks;
    }

    function _authorizeUpgrade(address) internal override restricted {}
}
