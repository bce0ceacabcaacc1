// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {InWord, OutWord} from "../libraries/LaneWords.sol";
import {IMetalayerGateway} from "./IMetalayerGateway.sol";

/// @notice Addresses and identity that an implementation of the gateway carries as immutables.
/// @param governanceExecutor recipient whose deliveries no pause stops
struct GatewayWiring {
    bytes32 networkId;
    address inbox;
    address guardianSet;
    address staking;
    address feeController;
    address registry;
    address accessManager;
    address governanceExecutor;
}

/// @title Storage and wiring shared by the parts of the gateway.
abstract contract GatewayStorage is IMetalayerGateway {
    struct OutLaneState {
        bytes32 head;
        OutWord word;
    }

    struct Source {
        InWord word;
        address gateway;
    }

    /// @dev Marks of delivered messages: 256 bits of `final`, or 4 fingerprints of `fast` (docs/protocol/messages.md §6).
    struct Record {
        uint256 marks;
    }

    /// @dev Sponsor in the upper 160 bits, balance in the lowest 64.
    struct Credit {
        uint256 word;
    }

    /// @dev `claimed` while its message is being delivered by who claims it: nothing that the recipient does then takes it away.
    struct Bounty {
        address refundTo;
        uint64 amount;
        bool claimed;
    }

    struct Queue {
        uint128 fees;
        uint128 bounties;
    }

    /// @custom:storage-location erc7201:metalayer.gateway
    struct State {
        mapping(uint256 dstChainId => OutLaneState) outLanes;
        mapping(uint256 route => mapping(uint256 index => bytes32)) checkpoints;
        mapping(uint256 dstChainId => uint256) accruedBounties;
        mapping(uint256 srcChainId => Source) sources;
        mapping(uint256 route => mapping(uint256 index => Record)) delivered;
        mapping(uint256 route => mapping(uint256 index => Record)) fastDelivered;
        mapping(address account => Credit) credits;
        // limit 64 · period 32 · window start 40 · spent 64, from the lowest bit
        mapping(address sponsor => mapping(address account => uint256)) sponsorships;
        // deliverer's part in the lowest 128 bits, guardians' part above
        mapping(uint256 serial => mapping(address deliverer => uint256)) earnings;
        mapping(uint256 srcChainId => mapping(address deliverer => Queue)) queues;
        mapping(uint256 route => mapping(uint256 nonce => mapping(bytes32 sendId => Bounty))) bounties;
        // see FastAllowance
        mapping(address recipient => mapping(uint256 srcChainId => uint256)) fastLimits;
        mapping(address recipient => address) fastAdmins;
        // fees of `fast` deliveries, in fee units
        mapping(uint256 srcChainId => mapping(address deliverer => uint256)) fastQueues;
    }

    // keccak256(abi.encode(uint256(keccak256("metalayer.gateway")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STATE_SLOT = 0x97d6765343459adc36598cae8850670a2f1a00e3ee5f00d249e4f9ce89affa00;

    bytes32 internal immutable NETWORK_ID;
    address internal immutable INBOX;
    address internal immutable GUARDIAN_SET;
    address internal immutable STAKING;
    address internal immutable FEE_CONTROLLER;
    address internal immutable REGISTRY;
    address internal immutable ACCESS_MANAGER;
    address internal immutable GOVERNANCE_EXECUTOR;
    /// @dev Bit b is set if the last byte of one of the protocol's own addresses, the gateway's excepted, is b.
    uint256 internal immutable PROTOCOL_BYTES;

    constructor(GatewayWiring memory wiring) {
        NETWORK_ID = wiring.networkId;
        INBOX = wiring.inbox;
        GUARDIAN_SET = wiring.guardianSet;
        STAKING = wiring.staking;
        FEE_CONTROLLER = wiring.feeController;
        REGISTRY = wiring.registry;
        ACCESS_MANAGER = wiring.accessManager;
        GOVERNANCE_EXECUTOR = wiring.governanceExecutor;
        PROTOCOL_BYTES =
            _lastByteBit(wiring.inbox) |
            _lastByteBit(wiring.guardianSet) |
            _lastByteBit(wiring.staking) |
            _lastByteBit(wiring.feeController) |
            _lastByteBit(wiring.registry) |
            _lastByteBit(wiring.accessManager);
    }

    /// @inheritdoc IMetalayerGateway
    function networkId() external view returns (bytes32) {
        return NETWORK_ID;
    }

    function _lastByteBit(address account) internal pure returns (uint256) {
        return 1 << uint8(uint160(account));
    }

    modifier only(address caller) {
        if (msg.sender != caller) revert GatewayUnauthorized(msg.sender);
        _;
    }

    function _state() internal pure returns (State storage $) {
        assembly {
            $.slot := STATE_SLOT
        }
    }
}
