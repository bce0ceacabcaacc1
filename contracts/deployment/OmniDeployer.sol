// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC7786Recipient} from "@openzeppelin/contracts/crosschain/ERC7786Recipient.sol";
import {IERC7786GatewaySource} from "@openzeppelin/contracts/interfaces/draft-IERC7786.sol";
import {Create3} from "@openzeppelin/contracts/utils/Create3.sol";
import {InteroperableAddress} from "@openzeppelin/contracts/utils/draft-InteroperableAddress.sol";
import {Memory} from "@openzeppelin/contracts/utils/Memory.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {EvmInterop} from "../libraries/EvmInterop.sol";
import {IMetalayerGateway} from "../messaging/IMetalayerGateway.sol";
import {IOmniAccount} from "./IOmniAccount.sol";
import {IOmniDeployer} from "./IOmniDeployer.sol";
import {OmniAccount} from "./OmniAccount.sol";

/// @title Places applications on many rollups, and calls them there for their owner. Not upgradeable, no owner, no role.
contract OmniDeployer is IOmniDeployer, ERC7786Recipient {
    /// @notice Most placements or calls of one transaction.
    uint256 public constant MOST = 64;

    bytes32 private constant APP_TYPEHASH = keccak256(
        "OmniApp(uint256 ownerChainId,address owner,bytes32 salt,bytes32 codeHash)"
    );
    /// @dev Salt of the code that all accounts share.
    bytes32 private constant ACCOUNT_CODE = keccak256("OmniAccount code");
    bytes32 private constant ACCOUNT_TYPEHASH = keccak256("OmniAccount(uint256 ownerChainId,address owner)");
    /// @dev Kinds of messages: docs/protocol/omni.md.
    bytes4 private constant PLACE = bytes4(keccak256("place(address,bytes32,uint256,bytes,bytes)"));
    bytes4 private constant CALL = bytes4(keccak256("call(address,address,uint64,bool,bytes)"));
    /// @dev ERC-7786's example of an attribute: gas for the call at the destination.
    bytes4 private constant MIN_GAS_LIMIT = bytes4(keccak256("minGasLimit(uint256)"));

    /// @dev {App} as stored: the account follows from the rest. Chain ids are below 2^63.
    struct Placed {
        bytes32 id;
        address owner;
        uint64 ownerChainId;
    }

    address private immutable GATEWAY;

    mapping(uint256 chainId => address deployer) private _elsewhere;
    mapping(address app => Placed) private _apps;
    mapping(address account => mapping(uint256 chainId => mapping(address target => uint64))) private _sent;
    mapping(address account => mapping(address target => uint64)) private _done;

    /// @param ownGateway carries messages
    /// @param peers deployers of other rollups that stand at another address than this one
    constructor(address ownGateway, Peer[] memory peers) {
        if (ownGateway == address(0)) revert OmniInvalidWiring(ownGateway, 0, address(0));
        GATEWAY = ownGateway;
        for (uint256 i; i < peers.length; ++i) {
            (uint256 chainId, address deployer) = (peers[i].chainId, peers[i].deployer);
            if (chainId == 0 || chainId == block.chainid || deployer == address(0)) {
                revert OmniInvalidWiring(ownGateway, chainId, deployer);
            }
            _elsewhere[chainId] = deployer;
        }
        Create3.deploy(0, ACCOUNT_CODE, bytes.concat(type(OmniAccount).creationCode, abi.encode(address(this))));
    }

    /// @inheritdoc IOmniDeployer
    function deploy(
        bytes32 salt,
        bytes calldata creationCode,
        Placement[] calldata placements
    ) external returns (address app) {
        _checkCount(placements.length);
        if (creationCode.length == 0) revert OmniNoCode();
        bytes32 id = _appId(block.chainid, msg.sender, salt, keccak256(creationCode));
        app = Create3.computeAddress(id);
        address account = _openAccount(block.chainid, msg.sender);
        for (uint256 i; i < placements.length; ++i) {
            Placement calldata placement = placements[i];
            Memory.Pointer free = Memory.getFreeMemoryPointer();
            bytes memory initCode = bytes.concat(creationCode, placement.args);
            if (placement.chainId == block.chainid) {
                if (_apps[app].id != 0) revert OmniAppStands(app);
                _apps[app] = Placed(id, msg.sender, uint64(block.chainid));
                _place(app, id, account, initCode, placement.initialCall);
            } else {
                bytes memory payload = abi.encodeWithSelector(
                    PLACE,
                    msg.sender,
                    salt,
                    creationCode.length,
                    initCode,
                    placement.initialCall
                );
                bytes32 sendId = _send(account, placement.chainId, payload, placement.gasLimit);
                address there = Create3.computeAddress(id, deployerOn(placement.chainId));
                emit AppSent(id, placement.chainId, there, msg.sender, sendId);
            }
            // Nothing of this placement is needed for the next one, which would otherwise pay for its memory.
            Memory.unsafeSetFreeMemoryPointer(free);
        }
    }

    /// @inheritdoc IOmniDeployer
    function execute(Call[] calldata calls, bool supersede) external {
        _checkCount(calls.length);
        address account = _openAccount(block.chainid, msg.sender);
        for (uint256 i; i < calls.length; ++i) {
            Call calldata call = calls[i];
            if (call.chainId == block.chainid) {
                IOmniAccount(account).execute(call.target, call.data);
                continue;
            }
            uint64 sequence = _nextCall(account, call.chainId, call.target);
            bytes memory payload = abi.encodeWithSelector(
                CALL,
                msg.sender,
                call.target,
                sequence,
                supersede,
                call.data
            );
            bytes32 sendId = _send(account, call.chainId, payload, call.gasLimit);
            emit CallSent(account, call.chainId, call.target, sequence, sendId);
        }
    }

    /// @inheritdoc IOmniDeployer
    function addressOf(
        uint256 ownerChainId,
        address owner,
        bytes32 salt,
        bytes32 codeHash
    ) external view returns (address) {
        return Create3.computeAddress(_appId(ownerChainId, owner, salt, codeHash));
    }

    /// @inheritdoc IOmniDeployer
    function accountOf(uint256 ownerChainId, address owner) external view returns (address) {
        return Create3.computeAddress(_accountId(ownerChainId, owner));
    }

    /// @inheritdoc IOmniDeployer
    function appAt(address app) external view returns (App memory) {
        (bytes32 id, uint256 chainId, address owner) = (_apps[app].id, _apps[app].ownerChainId, _apps[app].owner);
        if (id == 0) return App(0, address(0), 0, address(0));
        return App(id, Create3.computeAddress(_accountId(chainId, owner)), chainId, owner);
    }

    /// @inheritdoc IOmniDeployer
    function peerOf(address app, uint256 chainId) external view returns (address) {
        bytes32 id = _apps[app].id;
        return id == 0 ? address(0) : Create3.computeAddress(id, deployerOn(chainId));
    }

    /// @inheritdoc IOmniDeployer
    function callsSent(address account, uint256 chainId, address target) external view returns (uint64) {
        return _sent[account][chainId][target];
    }

    /// @inheritdoc IOmniDeployer
    function callsDone(address account, address target) external view returns (uint64) {
        return _done[account][target];
    }

    /// @inheritdoc IOmniDeployer
    function gateway() external view returns (address) {
        return GATEWAY;
    }

    /// @inheritdoc IOmniDeployer
    function deployerOn(uint256 chainId) public view returns (address) {
        address elsewhere = _elsewhere[chainId];
        return elsewhere == address(0) ? address(this) : elsewhere;
    }

    /// @inheritdoc ERC7786Recipient
    function _isAuthorizedGateway(address instance, bytes calldata) internal view override returns (bool) {
        return instance == GATEWAY;
    }

    /// @inheritdoc ERC7786Recipient
    /// @dev Every kind names the owner first; the sender must be that owner's account on the source.
    function _processMessage(address, bytes32, bytes calldata sender, bytes calldata payload) internal override {
        (uint256 chainId, address from) = EvmInterop.parse(sender);
        bytes4 kind = bytes4(payload);
        if (kind != PLACE && kind != CALL) revert OmniUnknownMessage(kind);
        address owner = abi.decode(payload[4:], (address));
        if (from != Create3.computeAddress(_accountId(chainId, owner), deployerOn(chainId))) {
            revert OmniUnauthorized(chainId, from, owner);
        }
        address account = _openAccount(chainId, owner);
        if (kind == PLACE) _receivePlacement(chainId, owner, account, payload[4:]);
        else _receiveCall(account, payload[4:]);
    }

    function _receivePlacement(uint256 chainId, address owner, address account, bytes calldata payload) private {
        (, bytes32 salt, uint256 codeLength, bytes memory initCode, bytes memory initialCall) = abi.decode(
            payload,
            (address, bytes32, uint256, bytes, bytes)
        );
        if (codeLength == 0 || codeLength > initCode.length) revert OmniNoCode();
        bytes32 codeHash;
        assembly ("memory-safe") {
            codeHash := keccak256(add(initCode, 0x20), codeLength)
        }
        bytes32 id = _appId(chainId, owner, salt, codeHash);
        address app = Create3.computeAddress(id);
        if (_apps[app].id != 0) {
            emit AppKept(id, app);
            return;
        }
        _apps[app] = Placed(id, owner, uint64(chainId));
        _place(app, id, account, initCode, initialCall);
    }

    function _receiveCall(address account, bytes calldata payload) private {
        (, address target, uint64 sequence, bool supersede, bytes memory data) = abi.decode(
            payload,
            (address, address, uint64, bool, bytes)
        );
        uint64 done = _done[account][target];
        if (sequence <= done) {
            emit CallOvertaken(account, target, sequence, done);
            return;
        }
        bool isNext = sequence == done + 1 || uint32(sequence) == 1;
        if (!supersede && !isNext) revert OmniOutOfOrder(account, target, sequence, done);
        _done[account][target] = sequence;
        emit CallMade(account, target, sequence);
        IOmniAccount(account).execute(target, data);
    }

    /// @dev The lane's incarnations above a count that begins with 1 on every lane. They only grow: calls of a rollup that began anew have higher
    ///      numbers than those before, and the first one does not wait for calls that can never come.
    function _nextCall(address account, uint256 chainId, address target) private returns (uint64 sequence) {
        IMetalayerGateway.OutLane memory lane = IMetalayerGateway(GATEWAY).outLane(chainId);
        uint256 before = (lane.ownIncarnation << 48) | (lane.incarnation << 32);
        sequence = uint64(Math.max(before, _sent[account][chainId][target]) + 1);
        _sent[account][chainId][target] = sequence;
    }

    /// @dev Of an application that is in {_apps} by now, so that its constructor cannot place it again.
    function _place(address app, bytes32 id, address account, bytes memory initCode, bytes memory initialCall) private {
        emit AppPlaced(id, app, account);
        Create3.deploy(0, id, initCode);
        if (app.code.length == 0) revert OmniEmptyApp(app);
        if (initialCall.length != 0) IOmniAccount(account).execute(app, initialCall);
    }

    /// @dev The owner's account here, created with its first use: a minimal proxy (ERC-1167) of the one code of all accounts.
    function _openAccount(uint256 chainId, address owner) private returns (address account) {
        bytes32 id = _accountId(chainId, owner);
        account = Create3.computeAddress(id);
        if (account.code.length != 0) return account;
        emit AccountOpened(account, chainId, owner);
        Create3.deploy(
            0,
            id,
            abi.encodePacked(
                hex"3d602d80600a3d3981f3363d3d373d3d3d363d73",
                Create3.computeAddress(ACCOUNT_CODE),
                hex"5af43d82803e903d91602b57fd5bf3"
            )
        );
    }

    /// @dev The account is the sender, so that messages are paid from its own credit, or its sponsor's.
    function _send(
        address account,
        uint256 chainId,
        bytes memory payload,
        uint256 gasLimit
    ) private returns (bytes32 sendId) {
        bytes[] memory attributes = new bytes[](1);
        attributes[0] = abi.encodeWithSelector(MIN_GAS_LIMIT, gasLimit);
        bytes memory recipient = InteroperableAddress.formatEvmV1(chainId, deployerOn(chainId));
        bytes memory data = abi.encodeCall(IERC7786GatewaySource.sendMessage, (recipient, payload, attributes));
        return abi.decode(IOmniAccount(account).execute(GATEWAY, data), (bytes32));
    }

    function _checkCount(uint256 count) private pure {
        if (count == 0 || count > MOST) revert OmniInvalidCount(count, MOST);
    }

    function _appId(uint256 chainId, address owner, bytes32 salt, bytes32 codeHash) private pure returns (bytes32) {
        return keccak256(abi.encode(APP_TYPEHASH, chainId, owner, salt, codeHash));
    }

    function _accountId(uint256 chainId, address owner) private pure returns (bytes32) {
        return keccak256(abi.encode(ACCOUNT_TYPEHASH, chainId, owner));
    }
}
