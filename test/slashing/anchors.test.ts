import { expect } from "chai";
import type { AnchorLog } from "../../typechain-types/index.js";
import { attestationsOf, offenceOf, proofId, type Evidence } from "../../sdk/src/evidence.ts";
import { accuseHeads } from "../../sdk/src/evidenceBuild.ts";
import { CLASS_FAST, CLASS_FINAL, type HeadFact } from "../../sdk/src/fact.ts";
import { blockOf, createWorld, include, prove, remember, WRONG, type SigningOptions, type World } from "./world.ts";

describe("GuardianSlashing, head facts", () => {
  let world: World;
  let back: () => Promise<void>;
  let log: AnchorLog;
  /** The anchored block, truly told. */
  let truth: HeadFact;
  let header: Awaited<ReturnType<typeof blockOf>>["header"];

  before(async () => {
    world = await createWorld();
    const { a, b } = world;
    const [connection] = world.connections;
    if (connection === undefined) throw new Error("no rollup");
    const { anchorLog } = await b.rollupRegistry.rollup(a.chainId);
    log = await connection.ethers.getContractAt("AnchorLog", anchorLog);
    await log.anchor();
    const { number } = await log.anchorAt(0);
    const block = await blockOf(connection, Number(number));
    const { hash: blockHash, stateRoot } = block;
    header = block.header;
    truth = { class: CLASS_FINAL, chainId: a.chainId, incarnation: 1n, anchorIndex: 0n, number, blockHash, stateRoot };
    back = await remember(world);
  });

  beforeEach(async () => back());

  const about = (fact: HeadFact, options?: SigningOptions): Extract<Evidence, { readonly kind: "head" }> => ({
    kind: "head",
    fact,
    inclusion: include(world.net, fact, options),
  });

  async function expectProof(evidence: Evidence, rollup = world.a): Promise<void> {
    const offence = offenceOf(world.net.networkId, evidence);
    const id = proofId(offence, attestationsOf(evidence));
    const fields = [offence.class, offence.fact, offence.other, offence.subject, offence.first, offence.last];
    await expect(prove(rollup, evidence))
      .to.emit(rollup.guardianSlashing, "OffenceProven")
      .withArgs(id, offence.fact, offence.subject, await rollup.signer.getAddress(), fields);
  }

  const refuses = (evidence: Evidence, error: string, rollup = world.a) =>
    expect(prove(rollup, evidence)).to.be.revertedWithCustomError(rollup.guardianSlashing, error);

  describe("proveHead", () => {
    it("R1 proves another block at an anchor, at any later time", async () => {
      await world.a.passTime(400 * 86_400);
      await expectProof(about({ ...truth, blockHash: WRONG }));
      await expectProof(about({ ...truth, number: truth.number + 1n }));
    });

    it("proves an anchor that is not there: what was final stays, so nobody honest named it", async () => {
      await expectProof(about({ ...truth, anchorIndex: 1n }));
      await log.anchor();
      await refuses(about({ ...truth, ...(await second()) }), "SlashingNotFalse");
    });

    async function second(): Promise<Partial<HeadFact>> {
      const { number, blockHash } = await log.anchorAt(1);
      return { anchorIndex: 1n, number, blockHash: `0x${blockHash.slice(2)}` };
    }

    it("EXPLOITS 17 proves a false state root by the block's header, on any rollup", async () => {
      const lie = { ...about({ ...truth, stateRoot: WRONG }), header };
      await expectProof(lie);
      await expectProof(lie, world.b);
    });

    it("C8 refuses true facts, other headers and bytes that are none", async () => {
      await refuses(about(truth), "SlashingNotFalse");
      await refuses({ ...about(truth), header }, "SlashingNotFalse");
      const lie = about({ ...truth, stateRoot: WRONG });
      const [connection] = world.connections;
      const other = connection === undefined ? undefined : await blockOf(connection, Number(truth.number) - 1);
      for (const bytes of [other?.header ?? "0x", header.slice(0, 200), `${header}00`, "0x00"]) {
        await refuses({ ...lie, header: `0x${bytes.slice(2)}` }, "SlashingNotFalse");
      }
    });

    it("R10 is refused where the truth is out of reach: another rollup, another incarnation", async () => {
      const fact = { ...truth, blockHash: WRONG };
      await refuses(about(fact), "SlashingNotHome", world.b);
      await refuses(about({ ...fact, incarnation: 2n }), "SlashingNotHome");
      await refuses(about({ ...fact, chainId: world.b.chainId }), "SlashingNotHome");
    });

    it("refuses fast head facts, which nobody signs and no inbox takes", async () => {
      await refuses(about({ ...truth, class: CLASS_FAST, blockHash: WRONG }), "SlashingUnreadableFact");
    });
  });

  describe("proveHeadConflict", () => {
    const conflict = (a: HeadFact, b: HeadFact): Evidence => {
      const inclusions = [include(world.net, a), include(world.net, b, { signers: [1, 2, 3] })] as const;
      const found = accuseHeads(world.net.networkId, [a, b], inclusions);
      if (found === undefined) throw new Error("no conflict");
      return found;
    };

    it("R2 proves two facts about one anchor on any rollup, home or not", async () => {
      for (const rollup of [world.a, world.b]) {
        for (const change of [{ blockHash: WRONG }, { number: 7n }, { stateRoot: WRONG }]) {
          await expectProof(conflict(truth, { ...truth, ...change }), rollup);
        }
      }
    });

    it("C7 C8 refuses the same fact twice and facts about different anchors", async () => {
      const inclusion = include(world.net, truth);
      await refuses(
        { kind: "headConflict", facts: [truth, truth], inclusions: [inclusion, inclusion] },
        "SlashingNoConflict",
      );
      for (const change of [{ anchorIndex: 1n }, { incarnation: 2n }, { chainId: world.b.chainId }]) {
        const other = { ...truth, blockHash: WRONG, ...change };
        const same = conflict(truth, { ...truth, blockHash: WRONG });
        if (same.kind !== "headConflict") throw new Error("no conflict");
        for (const facts of [[truth, other] as const, [other, truth] as const]) {
          const [x, y] = facts;
          const inclusions = [include(world.net, x), include(world.net, y)] as const;
          await refuses({ kind: "headConflict", facts, inclusions }, "SlashingNoConflict");
        }
      }
    });
  });
});
