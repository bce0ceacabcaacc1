import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { CONTRACTS } from "../../sdk/src/deployment/addresses.ts";
import { inspectRollup } from "../../sdk/src/deployment/inspect.ts";
import { planRollup } from "../../sdk/src/deployment/plan.ts";
import { startAnvil, type Anvil } from "../../scripts/devnet/anvil.ts";
import { deployNetwork, type NetworkReport } from "../../deploy/run.ts";
import type { Target } from "../../deploy/targets.ts";
import { devKey, genesisHash, startNodes, targetsOf } from "../helpers/anvilNetwork.ts";
import type { ChildOptions } from "../helpers/deployChild.ts";
import { artifacts } from "../helpers/deployedNetwork.ts";
import { testParameters } from "../helpers/deployment.ts";

const CHAIN_IDS = [9_101n, 9_102n, 9_103n];
const BLOCK_TIME = 0.25;
const DEPLOYER = devKey(0);
const PACE = { confirmations: 1, pollingMs: 20, inFlight: 16 };

/** Nodes with a folder for journals; everything ends with the test. */
async function network(count: number, use: (parts: Parts) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "metalayer-deploy-"));
  const nodes = await startNodes(CHAIN_IDS.slice(0, count), BLOCK_TIME);
  const targets = await targetsOf(nodes, DEPLOYER.key);
  try {
    const [home] = nodes;
    if (home === undefined) throw new Error("no node");
    const chain = {
      deployer: DEPLOYER.address,
      homeGenesisHash: await genesisHash(home),
      chainIds: CHAIN_IDS.slice(0, count),
    };
    await use({ nodes, targets, folder, chain });
  } finally {
    await Promise.all(targets.map((target) => target.close()));
    await Promise.all(nodes.map((node) => node.stop()));
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Parts {
  readonly nodes: readonly Anvil[];
  readonly targets: readonly Target[];
  readonly folder: string;
  readonly chain: { readonly deployer: string; readonly homeGenesisHash: string; readonly chainIds: readonly bigint[] };
}

function run({ targets, folder, chain }: Parts, pace = PACE): Promise<NetworkReport> {
  return deployNetwork({ parameters: testParameters(artifacts, chain), artifacts, targets, folder, pace });
}

function expectClean(report: NetworkReport): void {
  expect(report.failed).to.deep.equal([]);
  for (const { problems } of report.rollups) expect(problems).to.deep.equal([]);
}

async function nonces(nodes: readonly Anvil[]): Promise<number[]> {
  return Promise.all(
    nodes.map(async (node) => Number(await node.rpc("eth_getTransactionCount", DEPLOYER.address, "latest"))),
  );
}

/** A deployment in a process of its own that can be killed. */
function startChild({ nodes, folder, chain }: Parts, inFlight: number): ChildProcess {
  const file = path.join(folder, "child.json");
  const options: ChildOptions = {
    nodes: nodes.map(({ name, chainId, url }) => ({ name, chainId: String(chainId), url })),
    ...DEPLOYER,
    deployer: DEPLOYER.address,
    homeGenesisHash: chain.homeGenesisHash,
    folder: path.join(folder, "journals"),
    inFlight,
  };
  writeFileSync(file, JSON.stringify(options));
  const script = path.resolve("test/helpers/deployChild.ts");
  return spawn(process.execPath, ["--import", "tsx", script, file], { stdio: ["ignore", "ignore", "inherit"] });
}

/** Lines of all journals below a folder; none while a journal is being put aside. */
function journalLines(folder: string): number {
  try {
    return readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith("journal.jsonl"))
      .reduce((sum, file) => sum + readFileSync(path.join(folder, file), "utf8").split("\n").length - 1, 0);
  } catch {
    return 0;
  }
}

/** Kills the process when its journals have grown by so many lines. Returns its exit code, or undefined if it was killed. */
async function killAfter(child: ChildProcess, folder: string, lines: number): Promise<number | undefined> {
  const ended = once(child, "exit");
  const until = journalLines(folder) + lines;
  while (child.exitCode === null && journalLines(folder) < until) await sleep(2);
  if (child.exitCode !== null) return child.exitCode;
  child.kill("SIGKILL");
  await ended;
  return undefined;
}

