// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {InflowLimit} from "../libraries/InflowLimit.sol";

/// @title Runs sequences of operations on one limit word.
contract InflowLimitHarness {
    using InflowLimit for uint256;

    enum Kind {
        Configure,
        Accept,
        Release
    }

    struct Operation {
        Kind kind;
        uint256 first;
        uint256 second;
        uint256 time;
        bool exposed;
    }

    struct Outcome {
        bool ok;
        uint256 level;
        uint256 exposure;
        uint256 available;
        uint256 capacity;
        uint256 share;
        uint24 tag;
    }

    /// @notice What every operation gives, starting from an unset word that carries `tag`.
    function run(uint24 tag, Operation[] calldata operations) external pure returns (Outcome[] memory outcomes) {
        outcomes = new Outcome[](operations.length);
        uint256 word = uint256(0).withTag(tag);
        for (uint256 i = 0; i < operations.length; ++i) {
            Operation calldata o = operations[i];
            bool ok = true;
            if (o.kind == Kind.Configure) word = word.configure(o.first, o.second, o.time);
            else if (o.kind == Kind.Accept) (ok, word) = word.accept(o.first, o.time, o.exposed);
            else word = word.release(o.first, o.time);
            outcomes[i] = Outcome({
                ok: ok,
                level: word.levelAt(o.time),
                exposure: word.exposureAt(o.time),
                available: word.available(o.time, o.exposed),
                capacity: word.capacityOf(),
                share: word.shareOf(),
                tag: word.tagOf()
            });
        }
    }
}
