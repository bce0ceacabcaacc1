/**
 * Metalayer's sdk: a typed client for the gateways, and the codec, proofs and signatures of the protocol as pure functions.
 * Amounts are bigints, bytes are `0x…` strings, errors are {@link MetalayerError} with a stable `code`.
 *
 * @packageDocumentation
 */
export { MetalayerError } from "./errors.ts";
export type { Address, Hex } from "./bytes.ts";

// --- client ---
export { MetalayerClient, minGasLimit } from "./client.ts";
export type { MessageRequest } from "./client.ts";
export type { RollupAccess, RollupHandle } from "./rollup.ts";
export { messageStatus } from "./status.ts";
export type { MessageStatus } from "./status.ts";
export { GATEWAY_TOPICS, readDeliveryAttempts, readSentMessages } from "./events.ts";
export type { DeliveryAttempt, GatewayLog, LogPosition, SentMessage } from "./events.ts";
export { explainRevert } from "./reverts.ts";

// --- applications on all rollups ---
export { MetalayerApp } from "./app.ts";
export type { AppValue, CallOptions, SentCalls } from "./app.ts";
export type { AppPlacement, AppPlan, AppRequest, PlannedPlacement, SentApp } from "./appDeploy.ts";
export type { AppSite, RollupName } from "./appSites.ts";
export type { AppState } from "./appState.ts";
export { appAccount, appAddress, appId } from "./omni.ts";
export type { AppIdentity, AppOwner } from "./omni.ts";

// --- addresses and fees ---
export { formatEvmAccount, parseEvmAccount } from "./interop.ts";
export type { EvmAccount } from "./interop.ts";
export {
  FEE_STEP,
  FEE_UNIT_WEI,
  feeUnitsToWei,
  quoteFee,
  splitEarnings,
  weiToFeeUnitsDown,
  weiToFeeUnitsUp,
} from "./fees.ts";
export type { FeeQuote, Prices } from "./fees.ts";

// --- messages, trees, facts, batches ---
export { networkId } from "./network.ts";
export type { Network } from "./network.ts";
export { laneId, packRoute, unpackRoute } from "./route.ts";
export type { Lane, Route } from "./route.ts";
export {
  chainHeads,
  CHECKPOINT_INTERVAL,
  DEFAULT_GAS_LIMIT,
  KIND_BOUNTY,
  KIND_MESSAGE,
  MAX_PAYLOAD_LENGTH,
  messageHash,
  nextHead,
  packHeader,
  unpackHeader,
} from "./message.ts";
export type { Message, MessageHeader, MessageKind } from "./message.ts";
export { MAX_LEAVES, nodeHash, partSiblings, rootFromPart, siblingCount, treeRoot, verifyPart } from "./tree.ts";
export type { TreePart } from "./tree.ts";
export {
  CLASS_FAST,
  CLASS_FINAL,
  factLeaves,
  factProof,
  headFactHash,
  laneFactHash,
  networkRoot,
  rootFromFact,
} from "./fact.ts";
export type { FactClass, FactProof, HeadFact, LaneFact } from "./fact.ts";
export { decodeBatches, encodeBatches, TAG_BOUNTY, TAG_CLAIM, TAG_HASH, TAG_MESSAGE } from "./batch.ts";
export type { Batch, BatchEntry, FullEntry, HashEntry } from "./batch.ts";
export { buildBatch, openBatch, proveRange } from "./lane.ts";
export type { BatchOptions, LaneRange, OpenedBatch, ProvenRange } from "./lane.ts";

// --- proven state ---
export { EMPTY_ROOT, headerStateRoot, provenAccount, provenSlot } from "./proofs.ts";
export type { AccountState } from "./proofs.ts";
export { packAccount, packSlot, proveState, slotProof } from "./proofsPack.ts";
export type { NodeProof, ProvenState } from "./proofsPack.ts";
export { mappingSlot, nodeProof } from "./proofsRead.ts";
export {
  checkpointProof,
  checkpointSlot,
  laneHeadProof,
  lanePathProof,
  laneSlots,
  nextCheckpoint,
  NO_LANE_PROOF,
  pathMessage,
} from "./paths.ts";
export type { LanePathProof, PathMessage } from "./paths.ts";
export { anchorGame, arbitrumRootProof, assertionHash, opStackRootProof, outputRoot } from "./rootProofs.ts";
export type { AnchorGame, Assertion, PostedAt } from "./rootProofs.ts";
export type { StateAnswer, StateHead, StateQuery } from "./proofsRead.ts";

