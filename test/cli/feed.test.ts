import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import type { TestRollup } from "../../sdk/src/testkit/index.ts";
import { FeedMirror__factory, FeedReader__factory } from "../../typechain-types/index.js";
import { devWallet } from "../chain/rollup.ts";
import { until } from "../helpers/daemonNetwork.ts";
import { openKeeper, type Keeper } from "../helpers/stations.ts";
import type { LocalNetwork } from "./localNetwork.ts";
import { startLocalNetwork } from "./localNetwork.ts";
import { failureOf, onNetwork, run } from "./run.ts";

const ERA = 10n ** 18n;
const DOLLAR = 10n ** 8n;
const WEEK = 604_800;
const KEEPER = 9;
/** Accounts of the development mnemonic that report. */
const REPORTERS = [1, 2, 3, 4];
const PAYEE = "0x00000000000000000000000000000000000000AA";

interface Shown {
  readonly created: boolean;
  readonly answer: { readonly value: string; readonly round: string };
  readonly seats: { readonly reporter: string; readonly standing: string; readonly payee: string }[];
  readonly mirrors: {
    readonly rollup: string;
    readonly contract: string;
    readonly answer?: { readonly value: string };
  }[];
}

interface Signed {
  readonly round: string;
  readonly report: { readonly place: number; readonly value: string; readonly observedAt: string };
}

interface Submitted {
  readonly answer: { readonly value: string };
  readonly refused: { readonly fault: string }[];
  readonly outlying: { readonly value: string }[];
  readonly convicted: string[];
  readonly calls: { readonly method: string; readonly hash?: string }[];
}

