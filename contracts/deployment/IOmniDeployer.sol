// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Places an application on many rollups with one transaction, and lets its owner call all of its instances from one rollup.
/// @notice An owner is an account on one rollup: the same address elsewhere is somebody else. It acts through its account ({IOmniAccount}) on
///         each rollup, which has the same address everywhere and is what applications should have as owner. An application's address
///         depends on rollup and address of its owner, a salt, and the creation code without constructor arguments: nobody else can take it,
///         and what stands at the same address on another rollup was created by the same code (docs/protocol/omni.md).
/// @dev No incarnation is part of this. Whoever has the owner's address after its rollup began anew owns all that it owned elsewhere: the same
///      key does, a contract may be another one.
interface IOmniDeployer {
    /// @notice An application on one rollup.
    /// @param chainId this rollup, where it is placed at once, or another one, where a message does it
    /// @param args ABI-encoded arguments of its constructor there
    /// @param initialCall what the owner's account calls it with after its creation, in the same transaction; empty: nothing
    /// @param gasLimit least gas of the message; of no meaning here
    struct Placement {
        uint256 chainId;
        bytes args;
        bytes initialCall;
        uint256 gasLimit;
    }

    /// @notice A call in the owner's name on one rollup.
    /// @param chainId this rollup, where it is made at once, or another one, where a message makes it
    /// @param target any contract there
    /// @param gasLimit least gas of the message; of no meaning here
    struct Call {
        uint256 chainId;
        address target;
        bytes data;
        uint256 gasLimit;
    }

    /// @notice A {IOmniDeployer} that stands at another address than this one.
    struct Peer {
        uint256 chainId;
        address deployer;
    }

    /// @notice What was placed here.
    /// @param id salt of its address; zero: not placed here
    /// @param account of its owner, here
    /// @param ownerChainId rollup of its owner
    /// @param owner on that rollup
    struct App {
        bytes32 id;
        address account;
        uint256 ownerChainId;
        address owner;
    }

    /// @notice `account` acts here for `owner` of a rollup.
    event AccountOpened(address indexed account, uint256 indexed chainId, address indexed owner);
    /// @notice A message that places the application at `app` on a rollup is on its way.
    event AppSent(bytes32 indexed id, uint256 indexed chainId, address indexed app, address owner, bytes32 sendId);
    event AppPlaced(bytes32 indexed id, address indexed app, address indexed account);
    /// @notice A message came to place what stands already: nothing changed.
    event AppKept(bytes32 indexed id, address indexed app);
    /// @notice A message that calls `target` on a rollup is on its way.
    event CallSent(
        address indexed account,
        uint256 indexed chainId,
        address indexed target,
        uint64 sequence,
        bytes32 sendId
    );
    event CallMade(address indexed account, address indexed target, uint64 sequence);
    /// @notice A later call had been made, or had superseded this one: nothing was called.
    event CallOvertaken(address indexed account, address indexed target, uint64 sequence, uint64 done);

    error OmniInvalidWiring(address gateway, uint256 chainId, address deployer);
    error OmniInvalidCount(uint256 count, uint256 most);
    error OmniNoCode();
    /// @notice Something stands there. Only for what is placed at once.
    error OmniAppStands(address app);
    /// @notice The constructor left no code.
    error OmniEmptyApp(address app);
    /// @notice The sender of a message is not the account of the owner that it names.
    error OmniUnauthorized(uint256 chainId, address sender, address owner);
    error OmniUnknownMessage(bytes4 kind);
    /// @notice Earlier calls of this target have not been made yet; `done` is the newest one that was.
    error OmniOutOfOrder(address account, address target, uint64 sequence, uint64 done);

    /// @notice Places an application on every rollup that is named, at {addressOf}; here at once, elsewhere by messages, paid from the credit
    ///         of the caller's account if it has any. A message that fails stays deliverable by anyone, for ever.
    /// @dev Anyone, each at addresses of its own. Emits {AccountOpened} once, {AppPlaced} or {AppSent} each. Reverts {OmniInvalidCount},
    ///      {OmniNoCode}, {OmniAppStands}, {OmniEmptyApp}, with the error of a constructor or initial call here, and with the gateway's errors:
    ///      `GatewayUnknownRollup`, `GatewayGasLimitTooHigh`, and `GatewayPayloadTooLong` above 32,768 bytes of message, of which code,
    ///      arguments and initial call may fill all but about 300.
    /// @param salt any value, one application of the same code for each
    /// @return app its address here, whether or not it is placed here
    function deploy(
        bytes32 salt,
        bytes calldata creationCode,
        Placement[] calldata placements
    ) external returns (address app);

    /// @notice Calls contracts in the caller's name; here at once, elsewhere by messages. On each rollup the calls of one target are made in the
    ///         order in which they were sent. One that fails holds up those behind it, until it succeeds or is superseded. Calls that are on their
    ///         way when one of the two rollups is admitted anew are lost, and hold up nothing.
    /// @dev Anyone, each through its own account. Emits {AccountOpened} once, {CallSent} per message. Reverts {OmniInvalidCount}, with the error of
    ///      a call here, and with the gateway's errors as {deploy}.
    /// @param supersede gives up all earlier calls of the same targets that have not been made when these are
    function execute(Call[] calldata calls, bool supersede) external;

    /// @notice Where an application stands or would stand on this rollup. `codeHash`: of the creation code without arguments.
    function addressOf(
        uint256 ownerChainId,
        address owner,
        bytes32 salt,
        bytes32 codeHash
    ) external view returns (address);

    /// @notice The account that acts here for the owner, whether or not it was opened.
    function accountOf(uint256 ownerChainId, address owner) external view returns (address);

    /// @notice What was placed at this address; all zero if it did not come from here.
    function appAt(address app) external view returns (App memory);

    /// @notice Where an application of this rollup stands or would stand on another one; zero if it did not come from here.
    function peerOf(address app, uint256 chainId) external view returns (address);

    /// @notice The deployer on another rollup.
    function deployerOn(uint256 chainId) external view returns (address);

    /// @notice Number of the newest call of a target on a rollup that was sent from here for the owner of an account: from the highest bits the
    ///         lane's incarnations here and there, 16 bits each, then which one on this lane it was, from 1; zero: none was sent.
    function callsSent(address account, uint256 chainId, address target) external view returns (uint64);

    /// @notice Number, as {callsSent} has them, of the newest call of a target that was made here by message.
    function callsDone(address account, address target) external view returns (uint64);

    /// @notice Over which messages go.
    function gateway() external view returns (address);
}