// --- publications and subscriptions ---
export {
  broadcastSlot,
  publicationHash,
  publicationTopics,
  readPublications,
  type Publication,
  type PublishedEvent,
} from "./publication.ts";
export { streamPublications } from "./stream.ts";
export type { StreamedPublication, StreamFilter, StreamOptions, StreamTrust } from "./stream.ts";
export { pushHeads, type HeadPushOptions, type HeadSocket } from "./headSocket.ts";
export { provePublications, type ProvenPublications, type PublicationQuery } from "./publicationProof.ts";
export { filterArgument, readSubscriptions, subscriptionId, SUBSCRIPTION_TOPICS } from "./subscription.ts";
export {
  automationArgument,
  automationId,
  AUTOMATION_TOPICS,
  COMPARISONS,
  isSatisfied,
  readAutomations,
} from "./automation.ts";
export type { Automation, AutomationArgument, CreatedAutomation } from "./automation.ts";
export { readHeadRequests, stateRequestId, STATE_REQUEST_TOPICS } from "./stateRequest.ts";
export type { HeadRequest, StateQuestion } from "./stateRequest.ts";
export type { SubscribedEvent, SubscriptionFilter, SubscriptionTerms } from "./subscription.ts";

// --- feeds ---
export {
  ANSWER_VALUE_MASK,
  answerSlot,
  assembleRound,
  decodeAnswer,
  feedArgument,
  feedId,
  needsConfirmations,
  outlying,
  reportDigest,
  reportSigner,
  roundAt,
  signReport,
  unpackAnswer,
} from "./feeds.ts";
export type {
  AssembledRound,
  FeedAnswer,
  FeedReport,
  FeedSite,
  FeedState,
  FeedTerms,
  Observation,
  ReportFault,
} from "./feeds.ts";

// --- attestations and signing sessions ---
export {
  attestationDigest,
  bitmapOf,
  decodeAttestation,
  encodeAttestation,
  indexesOf,
  isQuorum,
} from "./attestation.ts";
export type { Attestation } from "./attestation.ts";
export { possessionDigest, provePossession, verifyPossession } from "./possession.ts";
export type { PossessionSubject } from "./possession.ts";
export { pointFromHex, pointToHex, publicKey, randomSecretKey, verifySchnorr } from "./schnorr.ts";
export type { Point, Signature } from "./schnorr.ts";
export { combine, createNonce, discardNonce, openSession, signPartial, sortEntries, verifyPartial } from "./session.ts";
export type { NonceCommitment, SecretNonce, Session, SessionContext, SessionEntry } from "./session.ts";

// --- governance and the beginning of ERA ---
export { ballotId, buildLeg, buildProposal, cancelCall, legCall } from "./governance.ts";
export type { Ballot, CodeBinding, GovernanceCall, Leg, LegInput, Proposal } from "./governance.ts";
export { buildDecision } from "./decision.ts";
export type { Decision, HomeInput, RemoteInput } from "./decision.ts";
export { readProposal } from "./proposalRead.ts";
export type { HomePart, LegConditions, ProposedCalls, ReadProposal, SentLeg } from "./proposalRead.ts";
export { readTally, tallySlot, unpackTally } from "./tally.ts";
export type { ProvenTally, Tally, TallyQuery } from "./tally.ts";
export { airdropTree } from "./airdrop.ts";
export type { AirdropEntry, AirdropTree } from "./airdrop.ts";

// --- evidence against guardians ---
export {
  anchorSubject,
  attestationsOf,
  convictionPlaces,
  encodeKeyedAttestation,
  namedSigners,
  offenceOf,
  proofId,
} from "./evidence.ts";
export type {
  Difference,
  Evidence,
  Inclusion,
  LeafProof,
  NamedSigners,
  Offence,
  PlacedOperator,
  SourceBlock,
} from "./evidence.ts";
export { accuseHeads, accuseLane, accuseLanes, provingRange } from "./evidenceBuild.ts";
export type { ClaimedRange, LaneCharge, LaneTruth } from "./evidenceBuild.ts";
export { evidenceCall } from "./evidenceCall.ts";
export type { EvidenceCall } from "./evidenceCall.ts";
export { checkEvidence, verifySigners } from "./evidenceCheck.ts";
export type { HomeView } from "./evidenceCheck.ts";
export { headerOfBlock } from "./header.ts";
