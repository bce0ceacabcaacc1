import { expect } from "chai";
import { ZERO_HASH, type Hex } from "../../sdk/src/bytes.ts";
import { CLASS_FAST } from "../../sdk/src/fact.ts";
import { createSource, type Source } from "../../scripts/guardian/facts.ts";
import { partyOf } from "../../scripts/guardian/rate-limit.ts";
import { openRecord, type GuardianRecord } from "../../scripts/guardian/record.ts";
import { createSessions } from "../../scripts/guardian/sessions.ts";
import { laneBetween, openChain, rollupSchema } from "../../scripts/network/config.ts";
import type { FactToSign } from "../../scripts/network/coordinator.ts";
import { toWire } from "../../scripts/network/guardian-api.ts";
import type { AnvilNetwork, AnvilRollup } from "../helpers/daemonNetwork.ts";
import { sendMessages, startAnvilNetwork } from "../helpers/daemonNetwork.ts";
import type { Fleet } from "../helpers/guardianFleet.ts";
import { createFleet } from "../helpers/guardianFleet.ts";
import { commitBody, laneFact, type Answer } from "./asking.ts";

const PLACES = 4;
const BURST = 40;
/** Tokens do not come back within a test. */
const SLOWLY = 0.000_1;

describe("guardian with hostile clients (R25)", function () {
  this.timeout(60_000);
  let network: AnvilNetwork;
  let fleet: Fleet;
  let [a, b] = [] as unknown as [AnvilRollup, AnvilRollup]; // CAST: set before any test runs
  let good: FactToSign;
  let clients = 0;

  before(async () => {
    network = await startAnvilNetwork({ rollups: 2, guardians: 4, blockTimeMs: 50 });
    [a, b] = network.rollups as [AnvilRollup, AnvilRollup]; // CAST: two were asked for
    const limits = { maxSessions: PLACES, concurrency: PLACES, requestsPerSecond: SLOWLY, burst: BURST };
    fleet = await createFleet(network, { ...limits, sessionMs: 60_000, trustedProxies: ["127.0.0.1"] });
    await fleet.start(0);
    await sendMessages(a, b, ["0x01", "0x02"]);
    await a.mine(4);
    good = await laneFact(network, a, b);
  });

  after(async () => {
    await fleet.close();
    await network.close();
  });

  /** Somebody with an address of its own, who asks through the reverse proxy in front of the guardian. */
  function newClient(): (path: string, body: object) => Promise<Answer> {
    const address = `203.0.113.${++clients}`;
    return async (path, body) => {
      const headers = { "content-type": "application/json", "x-forwarded-for": address };
      const response = await fetch(new URL(path, fleet.seats[0]?.url), { method: "POST", headers, body: toWire(body) });
      return { status: response.status, body: (await response.json()) as Answer["body"] }; // CAST: guardians answer JSON objects
    };
  }

  async function unknownBlock(seed: number): Promise<FactToSign> {
    const srcBlockHash: Hex = `0x${seed.toString(16).padStart(64, "0")}`;
    const srcBlockNumber = BigInt(await a.provider.getBlockNumber());
    return laneFact(network, a, b, { class: CLASS_FAST, change: { srcBlockHash, srcBlockNumber } });
  }

  it("one that calls itself by many names keeps nobody else out, and nobody else's session goes for its own", async () => {
    const [hostile, honest] = [newClient(), newClient()];
    const crowd = async (wave: string): Promise<void> => {
      for (let i = 0; i < PLACES; i++)
        expect(await hostile("/v1/commit", commitBody([good], `${wave} ${i}`))).to.have.property("status", 200);
    };
    await crowd("first");
    const { status, body } = await honest("/v1/commit", commitBody([good]));
    expect([status, body["code"]]).to.deep.equal([200, undefined]);
    await crowd("second");
    const { session, key, R, S } = body;
    const signed = await honest("/v1/sign", { session, entries: [{ key, R, S }] });
    expect([signed.status, signed.body["code"]]).to.deep.equal([200, undefined]);
  });

  it("one whose requests take long leaves places to others", async () => {
    const [hostile, honest] = [newClient(), newClient()];
    const facts = await Promise.all(Array.from({ length: PLACES + 2 }, (_, index) => unknownBlock(index + 1)));
    const answers = facts.map((fact) => hostile("/v1/commit", commitBody([fact])));
    expect((await Promise.race(answers)).body["code"]).to.equal("BUSY");
    expect(await honest("/v1/commit", commitBody([good]))).to.have.property("status", 200);
    const codes = (await Promise.all(answers)).map(({ body }) => body["code"]);
    expect(codes.filter((code) => code === "QUORUM_NOT_REACHED")).to.have.length(PLACES / 2);
  });

  it("one that asks about many messages uses up its own share of requests, and nobody else's", async () => {
    const [hostile, honest] = [newClient(), newClient()];
    const long = await laneFact(network, a, b, { change: { to: 1_024n } });
    const codes: unknown[] = [];
    for (let i = 0; i < 3; i++) codes.push((await hostile("/v1/commit", commitBody([long]))).body["code"]);
    expect(codes).to.deep.equal(["FACT_NOT_FINAL", "FACT_NOT_FINAL", "RATE_LIMITED"]);
    expect(await honest("/v1/commit", commitBody([good]))).to.have.property("status", 200);
    // More than a whole share is no reason to refuse for good.
    const more = await Promise.all(
      [1n, 2n].map((from) => laneFact(network, a, b, { change: { from, to: from + 1_024n } })),
    );
    const longest = await newClient()("/v1/commit", commitBody([long, ...more]));
    expect(longest.body["code"]).to.equal("FACT_NOT_FINAL");
  });

  it("BLOCKS_TOO_MANY for fast facts about more than one block of a rollup", async () => {
    const [one, two] = [await unknownBlock(1), await unknownBlock(2)];
    const { status, body } = await newClient()("/v1/commit", commitBody([one, two]));
    expect([status, body["code"]]).to.deep.equal([422, "BLOCKS_TOO_MANY"]);
  });

  it("counts an IPv6 network as one party, and every IPv4 address", () => {
    const network64 = ["2001:db8:0:1::7", "2001:db8:0:1:ffff::", "2001:db8:0:1:1:2:3:4"];
    expect(new Set(network64.map(partyOf))).to.deep.equal(new Set(["2001:db8:0:1"]));
    expect(partyOf("2001:db8:0:2::7")).to.equal("2001:db8:0:2");
    expect(partyOf("::1")).to.equal("0:0:0:0");
    expect(["203.0.113.1", "::ffff:203.0.113.1"].map(partyOf)).to.deep.equal(["203.0.113.1", "::ffff:203.0.113.1"]);
  });

  it("SESSIONS_FULL only where every place is another address's", () => {
    const sessions = createSessions(7n, { most: 2, lifeMs: 1_000 }, () => 0);
    const open = (address: string, name: string): string =>
      sessions.open({ address, name }, { root: ZERO_HASH, chains: [], isFast: false }).id;
    const first = open("one", "x");
    open("one", "y");
    open("two", "x");
    expect(() => sessions.take(first))
      .to.throw()
      .with.property("code", "SESSION_UNKNOWN");
    expect(() => open("three", "x"))
      .to.throw()
      .with.property("code", "SESSIONS_FULL");
    expect(sessions.count).to.equal(2);
  });

  describe("who go away while others wait for the same", () => {
    let record: GuardianRecord;
    let source: Source;
    let close: () => void;

    beforeEach(() => {
      const [rollup, other] = [rollupSchema.parse(a.settings), rollupSchema.parse(b.settings)];
      const access = openChain(rollup);
      record = openRecord(":memory:", { networkId: network.networkId, key: ZERO_HASH });
      source = createSource({ rollup, access, record, lanes: [laneBetween(network, rollup, other)] });
      close = () => {
        access.pool.close();
        record.close();
      };
    });

    afterEach(() => close());

    /** The same asked twice at once; who asked first goes away. */
    async function askTwice<T>(ask: (signal?: AbortSignal) => Promise<T>): Promise<T> {
      const leaving = new AbortController();
      const left = ask(leaving.signal).then(
        () => "answered",
        (error: unknown) => error,
      );
      const stays = ask();
      leaving.abort();
      expect(await left).to.have.property("code", "ABORTED");
      return stays;
    }

    it("do not end the look at the final block", async () => {
      await askTwice((signal) => source.refresh(signal));
      expect(record.finalBlock(a.chainId)?.number).to.be.greaterThan(0);
    });

    it("do not end the look at a soft one", async () => {
      const fact = await laneFact(network, a, b, { class: CLASS_FAST });
      const { hash } = await askTwice((signal) => source.confirm(fact.request, signal));
      expect(hash).to.equal(fact.hash);
    });
  });
});
