import { expect } from "chai";
import type { StreamedPublication, StreamTrust } from "../../sdk/src/stream.ts";
import { account, ScriptedRollup } from "../helpers/scriptedRollup.ts";

const [QUIET, BUSY] = [account(0xa), account(0xb)];
const BELIEVED: StreamTrust = { finalFor: 8101n };
const ATTESTED: StreamTrust = { attestedOn: 8101n };
/** More than a stream could know one by one. */
const MANY = 10_020;

describe("a stream hands each publication over once", function () {
  this.timeout(240_000);
  let rollup: ScriptedRollup;
  let stream: ReturnType<ScriptedRollup["follow"]>;

  beforeEach(() => {
    rollup = new ScriptedRollup();
  });

  afterEach(async () => {
    await stream.stop();
  });

  async function follow(head: number, trust = BELIEVED, from?: number): Promise<void> {
    rollup.head = head;
    stream = rollup.follow(trust, from);
    await stream.started;
  }

  async function look(head = rollup.head): Promise<void> {
    rollup.head = head;
    await stream.look();
  }

  const name = ({ publisher, index, payload }: StreamedPublication): string => `${publisher} ${index} ${payload}`;
  const of = (publisher: string): string[] =>
    stream.said.filter((said) => said.publisher === publisher).map(({ index, payload }) => `${index} ${payload}`);
  const repeated = (): number => stream.said.length - new Set(stream.said.map(name)).size;

  it("if a node leaves out a quiet publisher's, however many others were handed over meanwhile", async () => {
    rollup.publish(QUIET, 10);
    rollup.publishMany(BUSY, 11, MANY, 20);
    await follow(6_000);
    rollup.publish(QUIET, 6_001);
    rollup.publish(QUIET, 6_002);
    rollup.answer = (logs) => logs.filter(({ publisher, index }) => publisher !== QUIET || index !== 2n);
    await look(6_002);
    rollup.answer = (logs) => logs;
    await look();
    expect(stream.codes).to.deep.equal(["STREAM_GAP"]);
    expect(of(QUIET)).to.deep.equal(["1 0x01", "2 0x01", "3 0x01"]);
    expect([stream.said.length, repeated()]).to.deep.equal([MANY + 3, 0]);
  });

  it("if a node does not know the last block yet that another one showed", async () => {
    rollup.publishMany(BUSY, 11, 50, 1);
    await follow(1_000);
    rollup.publish(QUIET, 1_001);
    rollup.unknown.add(1_000);
    await look(1_001);
    expect([of(QUIET), stream.codes]).to.deep.equal([[], ["STREAM_BLOCK_UNKNOWN"]]);
    rollup.unknown.clear();
    rollup.oldestAsked = Infinity;
    await look();
    expect([of(QUIET), stream.codes.length, rollup.oldestAsked]).to.deep.equal([["1 0x01"], 1, 1_001]);
    expect(repeated()).to.equal(0);
  });

  it("if a node says the same log twice", async () => {
    rollup.publish(QUIET, 10);
    rollup.answer = (logs) => [...logs, ...logs];
    await follow(20);
    expect(of(QUIET)).to.deep.equal(["1 0x01"]);
  });

  it("and takes no log of a block that it did not ask for", async () => {
    rollup.publish(QUIET, 10);
    rollup.answer = (logs) => logs.map((log) => ({ ...log, blockNumber: 0 }));
    await follow(20);
    expect(stream.said).to.deep.equal([]);
  });

  describe("if a rollup breaks its finality", () => {
    it("in its last 2,000 blocks", async () => {
      rollup.publishMany(BUSY, 1, 500, 0.1);
      await follow(5_000);
      for (let block = 5_001; block <= 5_040; block++) await look(block);
      rollup.replace(3_041);
      rollup.publish(QUIET, 3_041);
      await look(5_041);
      await look();
      expect([of(QUIET), stream.codes]).to.deep.equal([["1 0x01"], ["STREAM_REORGED"]]);
      expect([stream.said.length, repeated()]).to.deep.equal([501, 0]);
    });

    it("and loses nothing that is new in blocks replaced further back", async () => {
      await follow(20_000);
      rollup.replace(5_000);
      rollup.publish(QUIET, 5_001);
      await look(20_001);
      await look();
      expect([of(QUIET), stream.codes]).to.deep.equal([["1 0x01"], ["STREAM_REORGED"]]);
      expect(rollup.oldestAsked).to.equal(1);
    });

    it("and then says something else at an index, however late", async () => {
      rollup.publish(QUIET, 10);
      await follow(100);
      rollup.replace(5, () => false);
      await look(101);
      await look();
      await look(9_000);
      rollup.publish(QUIET, 9_001, "0x02");
      await look(9_001);
      expect(of(QUIET)).to.deep.equal(["1 0x01", "1 0x02"]);
    });

    it("and remembers as handed over what stays in other blocks", async () => {
      rollup.publish(QUIET, 10);
      await follow(100);
      rollup.replace(5);
      await look(101);
      await look(9_000);
      rollup.publish(QUIET, 9_001);
      rollup.publish(QUIET, 9_002);
      rollup.answer = (logs) => logs.filter(({ index }) => index !== 2n);
      await look(9_002);
      rollup.answer = (logs) => logs;
      await look();
      expect(stream.codes).to.deep.equal(["STREAM_REORGED", "STREAM_GAP"]);
      expect(of(QUIET)).to.deep.equal(["1 0x01", "2 0x01", "3 0x01"]);
    });

    it("and finds a gap again whose publications lie before the block that was replaced", async () => {
      rollup.publish(QUIET, 100);
      await follow(110);
      rollup.replace(90, () => false);
      for (const block of [91, 92, 120]) rollup.publish(QUIET, block, "0x02");
      rollup.answer = (logs) => logs.filter(({ index }) => index === 3n);
      for (let round = 0; round < 3; round++) await look(120);
      rollup.answer = (logs) => logs;
      await look();
      expect(of(QUIET)).to.deep.equal(["1 0x01", "1 0x02", "2 0x02", "3 0x02"]);
    });

    it("and reads no block before the one from which it was asked to", async () => {
      rollup.publish(BUSY, 10);
      await follow(5_000, BELIEVED, 4_990);
      rollup.replace(1);
      await look(5_001);
      await look();
      expect([stream.said, stream.codes, rollup.oldestAsked]).to.deep.equal([[], ["STREAM_REORGED"], 4_990]);
    });

    it("or its node says so of what guardians attested, and shows gaps besides", async () => {
      rollup.publish(QUIET, 10);
      rollup.publishMany(BUSY, 11, 500, 0.1);
      await follow(20_000, ATTESTED);
      rollup.replace(2);
      await look(20_001);
      rollup.publish(QUIET, 20_002);
      rollup.publish(QUIET, 20_003);
      rollup.answer = (logs) => logs.filter(({ publisher, index }) => publisher !== QUIET || index !== 2n);
      await look(20_003);
      rollup.restore();
      rollup.answer = (logs) => logs;
      for (let round = 0; round < 3; round++) await look();
      expect(new Set(stream.codes)).to.deep.equal(new Set(["STREAM_REORGED", "STREAM_GAP"]));
      expect([stream.said.length, repeated()]).to.deep.equal([503, 0]);
    });
  });
});
