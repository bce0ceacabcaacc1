// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title The rollups of the network as this rollup sees them.
/// @notice Admission decides which lanes exist; every other contract reads it from here.
interface IRollupRegistry {
    /// @dev Zero never authorises.
    enum Status {
        None,
        Active,
        Removed
    }

    /// @dev Tag: the node's `finalized` tag. Depth: `finalityDepth` blocks below the head.
    enum Finality {
        None,
        Tag,
        Depth
    }

    /// @notice Everything that is agreed about another rollup.
    /// @param incarnation 1 … 16,383, higher at every re-admission
    /// @param gateway its MetalayerGateway
    /// @param anchorLog its AnchorLog
    /// @param stack short name of the stack family, e.g. "op", "arbitrum", "evm"
    /// @param finality when its blocks count as final
    /// @param finalityDepth blocks, for Finality.Depth
    /// @param era its Era
    /// @param ceiling the most ERA that this rollup accepts from it net of what it sent there, in wei (this rollup's share of its ceiling)
    /// @param eraCapacity the most ERA that this rollup accepts from it at once, in wei; refills over one day
    struct Rollup {
        uint256 chainId;
        uint256 incarnation;
        address gateway;
        address anchorLog;
        bytes32 stack;
        Finality finality;
        uint64 finalityDepth;
        address era;
        uint256 ceiling;
        uint256 eraCapacity;
        Status status;
    }

    event RollupAdmitted(uint256 indexed chainId, uint256 indexed incarnation, Rollup rollup);
    event RollupRemoved(uint256 indexed chainId, uint256 indexed incarnation);
    event FinalityChanged(uint256 indexed chainId, Finality finality, uint64 finalityDepth);
    event CeilingChanged(uint256 indexed chainId, uint256 ceiling, uint256 eraCapacity);

    error RegistryUnknownRollup(uint256 chainId);
    error RegistryOwnChain(uint256 chainId);
    error RegistryInvalidChainId(uint256 chainId);
    error RegistryInvalidIncarnation(uint256 chainId, uint256 incarnation, uint256 previous);
    error RegistryInvalidRollup(Rollup rollup);
    error RegistryTooManyRollups(uint256 count);
    error RegistryInvalidWiring(address gateway, address era, uint256 ownIncarnation);

    /// @notice Sets the access manager, once, in the transaction that creates the proxy.
    /// @dev Reverts OpenZeppelin's `InvalidInitialization` ever after, and always on the implementation itself.
    function initialize(address authority) external;

    /// @notice Admits a rollup, or re-admits it in a higher incarnation, and opens its lanes. Administrator.
    /// @dev `status` of the argument is ignored. Reverts {RegistryOwnChain}, {RegistryInvalidChainId} (0 or ≥ 2^63),
    ///      {RegistryInvalidIncarnation}, {RegistryInvalidRollup} for zero gateway, era, anchor log, stack or finality, for Depth 0
    ///      and for a Tag with a depth, {RegistryTooManyRollups} beyond 256, and as the gateway and Era do. Emits {RollupAdmitted}. Calls the gateway's
    ///      openLane and Era's setSource with this rollup's own gateway.
    function admit(Rollup calldata rollup) external;

    /// @notice Removes a rollup and closes its lanes. Administrator. Reverts {RegistryUnknownRollup} unless active.
    ///         Emits {RollupRemoved}. The entry stays, so that the rollup can only return in a higher incarnation of either side.
    function remove(uint256 chainId) external;

    /// @notice Changes a finality policy. Administrator. Reverts {RegistryUnknownRollup} unless active, {RegistryInvalidRollup}.
    ///         Emits {FinalityChanged}.
    function setFinality(uint256 chainId, Finality finality, uint64 finalityDepth) external;

    /// @notice Changes this rollup's share of another rollup's ceiling and the capacity for ERA from there, both in wei, through Era's setSource.
    ///         Administrator. Reverts {RegistryUnknownRollup} unless active. Emits {CeilingChanged}.
    function setCeiling(uint256 chainId, uint256 ceiling, uint256 eraCapacity) external;

    /// @notice This rollup's own incarnation, set at deployment.
    function ownIncarnation() external view returns (uint256);

    /// @notice What is agreed about a rollup; status None and all zero if unknown.
    function rollup(uint256 chainId) external view returns (Rollup memory);

    /// @notice The incarnation in which a rollup was admitted last, removed or not; 0 if unknown. Reads one slot where {rollup} reads eleven.
    function incarnationOf(uint256 chainId) external view returns (uint256);

    /// @notice Whether the rollup is active in exactly this incarnation.
    function isActive(uint256 chainId, uint256 incarnation) external view returns (bool);

    /// @notice All rollups ever admitted, in order of first admission (at most 256).
    function rollups() external view returns (Rollup[] memory);
}
