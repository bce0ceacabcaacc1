import { expect } from "chai";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { quantity } from "../../scripts/chain/blocks.ts";
import { finalBlock } from "../../scripts/chain/finality.ts";
import { startAnvil } from "../../scripts/devnet/anvil.ts";
import { identify, isAlive, readRecords, recordProcess, sweep } from "../../scripts/devnet/processes.ts";
import { codeThrownBy, mine, startRollup } from "../chain/rollup.ts";
import { until } from "../helpers/daemonNetwork.ts";

const root = path.resolve(import.meta.dirname, "../..");

describe("local node", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), "metalayer-test-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  describe("startAnvil", () => {
    it("makes blocks at its pace with its chain id, and leaves nothing behind", async () => {
      const node = await startAnvil({ name: "quick", chainId: 8_203, blockTime: 0.1, processFolder: folder });
      expect(quantity(await node.rpc("eth_chainId"))).to.equal(8_203);
      const height = async (): Promise<number> => quantity(await node.rpc("eth_blockNumber"));
      const started = performance.now();
      const before = await height();
      await until("ten blocks were made", async () => (await height()) >= before + 10);
      // One block may have been due when the clock started, and a node that was held up makes good for it.
      expect(performance.now() - started).to.be.at.least(500);
      const [record] = readRecords(folder);
      expect(record?.label).to.equal("anvil quick");
      const home = record?.folders[0] ?? "";
      expect(existsSync(home)).to.equal(true);
      await node.stop();
      expect(isAlive(node.record.process)).to.equal(false);
      expect(existsSync(home)).to.equal(false);
      expect(readdirSync(folder)).to.deep.equal([]);
    });

    for (const [slotsInAnEpoch, safe, final] of [
      [1, 1, 2],
      [8, 8, 16],
    ] as const) {
      it(`with ${slotsInAnEpoch} slots in an epoch, is safe ${safe} and final ${final} blocks below the newest`, async () => {
        const rollup = await startRollup({ slotsInAnEpoch, processFolder: folder });
        await mine(rollup.node, 30);
        const pool = rollup.pool(1);
        expect((await finalBlock(pool, { kind: "tag", tag: "safe" })).number).to.equal(30 - safe);
        expect((await finalBlock(pool, { kind: "tag", tag: "finalized" })).number).to.equal(30 - final);
        await rollup.close();
      });
    }

    it("says why when it cannot start, and leaves nothing behind", async () => {
      const node = await startAnvil({ name: "first", chainId: 1, processFolder: folder });
      const second = startAnvil({ name: "second", chainId: 2, port: node.port, processFolder: folder });
      expect(await codeThrownBy(second)).to.equal("DEVNET_NODE");
      await node.stop();
      expect(readdirSync(folder)).to.deep.equal([]);
    });

    it("ends with the process that started it, even when that one is killed", async () => {
      const program = `
        const { startAnvil } = await import(${JSON.stringify(path.join(root, "scripts/devnet/anvil.ts"))});
        const node = await startAnvil({ name: "orphan", chainId: 3, processFolder: ${JSON.stringify(folder)} });
        console.log("up");
        setInterval(() => node, 1000);`;
      const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", program], { cwd: root });
      let output = "";
      child.stdout.on("data", (part: Buffer) => (output += part.toString()));
      child.stderr.on("data", (part: Buffer) => (output += part.toString()));
      await until("the node is up", () => output.includes("up"));
      const [record] = readRecords(folder);
      if (record === undefined) throw new Error(`nothing was recorded: ${output}`);
      expect(isAlive(record.process)).to.equal(true);
      child.kill("SIGKILL");
      await until(
        "the node and its folders are gone",
        () => !isAlive(record.process) && record.folders.every((own) => !existsSync(own)),
      );
      await sweep(folder);
      expect(readdirSync(folder)).to.deep.equal([]);
    });
  });

  describe("sweep", () => {
    it("ends what outlived its owner, leaves what has none or a living one, and forgets what is gone", async () => {
      const sleepers = [0, 1, 2].map(() => spawn("sleep", ["30"], { stdio: "ignore" }));
      const identities = sleepers.map(({ pid }) => identify(pid ?? 0));
      const [orphan, free, owned] = identities;
      const self = identify(process.pid);
      if (orphan === undefined || free === undefined || owned === undefined || self === undefined)
        throw new Error("the processes run");
      const gone = { pid: orphan.pid, started: "long ago" };
      recordProcess(folder, { process: orphan, label: "orphan", owner: gone, folders: [] });
      recordProcess(folder, { process: free, label: "free", owner: null, folders: [] });
      recordProcess(folder, { process: owned, label: "owned", owner: self, folders: [] });
      const another = { pid: self.pid, started: "before this one had the number" };
      recordProcess(folder, { process: another, label: "number was reused", owner: null, folders: [] });
      expect(await sweep(folder)).to.equal(1);
      expect(readRecords(folder).map(({ label }) => label)).to.have.members(["free", "owned"]);
      expect([isAlive(orphan), isAlive(free), isAlive(owned)]).to.deep.equal([false, true, true]);
      sleepers.forEach((sleeper) => sleeper.kill("SIGKILL"));
    });
  });
});
