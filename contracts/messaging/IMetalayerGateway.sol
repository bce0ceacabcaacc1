// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC7786GatewaySource} from "@openzeppelin/contracts/interfaces/draft-IERC7786.sol";

/// @title Metalayer's gateway: ERC-7786 source and destination of one rollup, at one address.
/// @notice Sends messages into lanes and delivers messages that guardians attested. docs/protocol/messages.md is normative.
interface IMetalayerGateway is IERC7786GatewaySource {
    /// @notice Status of a lane in one direction. Zero never authorises.
    /// @dev None: unknown rollup. Open: in use. Closed: the rollup was removed; nothing is sent or delivered.
    enum LaneStatus {
        None,
        Open,
        Closed
    }

    /// @notice What the registry tells the gateway when a rollup is admitted.
    /// @param chainId the other rollup, below 2^63, not this one
    /// @param ownIncarnation incarnation of this rollup, 1 … 16,383
    /// @param incarnation incarnation of the other rollup, 1 … 16,383
    /// @param gateway gateway of the other rollup
    struct Admission {
        uint256 chainId;
        uint256 ownIncarnation;
        uint256 incarnation;
        address gateway;
    }

    /// @notice Prices of one destination. Units: docs/protocol/fees.md.
    /// @param basePrice millionths of ERA a message, < 2^32
    /// @param pricePerByte fee units a payload byte, < 2^24
    /// @param pricePerKGas fee units per 1,000 gas, < 2^24
    /// @param fundShare per mille of the gross fee that goes to the ecosystem fund
    /// @param burnShare per mille of the gross fee that is burnt for good; fundShare + burnShare ≤ 1,000
    /// @param maxGasLimit highest gas limit that a message to this destination may ask for, rounded down to 1,024
    struct Prices {
        uint256 basePrice;
        uint256 pricePerByte;
        uint256 pricePerKGas;
        uint256 fundShare;
        uint256 burnShare;
        uint256 maxGasLimit;
    }

    /// @notice Outbound lane as stored.
    struct OutLane {
        LaneStatus status;
        uint64 nonce;
        bytes32 head;
        uint256 ownIncarnation;
        uint256 incarnation;
        uint256 accrued;
        Prices prices;
    }

    /// @notice Inbound lane as stored; `feeLevel` is what the fee bucket holds now, in fee units, `feeCapacity` in fee units.
    struct InLane {
        LaneStatus status;
        uint256 ownIncarnation;
        uint256 incarnation;
        address gateway;
        uint256 guardianShare;
        uint256 pausedUntil;
        uint256 feeLevel;
        uint256 feeCapacity;
        uint256 fastCredited;
    }

    // --- events ---

    /// @notice A message entered a lane; follows ERC-7786's {MessageSent} with what that event has no room for.
    /// @param header kind, nonce, gas limit and net fee as packed in the message hash (docs/protocol/messages.md §2)
    event MessageAccepted(bytes32 indexed sendId, uint256 indexed dstChainId, uint64 indexed nonce, uint256 header);
    /// @notice The message was accepted with fee 0 because neither sender nor sponsor could pay `quote` fee units.
    event MessageUnfunded(bytes32 indexed sendId, uint256 quote);
    /// @notice The recipient accepted the message. Emitted once per message for ever.
    event MessageDelivered(bytes32 indexed receiveId);
    /// @notice The attempt failed; the message stays deliverable by anyone. `reason`: at most 256 bytes of revert data.
    event MessageFailed(bytes32 indexed receiveId, bytes reason);
    /// @notice At this nonce a `fast` delivery had executed another message, which the source's reorg removed.
    event FastContradicted(uint256 indexed srcChainId, uint64 indexed nonce, bytes32 receiveId);
    /// @notice A rollup was admitted or closed.
    event LaneChanged(uint256 indexed chainId, LaneStatus status, bytes32 outLaneId, bytes32 inLaneId);
    event PricesChanged(uint256 indexed dstChainId, Prices prices);
    event InboundTermsChanged(uint256 indexed srcChainId, uint256 guardianShare, uint256 feeCapacity);
    event Paused(uint256 indexed srcChainId, uint256 until);
    event Unpaused(uint256 indexed srcChainId);
    event CreditChanged(address indexed account, uint256 credit);
    event SponsorChanged(address indexed account, address indexed sponsor);
    event SponsorshipChanged(address indexed sponsor, address indexed account, uint256 limit, uint256 period);
    event BountyBooked(
        bytes32 indexed sendId,
        uint256 indexed srcChainId,
        uint64 indexed nonce,
        uint256 amount,
        address refundTo
    );
    event BountyPaid(bytes32 indexed sendId, address indexed to, uint256 amount);
    event FeeQueued(uint256 indexed srcChainId, address indexed deliverer, uint256 amount);
    event FastAdminChanged(address indexed recipient, address indexed admin);
    event FastLimitChanged(address indexed recipient, uint256 indexed srcChainId, uint256 perDay);

