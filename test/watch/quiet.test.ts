import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { expect } from "chai";
import { readEvidence } from "../../scripts/watch/evidence-file.ts";
import { RecipientMock__factory } from "../../typechain-types/index.js";
import { devWallet, until } from "../helpers/daemonNetwork.ts";
import {
  forge,
  frozenOn,
  LIARS,
  relay,
  sendMined,
  startWatch,
  startWatchedNetwork,
  type TestWatch,
  type WatchedNetwork,
} from "./network.ts";

const ALL = LIARS.length;
const ROOT = path.resolve(import.meta.dirname, "../..");

describe("watchtower, truth and the lack of it", function () {
  this.timeout(240_000);
  let network: WatchedNetwork;
  let back: () => Promise<void>;
  const watches: TestWatch[] = [];

  before(async () => {
    network = await startWatchedNetwork(2);
    await sendMined(network, 5);
    back = await network.remember();
  });

  afterEach(async () => {
    network.endpoints.flat().forEach((endpoint) => endpoint.heal());
    await Promise.all(watches.splice(0).map((watch) => watch.stop()));
    await back();
  });

  after(() => network.close());

  const start = (options?: Parameters<typeof startWatch>[1]): TestWatch => {
    const watch = startWatch(network, options);
    watches.push(watch);
    return watch;
  };
  const isFrozen = async (): Promise<boolean> => (await frozenOn(network.world.a, network.net, LIARS)) === ALL;
  const proofs = async () => {
    const { guardianSlashing } = network.world.a;
    return guardianSlashing.queryFilter(guardianSlashing.filters.OffenceProven());
  };

  it("R24 raises no alarm about honest guardians, fast and final, also when a reorg takes a fast message away", async () => {
    const { a, b } = network.world;
    // No alarm however long blocks of A are kept back.
    const watch = start({ extra: { patienceMs: 60_000 } });
    const mock = await new RecipientMock__factory(b.signer).deploy();
    await mock.waitForDeployment();
    const optIn = b.gateway.interface.encodeFunctionData("setFastLimit", [await mock.getAddress(), a.chainId, 100n]);
    await (await mock.call(b.gateway, optIn)).wait();
    await network.net.deliver();
    const release = network.hold(0);
    const sending = await a.gateway.sendMessage(await b.interop(mock), "0x77", []);
    await network.nodes[0]?.rpc("evm_mine");
    await sending.wait();
    await network.net.deliver({ class: "fast" });
    // The newest block of A, in which the message was sent, is replaced by another one.
    await network.nodes[0]?.rpc("anvil_reorg", 1, []);
    await release();
    await network.net.recordHead(a.chainId, b.chainId);
    await (await a.gateway.sendMessage(await b.interop(mock), "0x88", [])).wait();
    for (let blocks = 0; blocks < 3; blocks++) await network.mineAll();
    await network.net.deliver();
    await until(
      "everything was judged",
      () => watch.service.status().judged >= 4 && watch.service.status().waiting.length === 0,
    );
    expect(watch.alerts).to.deep.equal([]);
    expect(await proofs()).to.have.length(0);
  });

  it("catches who signs as final what is not, when the rollup takes it back", async () => {
    const { a, b } = network.world;
    const watch = start();
    const release = network.hold(0);
    const sending = a.gateway.sendMessage(await b.interop(`0x${"77".repeat(20)}`), "0x99", []);
    await (await sending).wait(0);
    await network.nodes[0]?.rpc("evm_mine");
    await network.net.deliver({ drop: ({ nonce }) => nonce < 5n });
    await until("it waits", () => watch.service.status().waiting.some(({ problem }) => problem !== undefined));
    expect([await isFrozen(), watch.service.status().cases]).to.deep.equal([false, []]);
    await network.nodes[0]?.rpc("anvil_reorg", 1, []);
    await release();
    await until("its signers are frozen", isFrozen);
    expect(watch.service.status().cases.map(({ kind }) => kind)).to.deep.equal(["laneAhead"]);
  });

  it("submits nothing about a rollup that breaks its finality: the truth is out of reach, and it says so", async () => {
    const { a } = network.world;
    const watch = start();
    await network.net.deliver();
    await until("the delivery was judged", () => watch.service.status().judged > 0);
    await sendMined(network, 1);
    for (let blocks = 0; blocks < 6; blocks++) await network.mineAll();
    const release = network.hold(0);
    await network.net.deliver();
    await until("both were judged", () => watch.service.status().judged > 1);
    await network.nodes[0]?.rpc("anvil_reorg", 5, []);
    await release();
    await relay(network, await forge(network, 8n, 9n));
    await until("it says so", () => watch.alerts.length > 0);
    expect(watch.alerts.map(({ code }) => code)).to.deep.equal(["WATCH_OUT_OF_REACH"]);
    expect(watch.alerts[0]?.text).to.contain("has broken its finality");
    expect(await a.guardianSlashing.queryFilter(a.guardianSlashing.filters.OffenceProven())).to.have.length(0);
  });

  it("knows after a kill at any moment what there is to do, and does nothing twice", async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "metalayer-watch-"));
    try {
      const keyFile = path.join(folder, "key.json");
      const settings = path.join(folder, "settings.json");
      writeFileSync(keyFile, JSON.stringify({ secretKey: devWallet(5).privateKey }), { mode: 0o600 });
      writeFileSync(settings, JSON.stringify(network.settings({ keyFile, logLevel: "info" })));
      const argv = ["--import", "tsx", "scripts/watch/index.ts", settings];
      const child = spawn(process.execPath, argv, { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] });
      let said = "";
      child.stdout.on("data", (piece: Buffer) => (said += piece.toString()));
      try {
        await until("it is ready", () => said.includes("watchtower ready"));
        await relay(network, await forge(network, 2n, 4n));
        await until("it has seen the lie", () => said.includes("WATCH_LIE"));
      } finally {
        child.kill("SIGKILL");
        await once(child, "exit");
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    const second = start({ runs: false });
    await second.service.once();
    expect(await isFrozen()).to.equal(true);
    const third = start({ runs: false });
    await third.service.once();
    expect(await proofs()).to.have.length(1);
    const states = third.service.status().cases.flatMap(({ charges }) => charges.map(({ progress }) => progress));
    expect(states).to.deep.equal(["convicted"]);
  });

  it("refuses to guess while too few endpoints of the source answer, says so, and judges when they are back", async () => {
    const watch = start();
    await until("it follows both rollups", () => watch.service.status().ready);
    const [source = []] = network.endpoints;
    source.slice(0, 2).forEach((endpoint) => endpoint.set({ cut: true }));
    await relay(network, await forge(network, 2n, 4n));
    await until("it says so", () => watch.alerts.some(({ code }) => code === "WATCH_OUT_OF_REACH"));
    expect(watch.service.status().waiting[0]?.problem).to.contain("too few");
    expect(await proofs()).to.have.length(0);
    expect(watch.alerts.filter(({ code }) => code === "WATCH_OUT_OF_REACH")).to.have.length(1);
    source.forEach((endpoint) => endpoint.heal());
    await until("it judges", isFrozen);
  });

  it("does not take a source that lags for a lie: it waits for a block newer than the attestation", async () => {
    const watch = start();
    await network.net.deliver({ drop: ({ nonce }) => nonce >= 2n });
    await until("it follows", () => watch.service.status().judged > 0);
    // Endpoints of the source that show nothing newer than this block; then an honest delivery of newer messages.
    const newest = await network.world.a.provider.getBlockNumber();
    network.endpoints[0]?.forEach((endpoint) => endpoint.set({ frozenAt: newest }));
    await sendMined(network, 2);
    await network.net.deliver();
    await until("it says that it cannot check", () => watch.alerts.length > 0);
    expect(watch.alerts.map(({ code }) => code)).to.deep.equal(["WATCH_OUT_OF_REACH"]);
    expect(watch.service.status().waiting[0]?.problem).to.contain("may be older than the attestation");
    network.endpoints[0]?.forEach((endpoint) => endpoint.heal());
    await until("it finds it true", () => watch.service.status().waiting.length === 0);
    expect(await proofs()).to.have.length(0);
  });

  it("a dry run writes the evidence into a file, which it has tried, and sends nothing", async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "metalayer-evidence-"));
    try {
      const watch = start({ folder, runs: false });
      await relay(network, await forge(network, 2n, 4n));
      await watch.service.once();
      const [found] = watch.service.status().cases;
      expect(found?.charges).to.deep.equal([
        { rollup: "watched0", signers: ALL, progress: "settled", problem: undefined },
      ]);
      const file = readEvidence(found?.file ?? "");
      expect(file.submissions.map(({ rollup, evidence }) => [rollup, evidence.kind])).to.deep.equal([
        ["watched0", "laneHead"],
      ]);
      expect(await proofs()).to.have.length(0);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("tells a webhook, again if it fails at first, and counts in its metrics", async () => {
    const bodies: string[] = [];
    let failures = 2;
    const server = http.createServer((request, response) => {
      let body = "";
      request.on("data", (part: Buffer) => (body += part.toString()));
      request.on("end", () => {
        if (failures-- <= 0) bodies.push(body);
        response.writeHead(failures < 0 ? 204 : 500).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = server.address() as AddressInfo; // CAST: it listens on a port
      const watch = start({ extra: { webhook: `http://127.0.0.1:${port}/hook` } });
      const url = await watch.service.serve("127.0.0.1", 0);
      await relay(network, await forge(network, 2n, 4n));
      await until("convicted", () => watch.alerts.some(({ code }) => code === "WATCH_CONVICTED"));
      await until("the webhook knows both", () => bodies.length >= 2);
      const codes = bodies.map((body) => /"code":"(\w+)"/.exec(body)?.[1]);
      expect(codes.sort()).to.deep.equal(["WATCH_CONVICTED", "WATCH_LIE"]);
      const metrics = await (await fetch(`${url}/metrics`)).text();
      expect(metrics).to.match(/watch_alerts_total\{code="WATCH_LIE"\} 1/);
      expect(metrics).to.match(/watch_convictions_total\{chain="watched0"\} 9/);
      expect((await fetch(`${url}/readyz`)).status).to.equal(200);
    } finally {
      server.close();
    }
  });
});