describe("command line: feeds on a local network", function () {
  this.timeout(120_000);
  let network: LocalNetwork;
  let [a, b] = [] as unknown as [TestRollup, TestRollup]; // CAST: set before any test runs
  let keeper: Keeper;
  let terms = "";

  before(async () => {
    network = await startLocalNetwork(2);
    [a, b] = network.metalayer.rollups as [TestRollup, TestRollup]; // CAST: two were asked for
    keeper = await openKeeper(network, KEEPER, { publications: true });
    for (const index of REPORTERS) await (await a.era.transfer(devWallet(index).address, 1_000n * ERA)).wait();
    terms = write("eth-usd.json", TERMS);
  });

  after(async () => {
    await keeper.close();
    await network.close();
  });

  // One round is years long, so that no test runs from one into the next.
  const TERMS = {
    ...{ description: "ETH / USD", decimals: 8, reporters: REPORTERS.map((index) => devWallet(index).address) },
    ...{ threshold: 3, confirmations: 4, maxDeviation: "5%", outlierDeviation: "2%" },
    ...{ period: "10000d", maxAge: "30d", exitDelay: "30d", stake: "1000" },
  };
  const at = (...argv: readonly string[]): readonly string[] => {
    return [...argv, "--on", "rollupA", "--network", network.file];
  };
  const { fine } = onNetwork(() => network);
  const feed = <T>(action: string, ...argv: readonly string[]): Promise<T> =>
    fine<T>("feed", action, terms, "--on", "rollupA", ...argv);
  const refusal = (action: string, ...argv: readonly string[]) => failureOf(...at("feed", action, terms, ...argv));
  const blocks = () => Promise.all(network.nodes.map((node) => node.rpc("eth_blockNumber")));
  const file = (name: string): string => path.join(network.folder, name);

  function write(name: string, value: unknown): string {
    writeFileSync(file(name), JSON.stringify(value));
    return file(name);
  }

  function readJson(name: string): object {
    return JSON.parse(readFileSync(file(name), "utf8")) as object; // CAST: what the command line wrote
  }

  /** What a reporter sees, signed with its own record. */
  function report(index: number, value: string, name: string, record = `reporter-${index}.sqlite`): Promise<Signed> {
    const places = ["--record", file(record), "--into", file(name), "--account", String(index)];
    return feed<Signed>("report", value, ...places);
  }

  it("is created from a file in which the order of reporters does not matter, and once", async () => {
    const before = await blocks();
    await feed("create", "--dry-run");
    expect(await blocks()).to.deep.equal(before);
    expect((await feed<Shown>("show")).created).to.equal(false);
    await feed("create");
    terms = write("again.json", { ...TERMS, reporters: [...TERMS.reporters].reverse() });
    expect((await feed<Shown>("show")).created).to.equal(true);
    const again = await refusal("create");
    expect([again.code, again.sentence.includes("FeedsKnown")]).to.deep.equal(["CLI_REFUSED", true]);
  });

  it("takes each reporter's stake, and nobody else's", async () => {
    expect((await refusal("join", "--payee", PAYEE, "--account", "7")).code).to.equal("CLI_NO_REPORTER");
    await feed("join", "--payee", PAYEE, "--account", "1", "--dry-run");
    for (const index of REPORTERS) await feed("join", "--payee", PAYEE, "--account", String(index));
    const { seats } = await feed<Shown>("show");
    expect(seats.map(({ standing, payee }) => [standing, payee])).to.deep.equal(
      REPORTERS.map(() => ["reports", PAYEE]),
    );
    expect(await a.era.balanceOf(devWallet(1).address)).to.equal(0n);
    expect((await refusal("join", "--payee", PAYEE, "--account", "1")).sentence).to.match(/FeedsWrongStanding/);
  });

  it("deploys a mirror elsewhere, and at home a reader, both of which answer as soon as there is an answer", async () => {
    const before = await blocks();
    const planned = await feed<{ gas: string }>("mirror", "--to", "rollupB", "--dry-run");
    expect([Number(planned.gas) > 500_000, await blocks()]).to.deep.equal([true, before]);
    await feed("mirror", "--to", "rollupB");
    const { mirrors } = await feed<Shown>("show");
    expect(mirrors.map(({ rollup, answer }) => [rollup, answer])).to.deep.equal([["rollupB", undefined]]);
    const { contract } = await feed<{ contract: string }>("mirror", "--to", "rollupA");
    const reader = FeedReader__factory.connect(contract, a.signer);
    expect(await reader.description()).to.equal("ETH / USD");
  });

  it("signs one value for a round and never another, whoever asks and however often", async () => {
    const first = await report(1, "2000.5", "one.json");
    expect(first.report.value).to.equal(String(2_000n * DOLLAR + DOLLAR / 2n));
    expect((await report(1, "2000.5", "same.json")).report).to.deep.equal(first.report);
    const record = ["--record", file("reporter-1.sqlite"), "--account", "1"];
    const other = await refusal("report", "2000.6", ...record, "--into", file("other.json"));
    expect([other.code, existsSync(file("other.json"))]).to.deep.equal(["CLI_ROUND_SIGNED", false]);
    await report(2, "2000", "two.json");
    await report(3, "2001", "three.json");
    expect((await refusal("report", "2000", "--record", file("x.sqlite"), "--account", "7")).code).to.equal(
      "CLI_NO_REPORTER",
    );
  });

  it("answers a round only with reports enough, and convicts who signed two values for it", async () => {
    const three = ["one.json", "two.json", "three.json"].map(file);
    const before = await blocks();
    // Anyone can write a later round into a file.
    const junk = write("junk.json", { ...readJson("one.json"), round: "9".repeat(39) });
    const few = await refusal("submit", junk, ...three.slice(1));
    expect([few.code, few.sentence.includes("2 reports count, 3 are needed")]).to.deep.equal([
      "CLI_TOO_FEW_REPORTS",
      true,
    ]);
    const other = write("other-feed.json", { ...readJson("one.json"), feed: `0x${"77".repeat(32)}` });
    expect((await refusal("submit", other)).sentence).to.contain("no report is of this feed");
    expect((await refusal("submit", ...three)).code).to.equal("CLI_UNCONFIRMED");
    // A second machine with the same key keeps a record of its own.
    await report(4, "9000", "four.json");
    await report(4, "2000", "forgotten.json", "second-machine.sqlite");
    const all = [junk, ...three, file("four.json"), file("forgotten.json")];
    const dry = await feed<Submitted>("submit", ...all, "--dry-run");
    expect([dry.calls.map(({ method }) => method), await blocks()]).to.deep.equal([["submit", "convict"], before]);
    const done = await feed<Submitted>("submit", ...all, "--account", "8");
    const liar = devWallet(4).address.toLowerCase();
    expect(done.answer.value).to.equal(String(2_000n * DOLLAR + DOLLAR / 2n));
    expect(done.refused.map(({ fault }) => fault)).to.deep.equal(["REPEATED"]);
    expect(done.outlying.map(({ value }) => value)).to.deep.equal([String(9_000n * DOLLAR)]);
    expect(done.convicted.map((account) => account.toLowerCase())).to.deep.equal([liar]);
    expect(await a.era.balanceOf(devWallet(8).address)).to.equal(50n * ERA);
    const { seats } = await feed<Shown>("show");
    expect(seats.find(({ reporter }) => reporter.toLowerCase() === liar)?.standing).to.equal("convicted");
  });

  it("is answered by its mirror when a relayer has brought the round", async () => {
    await network.metalayer.recordHead(a.chainId, b.chainId);
    const value = 2_000n * DOLLAR + DOLLAR / 2n;
    await until("the mirror answers", async () => {
      await keeper.visit();
      const { mirrors } = await feed<Shown>("show");
      return mirrors[0]?.answer?.value === String(value);
    });
    const { mirrors, answer } = await feed<Shown>("show");
    const mirror = FeedMirror__factory.connect(mirrors[0]?.contract ?? "", b.signer);
    expect((await mirror.latestRoundData())[1]).to.equal(value);
    expect(answer.value).to.equal(String(value));
    const { out } = await run(...at("feed", "show", terms));
    expect(out).to.match(/ETH \/ USD on rollupA is 2000\.5, observed .* ago \(round 2\)\./);
    expect(out).to.contain("2, the newest");
  });

  it("pays a stake back when who resigned has answered for it long enough", async () => {
    await feed("resign", "--account", "1");
    expect((await refusal("withdraw", "--account", "1")).sentence).to.match(/FeedsTooEarly/);
    await a.passTime(5 * WEEK);
    await feed("withdraw", "--reporter", devWallet(1).address);
    expect(await a.era.balanceOf(PAYEE)).to.equal(1_000n * ERA);
  });

  it("says what is wrong with terms and reports, and does nothing", async () => {
    const before = await blocks();
    const wrong = (change: object) => failureOf(...at("feed", "create", write("wrong.json", { ...TERMS, ...change })));
    expect((await wrong({ maxDeviation: "5" })).sentence).to.match(/maxDeviation: "5" is not a part of a value/);
    expect((await wrong({ period: "soon" })).sentence).to.match(/period: "soon" is not a span of time/);
    expect((await wrong({ reporters: TERMS.reporters.slice(2) })).code).to.equal("CLI_FEED_INVALID");
    expect((await wrong({ exitDelay: "1h" })).sentence).to.match(/FeedsInvalidTerms/);
    expect((await failureOf(...at("feed", "show", file("none.json")))).code).to.equal("CLI_FEED_UNREADABLE");
    expect((await refusal("submit", terms)).code).to.equal("CLI_REPORT_INVALID");
    const unrecorded = ["--record", network.folder, "--account", "2"];
    expect((await refusal("report", "2000", ...unrecorded)).code).to.equal("CLI_RECORD");
    for (const value of ["0", "-1", "1e3", "2000.123456789", "9".repeat(38)]) {
      const { code, err } = await run(...at("feed", "report", terms, "--record", file("y.sqlite")), "--", value);
      expect([code, err.includes("is not a value")], value).to.deep.equal([2, true]);
    }
    expect(existsSync(file("y.sqlite"))).to.equal(false);
    expect(await blocks()).to.deep.equal(before);
  });
});
