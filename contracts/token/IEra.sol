// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title ERA: the network's currency, one ERC-20 that exists on every rollup and moves between them as messages.
/// @notice ERC-20, ERC-2612 and OpenZeppelin's `ERC20Crosschain` (`crosschainTransfer`, `crosschainTransferFrom`). What a rollup may bring in
///         is limited per source (docs/protocol/fees.md §4). Amounts are in wei of ERA unless a name says otherwise.
/// @dev 1,000,000,000 ERA are minted in the constructor on the home rollup and nowhere else.
interface IEra is IERC20 {
    /// @notice Another rollup as this contract sees it.
    /// @param gateway the gateway on this rollup through which its messages come and go; zero if the rollup is unknown
    /// @param counterpart its Era
    /// @param capacity most that is accepted from it at once, whole ERA
    /// @param share this rollup's share of its ceiling, whole ERA; without meaning for home
    /// @param level what the bucket holds now
    /// @param exposure accepted from it minus sent to it, as decayed until now; always 0 for home
    struct Source {
        address gateway;
        address counterpart;
        uint256 capacity;
        uint256 share;
        uint256 level;
        uint256 exposure;
    }

    /// @notice A source was set; `capacity` and `share` in wei as they count.
    event SourceChanged(uint256 indexed chainId, address gateway, address counterpart, uint256 capacity, uint256 share);
    /// @notice `recipient` wants message `receiveId` to go back to where it came from unless it fits.
    event ReturnRequested(bytes32 indexed receiveId, address indexed recipient);
    /// @notice Instead of being minted for `recipient`, the amount of `receiveId` went back to `to` as message `sendId`.
    event TransferReturned(
        bytes32 indexed receiveId,
        bytes32 indexed sendId,
        address indexed recipient,
        bytes to,
        uint256 amount
    );

    error EraUnauthorized(address caller);
    error EraInvalidWiring(
        address gateway,
        address registry,
        address feeController,
        uint256 homeChainId,
        address genesisHolder
    );
    error EraInvalidSource(uint256 chainId, address gateway, address counterpart);
    error EraUnknownRollup(uint256 chainId);
    error EraInvalidRecipient(bytes recipient);
    error EraInvalidSender(bytes sender);
    /// @dev The message waits: it stays deliverable, or goes back after {requestReturn}.
    error EraLimitExceeded(uint256 srcChainId, uint256 amount, uint256 available);

    /// @notice Sets link and inflow limits of a rollup. The registry, or who the access manager allows.
    /// @param capacity wei, rounded down to whole ERA; above 2^32 − 1 ERA it means that. A first capacity starts full, a later one never adds level
    /// @param share wei, rounded and bounded alike; it never changes exposure. Ignored for home
    /// @dev Reverts {EraUnauthorized}, {EraInvalidSource} for this rollup itself, a chain id of 0 or ≥ 2^63 or a zero counterpart, and if `gateway` does
    ///      not answer as an ERC-7786 gateway. Emits {SourceChanged} and OpenZeppelin's `LinkRegistered`.
    function setSource(uint256 chainId, address gateway, address counterpart, uint256 capacity, uint256 share) external;

    /// @notice Names who pays for ERA transfers from this rollup, within the limit per period that it granted this contract at the gateway.
    ///         Zero: only credit that was bought for this contract. Administrator.
    /// @dev Reverts as an access-managed call by anybody else. The gateway emits SponsorChanged.
    function setSponsor(address sponsor) external;

    /// @notice The caller, as recipient of the transfer `receiveId`, asks for its return: the next delivery that a limit does not allow sends the
    ///         amount back to the sender on the source instead of waiting; one that fits by then is minted. No effect if the message was delivered
    ///         or has another recipient. Anyone.
    /// @dev Never reverts. Emits {ReturnRequested}.
    function requestReturn(bytes32 receiveId) external;

    /// @notice Creates ERA that was burnt as a fee on another rollup. Only the FeeController.
    /// @dev Reverts {EraUnauthorized}, and as ERC-20 for a zero recipient. Emits {Transfer}.
    function mint(address to, uint256 amount) external;

    /// @notice Burns ERA of the caller. Only the FeeController.
    /// @dev Reverts {EraUnauthorized}, and as ERC-20 beyond the balance. Emits {Transfer}.
    function burn(uint256 amount) external;

    /// @notice Chain id of the rollup where all ERA was minted.
    function homeChainId() external view returns (uint256);

    /// @notice Gateway of this rollup.
    function gateway() external view returns (address);

    /// @notice Registry of this rollup, which may call {setSource}.
    function registry() external view returns (address);

    /// @notice FeeController of this rollup, which may call {mint} and {burn}.
    function feeController() external view returns (address);

    /// @notice Link and limits of a rollup; all zero if unknown.
    function source(uint256 chainId) external view returns (Source memory);

    /// @notice Most that would be accepted from a rollup now; 0 if unknown.
    function acceptable(uint256 srcChainId) external view returns (uint256);

    /// @notice Whether `recipient` asked for the return of `receiveId`.
    function isReturnRequested(bytes32 receiveId, address recipient) external view returns (bool);
}
