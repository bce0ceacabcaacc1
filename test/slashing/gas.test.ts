import { accuseHeads, accuseLane, accuseLanes } from "../../sdk/src/evidenceBuild.ts";
import type { Evidence } from "../../sdk/src/evidence.ts";
import { CLASS_FINAL, type HeadFact, type LaneFact } from "../../sdk/src/fact.ts";
import { expectGas } from "../helpers/gas.ts";
import {
  blockOf,
  convictArgs,
  createWorld,
  include,
  laneTruth,
  prove,
  send,
  trueFact,
  WRONG,
  type World,
} from "./world.ts";

const SIGNERS = Array.from({ length: 67 }, (_, place) => place);
const OTHERS = SIGNERS.map((place) => place + 33);

describe("GuardianSlashing, gas with 67 of 100 signers, not cached", function () {
  this.timeout(300_000);
  let world: World;
  let truth: Awaited<ReturnType<typeof laneTruth>>;

  before(async () => {
    world = await createWorld(100);
    await send(world, 1_100);
    truth = await laneTruth(world);
  });

  const signed = (fact: LaneFact | HeadFact, signers = SIGNERS) => include(world.net, fact, { signers });
  const lane = (lie: LaneFact): Evidence | undefined =>
    accuseLane({ fact: lie, inclusion: signed(lie), lane: world.lane }, truth);

  async function costsAtMost(limit: bigint, evidence: Evidence | undefined): Promise<void> {
    if (evidence === undefined) throw new Error("no evidence");
    const receipt = await (await prove(world.a, evidence)).wait();
    expectGas(receipt?.gasUsed ?? 0n, limit + 1n);
  }

  for (const [from, to, limit] of [
    [10n, 74n, 200_000n],
    [0n, 64n, 200_000n],
    [1n, 1_025n, 1_500_000n],
  ] as const) {
    it(`a false lane fact about ${to - from} messages from ${from} costs at most ${limit}`, async () => {
      const fact = trueFact(world.lane, truth, from, to);
      for (const lie of [{ headAt: WRONG }, { headBefore: WRONG }, { batchRoot: WRONG }]) {
        await costsAtMost(limit, lane({ ...fact, ...lie }));
      }
      await costsAtMost(limit, lane({ ...fact, from: 2_000n, to: 2_000n + (to - from) }));
    });
  }

  it("two lane facts in conflict cost at most 150,000 by the same signers, 175,000 by others", async () => {
    const one = trueFact(world.lane, truth, 10n, 74n);
    const two = { ...one, headAt: WRONG };
    await costsAtMost(
      150_000n,
      accuseLanes({ fact: one, inclusion: signed(one) }, { fact: two, inclusion: signed(two) }),
    );
    await costsAtMost(
      175_000n,
      accuseLanes({ fact: one, inclusion: signed(one) }, { fact: two, inclusion: signed(two, OTHERS) }),
    );
  });

  it("a false head fact costs at most 150,000, and so do two in conflict; a conviction about 95,000 a signer", async () => {
    const [connection] = world.connections;
    if (connection === undefined) throw new Error("no rollup");
    const { number, hash: blockHash, stateRoot, header } = await blockOf(connection, "latest");
    const place = { class: CLASS_FINAL, chainId: world.a.chainId, incarnation: 1n, anchorIndex: 9n } as const;
    const fact: HeadFact = { ...place, number: BigInt(number), blockHash, stateRoot };
    const lie = { ...fact, stateRoot: WRONG };
    await costsAtMost(150_000n, { kind: "head", fact, inclusion: signed(fact) });
    await costsAtMost(150_000n, { kind: "head", fact: lie, inclusion: signed(lie), header });
    const both = accuseHeads(world.net.networkId, [fact, lie], [signed(fact), signed(lie)]);
    await costsAtMost(150_000n, both);
    if (both === undefined) return;
    const { guardianSlashing } = world.a;
    const receipt = await (await guardianSlashing.convict(...(await convictArgs(world.net, world.a, both)))).wait();
    expectGas(receipt?.gasUsed ?? 0n, 100_000n * BigInt(SIGNERS.length));
  });
});
