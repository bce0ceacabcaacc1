import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { encodeBytes32String } from "ethers";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import { filterArgument } from "../../sdk/src/subscription.ts";
import type { FaultyProxy } from "../../scripts/devnet/faulty-proxy.ts";
import { startFaultyProxy } from "../../scripts/devnet/faulty-proxy.ts";
import { Mailbox__factory, Pinboard__factory } from "../../typechain-types/index.js";
import { devWallet } from "../chain/rollup.ts";
import { until } from "../helpers/daemonNetwork.ts";
import { replaced } from "../helpers/replaced.ts";
import type { LocalNetwork } from "./localNetwork.ts";
import { startLocalNetwork } from "./localNetwork.ts";
import { run, type JsonError, type Run } from "./run.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");
const DOWN = { httpStatus: 503 };

interface Sent {
  readonly state: string;
  readonly sendId: string;
  readonly transactionHash: string;
}

interface Shipped {
  readonly address: string;
  readonly transaction: { readonly hash: string };
  readonly rollups: readonly { readonly rollup: string; readonly sendId?: string; readonly state?: string }[];
}

interface Published {
  readonly transactionHash: string;
  readonly subscribers: readonly { readonly delivered: boolean }[];
}

describe("command line: waiting for what was sent", function () {
  this.timeout(120_000);
  let network: LocalNetwork;
  let proxies: readonly FaultyProxy[];
  let file = "";
  let mailbox = "";

  before(async () => {
    network = await startLocalNetwork(2);
    proxies = await Promise.all(network.nodes.map(({ url }) => startFaultyProxy({ upstream: url })));
    file = network.describe((description) => {
      description.rollups.forEach((rollup, index) => (rollup.rpc = [proxies[index]?.url ?? ""]));
      return description;
    });
    const { gateway, signer } = network.metalayer.rollup(8102n);
    mailbox = await (await new Mailbox__factory(signer).deploy(gateway)).getAddress();
  });

  afterEach(async () => {
    proxies.forEach((proxy) => proxy.heal());
    await network.metalayer.deliverAll();
  });

  after(async () => {
    await Promise.all(proxies.map((proxy) => proxy.close()));
    await network.close();
  });

  const at = (...argv: readonly string[]): readonly string[] => [...argv, "--network", file, "--json"];
  const onWay = ["--from", "rollupA", "--to", "rollupB", "--recipient"];
  const send = (wait: string) => at("send", ...onWay, mailbox, "--text", "hello", "--wait", wait);
  const transfer = (wait: string) => at("transfer", ...onWay, devWallet(7).address, "--amount", "5", "--wait", wait);
  const proxyOf = (index: number): FaultyProxy => {
    const proxy = proxies[index];
    if (proxy === undefined) throw new Error("a proxy for every node");
    return proxy;
  };
  const isSent = async (): Promise<boolean> => (await network.metalayer.pending()).length > 0;
  /** A command that waits for what it has sent by then. */
  async function begun(argv: readonly string[], hasBegun = isSent): Promise<{ readonly ending: Promise<Run> }> {
    let early: Run | undefined;
    const ending = run(...argv);
    void ending.then((ended) => (early = ended));
    await until("it is sent", async () => early !== undefined || (await hasBegun()));
    expect(early?.err, "it ended before").to.equal(undefined);
    return { ending };
  }
  /** How the command ends whose waiting is for a rollup that no longer answers, and what it says for machines. */
  // The caller names what it expects the document to be.
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters
  async function inVain<T>(
    argv: readonly string[],
    unreached: number,
    hasBegun = isSent,
  ): Promise<Run & { result: T }> {
    const { ending } = await begun(argv, hasBegun);
    proxyOf(unreached).set(DOWN);
    const ended = await ending;
    // CAST: the test says what it expects the document to be.
    return { ...ended, result: JSON.parse(ended.out) as T };
  }

  for (const [name, argv] of [
    ["send", send],
    ["transfer", transfer],
  ] as const) {
    it(`${name}: names what was sent when the destination stops answering, says so once, and that it did not arrive`, async () => {
      const { code, err, result } = await inVain<Sent>(argv("4s"), 1);
      const [message] = await network.metalayer.pending();
      expect([code, result.state, result.sendId]).to.deep.equal([1, "sent", message?.sendId]);
      expect(result.transactionHash).to.equal(message?.transactionHash);
      expect(err.match(/: asking on/g)?.length, err).to.equal(1);
    });
  }

  it("send: goes on when the destination answers again", async () => {
    const { ending } = await begun(send("10m"));
    proxyOf(1).set(DOWN);
    const { requests } = proxyOf(1).stats();
    await until("it was asked in vain", () => proxyOf(1).stats().requests > requests + 1);
    proxyOf(1).heal();
    await network.metalayer.deliverAll();
    const { code, out } = await ending;
    expect([code, (JSON.parse(out) as Sent).state]).to.deep.equal([0, "delivered"]); // CAST: what send says
  });

  it("send: reads no logs but the destination's since it was sent", async () => {
    for (const node of network.nodes) await node.rpc("anvil_mine", "0x40");
    proxies.forEach((proxy) => proxy.set({ maxLogRange: 16 }));
    const [before] = proxies.map((proxy) => proxy.stats().methods["eth_getLogs"]);
    const { ending } = await begun(send("20s"));
    await network.metalayer.deliverAll();
    const { code, err } = await ending;
    expect([code, err.includes("asking on")], err).to.deep.equal([0, false]);
    expect(proxyOf(0).stats().methods["eth_getLogs"]).to.equal(before);
  });

  it("send: names what was sent when it is interrupted, with the exit code of that", async () => {
    const argv = ["--import", "tsx", "scripts/cli/main.ts", ...send("10m")];
    const child = spawn(process.execPath, argv, { cwd: ROOT });
    const texts = { out: "", err: "" };
    child.stdout.on("data", (piece: Buffer) => (texts.out += piece.toString()));
    child.stderr.on("data", (piece: Buffer) => (texts.err += piece.toString()));
    const closed = once(child, "close");
    await until("it waits", () => texts.err.includes("Waiting for the delivery") || child.exitCode !== null);
    child.kill("SIGINT");
    await closed;
    const [message] = await network.metalayer.pending();
    const { state, sendId } = JSON.parse(texts.out) as Sent; // CAST: what send says
    expect([child.exitCode, state, sendId], texts.err).to.deep.equal([130, "sent", message?.sendId]);
  });

  it("send: another transaction in its place is an error that says what to do", async () => {
    const [node] = network.nodes;
    if (node === undefined) throw new Error("a local network has a first rollup");
    const wallet = devWallet(0);
    const change = () => ({ to: wallet.address, data: "0x" });
    const { outcome } = await replaced(node, wallet, () => run(...send("1s")), change);
    if (outcome.status === "rejected") throw outcome.reason;
    const { error } = JSON.parse(outcome.value.out) as JsonError; // CAST: what commands that fail say
    expect([outcome.value.code, error.code]).to.deep.equal([1, "CLI_NOT_MINED"]);
    expect(error.next).to.contain("run this again");
  });

  it("app deploy: notes the application before it waits, and names what was sent", async () => {
    let hasEnded = false;
    const before = await network.metalayer.rollup(8101n).provider.getBlockNumber();
    const argv = at("app", "deploy", "OmniCounter", "--on", "all", "--args", '["{deployer}"]', "--wait", "8s");
    const dry = JSON.parse((await run(...argv, "--dry-run")).out) as Shipped; // CAST: what app deploy says
    const record = path.join(network.folder, "apps", `${dry.address.toLowerCase()}.json`);
    const ending = inVain<Shipped>(argv, 1).finally(() => (hasEnded = true));
    await until("it is noted", () => hasEnded || existsSync(record));
    expect(hasEnded, "it is noted while the command waits").to.equal(false);
    const { code, result } = await ending;
    const [message] = await network.metalayer.pending();
    expect([code, result.transaction.hash]).to.deep.equal([1, message?.transactionHash]);
    expect(result.rollups.map(({ rollup, sendId, state }) => [rollup, sendId, state])).to.deep.equal([
      ["rollupA", undefined, undefined],
      ["rollupB", message?.sendId, "sent"],
    ]);
    expect(await network.metalayer.rollup(8101n).provider.getBlockNumber()).to.equal(before + 1);
  });

  it("publish: names what was published when a subscriber's rollup stops answering", async () => {
    const [a, b] = [network.metalayer.rollup(8101n), network.metalayer.rollup(8102n)];
    const board = await (await new Pinboard__factory(a.signer).deploy(a.subscriptions)).waitForDeployment();
    const [broadcaster, publisher] = await Promise.all([b.broadcaster.getAddress(), b.signer.getAddress()]);
    const topic = encodeBytes32String("prices") as Hex; // CAST: ethers returns hex
    const said = { broadcaster: broadcaster as Address, publisher: publisher as Address, topic }; // CAST: as above
    const filter = filterArgument({ chainId: b.chainId, incarnation: 1n, ...said });
    await (await board.subscribe(filter, { gasLimit: 150_000n, start: 1n, price: 0n })).wait();
    const isPublished = async (): Promise<boolean> => (await b.broadcaster.newestIndex(publisher)) > 0n;
    const argv = at("publish", "prices", "--on", "rollupB", "--text", "1", "--wait", "3s");
    const { code, result } = await inVain<Published>(argv, 0, isPublished);
    const newest = await b.provider.getBlock("latest");
    expect([code, result.transactionHash]).to.deep.equal([1, newest?.transactions.at(-1)]);
    expect(result.subscribers.map(({ delivered }) => delivered)).to.deep.equal([false]);
  });
});
