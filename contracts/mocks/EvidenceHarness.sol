// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EvidenceHead} from "../libraries/EvidenceHead.sol";
import {EvidenceLane} from "../libraries/EvidenceLane.sol";
import {Fact} from "../libraries/Fact.sol";

/// @dev Test only: the evidence libraries, callable.
contract EvidenceHarness {
    function hash(EvidenceLane.LaneFact calldata fact) external pure returns (bytes32) {
        return EvidenceLane.hash(fact);
    }

    function isReadable(EvidenceLane.LaneFact calldata fact) external pure returns (bool) {
        return EvidenceLane.isReadable(fact);
    }

    function walk(
        bytes32 head,
        bytes32[] calldata hashes,
        uint256 steps
    ) external pure returns (bytes32 inner, bytes32 end) {
        return EvidenceLane.walk(head, hashes, steps);
    }

    function contradictsItself(
        EvidenceLane.LaneFact calldata fact,
        bytes32[] calldata hashes
    ) external pure returns (bool) {
        return EvidenceLane.contradictsItself(fact, hashes);
    }

    function endsDiffer(
        EvidenceLane.LaneFact calldata a,
        EvidenceLane.LaneFact calldata b
    ) external pure returns (bool) {
        return EvidenceLane.endsDiffer(a, b);
    }

    function leavesDiffer(
        EvidenceLane.LaneFact calldata a,
        EvidenceLane.LaneFact calldata b,
        uint256 nonce,
        bytes32 leafA,
        bytes calldata siblingsA,
        bytes32 leafB,
        bytes calldata siblingsB
    ) external pure returns (bool) {
        return EvidenceLane.leavesDiffer(a, b, nonce, leafA, siblingsA, leafB, siblingsB);
    }

    function differsWithin(
        EvidenceLane.LaneFact calldata a,
        bytes32[] calldata hashes,
        EvidenceLane.LaneFact calldata b
    ) external pure returns (bool) {
        return EvidenceLane.differsWithin(a, hashes, b);
    }

    function showsOtherRoot(Fact.Head calldata fact, bytes calldata header) external pure returns (bool) {
        return EvidenceHead.showsOtherRoot(fact, header);
    }

    function headConflict(Fact.Head calldata a, Fact.Head calldata b) external pure returns (bool) {
        return EvidenceHead.conflict(a, b);
    }
}
