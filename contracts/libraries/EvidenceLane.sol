// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Fact} from "./Fact.sol";
import {Message} from "./Message.sol";
import {Tree} from "./Tree.sol";

/// @title What message hashes prove about a lane fact: docs/protocol/slashing.md §2.
library EvidenceLane {
    /// @notice A lane fact: docs/protocol/messages.md §4.
    struct LaneFact {
        uint8 class;
        bytes32 laneId;
        uint64 from;
        uint64 to;
        bytes32 headBefore;
        bytes32 headAt;
        bytes32 batchRoot;
        bytes32 srcBlockHash;
    }

    function hash(LaneFact calldata fact) internal pure returns (bytes32) {
        return
            Fact.hashLane(
                fact.class,
                fact.laneId,
                fact.from,
                fact.to,
                fact.headBefore,
                fact.headAt,
                fact.batchRoot,
                fact.srcBlockHash
            );
    }

    /// @notice Whether a rollup would read this fact at all.
    function isReadable(LaneFact calldata fact) internal pure returns (bool) {
        return
            fact.class <= Fact.CLASS_FAST &&
            fact.from < fact.to &&
            fact.to - fact.from <= Tree.MAX_LEAVES &&
            (fact.class == Fact.CLASS_FAST) == (fact.srcBlockHash != 0);
    }

    /// @notice Chains message hashes to a head.
    /// @param steps how many hashes lead to `inner`; at most their number
    /// @return inner the head after `steps` hashes
    /// @return end the head after all of them
    function walk(
        bytes32 head,
        bytes32[] calldata hashes,
        uint256 steps
    ) internal pure returns (bytes32 inner, bytes32 end) {
        inner = head;
        for (uint256 i = 0; i < hashes.length; ++i) {
            head = Message.chain(head, hashes[i]);
            if (i + 1 == steps) inner = head;
        }
        end = head;
    }

    /// @notice Whether the fact contradicts itself: these hashes, one for each message, lead from its head before to its head at, and have another root.
    function contradictsItself(LaneFact calldata fact, bytes32[] calldata hashes) internal pure returns (bool) {
        if (!_leads(fact, hashes)) return false;
        (bytes32 root, bool ok) = Tree.fold(hashes, 0, hashes.length, _none());
        return ok && root != fact.batchRoot;
    }

    /// @notice Whether two readable facts contradict each other by what they say in plain: an end in common with another head, or the
    ///         same range with another root.
    function endsDiffer(LaneFact calldata a, LaneFact calldata b) internal pure returns (bool) {
        if (!_sameSubject(a, b)) return false;
        return
            (a.from == b.from && a.headBefore != b.headBefore) ||
            (a.to == b.to && a.headAt != b.headAt) ||
            (a.from == b.to && a.headBefore != b.headAt) ||
            (a.to == b.from && a.headAt != b.headBefore) ||
            (a.from == b.from && a.to == b.to && a.batchRoot != b.batchRoot);
    }

    /// @notice Whether two readable facts prove different leaves for one nonce.
    function leavesDiffer(
        LaneFact calldata a,
        LaneFact calldata b,
        uint256 nonce,
        bytes32 leafA,
        bytes calldata siblingsA,
        bytes32 leafB,
        bytes calldata siblingsB
    ) internal pure returns (bool) {
        return
            _sameSubject(a, b) &&
            leafA != leafB &&
            _hasLeaf(a, nonce, leafA, siblingsA) &&
            _hasLeaf(b, nonce, leafB, siblingsB);
    }

    /// @notice Whether the message hashes of `a` lead over another head at an end of `b`.
    function differsWithin(
        LaneFact calldata a,
        bytes32[] calldata hashes,
        LaneFact calldata b
    ) internal pure returns (bool) {
        if (!_sameSubject(a, b) || !_leads(a, hashes)) return false;
        return _passesOther(a, hashes, b.from, b.headBefore) || _passesOther(a, hashes, b.to, b.headAt);
    }

    function _passesOther(
        LaneFact calldata a,
        bytes32[] calldata hashes,
        uint256 nonce,
        bytes32 head
    ) private pure returns (bool) {
        if (nonce <= a.from || nonce >= a.to) return false;
        (bytes32 inner, ) = walk(a.headBefore, hashes, nonce - a.from);
        return inner != head;
    }

    function _leads(LaneFact calldata fact, bytes32[] calldata hashes) private pure returns (bool) {
        if (hashes.length != fact.to - fact.from) return false;
        (, bytes32 end) = walk(fact.headBefore, hashes, 0);
        return end == fact.headAt;
    }

    function _hasLeaf(
        LaneFact calldata fact,
        uint256 nonce,
        bytes32 leaf,
        bytes calldata siblings
    ) private pure returns (bool) {
        if (nonce < fact.from || nonce >= fact.to) return false;
        (bytes32 root, bool ok) = Tree.foldOne(leaf, nonce - fact.from, fact.to - fact.from, siblings);
        return ok && root == fact.batchRoot;
    }

    /// @dev `fast` facts about different blocks do not contradict each other.
    function _sameSubject(LaneFact calldata a, LaneFact calldata b) private pure returns (bool) {
        return a.class == b.class && a.laneId == b.laneId && a.srcBlockHash == b.srcBlockHash;
    }

    function _none() private pure returns (bytes calldata empty) {
        assembly ("memory-safe") {
            empty.offset := 0
            empty.length := 0
        }
    }
}
