import type { FactClass } from "../../../sdk/src/fact.ts";
import { CLASS_FAST, factProof } from "../../../sdk/src/fact.ts";
import type { LaneRange, ProvenRange } from "../../../sdk/src/lane.ts";
import { buildBatch, proveRange } from "../../../sdk/src/lane.ts";
import type { Batch } from "../../../sdk/src/batch.ts";
import type { Hex } from "../../../sdk/src/bytes.ts";
import type { Message } from "../../../sdk/src/message.ts";
import { KIND_BOUNTY, KIND_MESSAGE } from "../../../sdk/src/message.ts";
import { networkId } from "../../../sdk/src/network.ts";
import type { Lane } from "../../../sdk/src/route.ts";
import { laneId } from "../../../sdk/src/route.ts";
import type { Random } from "./random.ts";

/** Boundary values of a field, with what lies between. */
export function sampleUint(random: Random, bits: number): bigint {
  return random.pick([0n, 1n, (1n << BigInt(bits)) - 1n, random.uint(bits)]);
}

export function sampleLane(random: Random): Lane {
  const chainIds = [1n, 10n, 8453n, 42161n, 11155420n, (1n << 63n) - 1n] as const;
  const srcChainId = random.pick(chainIds);
  const others = chainIds.filter((chainId) => chainId !== srcChainId);
  return {
    networkId: networkId({
      homeChainId: 8453n,
      homeGenesisHash: random.hash(),
      homeRegistry: random.address(),
      salt: random.hash(),
    }),
    srcChainId,
    dstChainId: others[random.between(0, others.length)] ?? 2n,
    srcIncarnation: random.pick([1n, 2n, 16_383n]),
    dstIncarnation: random.pick([1n, 7n, 16_383n]),
    srcGateway: random.address(),
    dstGateway: random.address(),
  };
}

export function sampleMessage(random: Random, nonce: bigint): Message {
  return {
    kind: random.between(0, 8) === 0 ? KIND_BOUNTY : KIND_MESSAGE,
    nonce,
    gasLimit: random.pick([200_000n, sampleUint(random, 32)]),
    fee: sampleUint(random, 64),
    sender: random.address(),
    recipient: random.address(),
    payload: random.bytes(random.pick([0, 1, 31, 32, 33, 256, 700])),
  };
}

export function sampleRange(random: Random, factClass: FactClass, count: number): LaneRange {
  const lane = sampleLane(random);
  const from = random.pick([0n, 1n, 63n, 64n, random.uint(40)]);
  return {
    lane,
    class: factClass,
    headBefore: from === 0n ? laneId(lane) : random.hash(),
    messages: Array.from({ length: count }, (_, index) => sampleMessage(random, from + BigInt(index))),
    ...(factClass === CLASS_FAST ? { srcBlockHash: random.hash() } : {}),
  };
}

/** A range with a batch over a random part of it, proven in a fact tree of random size. */
export interface SampleBatch {
  readonly range: LaneRange;
  readonly proven: ProvenRange;
  readonly facts: readonly Hex[];
  readonly batch: Batch;
}

export function sampleBatch(random: Random, factClass: FactClass, count: number, factCount: number): SampleBatch {
  const range = sampleRange(random, factClass, count);
  const proven = proveRange(range);
  const facts = [proven.factHash, ...Array.from({ length: factCount - 1 }, () => random.hash())];
  const first = random.pick([0, random.between(0, count)]);
  const length = random.pick([count - first, random.between(1, count - first + 1)]);
  const isBounty = (message: Message): boolean => message.kind === KIND_BOUNTY;
  const hashOnly = new Set(range.messages.filter(() => random.between(0, 4) === 0).map(({ nonce }) => nonce));
  const batch = buildBatch(range, proven, {
    factProof: factProof(facts, proven.factHash),
    from: proven.fact.from + BigInt(first),
    to: proven.fact.from + BigInt(first + length),
    gasBoost: sampleUint(random, 32),
    hashOnly: (message) => hashOnly.has(message.nonce) || (factClass === CLASS_FAST && isBounty(message)),
    claim: () => factClass !== CLASS_FAST && random.between(0, 4) === 0,
  });
  return { range, proven, facts, batch };
}
