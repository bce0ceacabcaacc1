import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect } from "chai";
import { logForPeople } from "../../scripts/cli/daemon.ts";
import { freePort } from "../../scripts/devnet/children.ts";
import { openKeyMark, guardianKey } from "../../scripts/guardian/keystore.ts";
import { openRecord } from "../../scripts/guardian/record.ts";
import type { AnvilNetwork, AnvilRollup } from "../helpers/daemonNetwork.ts";
import { guardianSecret, sendMessages, startAnvilNetwork, until } from "../helpers/daemonNetwork.ts";
import type { Fleet, TestSeat } from "../helpers/guardianFleet.ts";
import { createFleet } from "../helpers/guardianFleet.ts";
import { relayerConfig, relayerKey } from "../helpers/relayers.ts";
import { failureOf, run, runJson } from "./run.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");

/** A command that runs until it is told to end. */
interface Running {
  /** The JSON document that it has printed. */
  readonly document: Readonly<Record<string, unknown>>;
  /** Sends the signal. Returns the exit code and everything written to standard error. */
  end(signal: NodeJS.Signals): Promise<readonly [code: number | null, errors: string]>;
}

interface Info {
  readonly guardians: readonly {
    readonly info?: { readonly rollups: readonly { readonly name: string; readonly state: string }[] };
  }[];
}

