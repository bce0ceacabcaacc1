import { toQuantity, type Provider } from "ethers";
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
import { proveState, type NodeProof, type ProvenState } from "./proofsPack.ts";
import type { RollupHandle } from "./rollup.ts";

/** What to read: an account of one rollup, proven against a head of it that is attested on another. */
export interface StateQuery {
  /** Chain id of the rollup whose state is read. */
  readonly of: bigint;
  /** Chain id of the rollup whose StateRootInbox holds the head. */
  readonly attestedOn: bigint;
  readonly account: string;
  readonly slots?: readonly (Hex | bigint)[];
  /** Default: the newest recorded head. */
  readonly anchorIndex?: bigint;
}

/** A block of another rollup as an inbox has recorded it. */
export interface StateHead {
  readonly anchorIndex: bigint;
  /** Block number of the rollup whose state is read. */
  readonly number: bigint;
  /** Seconds, on the rollup where it is attested. */
  readonly recordedAt: bigint;
  readonly blockHash: Hex;
  readonly stateRoot: Hex;
}

/** Verified values, the head under which they hold, and the proofs for StateReader. */
export interface StateAnswer extends ProvenState {
  readonly head: StateHead;
}

/** Reads and verifies. Throws as {@link attestedHead}, `PROOF_REFUSED`, and `PROOF_UNAVAILABLE` if the node gives no proof. */
export async function readProvenState(
  source: RollupHandle,
  attestedOn: RollupHandle,
  query: StateQuery,
): Promise<StateAnswer> {
  const account = toAddress(fixedBytes("account", query.account, 20));
  const slots = (query.slots ?? []).map(slotKey);
  const head = await attestedHead(attestedOn, source.chainId, query.anchorIndex);
  const answer = await nodeProof(source.provider, account, slots, head.number);
  return { head, ...proveState(head.stateRoot, account, slots, answer) };
}

/** A recorded head, by default the newest. Throws `CLIENT_NO_INBOX` and `CLIENT_NO_HEAD`. */
export async function attestedHead(at: RollupHandle, chainId: bigint, index?: bigint): Promise<StateHead> {
  if (at.inbox === undefined) {
    throw new MetalayerError("CLIENT_NO_INBOX", `rollup ${at.chainId} was given without its StateRootInbox`);
  }
  const [anchorIndex, head] =
    index === undefined ? await at.inbox.latestHead(chainId) : [index, await at.inbox.head(chainId, index)];
  if (head.stateRoot === ZERO_HASH) {
    const which = index === undefined ? "no head" : `no head for anchor ${index}`;
    const info = { chainId, anchorIndex: index, attestedOn: at.chainId };
    throw new MetalayerError("CLIENT_NO_HEAD", `rollup ${at.chainId} knows ${which} of rollup ${chainId}`, info);
  }
  const [blockHash, stateRoot] = [toHex(fromHex(head.blockHash)), toHex(fromHex(head.stateRoot))];
  return { anchorIndex, number: head.number, recordedAt: head.recordedAt, blockHash, stateRoot };
}

/** `eth_getProof` of a node that an ethers provider reaches. Throws `PROOF_UNAVAILABLE`. */
export async function nodeProof(
  provider: Provider,
  account: Address,
  slots: readonly Hex[],
  block: bigint,
): Promise<NodeProof> {
  if (!canAsk(provider)) throw new MetalayerError("PROOF_UNAVAILABLE", "the provider cannot ask for eth_getProof");
  let answer: unknown;
  try {
    answer = await provider.send("eth_getProof", [account, slots, toQuantity(block)]);
  } catch (cause) {
    const message = `the node gives no proof at block ${block}: its state may be pruned`;
    throw new MetalayerError("PROOF_UNAVAILABLE", message, { block }, { cause });
  }
  if (!isNodeProof(answer)) throw new MetalayerError("PROOF_UNAVAILABLE", "the node's answer is no proof", { answer });
  return answer;
}

/** Slot of a mapping's entry as Solidity lays it out. */
export function mappingSlot(key: Hex | bigint, position: Hex | bigint): Hex {
  return hashWords([BigInt(key), BigInt(position)]);
}

interface Asker {
  send(method: string, params: readonly unknown[]): Promise<unknown>;
}

function canAsk(provider: object): provider is Asker {
  return "send" in provider && typeof provider.send === "function";
}

function isNodeProof(answer: unknown): answer is NodeProof {
  if (!isRecord(answer) || !isTextList(answer["accountProof"])) return false;
  const slots = answer["storageProof"];
  return Array.isArray(slots) && slots.every((slot) => isRecord(slot) && isTextList(slot["proof"]));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === "string");
}

function slotKey(slot: Hex | bigint): Hex {
  return typeof slot === "bigint" ? toHex(uintBytes("slot", slot, 32)) : toHex(fixedBytes("slot", slot, 32));
}
