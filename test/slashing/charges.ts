import { expect } from "chai";
import type { Hex } from "../../sdk/src/bytes.ts";
import { attestationsOf, offenceOf, proofId, type Evidence } from "../../sdk/src/evidence.ts";
import type { LaneFact } from "../../sdk/src/fact.ts";
import type { Lane } from "../../sdk/src/route.ts";
import {
  convictArgs,
  createWorld,
  hashOf,
  include,
  laneTruth,
  prove,
  remember,
  send,
  settleArgs,
  trueFact,
  WRONG,
  type SigningOptions,
  type World,
} from "./world.ts";

export type Truth = Awaited<ReturnType<typeof laneTruth>>;

/** A world with messages on its lane, and the way back to this moment. */
export interface Stage {
  readonly world: World;
  readonly truth: Truth;
  readonly back: () => Promise<void>;
}

/** `prepare` comes before the moment to which `back` leads. */
export async function stageOf(messages: number, prepare?: (world: World) => Promise<unknown>): Promise<Stage> {
  const world = await createWorld();
  await send(world, messages);
  const truth = await laneTruth(world);
  await prepare?.(world);
  return { world, truth, back: await remember(world) };
}

/** What identifies the proof of this evidence: its id and the fields of its offence as the contract emits them. */
export function proofOf({ net }: World, evidence: Evidence) {
  const offence = offenceOf(net.networkId, evidence);
  const fields = [offence.class, offence.fact, offence.other, offence.subject, offence.first, offence.last];
  return { id: proofId(offence, attestationsOf(evidence)), offence, fields };
}

type HeadEvidence = Extract<Evidence, { readonly kind: "laneHead" }>;

/** Evidence about lane facts, and what becomes of it. */
export function laneCharges(stage: () => Stage) {
  const signed = (fact: LaneFact, options?: SigningOptions) => include(stage().world.net, fact, options);
  const headEvidence = (fact: LaneFact, attempt: Partial<HeadEvidence> = {}): HeadEvidence => ({
    kind: "laneHead",
    fact,
    inclusion: signed(fact),
    lane: stage().world.lane,
    position: fact.to,
    hashes: [],
    ...attempt,
  });
  const ahead = (
    fact: LaneFact,
    lane: Lane = stage().world.lane,
    sourceBlock?: { anchored: boolean; number: bigint },
  ): Evidence => ({
    kind: "laneAhead",
    fact,
    inclusion: signed(fact),
    lane,
    ...(sourceBlock === undefined ? {} : { sourceBlock }),
  });
  const expectProof = async (evidence: Evidence, rollup = stage().world.a): Promise<void> => {
    const { id, offence, fields } = proofOf(stage().world, evidence);
    const { guardianSlashing, signer } = rollup;
    const reporter = await signer.getAddress();
    await expect(prove(rollup, evidence))
      .to.emit(guardianSlashing, "OffenceProven")
      .withArgs(id, offence.fact, offence.subject, reporter, fields);
    const stored = await guardianSlashing.proof(id);
    expect([stored.reporter, stored.provenAt > 0n]).to.deep.equal([reporter, true]);
  };
  const refuses = (evidence: Evidence, error: string, rollup = stage().world.a) =>
    expect(prove(rollup, evidence)).to.be.revertedWithCustomError(rollup.guardianSlashing, error);
  return { signed, headEvidence, ahead, expectProof, refuses };
}

/** Lies about the lane at its home, and what follows from them for `operator`. */
export function lies(stage: () => Stage, operator: () => string) {
  /** A false fact with the given end; the signers' lie. */
  const lieAt = (to: bigint, options: SigningOptions = {}, change: Partial<LaneFact> = {}): Evidence => {
    const { world, truth } = stage();
    const fact = { ...trueFact(world.lane, truth, 10n, to), batchRoot: WRONG, ...change };
    const inclusion = include(world.net, fact, { signers: [0], ...options });
    return { kind: "laneRoot", fact, inclusion, hashes: truth.hashes(10n, to) };
  };
  const factOf = (evidence: Evidence): Hex => ("fact" in evidence ? hashOf(stage().world.net, evidence.fact) : WRONG);
  const convict = async (evidence: Evidence, only?: readonly number[]) => {
    const { net, a } = stage().world;
    return a.guardianSlashing.convict(...(await convictArgs(net, a, evidence, only)));
  };
  const settle = async (evidence: Evidence, whom = operator()) => {
    const { net, a } = stage().world;
    return a.guardianSlashing.settle(...settleArgs(net, evidence, whom));
  };
  const statusOf = async (evidence: Evidence, whom = operator()) =>
    (await stage().world.a.guardianSlashing.conviction(whom, factOf(evidence))).status;
  return { lieAt, factOf, convict, settle, statusOf };
}

export async function stakeOn({ a }: World, operator: string, amount: bigint): Promise<void> {
  await a.era.approve(a.guardianStaking, amount);
  await a.guardianStaking.stake(operator, amount);
}