describe("command line: guardian and relay on real nodes", function () {
  this.timeout(60_000);
  const folder = mkdtempSync(path.join(os.tmpdir(), "metalayer-cli-daemons-"));
  const children = new Set<ChildProcess>();
  let network: AnvilNetwork;
  let fleet: Fleet;
  let [a, b] = [] as unknown as [AnvilRollup, AnvilRollup]; // CAST: set before any test runs

  before(async () => {
    network = await startAnvilNetwork({ rollups: 2, guardians: 5, blockTimeMs: 100 });
    [a, b] = network.rollups as [AnvilRollup, AnvilRollup]; // CAST: two were asked for
    fleet = await createFleet(network, { requestsPerSecond: 1_000, burst: 1_000 });
    await a.mine(4);
    await b.mine(4);
  });

  after(async () => {
    for (const child of children) child.kill("SIGKILL");
    await fleet.close();
    await network.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(...args: readonly string[]): Promise<Running> {
    const argv = ["--import", "tsx", "scripts/cli/main.ts", ...args, "--json"];
    const child = spawn(process.execPath, argv, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
    children.add(child);
    let [out, errors] = ["", ""];
    child.stdout.on("data", (piece: Buffer) => (out += piece.toString()));
    child.stderr.on("data", (piece: Buffer) => (errors += piece.toString()));
    const ended = once(child, "close").then(() => children.delete(child));
    await until("the command prints its document", () => out.endsWith("}\n") || child.exitCode !== null);
    if (out === "") throw new Error(`it ended with ${child.exitCode}: ${errors}`);
    return {
      document: JSON.parse(out) as Record<string, unknown>, // CAST: the test looks at what it needs
      async end(signal) {
        child.kill(signal);
        await ended;
        return [child.exitCode, errors];
      },
    };
  }

  const seat = (): TestSeat => {
    const [first] = fleet.seats;
    if (first === undefined) throw new Error("there are guardians");
    return first;
  };
  describe("guardian", () => {
    const statesNow = async (): Promise<string[]> => {
      const { result } = await runJson<Info>("guardian", "status", seat().configFile);
      return result.guardians[0]?.info?.rollups.map(({ state }) => state) ?? [];
    };
    const untilStates = async (...wanted: readonly string[]): Promise<void> => {
      await until(`the guardian's rollups are ${wanted.join(", ")}`, async () => {
        return (await statesNow()).join() === wanted.join();
      });
    };

    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      it(`runs from a settings file and stops on ${signal} with exit code 0`, async () => {
        const guardian = await start("guardian", "run", seat().configFile);
        expect(guardian.document).to.deep.equal({
          url: seat().url,
          key: guardianKey(guardianSecret(0)).hex,
          networkId: network.networkId,
        });
        await untilStates("ready", "ready");
        expect((await run("guardian", "status", "--url", seat().url)).code).to.equal(0);
        const [code, errors] = await guardian.end(signal);
        expect([code, errors.includes("Guardian stopped")]).to.deep.equal([0, true]);
        expect((await run("guardian", "status", seat().configFile)).out).to.contain("does not answer");
      });
    }

    it("takes flags over the settings file, file names relative to where they were typed", async () => {
      process.env["INIT_CWD"] = seat().folder;
      try {
        const guardian = await start("guardian", "run", "config.json", "--record", "other.db", "--port", "0");
        expect(guardian.document["url"]).to.not.equal(seat().url);
        await guardian.end("SIGTERM");
        const { hex: key } = guardianKey(guardianSecret(0));
        openRecord(path.join(seat().folder, "other.db"), { networkId: network.networkId, key }).close();
      } finally {
        delete process.env["INIT_CWD"];
      }
    });

    it("refuses to run beside another one with its key, and to be resumed meanwhile", async () => {
      const guardian = await start("guardian", "run", seat().configFile);
      const second = await failureOf("guardian", "run", seat().configFile);
      expect([second.code, second.next]).to.deep.equal([
        "GUARDIAN_LOCKED",
        "stop the other guardian first; two with one key are never right",
      ]);
      const resumed = await failureOf("guardian", "resume", seat().configFile, "--on", a.name);
      expect(resumed.code).to.equal("GUARDIAN_LOCKED");
      await guardian.end("SIGTERM");
    });

    it("shows a halt and why, resumes it on the operator's word, and signs about that rollup again", async () => {
      const { hex: key } = guardianKey(guardianSecret(0));
      const record = openRecord(seat().recordFile, { networkId: network.networkId, key });
      record.halt(a.chainId, "FINAL_BLOCK_CHANGED", "final block 7 is another one");
      record.close();
      const guardian = await start("guardian", "run", seat().configFile);
      await untilStates("halted", "ready");
      const shown = await run("guardian", "status", seat().configFile);
      expect(shown.code).to.equal(1);
      expect(shown.out).to.contain("HALTED").and.to.contain("final block 7 is another one");
      expect(shown.out).to.contain("guardian resume <settings> --on <rollup>");
      await guardian.end("SIGTERM");
      expect((await failureOf("guardian", "resume", seat().configFile, "--on", b.name)).code).to.equal(
        "CLI_NOT_HALTED",
      );
      const { code, out } = await run("guardian", "resume", seat().configFile, "--on", String(a.chainId));
      expect(code).to.equal(0);
      expect(out).to.contain("FINAL_BLOCK_CHANGED");
      expect((await failureOf("guardian", "resume", seat().configFile, "--on", a.name)).code).to.equal(
        "CLI_NOT_HALTED",
      );
      const again = await start("guardian", "run", seat().configFile);
      await untilStates("ready", "ready");
      await again.end("SIGTERM");
    });

    it("R24 does not resume with a record that is older than its key's signatures", async () => {
      const other = fleet.seats[1];
      const mark = openKeyMark(other?.keyFile ?? "");
      mark.advance(3);
      mark.close();
      const guardian = await start("guardian", "run", other?.configFile ?? "");
      await guardian.end("SIGTERM");
      const error = await failureOf("guardian", "resume", other?.configFile ?? "", "--on", a.name);
      expect(error.code).to.equal("CLI_RECORD_OLD");
      expect(error.sentence).to.contain("restored from an older copy").and.to.contain("give up this key");
    });

    it("makes a key that only its owner can read, and shows it without changing it", async () => {
      const file = path.join(folder, "new.key.json");
      const made = await runJson<{ isNew: boolean; key: string }>("guardian", "key", "--key-file", file);
      expect([made.code, made.result.isNew]).to.deep.equal([0, true]);
      const shown = await runJson<{ isNew: boolean; key: string }>("guardian", "key", "--key-file", file);
      expect(shown.result).to.deep.include({ isNew: false, key: made.result.key });
    });

    it("names what is wrong with settings: no file, no JSON, no guardian's part, no such rollup", async () => {
      expect((await failureOf("guardian", "run", path.join(folder, "none.json"))).code).to.equal("CONFIG_UNREADABLE");
      const file = path.join(folder, "settings.json");
      writeFileSync(file, "{");
      expect((await failureOf("guardian", "run", file)).sentence).to.contain("is no JSON");
      writeFileSync(
        file,
        JSON.stringify({ networkId: network.networkId, rollups: network.rollups.map((r) => r.settings) }),
      );
      const error = await failureOf("guardian", "run", file);
      expect(error.sentence).to.contain("guardian.keyFile").and.to.contain("guardian.recordFile");
      const unknown = await failureOf("guardian", "resume", seat().configFile, "--on", "rollupX");
      expect(unknown.code).to.equal("CLI_UNKNOWN_ROLLUP");
      expect((await run("guardian", "run")).code).to.equal(2);
    });
  });

  it("a log for people says the same thing once, and half a minute later how often it was", () => {
    const lines: string[] = [];
    let at = 0;
    const log = logForPeople(
      (line) => lines.push(line),
      () => at,
    );
    const entry = (msg: string): string =>
      JSON.stringify({ level: "warn", time: "2026-01-02T03:04:05.678Z", msg, chain: "a" });
    for (at = 0; at < 40_000; at += 10_000) log(entry("no answer"));
    log(entry("back"));
    expect(lines).to.deep.equal([
      "03:04:05 warn  no answer  chain=a\n",
      "03:04:05 warn  no answer  chain=a  (and 2 times before)\n",
      "03:04:05 warn  back  chain=a\n",
    ]);
  });

  describe("relay", () => {
    const file = path.join(folder, "relayer.json");

    before(async () => {
      for (const { index } of fleet.seats) if (index !== 1) await fleet.start(index);
      const keyFile = path.join(folder, "relayer.key.json");
      writeFileSync(keyFile, JSON.stringify({ secretKey: relayerKey() }), { mode: 0o600 });
      writeFileSync(file, JSON.stringify(relayerConfig(network, fleet, { keyFile })));
      b.mineEvery(100);
      a.mineEvery(100);
    });

    after(() => {
      a.mineEvery(0);
      b.mineEvery(0);
    });

    const delivered = async (nonce: bigint): Promise<boolean> => b.gateway.isDelivered(a.chainId, nonce);

    it("--once delivers what waits, with four of five guardians, and ends", async () => {
      await sendMessages(a, b, ["0x01", "0x02", "0x03"]);
      await until("they are final", async () => (await a.provider.getBlockNumber()) > 12);
      await until("a tick delivers them", async () => {
        const { code } = await run("relay", file, "--once");
        expect(code).to.equal(0);
        return (await Promise.all([0n, 1n, 2n].map(delivered))).every(Boolean);
      });
      const { code, result } = await runJson<{ messages: number }>("relay", file, "--once");
      expect([code, result.messages]).to.deep.equal([0, 0]);
    });

    it("runs until SIGTERM, answers at its port, and ends with exit code 0", async () => {
      const relayer = await start("relay", file, "--port", "0");
      const health = await fetch(new URL("/healthz", String(relayer.document["url"])));
      expect(health.status).to.equal(200);
      await sendMessages(a, b, ["0x04"]);
      await until("it delivers", () => delivered(3n));
      const [code, errors] = await relayer.end("SIGTERM");
      expect(code, errors).to.equal(0);
      expect(errors).to.contain("Relayer stopped");
    });

    it("without a key, and with a development account beside a settings file: refused, and nothing sent", async () => {
      const bare = path.join(folder, "bare.json");
      writeFileSync(bare, JSON.stringify(relayerConfig(network, fleet)));
      const missing = await failureOf("relay", bare, "--once");
      expect([missing.code, missing.next?.includes("--key-file")]).to.deep.equal(["KEY_MISSING", true]);
      expect((await run("relay", bare, "--account", "3")).code).to.equal(2);
    });

    it("--once with a rollup that cannot be reached: says which, and ends with 1", async () => {
      const [first, second] = network.rollups.map(({ settings }) => settings);
      const rollups = [first, { ...second, rpc: [`http://127.0.0.1:${await freePort()}`] }];
      const cut = path.join(folder, "cut.json");
      const keyFile = path.join(folder, "relayer.key.json");
      writeFileSync(cut, JSON.stringify({ ...Object(relayerConfig(network, fleet, { keyFile })), rollups }));
      const error = await failureOf("relay", cut, "--once");
      expect(error.sentence).to.contain(b.name).and.to.contain("Next: ");
    });
  });
});
