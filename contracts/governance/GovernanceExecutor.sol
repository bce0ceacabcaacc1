// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC7786Recipient} from "@openzeppelin/contracts/crosschain/ERC7786Recipient.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {EvmInterop} from "../libraries/EvmInterop.sol";
import {Conditions} from "./Conditions.sol";
import {IGovernanceExecutor} from "./IGovernanceExecutor.sol";

/// @title Governance's hand on a rollup away from home. Not upgradeable, keeps nothing.
/// @dev OpenZeppelin's CrosschainRemoteExecutor would do whatever the message says, its own reconfiguration included, at once. This one knows two
///      calls of one contract, so even a lying quorum has to wait in the timelock.
contract GovernanceExecutor is IGovernanceExecutor, ERC7786Recipient {
    address private immutable GATEWAY;
    address private immutable TIMELOCK;
    uint256 private immutable HOME_CHAIN_ID;
    address private immutable HOME_TIMELOCK;

    /// @param ownGateway brings legs
    /// @param ownTimelock of which this contract is the proposer
    /// @param homeChainId where decisions are made
    /// @param homeTimelock sends legs
    constructor(address ownGateway, address ownTimelock, uint256 homeChainId, address homeTimelock) {
        if (ownGateway == address(0) || ownTimelock == address(0) || homeChainId == 0 || homeTimelock == address(0)) {
            revert ExecutorInvalidWiring(ownGateway, ownTimelock, homeChainId, homeTimelock);
        }
        GATEWAY = ownGateway;
        TIMELOCK = ownTimelock;
        HOME_CHAIN_ID = homeChainId;
        HOME_TIMELOCK = homeTimelock;
    }

    /// @inheritdoc IGovernanceExecutor
    function timelock() external view returns (address) {
        return TIMELOCK;
    }

    /// @inheritdoc IGovernanceExecutor
    function gateway() external view returns (address) {
        return GATEWAY;
    }

    /// @inheritdoc IGovernanceExecutor
    function controller() external view returns (uint256 homeChainId, address account) {
        return (HOME_CHAIN_ID, HOME_TIMELOCK);
    }

    /// @inheritdoc ERC7786Recipient
    function _isAuthorizedGateway(address instance, bytes calldata sender) internal view override returns (bool) {
        (uint256 chainId, address account) = EvmInterop.parse(sender);
        return instance == GATEWAY && chainId == HOME_CHAIN_ID && account == HOME_TIMELOCK;
    }

    /// @inheritdoc ERC7786Recipient
    function _processMessage(address, bytes32 receiveId, bytes calldata, bytes calldata payload) internal override {
        bytes4 selector = payload.length < 4 ? bytes4(0) : bytes4(payload);
        if (selector == TimelockController.scheduleBatch.selector) {
            (address[] memory targets, , bytes[] memory payloads) = abi.decode(
                payload[4:],
                (address[], uint256[], bytes[])
            );
            Conditions.check(TIMELOCK, targets, payloads);
        } else if (selector != TimelockController.cancel.selector) {
            revert ExecutorForbiddenCall(selector);
        }
        emit LegReceived(receiveId, selector);
        Address.functionCall(TIMELOCK, payload);
    }
}
