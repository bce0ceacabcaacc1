import { AbiCoder, concat, toQuantity, type Provider } from "ethers";
import {
  fixedBytes,
  fromHex,
  hashWords,
  toAddress,
  toHex,
  uintBytes,
  ZERO_HASH,
  type Address,
  type Hex,
} from "./bytes.ts";
import { MetalayerError } from "./errors.ts";
import { headerOfBlock } from "./header.ts";
import { proveState } from "./proofsPack.ts";
import { nodeProof } from "./proofsRead.ts";

/** `L2ToL1MessagePasser` of every rollup of the OP Stack: an output root commits to its storage. */
const MESSAGE_PASSER: Address = "0x4200000000000000000000000000000000000016";
/** AnchorStateRegistry: `anchorGame`, `disputeGameBlacklist`, and `respectedGameType` with `retirementTimestamp`. */
const [ANCHOR_GAME_SLOT, BLACKLIST_SLOT, RETIREMENT_SLOT] = [2n, 5n, 6n];
/** A dispute game: `createdAt` with more. */
const CREATION_SLOT = 0n;
/** Places among a game's arguments: the root claim, and the end of the rollup's block number. */
const [GAME_CLAIM, GAME_BLOCK_END] = [20, 116];
/** RollupCore: `_latestConfirmed`. */
const LATEST_CONFIRMED_SLOT = 116n;

const OP_PROOF = "(uint256,bytes,bytes,bytes,bytes32,bytes32,bytes32)";
const STATE = "(bytes32,bytes32,uint64,uint64,uint8,bytes32)";
const ARBITRUM_PROOF = `(uint256,bytes,bytes,bytes32,${STATE},bytes32,bytes)`;

/** A rollup's contract on its parent chain, at a block of the parent that the destination knows. */
export interface PostedAt {
  readonly parent: Provider;
  readonly block: bigint;
  readonly contract: Address;
}

/** An assertion of an Arbitrum rollup as its hash commits to it: the fields of its event `AssertionCreated`. */
export interface Assertion {
  readonly previous: Hex;
  readonly blockHash: Hex;
  readonly sendRoot: Hex;
  readonly inboxPosition: bigint;
  readonly positionInMessage: bigint;
  /** 1: finished. */
  readonly machineStatus: number;
  readonly endHistoryRoot: Hex;
  readonly inboxAccumulator: Hex;
}

/**
 * Proof for `OpStackRoots`: the block of the rollup that its anchor game is about. Throws `ROOT_UNAVAILABLE` if a node does not tell a block,
 * and as {@link nodeProof}.
 */
export async function opStackRootProof(at: PostedAt, rollup: Provider, rollupBlock: bigint): Promise<Hex> {
  const { parent, block, contract } = at;
  const head = await headerAt(parent, block);
  const anchor = await prove(parent, contract, [word(ANCHOR_GAME_SLOT)], head.stateRoot, block);
  const game = toAddress(fromHex(anchor.values[0] ?? ZERO_HASH).slice(12));
  const slots = [word(ANCHOR_GAME_SLOT), hashWords([game, BLACKLIST_SLOT]), word(RETIREMENT_SLOT)];
  const posted = await prove(parent, contract, slots, head.stateRoot, block);
  const created = await prove(parent, game, [word(CREATION_SLOT)], head.stateRoot, block);
  const stateProof = concat([posted, created].flatMap(({ accountPart, slotParts }) => [accountPart, ...slotParts]));
  const own = await blockAt(rollup, rollupBlock);
  const passer = await prove(rollup, MESSAGE_PASSER, [], own.stateRoot, rollupBlock);
  const code = await parent.getCode(game, Number(block));
  const parts = [block, head.header, stateProof, code, own.stateRoot, passer.account.storageRoot, own.hash];
  return encode(OP_PROOF, parts);
}

/** What the anchor game of a rollup of the OP Stack claims, and the block of the rollup that the claim is about. */
export interface AnchorGame {
  readonly claim: Hex;
  readonly block: bigint;
}

/**
 * The anchor game as its code has it: creator, root claim, parent's block hash, the rollup's block, …, and the length of all that in two bytes.
 * The parent's node is believed; a proof by {@link opStackRootProof} is not. Throws `ROOT_UNAVAILABLE` if there is none.
 */
