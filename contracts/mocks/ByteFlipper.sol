// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Calls a contract with one bit of its data flipped, at many places in one call, and leaves nothing changed.
contract ByteFlipper {
    /// @dev More than any of the calls takes: a call that lacks gas would pass for one that is refused.
    uint256 private constant GAS_FOR_ONE = 1_500_000;

    error ByteFlipperLacksGas(uint256 place);

    /// @notice Places from `from` to before `to` at which the call is accepted although a bit of the byte is flipped.
    function accepted(
        address target,
        bytes memory data,
        uint256 from,
        uint256 to
    ) external returns (uint256[] memory places) {
        places = new uint256[](to - from);
        uint256 found;
        for (uint256 place = from; place < to; ++place) {
            if (gasleft() < GAS_FOR_ONE) revert ByteFlipperLacksGas(place);
            bytes1 old = data[place];
            data[place] = old ^ bytes1(uint8(1 << (place % 8)));
            try this.attempt(target, data) {} catch (bytes memory verdict) {
                if (verdict.length == 1) places[found++] = place;
            }
            data[place] = old;
        }
        assembly ("memory-safe") {
            mstore(places, found)
        }
    }

    /// @notice Reverts with one byte if the call is accepted and with none if it is not, so that no state is kept.
    function attempt(address target, bytes calldata data) external {
        (bool ok, ) = target.call(data);
        assembly ("memory-safe") {
            revert(0, ok)
        }
    }
}
