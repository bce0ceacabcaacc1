// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Fact} from "./Fact.sol";
import {StateProof} from "./StateProof.sol";

/// @title What a block header proves about a head fact: docs/protocol/slashing.md §2.
library EvidenceHead {
    /// @notice Whether the header of the fact's block shows another state root than the fact.
    /// @dev False for another block's header and for bytes that are not shaped like Ethereum's header. Never reverts.
    function showsOtherRoot(Fact.Head calldata fact, bytes calldata header) internal pure returns (bool) {
        (bool proven, bytes32 stateRoot) = StateProof.stateRootOf(fact.blockHash, header);
        return proven && stateRoot != fact.stateRoot;
    }

    /// @notice Whether two facts say different things about one anchor.
    function conflict(Fact.Head calldata a, Fact.Head calldata b) internal pure returns (bool) {
        if (a.class != b.class || a.chainId != b.chainId || a.incarnation != b.incarnation) return false;
        if (a.anchorIndex != b.anchorIndex) return false;
        return a.number != b.number || a.blockHash != b.blockHash || a.stateRoot != b.stateRoot;
    }
}