    // --- errors ---

    error GatewayUnknownRollup(uint256 chainId);
    error GatewayInvalidAdmission(uint256 chainId, uint256 ownIncarnation, uint256 incarnation, address gateway);
    error GatewayInvalidRecipient(bytes recipient);
    error GatewayDuplicateAttribute(bytes4 selector);
    error GatewayMalformedAttribute(bytes attribute);
    error GatewayGasLimitTooHigh(uint256 gasLimit, uint256 maxGasLimit);
    error GatewayPayloadTooLong(uint256 length, uint256 maxLength);
    error GatewayUnexpectedValue(uint256 value);
    error GatewayNothingToDeliver();
    error GatewayMalformedBatch(uint256 offset);
    error GatewayAttestationRefused();
    error GatewayRootMismatch(bytes32 attested, bytes32 computed);
    error GatewayInsufficientGas(bytes32 receiveId, uint256 available, uint256 required);
    /// @dev Never reverts with it: reason of {MessageFailed}.
    error GatewayIllegalRecipient(address recipient);
    error GatewayPaused(uint256 srcChainId, uint256 until);
    error GatewayPauseTooLong(uint256 duration, uint256 maxDuration);
    error GatewayPauseCoolingDown(uint256 srcChainId, uint256 until);
    error GatewayFastRefused(address recipient, uint256 srcChainId);
    error GatewayInvalidPrices(Prices prices);
    error GatewayInvalidTerms(uint256 guardianShare, uint256 feeCapacity);
    error GatewayInsufficientCredit(address account, uint256 credit, uint256 required);
    error GatewayInvalidAmount(uint256 amount);
    error GatewayUnknownNonce(uint256 dstChainId, uint64 nonce, uint64 count);
    error GatewayNoBounty(uint256 srcChainId, uint64 nonce, bytes32 sendId);
    error GatewayNothingQueued(uint256 srcChainId, address deliverer);
    error GatewayUnauthorized(address caller);

    // --- sending (anyone) ---

    /// @notice Price of a message in fee units: exactly what {sendMessage} charges if the credit covers it.
    /// @dev Reverts {GatewayUnknownRollup}, {GatewayGasLimitTooHigh}, {GatewayPayloadTooLong} as the send would.
    function quote(uint256 dstChainId, uint256 payloadLength, uint256 gasLimit) external view returns (uint256 gross);

    /// @notice Adds `amount` fee units, charged from the caller's credit, as bounty for the delivery of message `nonce` to `dstChainId`.
    /// @dev Emits {MessageSent} and {MessageAccepted} of the bounty entry. Reverts {GatewayUnknownRollup}, {GatewayUnknownNonce} for a nonce
    ///      not sent yet, {GatewayInvalidAmount} for 0, a remainder of 1,000 or ≥ 2^64, {GatewayInsufficientCredit}, {GatewayInvalidRecipient}
    ///      for refundTo 0. A wrong `sendId` cannot harm others: it stands for itself, and is refundable to `refundTo` on the destination.
    /// @param refundTo account on the destination that is credited if the bounty is never earned
    function requestRelay(
        uint256 dstChainId,
        uint64 nonce,
        bytes32 sendId,
        uint256 amount,
        address refundTo
    ) external returns (bytes32 bountyId);

    /// @notice Names who pays for the caller's messages; zero: nobody but the caller's own credit. Takes effect only if the sponsor agrees.
    /// @dev Never reverts. Emits {SponsorChanged}.
    function setSponsor(address sponsor) external;