export async function anchorGame({ parent, block, contract }: PostedAt): Promise<AnchorGame> {
  const slot = await parent.getStorage(contract, ANCHOR_GAME_SLOT, Number(block));
  const code = fromHex(await parent.getCode(toAddress(fromHex(slot).slice(12)), Number(block)));
  const length = Number(BigInt(`0x0${toHex(code.slice(-2)).slice(2)}`));
  if (length > code.length || length < GAME_BLOCK_END) {
    throw new MetalayerError("ROOT_UNAVAILABLE", `${contract} has no anchor game at block ${block}`, {
      contract,
      block,
    });
  }
  const args = code.slice(code.length - length);
  return {
    claim: toHex(args.slice(GAME_CLAIM, GAME_CLAIM + 32)),
    block: BigInt(toHex(args.slice(GAME_BLOCK_END - 32, GAME_BLOCK_END))),
  };
}

/** Output root of a block of a rollup of the OP Stack (version 0). */
export async function outputRoot(rollup: Provider, block: bigint): Promise<Hex> {
  const { stateRoot, hash } = await blockAt(rollup, block);
  const passer = await prove(rollup, MESSAGE_PASSER, [], stateRoot, block);
  return hashWords([0n, stateRoot, passer.account.storageRoot, hash]);
}

/** Proof for `ArbitrumRoots`: the block of the assertion that is the last confirmed one. Throws as {@link opStackRootProof}. */
export async function arbitrumRootProof(
  at: PostedAt,
  rollup: Provider,
  rollupBlock: bigint,
  assertion: Assertion,
): Promise<Hex> {
  const { parent, block, contract } = at;
  const head = await headerAt(parent, block);
  const posted = await prove(parent, contract, [word(LATEST_CONFIRMED_SLOT)], head.stateRoot, block);
  const { header } = await headerAt(rollup, rollupBlock);
  const stateProof = concat([posted.accountPart, ...posted.slotParts]);
  const parts = [block, head.header, stateProof, assertion.previous, stateOf(assertion), assertion.inboxAccumulator];
  return encode(ARBITRUM_PROOF, [...parts, header]);
}

/** What an Arbitrum rollup's contract keeps of an assertion. */
export function assertionHash(assertion: Assertion): Hex {
  const state = hashWords(stateOf(assertion).map(BigInt));
  return hashWords([assertion.previous, state, assertion.inboxAccumulator]);
}

function stateOf(assertion: Assertion): readonly (Hex | bigint | number)[] {
  const { blockHash, sendRoot, inboxPosition, positionInMessage, machineStatus, endHistoryRoot } = assertion;
  return [blockHash, sendRoot, inboxPosition, positionInMessage, machineStatus, endHistoryRoot];
}

interface NodeBlock {
  readonly hash: Hex;
  readonly stateRoot: Hex;
  readonly fields: Readonly<Record<string, unknown>>;
}

async function blockAt(provider: Provider, number: bigint): Promise<NodeBlock> {
  const fields: unknown = canAsk(provider)
    ? await provider.send("eth_getBlockByNumber", [toQuantity(number), false])
    : undefined;
  if (isRecord(fields) && typeof fields["hash"] === "string" && typeof fields["stateRoot"] === "string") {
    const [hash, stateRoot] = [fields["hash"], fields["stateRoot"]].map((each) => toHex(fixedBytes("hash", each, 32)));
    if (hash !== undefined && stateRoot !== undefined) return { hash, stateRoot, fields };
  }
  throw new MetalayerError("ROOT_UNAVAILABLE", `the node does not tell block ${number}`, { number });
}

async function headerAt(
  provider: Provider,
  number: bigint,
): Promise<{ readonly header: Hex; readonly stateRoot: Hex }> {
  const { fields, stateRoot } = await blockAt(provider, number);
  const header = headerOfBlock(fields);
  if (header !== undefined) return { header, stateRoot };
  throw new MetalayerError("ROOT_UNAVAILABLE", `block ${number} does not hash as Ethereum's do`, { number });
}

async function prove(provider: Provider, account: Address, slots: readonly Hex[], stateRoot: Hex, block: bigint) {
  return proveState(stateRoot, account, slots, await nodeProof(provider, account, slots, block));
}

function encode(type: string, parts: readonly unknown[]): Hex {
  return toHex(fromHex(AbiCoder.defaultAbiCoder().encode([type], [parts])));
}

function word(value: bigint): Hex {
  return toHex(uintBytes("slot", value, 32));
}

function canAsk(provider: object): provider is { send(method: string, params: readonly unknown[]): Promise<unknown> } {
  return "send" in provider && typeof provider.send === "function";
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
