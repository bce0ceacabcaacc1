import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { expect } from "chai";
import { encodeBytes32String, toBeHex } from "ethers";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import { filterArgument } from "../../sdk/src/subscription.ts";
import type { TestRollup } from "../../sdk/src/testkit/index.ts";
import { Pinboard__factory, type Pinboard } from "../../typechain-types/index.js";
import { devWallet } from "../chain/rollup.ts";
import { until } from "../helpers/daemonNetwork.ts";
import type { LocalNetwork } from "./localNetwork.ts";
import { startLocalNetwork } from "./localNetwork.ts";
import { failureOf, onNetwork, run, runJson } from "./run.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");
const NOBODY = "0x00000000000000000000000000000000000000AA";
const TOPIC = encodeBytes32String("prices") as Hex; // CAST: ethers returns hex
const UNIT = 10n ** 9n;

interface Published {
  readonly published: boolean;
  readonly index: string;
  readonly topic: string;
  readonly payload: string;
  readonly subscribers?: { readonly rollup: string; readonly delivered: boolean }[];
}

interface Shown {
  readonly subscriptions: {
    readonly rollup: string;
    readonly source: string;
    readonly subscriber: string;
    readonly balance: string;
    readonly active: boolean;
    readonly counts: Readonly<Record<string, number>>;
    readonly open: {
      readonly state: string;
      readonly reason?: string;
      readonly attempts: number;
      readonly next: string;
    }[];
  }[];
}

interface Retried {
  readonly publications: { readonly index: string; readonly delivered: boolean; readonly reason?: string }[];
  readonly calls: { readonly hash?: string }[];
}

interface Heard {
  readonly rollup: string;
  readonly index: string;
  readonly topic: string;
  readonly payload: string;
}

