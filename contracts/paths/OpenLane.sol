// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Route} from "../libraries/Route.sol";
import {IMetalayerGateway} from "../messaging/IMetalayerGateway.sol";

/// @title The lane from a rollup that is open here.
library OpenLane {
    /// @return route zero if none is open
    /// @return sender gateway that writes it there
    function from(IMetalayerGateway gateway, uint256 srcChainId) internal view returns (uint256 route, address sender) {
        IMetalayerGateway.InLane memory lane = gateway.inLane(srcChainId);
        if (lane.status != IMetalayerGateway.LaneStatus.Open) return (0, address(0));
        return (Route.pack(srcChainId, block.chainid, lane.incarnation, lane.ownIncarnation), lane.gateway);
    }
}
