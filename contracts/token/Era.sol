// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {BridgeFungible} from "@openzeppelin/contracts/crosschain/bridges/abstract/BridgeFungible.sol";
import {CrosschainLinked} from "@openzeppelin/contracts/crosschain/CrosschainLinked.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Crosschain} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Crosschain.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {IERC7786GatewaySource} from "@openzeppelin/contracts/interfaces/draft-IERC7786.sol";
import {InteroperableAddress} from "@openzeppelin/contracts/utils/draft-InteroperableAddress.sol";
import {EvmInterop} from "../libraries/EvmInterop.sol";
import {InflowLimit} from "../libraries/InflowLimit.sol";
import {IMetalayerGateway} from "../messaging/IMetalayerGateway.sol";
import {IEra} from "./IEra.sol";

/// @title ERA. Not upgradeable.
/// @dev Links are OpenZeppelin's. A source whose gateway is this rollup's own and whose Era has this contract's own address is tagged in its limit
///      word, which every transfer reads anyway: such a link needs no further storage read.
contract Era is IEra, ERC20Permit, ERC20Crosschain, AccessManaged {
    using InflowLimit for uint256;

    /// @dev Whole supply, minted on home only.
    uint256 private constant SUPPLY = 1_000_000_000e18;
    /// @dev Tags of a limit word. 0 never authorises.
    uint24 private constant LINK_STORED = 1;
    uint24 private constant LINK_STANDARD = 2;

    uint256 private immutable HOME_CHAIN_ID;
    address private immutable GATEWAY;
    address private immutable REGISTRY;
    address private immutable FEE_CONTROLLER;

    mapping(uint256 chainId => uint256 limit) private _sources;
    mapping(bytes32 receiveId => mapping(address recipient => bool)) private _returns;

    /// @notice The same arguments on every rollup; only on home does `genesisHolder` receive the supply.
    /// @param authority access manager, which may call {setSource} besides the registry
    constructor(
        address authority,
        address ownGateway,
        address ownRegistry,
        address ownFeeController,
        uint256 home,
        address genesisHolder
    )
        ERC20("Metalayer ERA", "ERA")
        ERC20Permit("Metalayer ERA")
        CrosschainLinked(new CrosschainLinked.Link[](0))
        AccessManaged(authority)
    {
        if (
            ownGateway == address(0) ||
            ownRegistry == address(0) ||
            ownFeeController == address(0) ||
            home == 0 ||
            genesisHolder == address(0)
        ) {
            revert EraInvalidWiring(ownGateway, ownRegistry, ownFeeController, home, genesisHolder);
        }
        HOME_CHAIN_ID = home;
        GATEWAY = ownGateway;
        REGISTRY = ownRegistry;
        FEE_CONTROLLER = ownFeeController;
        if (block.chainid == home) _mint(genesisHolder, SUPPLY);
    }

    /// @inheritdoc IEra
    function setSource(
        uint256 chainId,
        address gateway_,
        address counterpart,
        uint256 capacity,
        uint256 share
    ) external {
        if (msg.sender != REGISTRY) _checkCanCall(msg.sender, msg.data);
        if (chainId == block.chainid || chainId == 0 || chainId >= 1 << 63 || counterpart == address(0)) {
            revert EraInvalidSource(chainId, gateway_, counterpart);
        }
        bool standard = gateway_ == GATEWAY && counterpart == address(this);
        uint256 limit = _sources[chainId].configure(capacity, share, block.timestamp);
        limit = limit.withTag(standard ? LINK_STANDARD : LINK_STORED);
        _sources[chainId] = limit;
        emit SourceChanged(chainId, gateway_, counterpart, limit.capacityOf(), limit.shareOf());
        _setLink(gateway_, InteroperableAddress.formatEvmV1(chainId, counterpart), true);
    }

    /// @inheritdoc IEra
    function setSponsor(address sponsor) external restricted {
        IMetalayerGateway(GATEWAY).setSponsor(sponsor);
    }

    /// @inheritdoc IEra
    function requestReturn(bytes32 receiveId) external {
        _returns[receiveId][msg.sender] = true;
        emit ReturnRequested(receiveId, msg.sender);
    }

    /// @inheritdoc IEra
    function mint(address to, uint256 amount) external {
        _onlyFeeController();
        _mint(to, amount);
    }

    /// @inheritdoc IEra
    function burn(uint256 amount) external {
        _onlyFeeController();
        _burn(msg.sender, amount);
    }

    /// @inheritdoc IEra
    function homeChainId() external view returns (uint256) {
        return HOME_CHAIN_ID;
    }

    /// @inheritdoc IEra
    function gateway() external view returns (address) {
        return GATEWAY;
    }

    /// @inheritdoc IEra
    function registry() external view returns (address) {
        return REGISTRY;
    }

    /// @inheritdoc IEra
    function feeController() external view returns (address) {
        return FEE_CONTROLLER;
    }

    /// @inheritdoc IEra
    function source(uint256 chainId) external view returns (Source memory) {
        uint256 limit = _sources[chainId];
        if (limit.tagOf() == 0) return Source(address(0), address(0), 0, 0, 0, 0);
        (address gateway_, bytes memory counterpart) = getLink(InteroperableAddress.formatEvmV1(chainId));
        (, address account) = EvmInterop.parseMemory(counterpart);
        return
            Source({
                gateway: gateway_,
                counterpart: account,
                capacity: limit.capacityOf(),
                share: limit.shareOf(),
                level: limit.levelAt(block.timestamp),
                exposure: limit.exposureAt(block.timestamp)
            });
    }

    /// @inheritdoc IEra
    function acceptable(uint256 srcChainId) external view returns (uint256) {
        return _sources[srcChainId].available(block.timestamp, srcChainId != HOME_CHAIN_ID);
    }

    /// @inheritdoc IEra
    function isReturnRequested(bytes32 receiveId, address recipient) external view returns (bool) {
        return _returns[receiveId][recipient];
    }

    /// @inheritdoc BridgeFungible
    /// @dev Refuses at the source whatever could never be delivered, and books the amount as sent.
    function _crosschainTransfer(
        address from,
        bytes memory to,
        uint256 amount
    ) internal override returns (bytes32 sendId) {
        (uint256 chainId, address recipient) = EvmInterop.parseMemory(to);
        if (recipient == address(0)) revert EraInvalidRecipient(to);
        uint256 limit = _sources[chainId];
        if (limit.tagOf() == 0) revert EraUnknownRollup(chainId);
        uint256 released = limit.release(amount, block.timestamp);
        if (released != limit) _sources[chainId] = released;

        _onSend(from, amount);
        sendId = _send(chainId, limit, from, recipient, amount);
        emit CrosschainFungibleTransferSent(sendId, from, to, amount);
    }

    /// @inheritdoc BridgeFungible
    /// @dev STEP 2, on the destination: within the limits of the source, or back to it if the recipient asked for that.
    function _processMessage(
        address,
        bytes32 receiveId,
        bytes calldata sender,
        bytes calldata payload
    ) internal override {
        // Authorised, hence canonical.
        uint256 chainId = EvmInterop.chainIdOf(sender);
        bytes calldata from = _bytesAt(payload, 0);
        bytes calldata to = _bytesAt(payload, 32);
        uint256 amount = uint256(bytes32(payload[64:96]));
        address recipient = address(bytes20(to));
        if (to.length != 20 || recipient == address(0)) revert EraInvalidRecipient(to);
        uint256 limit = _sources[chainId];

        bool exposed = chainId != HOME_CHAIN_ID;
        (bool ok, uint256 next) = limit.accept(amount, block.timestamp, exposed);
        if (!ok) {
            if (!_returns[receiveId][recipient]) {
                revert EraLimitExceeded(chainId, amount, limit.available(block.timestamp, exposed));
            }
            delete _returns[receiveId][recipient];
            return _sendBack(receiveId, chainId, limit, from, recipient, amount);
        }
        _sources[chainId] = next;

        _onReceive(recipient, amount);
        emit CrosschainFungibleTransferReceived(receiveId, from, recipient, amount);
    }

    /// @inheritdoc CrosschainLinked
    function _isAuthorizedGateway(address instance, bytes calldata sender) internal view override returns (bool) {
        (uint256 chainId, address account) = EvmInterop.parse(sender);
        uint24 tag = _sources[chainId].tagOf();
        if (tag == LINK_STANDARD) return instance == GATEWAY && account == address(this);
        return tag == LINK_STORED && super._isAuthorizedGateway(instance, sender);
    }

    /// @dev The `bytes` whose offset stands at `place` in ABI-encoded data. Reverts if they run past the end.
    function _bytesAt(bytes calldata data, uint256 place) private pure returns (bytes calldata) {
        uint256 start = uint256(bytes32(data[place:place + 32])) + 32;
        return data[start:start + uint256(bytes32(data[start - 32:start]))];
    }

    /// @dev The amount was burnt on the source and never minted here, so neither limit moves.
    function _sendBack(
        bytes32 receiveId,
        uint256 chainId,
        uint256 limit,
        bytes calldata from,
        address recipient,
        uint256 amount
    ) private {
        (uint256 fromChainId, address account) = EvmInterop.parse(from);
        if (fromChainId != chainId || account == address(0)) revert EraInvalidSender(from);
        bytes32 sendId = _send(chainId, limit, recipient, account, amount);
        emit TransferReturned(receiveId, sendId, recipient, from, amount);
    }

    /// @dev Message to the Era of `chainId`, as OpenZeppelin's bridge encodes it.
    function _send(uint256 chainId, uint256 limit, address from, address to, uint256 amount) private returns (bytes32) {
        bytes memory payload = abi.encode(
            InteroperableAddress.formatEvmV1(block.chainid, from),
            abi.encodePacked(to),
            amount
        );
        if (limit.tagOf() == LINK_STORED) {
            return _sendMessageToCounterpart(InteroperableAddress.formatEvmV1(chainId), payload, new bytes[](0));
        }
        bytes memory counterpart = InteroperableAddress.formatEvmV1(chainId, address(this));
        return IERC7786GatewaySource(GATEWAY).sendMessage(counterpart, payload, new bytes[](0));
    }

    function _onlyFeeController() private view {
        if (msg.sender != FEE_CONTROLLER) revert EraUnauthorized(msg.sender);
    }
}