describe("deployment on real nodes", () => {
  it("deploys on three rollups at once, at the same addresses, and changes nothing when it is run again", async () => {
    await network(3, async (parts) => {
      const report = await run(parts);
      expectClean(report);
      expect(new Set(report.rollups.map(({ addresses }) => JSON.stringify(addresses))).size).to.equal(1);
      for (const { roles } of report.rollups) expect(roles.length).to.be.greaterThan(4);
      const before = await nonces(parts.nodes);
      expectClean(await run(parts));
      expect(await nonces(parts.nodes)).to.deep.equal(before);
    });
  });

  it("NEEDS 2: ends at the same addresses and settings however often it is killed, at any line of its journal", async () => {
    await network(2, async (parts) => {
      const journals = path.join(parts.folder, "journals");
      let kills = 0;
      for (let step = 0; ; step++) {
        // Different distances, so that the kills fall between different kinds of records.
        const code = await killAfter(startChild(parts, 4), journals, 9 + ((step * 11) % 29));
        if (code === undefined) {
          kills += 1;
          if (kills > 40) throw new Error("a deployment that is killed never ends");
          continue;
        }
        expect(code).to.equal(0);
        break;
      }
      // How many kills fall into one deployment depends on the speed of the machine.
      expect(kills).to.be.greaterThan(1);
      const parameters = testParameters(artifacts, parts.chain);
      for (const target of parts.targets) {
        const plan = planRollup(parameters, target.chainId, artifacts);
        expect((await inspectRollup(plan, target.reader(0))).differences).to.deep.equal([]);
      }
    });
  }).timeout(300_000);

  it("NEEDS 2: goes on without its journals, from what stands on the chain", async () => {
    await network(2, async (parts) => {
      const journals = path.join(parts.folder, "journals");
      for (let kills = 0; kills < 3; kills++) {
        await killAfter(startChild(parts, 4), journals, 20);
        rmSync(journals, { recursive: true, force: true });
      }
      const before = await nonces(parts.nodes);
      expect(Math.min(...before)).to.be.greaterThan(1);
      expectClean(await run(parts));
      const sent = (await nonces(parts.nodes)).map((after, index) => after - (before[index] ?? 0));
      for (const count of sent) expect(count).to.be.lessThan(CONTRACTS.length + 4);
    });
  }).timeout(120_000);

  it("NEEDS 2: goes on when somebody else uses the deployer's account meanwhile", async () => {
    await network(1, async (parts) => {
      const [node] = parts.nodes;
      const running = run(parts, { ...PACE, inFlight: 2 });
      let finished = false;
      const report = running.finally(() => (finished = true));
      for (let sent = 0; sent < 8 && !finished; sent++) {
        await sleep(150);
        await node?.rpc("eth_sendTransaction", { from: DEPLOYER.address, to: DEPLOYER.address }).catch(() => undefined);
      }
      expectClean(await report);
    });
  }).timeout(120_000);

  it("starts anew when the chain behind a journal has begun anew", async () => {
    await network(1, async (parts) => {
      expectClean(await run(parts));
      await network(1, async (fresh) => {
        expectClean(await run({ ...fresh, folder: parts.folder }));
      });
    });
  });

  it("NEEDS 1: deploys on the other rollups when one does not answer, and says which", async () => {
    await network(2, async (parts) => {
      const [dead, alive] = parts.nodes;
      await dead?.stop();
      const report = await run(parts);
      expect(report.failed.map(({ name }) => name)).to.deep.equal([dead?.name]);
      expect(report.rollups.map(({ name, problems }) => [name, problems])).to.deep.equal([[alive?.name, []]]);
    });
  }).timeout(120_000);

  it("M4: refuses a chain that lacks what contracts need before it sends anything", async () => {
    const node = await startAnvil({ name: "old", chainId: Number(CHAIN_IDS[0]), hardfork: "shanghai" });
    const folder = mkdtempSync(path.join(os.tmpdir(), "metalayer-deploy-"));
    const targets = await targetsOf([node], DEPLOYER.key);
    try {
      const homeGenesisHash = await genesisHash(node);
      const chain = { deployer: DEPLOYER.address, homeGenesisHash, chainIds: CHAIN_IDS.slice(0, 1) };
      const report = await run({ nodes: [node], targets, folder, chain });
      expect(report.failed.map(({ code }) => code)).to.deep.equal(["DEPLOYMENT_UNFIT_CHAIN"]);
      expect(report.failed[0]?.reason).to.contain("MCOPY (EIP-5656) is missing");
      expect(await nonces([node])).to.deep.equal([0]);
    } finally {
      await Promise.all(targets.map((target) => target.close()));
      await node.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("says what is missing when the deployer cannot pay, and sends nothing", async () => {
    await network(1, async (parts) => {
      const [node] = parts.nodes;
      await node?.rpc("anvil_setBalance", DEPLOYER.address, "0x1000");
      const report = await run(parts);
      expect(report.failed.map(({ code }) => code)).to.deep.equal(["DEPLOYMENT_INSUFFICIENT_FUNDS"]);
      expect(await nonces(parts.nodes)).to.deep.equal([0]);
    });
  });

  it("refuses another key than the deployer's, and a node of another chain", async () => {
    await network(1, async (parts) => {
      const [node] = parts.nodes;
      const [stranger] = await targetsOf(parts.nodes, devKey(1).key);
      if (stranger === undefined || node === undefined) throw new Error("no node");
      const report = await run({ ...parts, targets: [stranger] });
      expect(report.failed.map(({ code }) => code)).to.deep.equal(["DEPLOYMENT_WRONG_DEPLOYER"]);
      const wrong = await targetsOf([{ ...node, chainId: 9_199 }]).catch((error: unknown) => error);
      expect(wrong).to.have.property("code", "DEPLOYMENT_WRONG_CHAIN");
      await stranger.close();
    });
  });
});