describe("command line: publish, listen, subscriptions on a local network", function () {
  this.timeout(120_000);
  let network: LocalNetwork;
  /** Publications come from B; A, with all ERA, is where the subscriber is. */
  let [a, b] = [] as unknown as [TestRollup, TestRollup]; // CAST: set before any test runs
  let board: Pinboard;
  let subscriber = "";
  let publisher: Address;

  before(async () => {
    network = await startLocalNetwork(2);
    [a, b] = network.metalayer.rollups as [TestRollup, TestRollup]; // CAST: two were asked for
    publisher = (await b.signer.getAddress()) as Address; // CAST: ethers returns an address
    board = await (await new Pinboard__factory(a.signer).deploy(a.subscriptions)).waitForDeployment();
    subscriber = await board.getAddress();
    await subscribe(0n);
  });

  after(async () => network.close());

  const subscribe = async (price: bigint): Promise<void> => {
    const broadcaster = (await b.broadcaster.getAddress()) as Address; // CAST: ethers returns an address
    const filter = filterArgument({ chainId: b.chainId, incarnation: 1n, broadcaster, publisher, topic: TOPIC });
    await (await board.subscribe(filter, { gasLimit: 150_000n, start: 1n, price })).wait();
  };
  const { at, fine } = onNetwork(() => network);
  const publish = (...argv: readonly string[]): Promise<Published> =>
    fine<Published>("publish", "prices", "--on", "rollupB", ...argv);
  const attest = () => network.metalayer.recordHead(b.chainId, a.chainId);
  const shown = async (): Promise<Shown["subscriptions"][number]> => {
    const { subscriptions } = await fine<Shown>("subscriptions", "show", subscriber);
    expect(subscriptions.length).to.equal(1);
    return subscriptions[0] as Shown["subscriptions"][number]; // CAST: counted in the line before
  };
  const blocks = () => Promise.all(network.nodes.map((node) => node.rpc("eth_blockNumber")));
  const pinned = async (): Promise<string> => (await board.pins(b.chainId, publisher, TOPIC)).payload;

  it("publish: a dry run tells what it costs and sends nothing; then the logs have it", async () => {
    const before = await blocks();
    const dry = await publish("--text", "101", "--dry-run");
    expect([dry.published, await blocks()]).to.deep.equal([false, before]);
    const { out } = await run(...at("publish", "prices", "--on", "rollupB", "--text", "101"));
    expect(out).to.match(/Published on rollupB with [\d,]+ gas: topic "prices"/);
    expect(await b.broadcaster.newestIndex(publisher)).to.equal(1n);
  });

  it("subscriptions: waiting for a head, then open, then delivered by whoever retries", async () => {
    expect((await shown()).open.map(({ state }) => state)).to.deep.equal(["waiting"]);
    expect((await failureOf(...at("subscriptions", "retry", subscriber))).code).to.equal("CLI_NO_HEAD");
    await attest();
    const { rollup, source, active, counts } = await shown();
    expect([rollup, source, active, counts["open"]]).to.deep.equal(["rollupA", "rollupB", true, 1]);
    const before = await blocks();
    await fine<Retried>("subscriptions", "retry", subscriber, "--dry-run");
    expect(await blocks()).to.deep.equal(before);
    const { publications } = await fine<Retried>("subscriptions", "retry", subscriber);
    expect(publications.map(({ index, delivered }) => [index, delivered])).to.deep.equal([["1", true]]);
    expect(await pinned()).to.equal(`0x${Buffer.from("101").toString("hex")}`);
    expect((await shown()).counts).to.include({ delivered: 1, open: 0 });
    expect((await failureOf(...at("subscriptions", "retry", subscriber))).code).to.equal("CLI_DELIVERED");
    const { out } = await run(...at("subscriptions", "show"));
    expect(out).to.contain(`${subscriber} on rollupA listens to`).and.to.contain('topic "prices"');
  });

  it("subscriptions: a subscriber that refuses, its reason, and the retry after it was mended", async () => {
    await (await board.setClosed(true)).wait();
    await publish("--payload", "0x0202");
    await attest();
    const [refused] = (await shown()).open;
    expect([refused?.state, refused?.reason, refused?.attempts]).to.deep.equal([
      "refused",
      Pinboard__factory.createInterface().encodeErrorResult("PinboardClosed", [2]),
      0,
    ]);
    const error = await failureOf(...at("subscriptions", "retry", subscriber));
    expect([error.code, error.next?.includes("--force")]).to.deep.equal(["CLI_WOULD_FAIL", true]);
    const forced = await runJson<Retried>(...at("subscriptions", "retry", subscriber, "--force"));
    expect([forced.code, forced.result.publications[0]?.delivered]).to.deep.equal([1, false]);
    await (await board.setClosed(false)).wait();
    const [open] = (await shown()).open;
    expect([open?.state, open?.attempts]).to.deep.equal(["open", 1]);
    await fine<Retried>("subscriptions", "retry", subscriber, "--index", "2", "--publisher", publisher);
    expect(await pinned()).to.equal("0x0202");
  });

  it("subscriptions: one that promises more than it has, and ERA for it", async () => {
    await subscribe(3n * UNIT);
    await publish("--text", "third");
    await attest();
    const { state, next } = (await shown()).open[0] ?? { state: "", next: "" };
    expect([state, next.startsWith(`./metalayer subscriptions fund ${subscriber}`)]).to.deep.equal(["unpaid", true]);
    const before = await blocks();
    await fine("subscriptions", "fund", subscriber, "--amount", "4", "--dry-run");
    expect(await blocks()).to.deep.equal(before);
    const { balance } = await fine<{ balance: string }>("subscriptions", "fund", subscriber, "--amount", "4");
    expect([balance, (await shown()).balance]).to.deep.equal([String(4n * UNIT), String(4n * UNIT)]);
    await fine<Retried>("subscriptions", "retry", subscriber);
    expect(await a.subscriptions.earned(await a.signer.getAddress())).to.equal(3n * UNIT);
  });

  it("publish --wait: until everybody was called, and no longer than that", async () => {
    await subscribe(0n);
    const inVain = await runJson<Published>(...at("publish", "prices", "--on", "rollupB", "--wait", "1s"));
    expect([inVain.code, inVain.result.subscribers?.map(({ delivered }) => delivered)]).to.deep.equal([1, [false]]);
    const newest = await b.broadcaster.newestIndex(publisher);
    const waiting = publish("--text", "fifth", "--wait", "10m");
    await until("it is published", async () => (await b.broadcaster.newestIndex(publisher)) > newest);
    await attest();
    await fine<Retried>("subscriptions", "retry", subscriber);
    expect((await waiting).subscribers).to.deep.equal([{ rollup: "rollupA", subscriber, delivered: true }]);
    const unheard = await fine<Published>("publish", "other", "--on", "rollupB", "--wait", "1s");
    expect(unheard.subscribers).to.deep.equal([]);
  });

  it("listen: what was published before and what comes, a line of JSON each, until it has seen enough", async () => {
    const known = await b.broadcaster.newestIndex(publisher);
    const wanted = String(known + 1n);
    const listening = run(...at("listen", "--on", "rollupB", "--from-block", "0", "--count", wanted, "--json"));
    await publish("--text", "and then");
    for (const node of network.nodes) await node.rpc("anvil_mine", "0x3");
    const { code, out } = await listening;
    const heard = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Heard); // CAST: the test looks at what it needs
    expect([code, heard.length]).to.deep.equal([0, Number(wanted)]);
    expect(heard.map(({ index }) => BigInt(index))).to.deep.equal(heard.map((_, index) => BigInt(index + 1)));
    expect(heard.at(-1)).to.deep.include({ rollup: "rollupB", topic: TOPIC, publisher });
    const filter = ["--topic", "other", "--publisher", publisher, "--from-block", "0", "--count", "1"];
    const { out: text } = await run(...at("listen", ...filter));
    expect(text).to.contain(`rollupB  block`).and.to.contain('"other"').and.to.contain("1 publication seen");
  });

  it("listen --proven-on: only what attested heads show", async () => {
    await publish("--text", "proven");
    const wanted = String(await b.broadcaster.newestIndex(publisher));
    const argv = ["listen", "--proven-on", "rollupA", "--from-block", "0", "--count", wanted, "--json"];
    const listening = run(...at(...argv));
    await attest();
    const { code, out } = await listening;
    const lines = out.trim().split("\n");
    expect([code, lines.length]).to.deep.equal([0, Number(wanted)]);
    const last = JSON.parse(lines.at(-1) ?? "{}") as Heard; // CAST: the test looks at what it needs
    expect(last.payload).to.equal(`0x${Buffer.from("proven").toString("hex")}`);
  });

  it("listen: ends by Ctrl-C, with what it has said so far", async () => {
    const argv = ["--import", "tsx", "scripts/cli/main.ts", ...at("listen", "--from-block", "0", "--json")];
    const child = spawn(process.execPath, argv, { cwd: ROOT, stdio: ["ignore", "pipe", "ignore"] });
    let out = "";
    child.stdout.on("data", (piece: Buffer) => (out += piece.toString()));
    const closed = once(child, "close");
    await until("it has heard something", () => out.includes("\n") || child.exitCode !== null);
    child.kill("SIGINT");
    await closed;
    expect(child.exitCode).to.equal(0);
    for (const line of out.trim().split("\n")) expect(JSON.parse(line)).to.include({ rollup: "rollupB" });
  });

  it("subscriptions: what is said alike on two rollups are two publications, of which each arrives by itself", async () => {
    const hearing = await (await new Pinboard__factory(a.signer).deploy(a.subscriptions)).waitForDeployment();
    const both = await hearing.getAddress();
    const speaker = devWallet(7);
    for (const rollup of [a, b]) {
      const broadcaster = (await rollup.broadcaster.getAddress()) as Address; // CAST: ethers returns an address
      const said = { publisher: speaker.address as Address, topic: TOPIC }; // CAST: as above
      const filter = filterArgument({ chainId: rollup.chainId, incarnation: 1n, broadcaster, ...said });
      await (await hearing.subscribe(filter, { gasLimit: 150_000n, start: 1n, price: 0n })).wait();
      const contract = rollup.broadcaster.connect(speaker.connect(rollup.provider));
      await (await contract.publish(TOPIC, "0x77")).wait();
    }
    const counts = async (): Promise<unknown[]> => {
      const { subscriptions } = await fine<Shown>("subscriptions", "show", both);
      return subscriptions.map(({ source, counts: of }) => [source, of["delivered"], of["open"], of["waiting"]]);
    };
    await fine<Retried>("subscriptions", "retry", both);
    expect(await counts()).to.have.deep.members([
      ["rollupA", 1, 0, 0],
      ["rollupB", 0, 0, 1],
    ]);
    await attest();
    const { publications } = await fine<Retried>("subscriptions", "retry", both);
    expect(publications.map(({ delivered }) => delivered)).to.deep.equal([true]);
    expect((await hearing.pins(b.chainId, speaker.address, TOPIC)).payload).to.equal("0x77");
  });

  it("refuses bad input, says what to do, and changes nothing", async () => {
    const before = await blocks();
    const long = toBeHex(0, 32_769);
    const rows: readonly (readonly [code: string, said: string, argv: readonly string[]])[] = [
      ["CLI_UNKNOWN_ROLLUP", "rollupX", ["publish", "prices", "--on", "rollupX"]],
      ["CLI_REFUSED", "BroadcasterPayloadTooLong", ["publish", "prices", "--on", "rollupB", "--payload", long]],
      ["CLI_UNKNOWN_ROLLUP", "rollupX", ["listen", "--on", "rollupA,rollupX"]],
      ["CLI_NOT_SUBSCRIBED", "has not subscribed", ["subscriptions", "retry", NOBODY]],
      ["CLI_NOT_SUBSCRIBED", "no such subscription", ["subscriptions", "fund", NOBODY, "--amount", "1"]],
    ];
    for (const [code, said, argv] of rows) {
      const found = await failureOf(...at(...argv));
      expect([found.code, found.sentence.includes(said)], found.sentence).to.deep.equal([code, true]);
    }
    const blind = network.describe(({ rollups }) => ({
      rollups: rollups.map(({ contracts: { Broadcaster: _, Subscriptions: __, ...contracts }, ...rest }) => ({
        ...rest,
        contracts,
      })),
    }));
    for (const argv of [["listen"], ["publish", "x", "--on", "rollupA"], ["subscriptions", "show"]]) {
      expect((await failureOf(...argv, "--network", blind)).code, argv.join(" ")).to.equal("CLI_NO_PUBLICATIONS");
    }
    const own = await run(...at("listen", "--on", "rollupA", "--proven-on", "rollupA"));
    expect([own.code, own.err.includes("no heads of its own")]).to.deep.equal([2, true]);
    expect(await blocks()).to.deep.equal(before);
    const { subscriptions } = await fine<Shown>("subscriptions", "show", NOBODY);
    expect(subscriptions).to.deep.equal([]);
  });
});
