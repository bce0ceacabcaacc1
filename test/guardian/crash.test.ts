import { expect } from "chai";
import type { Hex } from "../../sdk/src/bytes.ts";
import { CLASS_FAST, CLASS_FINAL } from "../../sdk/src/fact.ts";
import { laneId } from "../../sdk/src/route.ts";
import { guardianKey } from "../../scripts/guardian/keystore.ts";
import { openRecord } from "../../scripts/guardian/record.ts";
import { laneBetween, rollupSchema } from "../../scripts/network/config.ts";
import type { FactToSign } from "../../scripts/network/coordinator.ts";
import type { LaneFactRequest } from "../../scripts/network/guardian-api.ts";
import { seededRandom } from "../../scripts/devnet/faults.ts";
import type { AnvilNetwork, AnvilRollup } from "../helpers/daemonNetwork.ts";
import { FUZZ_SEED } from "../helpers/fuzz.ts";
import { guardianSecret, sendMessages, startAnvilNetwork } from "../helpers/daemonNetwork.ts";
import type { Fleet } from "../helpers/guardianFleet.ts";
import { createFleet, endChild } from "../helpers/guardianFleet.ts";
import { commitBody, laneFact, post } from "./asking.ts";

const KILLS = 4;
/** Lives that end before anything is answered are followed by more of them, so many at most. */
const MOST_KILLS = 24;

describe("guardian process killed at random instants", function () {
  this.timeout(120_000);
  const seed = FUZZ_SEED;
  let network: AnvilNetwork;
  let fleet: Fleet;
  let a: AnvilRollup;
  let b: AnvilRollup;

  before(async () => {
    network = await startAnvilNetwork({ rollups: 2, guardians: 4, blockTimeMs: 20 });
    [a, b] = network.rollups as [AnvilRollup, AnvilRollup]; // CAST: two were asked for
    fleet = await createFleet(network, { requestsPerSecond: 10_000, burst: 10_000 });
    await sendMessages(
      a,
      b,
      Array.from({ length: 40 }, (_, index) => `0x${(index + 16).toString(16)}`),
    );
    await a.mine(4);
  });

  after(async () => {
    await fleet.close();
    await network.close();
  });

  it(`R24 had recorded everything that it answered (seed ${seed}), and a second one cannot run beside it`, async () => {
    const random = seededRandom(seed);
    const url = fleet.seats[0]?.url ?? "";
    const all = await factsOfBothClasses();
    const answered: FactToSign[] = [];
    for (let kills = 0; kills < KILLS || (answered.length <= KILLS && kills < MOST_KILLS); kills++) {
      const child = await fleet.spawn(0);
      if (kills === 0) {
        expect(await fleet.spawnRefused(0)).to.match(/^1: .* is in use/);
      }
      const killAt = performance.now() + 50 + random() * 700;
      const asking = [0, 1, 2].map(async (lane) => {
        while (child.exitCode === null && child.signalCode === null) {
          const fact = all[Math.floor(random() * all.length)];
          if (fact === undefined) continue;
          const answer = await post(url, "/v1/commit", commitBody([fact], `test ${lane}`)).catch(() => undefined);
          if (answer?.status === 200) answered.push(fact);
        }
      });
      await new Promise((resolve) => setTimeout(resolve, killAt - performance.now()));
      await endChild(child);
      await Promise.all(asking);
    }
    expect(answered.length).to.be.greaterThan(KILLS);
    const record = openRecord(fleet.seats[0]?.recordFile ?? "", {
      networkId: network.networkId,
      key: guardianKey(guardianSecret(0)).hex,
    });
    expect(record.halts()).to.deep.equal([]);
    const signed = answered.map(({ request }) => request as LaneFactRequest); // CAST: only lane facts were asked
    for (const request of signed) {
      const sign = (): void => record.sign([contradictionTo(request)]);
      expect(sign).to.throw().with.property("code", "RECORD_CONTRADICTION");
    }
    // Not even the operator's decision to read everything anew takes back what a final signature rests on.
    record.resume(a.chainId);
    const ends = signed.map(({ class: factClass, to }) => (factClass === CLASS_FINAL ? Number(to) : 0));
    expect(Number(record.tip(ownLane()).nonce)).to.equal(Math.max(...ends));
    record.close();
  });

  function ownLane(): Hex {
    return laneId(laneBetween(network, rollupSchema.parse(a.settings), rollupSchema.parse(b.settings)));
  }

  async function factsOfBothClasses(): Promise<FactToSign[]> {
    const facts: FactToSign[] = [];
    for (let i = 0n; i < 20n; i++) {
      const to = i + 1n + (i % 7n);
      facts.push(await laneFact(network, a, b, { class: CLASS_FINAL, from: i, to }));
      facts.push(await laneFact(network, a, b, { class: CLASS_FAST, from: i, to }));
    }
    return facts;
  }

  /** The same range with other messages. */
  function contradictionTo(fact: LaneFactRequest): Parameters<ReturnType<typeof openRecord>["sign"]>[0][number] {
    const { from, to, headBefore, batchRoot: headAt } = fact;
    const range = { from, to, headBefore, headAt, batchRoot: fact.headAt };
    const block = { number: Number(fact.srcBlockNumber), hash: fact.srcBlockHash };
    const soft = fact.class === CLASS_FAST ? { soft: { block, end: { nonce: to, head: headAt } } } : {};
    return { kind: "lane", chainId: a.chainId, laneId: ownLane(), ...range, ...soft };
  }
});