    /// @notice The caller agrees to pay up to `limit` fee units per `period` seconds for the messages of `account`; limit 0 ends it.
    /// @dev Reverts {GatewayInvalidAmount} for a limit ≥ 2^64 or a period ≥ 2^32. Emits {SponsorshipChanged}. Starts a new period.
    function sponsor(address account, uint256 limit, uint256 period) external;

    // --- delivery (anyone) ---

    /// @notice Delivers attested messages: docs/protocol/messages.md §5 and §6.
    /// @dev Reverts (nothing changes): {GatewayMalformedBatch}, {GatewayUnknownRollup}, {GatewayPaused}, {GatewayNothingToDeliver},
    ///      {GatewayAttestationRefused}, {GatewayRootMismatch}, {GatewayInsufficientGas}, {GatewayFastRefused}.
    ///      Does not revert because a recipient fails. Emits {MessageDelivered} or {MessageFailed} per attempted message.
    function relay(bytes calldata attestation, bytes calldata batches) external;

    /// @notice Credits a bounty that was booked for `nonce` and `sendId` to its `refundTo`, once a message was delivered at this nonce. Anyone.
    /// @dev Reverts {GatewayNoBounty} while it can still be earned, also from inside the delivery that claims it. Emits {BountyPaid}.
    function refundBounty(uint256 srcChainId, uint64 nonce, bytes32 sendId) external;

    /// @notice Moves fees of `deliverer` that found the bucket empty to its earnings, as far as the bucket has refilled. Anyone.
    /// @dev Reverts {GatewayNothingQueued}. What still does not fit is queued again ({FeeQueued}); fees of `fast` deliveries by the rule for these.
    ///      Earned under the table in force now.
    function claimQueued(uint256 srcChainId, address deliverer) external;

    /// @notice Names who may set the caller's `fast` limits besides itself. Any account, for itself.
    /// @dev Never reverts. Emits {FastAdminChanged}.
    function setFastAdmin(address admin) external;

    /// @notice Opts `recipient` in to `fast` deliveries from `srcChainId`, at most `perDay` (< 2^32) a day, failed ones not counted; 0 opts out.
    /// @dev Only `recipient` itself or its fast admin, otherwise reverts {GatewayUnauthorized}; {GatewayInvalidAmount}. Emits {FastLimitChanged}.
    function setFastLimit(address recipient, uint256 srcChainId, uint256 perDay) external;

    // --- administration ---

    /// @notice Opens both directions to a rollup, or re-opens them in a higher incarnation. Only the registry.
    /// @dev Reverts {GatewayInvalidAdmission}. A new incarnation of either side starts new lanes at nonce 0; old delivery records stay.
    function openLane(Admission calldata admission) external;

    /// @notice Closes both directions: nothing is sent or delivered any more, what is accrued stays collectable. Only the registry.
    /// @dev Reverts {GatewayUnauthorized}, {GatewayUnknownRollup} if no lane is open. Emits {LaneChanged}.
    function closeLane(uint256 chainId) external;

    /// @notice Sets prices of a destination. Only the FeeController, which sweeps before (shares apply to all that is accrued).
    /// @dev Reverts {GatewayUnauthorized}, {GatewayUnknownRollup}, {GatewayInvalidPrices}. Emits {PricesChanged}.
    function setPrices(uint256 dstChainId, Prices calldata prices) external;

    /// @notice Sets the guardians' share (per mille) of fees from a source and the capacity (fee units) of its fee bucket. Only the FeeController.
    /// @dev A change never fills the bucket. Reverts {GatewayUnauthorized}, {GatewayUnknownRollup}, {GatewayInvalidTerms} for a share above
    ///      1,000, a capacity that is not a whole number of ERA or above 72 million ERA. Emits {InboundTermsChanged}.
    function setInboundTerms(uint256 srcChainId, uint256 guardianShare, uint256 feeCapacity) external;

    /// @notice Adds prepaid credit in fee units. Only the FeeController.
    /// @dev Reverts {GatewayUnauthorized}, {GatewayInvalidAmount} if the credit would reach 2^64. Emits {CreditChanged}.
    function addCredit(address account, uint256 amount) external;

