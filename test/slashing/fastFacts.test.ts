import { expect } from "chai";
import type { Hex } from "../../sdk/src/bytes.ts";
import { attestationsOf, offenceOf, proofId, type Evidence } from "../../sdk/src/evidence.ts";
import { CLASS_FAST, type LaneFact } from "../../sdk/src/fact.ts";
import { type Lane } from "../../sdk/src/route.ts";
import {
  blockOf,
  createWorld,
  include,
  laneTruth,
  prove,
  remember,
  send,
  trueFact,
  WRONG,
  type SigningOptions,
  type World,
} from "./world.ts";

type HeadEvidence = Extract<Evidence, { readonly kind: "laneHead" }>;
/** Evidence of one kind about a fact, as anyone may try it. */
type Attempt = Partial<HeadEvidence>;

describe("GuardianSlashing, fast lane facts at home", () => {
  let world: World;
  let back: () => Promise<void>;
  let truth: Awaited<ReturnType<typeof laneTruth>>;

  before(async () => {
    world = await createWorld();
    await send(world, 150);
    truth = await laneTruth(world);
    back = await remember(world);
  });

  beforeEach(async () => back());

  const signed = (fact: LaneFact, options?: SigningOptions) => include(world.net, fact, options);
  const headEvidence = (fact: LaneFact, attempt: Attempt = {}): HeadEvidence => ({
    kind: "laneHead",
    fact,
    inclusion: signed(fact),
    lane: world.lane,
    position: fact.to,
    hashes: [],
    ...attempt,
  });
  const ahead = (
    fact: LaneFact,
    lane: Lane = world.lane,
    sourceBlock?: { anchored: boolean; number: bigint },
  ): Evidence => ({
    kind: "laneAhead",
    fact,
    inclusion: signed(fact),
    lane,
    ...(sourceBlock === undefined ? {} : { sourceBlock }),
  });

  async function expectProof(evidence: Evidence, rollup = world.a): Promise<void> {
    const offence = offenceOf(world.net.networkId, evidence);
    const id = proofId(offence, attestationsOf(evidence));
    const { guardianSlashing, signer } = rollup;
    const fields = [offence.class, offence.fact, offence.other, offence.subject, offence.first, offence.last];
    const reporter = await signer.getAddress();
    await expect(prove(rollup, evidence))
      .to.emit(guardianSlashing, "OffenceProven")
      .withArgs(id, offence.fact, offence.subject, reporter, fields);
    const stored = await guardianSlashing.proof(id);
    expect([stored.reporter, stored.provenAt > 0n]).to.deep.equal([reporter, true]);
  }

  const refuses = (evidence: Evidence, error: string, rollup = world.a) =>
    expect(prove(rollup, evidence)).to.be.revertedWithCustomError(rollup.guardianSlashing, error);

  const fastLie = (srcBlockHash: Hex): LaneFact => ({
    ...trueFact(world.lane, truth, 10n, 20n),
    class: CLASS_FAST,
    srcBlockHash,
    headAt: WRONG,
  });
  const hashes = () => truth.hashes(0n, 64n);

  it("R5 are judged while their block is in the chain, found by number or by anchor", async () => {
    const [connection] = world.connections;
    if (connection === undefined) throw new Error("no rollup");
    const block = await blockOf(connection, "latest");
    const fact = fastLie(block.hash);
    const byNumber = { anchored: false, number: BigInt(block.number) };
    await refuses(headEvidence(fact, { hashes: hashes() }), "SlashingBlockUnknown");
    await refuses(
      headEvidence(fact, { hashes: hashes(), sourceBlock: { ...byNumber, anchored: true } }),
      "SlashingBlockUnknown",
    );

    const { anchorLog } = await world.b.rollupRegistry.rollup(world.a.chainId);
    const log = await connection.ethers.getContractAt("AnchorLog", anchorLog);
    await log.anchor();
    await expectProof(headEvidence(fact, { hashes: hashes(), sourceBlock: { anchored: true, number: 0n } }));
    await back();
    await connection.networkHelpers.mine();
    await expectProof(headEvidence(fact, { hashes: hashes(), sourceBlock: byNumber }));
    await back();
    await connection.networkHelpers.mine();
    await expectProof(ahead({ ...fact, to: 151n }, world.lane, byNumber));
  });

  it("R5 are not judged once their block was reorganised away", async () => {
    const number = await world.a.provider.getBlockNumber();
    const fact = fastLie(WRONG);
    const at = { anchored: false, number: BigInt(number) };
    await refuses(headEvidence(fact, { hashes: hashes(), sourceBlock: at }), "SlashingBlockUnknown");
    await refuses(ahead({ ...fact, to: 151n }, world.lane, at), "SlashingBlockUnknown");
  });
});
