// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Fact} from "./Fact.sol";

/// @title What a block header proves about a head fact: docs/protocol/slashing.md §2.
library EvidenceHead {
    /// @dev List prefix 3, parent hash 33, ommers hash 33, beneficiary 21, and the state root's own prefix.
    uint256 private constant STATE_ROOT_OFFSET = 91;

    /// @notice Whether the header of the fact's block shows another state root than the fact.
    /// @dev False for another block's header and for bytes that are not shaped like Ethereum's header. Never reverts.
    function showsOtherRoot(Fact.Head calldata fact, bytes calldata header) internal pure returns (bool) {
        if (!isHeader(header) || keccak256(header) != fact.blockHash) return false;
        return bytes32(header[STATE_ROOT_OFFSET:]) != fact.stateRoot;
    }

    /// @notice Whether the state root of these bytes lies where Ethereum's header has it.
    function isHeader(bytes calldata header) internal pure returns (bool) {
        return
            header.length >= STATE_ROOT_OFFSET + 32 &&
            header[0] == 0xf9 &&
            header[3] == 0xa0 &&
            header[36] == 0xa0 &&
            header[69] == 0x94 &&
            header[90] == 0xa0;
    }

    /// @notice Whether two facts say different things about one anchor.
    function conflict(Fact.Head calldata a, Fact.Head calldata b) internal pure returns (bool) {
        if (a.class != b.class || a.chainId != b.chainId || a.incarnation != b.incarnation) return false;
        if (a.anchorIndex != b.anchorIndex) return false;
        return a.number != b.number || a.blockHash != b.blockHash || a.stateRoot != b.stateRoot;
    }
}