    /// @notice Takes prepaid credit back. Only the FeeController.
    /// @dev Reverts {GatewayUnauthorized}, {GatewayInsufficientCredit}. Emits {CreditChanged}.
    function removeCredit(address account, uint256 amount) external;

    /// @notice Takes prepaid credit as a message would: the account's own, else its sponsor's within the agreed limit. Only the FeeController.
    /// @dev Reverts {GatewayUnauthorized}.
    /// @return paid false, and nothing changes, if neither covers it
    function payFromCredit(address account, uint256 amount) external returns (bool paid);

    /// @notice Returns and clears what was charged on a lane since the last sweep, in fee units. Only the FeeController.
    /// @dev Reverts {GatewayUnauthorized}.
    /// @return gross charged by messages
    /// @return bounties charged by {requestRelay}
    function collectAccrued(uint256 dstChainId) external returns (uint256 gross, uint256 bounties);

    /// @notice Returns and clears what `deliverer` earned under a table serial, in fee units. Only the FeeController.
    /// @dev Reverts {GatewayUnauthorized}.
    function collectEarnings(
        uint256 serial,
        address deliverer
    ) external returns (uint256 forDeliverer, uint256 forGuardians);

    /// @notice Stops deliveries from sources for `duration` ≤ 7 days. Pauser role; not renewable before 7 days after its end.
    /// @dev Reverts AccessManagedUnauthorized, {GatewayPauseTooLong}, {GatewayUnknownRollup}, {GatewayPauseCoolingDown}. Emits {Paused}.
    function pause(uint256[] calldata srcChainIds, uint256 duration) external;

    /// @notice Ends a pause at once. Administrator.
    /// @dev Reverts AccessManagedUnauthorized. Emits {Unpaused}. The pauser may pause that source again.
    function unpause(uint256 srcChainId) external;

    // --- views ---

    /// @notice The network to which every hash and signature is bound.
    function networkId() external view returns (bytes32);
    /// @notice The lane to a rollup; status None and all zero if it was never admitted.
    function outLane(uint256 dstChainId) external view returns (OutLane memory);
    /// @notice The lane from a rollup; status None and all zero if it was never admitted.
    function inLane(uint256 srcChainId) external view returns (InLane memory);
    /// @notice Head after `64 · index` messages to `dstChainId` in the given pair of incarnations; 0 if not reached.
    function checkpoint(uint256 route, uint256 index) external view returns (bytes32);
    /// @notice Whether message `nonce` from `srcChainId` (current incarnations) was executed, by class `final` or `fast`.
    function isDelivered(uint256 srcChainId, uint64 nonce) external view returns (bool);
    /// @notice 256 delivered bits of `final`, nonces 256 · index … 256 · index + 255.
    function deliveredWord(uint256 srcChainId, uint256 index) external view returns (uint256);
    /// @notice Fingerprints of `fast` deliveries, nonces 4 · index … 4 · index + 3, lowest nonce in the lowest bits.
    function fastWord(uint256 srcChainId, uint256 index) external view returns (uint256);
    /// @notice Prepaid credit of an account in fee units, and the sponsor it named.
    function credit(address account) external view returns (uint256 balance, address sponsoredBy);
    /// @notice What a sponsor agreed to pay for an account: fee units a period, seconds, and what is left of the running period.
    function sponsorship(
        address sponsor_,
        address account
    ) external view returns (uint256 limit, uint256 period, uint256 available);
    /// @notice What a deliverer earned under a table serial and has not withdrawn, in fee units.
    function earnings(
        uint256 serial,
        address deliverer
    ) external view returns (uint256 forDeliverer, uint256 forGuardians);
    /// @notice Fees and bounties from a source that wait for its bucket to refill, in fee units.
    function queued(uint256 srcChainId, address deliverer) external view returns (uint256);
    /// @notice The bounty that is booked for a message of a source (current incarnations), by nonce and id; all zero if none.
    function bounty(
        uint256 srcChainId,
        uint64 nonce,
        bytes32 sendId
    ) external view returns (uint256 amount, address refundTo);
    /// @notice A recipient's limit of `fast` deliveries from a source, how many are left now, and who else may set it.
    function fastPolicy(
        address recipient,
        uint256 srcChainId
    ) external view returns (uint256 perDay, uint256 left, address admin);
}
