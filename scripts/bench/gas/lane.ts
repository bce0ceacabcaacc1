import { keccak256 } from "ethers";
import { attestationDigest, bitmapOf, encodeAttestation } from "../../../sdk/src/attestation.ts";
import { encodeBatches } from "../../../sdk/src/batch.ts";
import { fromHex, hashText, toHex, type Address, type Hex } from "../../../sdk/src/bytes.ts";
import { MetalayerClient } from "../../../sdk/src/client.ts";
import type { SentMessage } from "../../../sdk/src/events.ts";
import { CLASS_FAST, CLASS_FINAL, factProof, networkRoot, type FactClass } from "../../../sdk/src/fact.ts";
import { quoteFee } from "../../../sdk/src/fees.ts";
import { buildBatch, proveRange, type LaneRange } from "../../../sdk/src/lane.ts";
import { DEFAULT_GAS_LIMIT, KIND_MESSAGE, type Message } from "../../../sdk/src/message.ts";
import { DEFAULT_PRICES } from "../../../deploy/params/defaults.ts";
import type { Lane } from "../../../sdk/src/route.ts";
import { signAs } from "../../../test/helpers/network.ts";
import { addressOf, type GasNetwork } from "./network.ts";
import { costOf, type Cost } from "./row.ts";

/** A second lane's fact: one relay transaction seldom comes alone. */
export const OTHER_FACT = hashText("another lane's fact");
const HEAD_BEFORE = hashText("head of the lane before these messages");
const SENDER: Address = `0x${hashText("an account on home").slice(26)}`;
const RELAY_GAS = 16_000_000n;
/** Messages delivered before anything is measured. */
export const EARLIER = 8n;
const SERIAL = 1;

/** Bytes without a zero among them: the dearest calldata. */
export function payloadOf(length: number, seed: string): Hex {
  const bytes = new Uint8Array(length);
  let block = fromHex(hashText(seed));
  for (let i = 0; i < length; i++) {
    if (i % 32 === 0 && i > 0) block = fromHex(keccak256(block));
    bytes[i] = block[i % 32] || 0x5a;
  }
  return toHex(bytes);
}

export interface Wanted {
  /** How many messages the lane fact covers. Default: as many as are delivered. */
  readonly covered?: number;
  readonly count?: number;
  readonly payload?: number;
  /** Default: all to the same recipient. */
  readonly recipients?: readonly Address[];
  readonly class?: FactClass;
  readonly claim?: boolean;
  /** Indexes of those who sign. Default: all. */
  readonly signers?: readonly number[];
  /** Replaces the made-up messages by real ones. */
  readonly messages?: readonly Message[];
}

export interface Prepared {
  readonly attestation: Hex;
  readonly batches: Hex;
}

/**
 * What a relayer sends to the other rollup. The messages are made up here and signed for by the guardians, as if home's gateway had
 * chained them: the destination sees no difference.
 */
export async function prepare(net: GasNetwork, wanted: Wanted = {}): Promise<Prepared> {
  const count = wanted.messages?.length ?? wanted.count ?? 1;
  const covered = wanted.covered ?? count;
  const factClass = wanted.class ?? CLASS_FINAL;
  const range: LaneRange = {
    lane: await laneOf(net),
    class: factClass,
    headBefore: HEAD_BEFORE,
    messages: wanted.messages ?? Array.from({ length: covered }, (_, index) => madeUp(net, wanted, index)),
    ...(factClass === CLASS_FAST ? { srcBlockHash: hashText("block of home") } : {}),
  };
  const proven = proveRange(range);
  const facts = [proven.factHash, OTHER_FACT];
  // One message out of many: the 42nd, so that siblings stand on both sides.
  const from = proven.fact.from + (covered > count ? 41n : 0n);
  const batch = buildBatch(range, proven, {
    factProof: factProof(facts, proven.factHash),
    from,
    to: from + BigInt(count),
    claim: () => wanted.claim === true,
  });
  return { attestation: attest(net, facts, wanted.signers), batches: encodeBatches([batch]) };
}

/** The lane from home to the other rollup. */
export async function laneOf({ networkId, home, other }: GasNetwork): Promise<Lane> {
  return {
    networkId,
    srcChainId: home.chainId,
    dstChainId: other.chainId,
    srcIncarnation: 1n,
    dstIncarnation: 1n,
    srcGateway: await addressOf(home.gateway),
    dstGateway: await addressOf(other.gateway),
  };
}

/** Messages of the lane from home with these nonces, from its own logs. */
export async function sentFromHome({ home, other }: GasNetwork, from: bigint, to: bigint): Promise<SentMessage[]> {
  const ends = await Promise.all(
    [home, other].map(async ({ operator, gateway, rollupRegistry }) => ({
      runner: operator,
      gateway: await addressOf(gateway),
      registry: await addressOf(rollupRegistry),
    })),
  );
  return (await MetalayerClient.connect(ends)).messages(home.chainId, other.chainId, from, to);
}

/** Relays and returns what it cost. */
export async function deliver(net: GasNetwork, wanted: Wanted = {}): Promise<Cost> {
  const { attestation, batches } = await prepare(net, wanted);
  return relay(net, attestation, batches);
}

export async function relay({ other }: GasNetwork, attestation: Hex, batches: Hex): Promise<Cost> {
  return costOf(other.gateway.connect(other.relayer).relay(attestation, batches, { gasLimit: RELAY_GAS }));
}

/** Puts the inbound lane into steady state: a bitmap word in use, the relayer's earnings no longer zero. */
export async function warmUp(net: GasNetwork): Promise<void> {
  const count = Number(EARLIER);
  await deliver(net, { messages: Array.from({ length: count }, (_, index) => madeUp(net, {}, index - count)) });
}

/** Stores the sum key of these signers. */
export async function cacheSigners(net: GasNetwork, signers: readonly number[]): Promise<Cost> {
  return costOf(net.other.guardianSet.cacheSigners(SERIAL, bitmapOf(signers)));
}

/** The message at this place behind those that {@link warmUp} delivers; negative places are theirs. */
export function madeUp({ other }: GasNetwork, { recipients, payload = 32 }: Wanted, index: number): Message {
  const to = recipients ?? other.recipients.slice(0, 1);
  const recipient = to[Math.max(index, 0) % to.length];
  if (recipient === undefined) throw new Error("a message has a recipient");
  return {
    kind: KIND_MESSAGE,
    nonce: EARLIER + BigInt(index),
    gasLimit: DEFAULT_GAS_LIMIT,
    fee: quoteFee(DEFAULT_PRICES, payload, DEFAULT_GAS_LIMIT).fee,
    sender: SENDER,
    recipient,
    payload: payloadOf(payload, `message ${index}`),
  };
}

/** One signature over these facts by the guardians with these indexes. Default: all. */
export function attest({ networkId, guardians }: GasNetwork, facts: readonly Hex[], signers?: readonly number[]): Hex {
  const root = networkRoot(facts);
  const indexes = signers ?? guardians.map((_, index) => index);
  const keys = indexes.map((index) => {
    const guardian = guardians[index];
    if (guardian === undefined) throw new Error(`there is no guardian ${index}`);
    return guardian;
  });
  const signature = signAs(keys, attestationDigest(networkId, root));
  return encodeAttestation({ root, serial: SERIAL, signature, bitmap: bitmapOf(indexes) });
}
