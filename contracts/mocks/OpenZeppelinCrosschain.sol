// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CrosschainLinked} from "@openzeppelin/contracts/crosschain/CrosschainLinked.sol";
import {CrosschainRemoteExecutor} from "@openzeppelin/contracts/crosschain/CrosschainRemoteExecutor.sol";
import {BridgeERC1155} from "@openzeppelin/contracts/crosschain/bridges/BridgeERC1155.sol";
import {BridgeERC20} from "@openzeppelin/contracts/crosschain/bridges/BridgeERC20.sol";
import {BridgeERC721} from "@openzeppelin/contracts/crosschain/bridges/BridgeERC721.sol";
import {BridgeERC7802} from "@openzeppelin/contracts/crosschain/bridges/BridgeERC7802.sol";
import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {GovernorCrosschain} from "@openzeppelin/contracts/governance/extensions/GovernorCrosschain.sol";
import {GovernorCountingSimple} from "@openzeppelin/contracts/governance/extensions/GovernorCountingSimple.sol";
import {GovernorVotes} from "@openzeppelin/contracts/governance/extensions/GovernorVotes.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {IERC7802} from "@openzeppelin/contracts/interfaces/draft-IERC7802.sol";
import {ERC1155} from "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";
import {IERC1155} from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20Bridgeable} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC20Bridgeable.sol";
import {ERC20Crosschain} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Crosschain.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";

// OpenZeppelin's cross-chain contracts as they are; the subclasses add constructors, open minting, and a setter for links.

/// @dev Links are set after deployment, because two ends need each other's address.
abstract contract OpenLinks is CrosschainLinked {
    function link(address gateway, bytes calldata counterpart) external {
        _setLink(gateway, counterpart, false);
    }

    function relink(address gateway, bytes calldata counterpart) external {
        _setLink(gateway, counterpart, true);
    }
}

contract FreeERC20 is ERC20("Free", "FREE") {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

contract FreeERC721 is ERC721("Free", "FREE") {
    function mint(address to, uint256 id) external {
        _mint(to, id);
    }
}

contract FreeERC1155 is ERC1155("") {
    function mint(address to, uint256[] calldata ids, uint256[] calldata amounts) external {
        _mintBatch(to, ids, amounts, "");
    }
}

contract CustodyERC20 is BridgeERC20, OpenLinks {
    constructor(IERC20 token) BridgeERC20(token) CrosschainLinked(new Link[](0)) {}
}

contract CustodyERC721 is BridgeERC721, OpenLinks {
    constructor(IERC721 token) BridgeERC721(token) CrosschainLinked(new Link[](0)) {}
}

contract CustodyERC1155 is BridgeERC1155, OpenLinks {
    constructor(IERC1155 token) BridgeERC1155(token) CrosschainLinked(new Link[](0)) {}
}

contract TokenWithBridge is ERC20Crosschain, OpenLinks {
    constructor() ERC20("Inside", "IN") CrosschainLinked(new Link[](0)) {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

contract TokenForBridge is ERC20Bridgeable {
    error NotTheBridge(address caller);

    address public bridge;

    constructor() ERC20("Outside", "OUT") {}

    function setBridge(address bridge_) external {
        bridge = bridge_;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function _checkTokenBridge(address caller) internal view override {
        if (caller != bridge) revert NotTheBridge(caller);
    }
}

contract MintingBridge is BridgeERC7802, OpenLinks {
    constructor(IERC7802 token) BridgeERC7802(token) CrosschainLinked(new Link[](0)) {}
}

contract VotesToken is ERC20("Votes", "VOTE"), ERC20Permit("Votes"), ERC20Votes {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Votes) {
        super._update(from, to, value);
    }

    function nonces(address owner) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }
}

contract CrosschainGovernor is GovernorCrosschain, GovernorVotes, GovernorCountingSimple {
    constructor(IVotes token) Governor("Governor") GovernorVotes(token) {}

    function votingDelay() public pure override returns (uint256) {
        return 1;
    }

    function votingPeriod() public pure override returns (uint256) {
        return 5;
    }

    function quorum(uint256) public pure override returns (uint256) {
        return 1;
    }
}

contract RemoteExecutor is CrosschainRemoteExecutor {
    constructor(address gateway, bytes memory controller) CrosschainRemoteExecutor(gateway, controller) {}
}

/// @dev What a governor changes from afar.
contract Parameter {
    address public immutable OWNER;
    uint256 public value;
    bool public locked;

    error ParameterNotOwner(address caller);
    error ParameterLocked();

    constructor(address owner) {
        OWNER = owner;
    }

    function set(uint256 value_) external {
        if (msg.sender != OWNER) revert ParameterNotOwner(msg.sender);
        if (locked) revert ParameterLocked();
        value = value_;
    }

    function setLocked(bool locked_) external {
        locked = locked_;
    }
}
