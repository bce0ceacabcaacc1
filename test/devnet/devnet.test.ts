import { expect } from "chai";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { quantity } from "../../scripts/chain/blocks.ts";
import { createEndpoint } from "../../scripts/chain/endpoint.ts";
import type { Devnet, DevnetOptions, DevnetStep } from "../../scripts/devnet/devnet.ts";
import { addRollup } from "../../scripts/devnet/growth.ts";
import { isAlive, readRecords } from "../../scripts/devnet/processes.ts";
import { rollupPresets } from "../../scripts/devnet/rollups.ts";
import { startDevnet } from "../../scripts/devnet/start.ts";
import { findDevnet, processFolder, readDevnet, statePath } from "../../scripts/devnet/state.ts";
import { devnetStatus } from "../../scripts/devnet/status.ts";
import { stopDevnet } from "../../scripts/devnet/stop.ts";
import { codeThrownBy } from "../chain/rollup.ts";

const root = path.resolve(import.meta.dirname, "../..");

describe("devnet", () => {
  let base: string;
  let folder: string;

  beforeEach(() => {
    base = mkdtempSync(path.join(os.tmpdir(), "metalayer-test-"));
    folder = path.join(base, "devnet");
  });
  afterEach(async () => {
    await stopDevnet(folder);
    rmSync(base, { recursive: true, force: true });
  });

  const start = (options: Partial<DevnetOptions> = {}, steps: readonly DevnetStep[] = []): Promise<Devnet> =>
    startDevnet({ root, folder, rollups: rollupPresets(2), endpointsPerNode: 0, detached: false, ...options }, steps);

  /** No process of it lives and no file of it exists. */
  const expectNoTrace = (devnet: Pick<Devnet, "state">, homes: readonly string[]): void => {
    const processes = [...devnet.state.rollups.map(({ node }) => node), ...devnet.state.services.map((s) => s.process)];
    expect(processes.filter(isAlive)).to.deep.equal([]);
    expect([folder, ...homes].filter((name) => existsSync(name))).to.deep.equal([]);
  };
  const homes = (): string[] => readRecords(processFolder(folder)).flatMap(({ folders }) => folders);

  describe("rollupPresets", () => {
    it("gives every rollup a name and chain id of its own, 2 s, 1 s, 250 ms and deep finality among four", () => {
      const presets = rollupPresets(8);
      expect(new Set(presets.map(({ name }) => name)).size).to.equal(8);
      expect(new Set(presets.map(({ chainId }) => chainId)).size).to.equal(8);
      expect(presets.slice(0, 4).map(({ blockTime }) => blockTime)).to.deep.equal([2, 1, 0.25, 1]);
      expect(presets[3]?.slotsInAnEpoch).to.equal(8);
    });
  });

  it("starts nodes and endpoints, describes itself, and stops without a trace", async () => {
    const told: string[] = [];
    const devnet = await start({ endpointsPerNode: 3, onProgress: (step, phase) => told.push(`${step} ${phase}`) });
    const used = homes();
    expect(used).to.have.length(2);
    expect(told).to.deep.equal(["nodes started", "nodes done", "RPC endpoints started", "RPC endpoints done"]);
    const state = readDevnet(folder);
    expect(state).to.deep.equal(devnet.state).and.to.include({ ready: true });
    for (const { rpc, agree, chainId } of state.rollups) {
      expect([rpc.length, agree]).to.deep.equal([3, 2]);
      const endpoints = rpc.map((url) => createEndpoint({ url }));
      const answers = await Promise.all(endpoints.map((endpoint) => endpoint.request("eth_chainId", [])));
      expect(answers.map(quantity)).to.deep.equal([chainId, chainId, chainId]);
      endpoints.forEach((endpoint) => endpoint.close());
    }
    const status = await devnetStatus(folder);
    expect(status.healthy).to.equal(true);
    expect(status.rollups.map(({ answering }) => answering)).to.deep.equal([3, 3]);
    await devnet.stop();
    expectNoTrace(devnet, used);
    expect(await codeThrownBy(devnetStatus(folder))).to.equal("DEVNET_NOT_RUNNING");
  });

  it("takes one more rollup while it runs, with endpoints of its own, and stops it with the others", async () => {
    const devnet = await start({ endpointsPerNode: 2 });
    const before = devnet.state.rollups;
    const added = await addRollup(devnet);
    const used = homes();
    expect([added.name, added.chainId, added.rpc.length, added.agree]).to.deep.equal(["rollupC", 8_103, 2, 2]);
    expect(readDevnet(folder).rollups).to.deep.equal([...before, added]);
    const { healthy, rollups } = await devnetStatus(folder);
    expect([healthy, rollups.map(({ answering }) => answering)]).to.deep.equal([true, [2, 2, 2]]);
    await devnet.stop();
    expect(used).to.have.length(3);
    expectNoTrace(devnet, used);
  });

  it("runs on by itself when detached, until it is stopped by its folder", async () => {
    const devnet = await start({ detached: true });
    const used = homes();
    expect(readRecords(processFolder(folder)).map(({ owner }) => owner)).to.deep.equal([null, null]);
    expect((await devnetStatus(folder)).healthy).to.equal(true);
    expect(await codeThrownBy(start())).to.equal("DEVNET_RUNNING");
    expect((await devnetStatus(folder)).healthy).to.equal(true);
    expect(await stopDevnet(folder)).to.have.members(["anvil rollupA", "anvil rollupB"]);
    expectNoTrace(devnet, used);
    expect(await stopDevnet(folder)).to.deep.equal([]);
  });

  it("tells of a node that died", async () => {
    const devnet = await start();
    await devnet.nodes[1]?.stop();
    const status = await devnetStatus(folder);
    expect(status.healthy).to.equal(false);
    expect(status.rollups.map(({ alive }) => alive)).to.deep.equal([true, false]);
    await devnet.stop();
  });

  it("takes further steps in order, and undoes everything when one fails", async () => {
    const taken: string[] = [];
    let seen: Devnet | undefined;
    let used: string[] = [];
    const step = (name: string, error?: Error): DevnetStep => ({
      name,
      async run(devnet) {
        taken.push(name);
        seen = devnet;
        used = homes();
        if (error !== undefined) throw error;
        devnet.update((state) => ({ ...state, files: { ...state.files, [name]: "made" } }));
        return undefined;
      },
    });
    const failing = start({}, [step("first"), step("second", new Error("no")), step("third")]);
    expect(String(await failing.catch((error: unknown) => error))).to.equal("Error: no");
    expect(taken).to.deep.equal(["first", "second"]);
    expect(used).to.have.length(2);
    if (seen === undefined) throw new Error("the steps saw the network");
    expect(seen.state.files).to.deep.equal({ first: "made" });
    expectNoTrace(seen, used);
  });

  it("stops at once with the signal", async () => {
    const abort = new AbortController();
    const steps: DevnetStep[] = [
      {
        name: "interrupted",
        async run() {
          abort.abort();
          return undefined;
        },
      },
      { name: "never reached", run: () => Promise.reject(new Error("reached")) },
    ];
    expect(await codeThrownBy(start({ signal: abort.signal }, steps))).to.equal("ABORTED");
    expect(existsSync(folder)).to.equal(false);
  });

  it("clears away a start that was killed half-way", async () => {
    const killed = await start({ detached: true });
    killed.update((state) => ({ ...state, ready: false }));
    writeFileSync(path.join(folder, "start.lock"), JSON.stringify({ pid: process.pid, started: "another life" }));
    const used = homes();
    const devnet = await start();
    expect(killed.state.rollups.filter(({ node }) => isAlive(node))).to.deep.equal([]);
    expect(used.filter((home) => existsSync(home))).to.deep.equal([]);
    await devnet.stop();
  });

  it("does not start twice at the same time", async () => {
    const codes = await Promise.all([start(), start()].map((attempt) => codeThrownBy(attempt)));
    expect(codes).to.include("DEVNET_BUSY");
    expect(codes.filter((code) => code === "DEVNET_BUSY")).to.have.length(1);
    expect((await devnetStatus(folder)).healthy).to.equal(true);
  });

  it("says what to do about a description that it does not understand", async () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(statePath(folder), '{"version": 99}');
    expect(() => findDevnet(folder))
      .to.throw()
      .with.property("code", "DEVNET_STATE");
    await stopDevnet(folder);
    expect(findDevnet(folder)).to.equal(undefined);
  });
});
