import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect } from "chai";
import type { Anvil } from "../../scripts/devnet/anvil.ts";
import { startAnvil } from "../../scripts/devnet/anvil.ts";
import { freePort } from "../../scripts/devnet/children.ts";
import { createEndpoint } from "../../scripts/chain/endpoint.ts";
import { readConfig, rollupSchema } from "../../scripts/network/config.ts";
import { readCapabilities, writeCapabilities } from "../../scripts/probe/capabilities.ts";
import type { Capabilities } from "../../scripts/probe/capabilities.ts";
import { INSTRUCTIONS } from "../../scripts/probe/instructions.ts";
import { findObstacles, probe } from "../../scripts/probe/probe.ts";
import { failureOf, run, runJson } from "../cli/run.ts";
import { artifacts } from "../helpers/deployedNetwork.ts";
import { ARTIFACTS } from "../../sdk/src/deployment/artifacts.ts";

const TIMEOUT_MS = 30_000;

describe("probe", function () {
  this.timeout(180_000);
  const nodes = new Map<string, Anvil>();

  async function probed(hardfork: string): Promise<Capabilities> {
    return asked(hardfork, (endpoint) => probe(endpoint, new Date()));
  }

  async function asked<T>(
    hardfork: string,
    ask: (endpoint: ReturnType<typeof createEndpoint>) => Promise<T>,
  ): Promise<T> {
    const node = nodes.get(hardfork);
    if (node === undefined) throw new Error(`no node of ${hardfork}`);
    const endpoint = createEndpoint({ url: node.url, timeoutMs: TIMEOUT_MS });
    try {
      return await ask(endpoint);
    } finally {
      endpoint.close();
    }
  }

  before(async () => {
    for (const [index, hardfork] of ["prague", "osaka", "shanghai", "london"].entries()) {
      const node = await startAnvil({ name: hardfork, chainId: 9_300 + index, hardfork });
      nodes.set(hardfork, node);
      await node.rpc("anvil_mine", "0x14", "0x2");
    }
  });

  after(() => Promise.all([...nodes.values()].map((node) => node.stop())));

  const missing = ({ findings }: Capabilities): string[] =>
    findings.filter(({ verdict }) => verdict === "no").map(({ id }) => id);

  it("finds everything that Metalayer uses on a chain of Prague, measures its pace, and says what it lacks", async () => {
    const found = await probed("prague");
    expect(found.obstacles).to.deep.equal([]);
    expect(found.limits).to.deep.equal([]);
    expect(missing(found)).to.deep.equal(["CLZ", "code size+", "0x100", "CreateX", "Safe's deployer"]);
    expect(found).to.deep.include({ chainId: "9300", blockTimeMs: 2_000, stackKind: "evm", maxLogRange: 10_000 });
    expect(found).to.deep.include({ ethereumHeaders: true, stateProofs: true, historyBlocks: 8_191 });
    expect(found.finality).to.deep.equal({ kind: "tag", tag: "finalized" });
    expect(found.tags.finalized).to.deep.equal({ blocks: 2, seconds: 4 });
  });

  it("finds what Osaka adds", async () => {
    const found = await probed("osaka");
    expect(found.obstacles).to.deep.equal([]);
    expect(missing(found)).to.deep.equal(["code size+", "CreateX", "Safe's deployer"]);
  });

  it("M4: refuses chains that lack an instruction which the contracts use, and names it", async () => {
    expect(await asked("shanghai", findObstacles)).to.deep.equal([
      "MCOPY (EIP-5656) is missing: needed for every contract, which the compiler writes with it",
    ]);
    expect((await probed("london")).obstacles.map((text) => text.split(" ")[0])).to.deep.equal(["PUSH0", "MCOPY"]);
  });

  it("knows a chain without the history contract by what its contracts cannot see", async () => {
    const found = await probed("shanghai");
    expect(found.historyBlocks).to.equal(256);
    expect(found.limits.join()).to.contain("no EIP-2935");
  });

  it("asks for the instructions that stand in the contracts' code", () => {
    const used = new Set(ARTIFACTS.flatMap((name) => [...instructionsOf(artifacts(name).deployedBytecode)]));
    const OPCODES = { PUSH0: 0x5f, MCOPY: 0x5e, TSTORE: 0x5d, CLZ: 0x1e } as const;
    for (const [id, opcode] of Object.entries(OPCODES)) {
      const question = INSTRUCTIONS.find((asked) => asked.id === id);
      expect(question?.neededFor !== undefined, id).to.equal(used.has(opcode));
    }
  });

  describe("./metalayer probe", () => {
    const url = (hardfork: string): string => nodes.get(hardfork)?.url ?? "";

    it("shows what it found and says that the chain can be served", async () => {
      const people = await run("probe", url("prague"));
      expect(people.code, people.err).to.equal(0);
      expect(people.out).to.contain("Metalayer can serve chain 9300");
      const { code, result } = await runJson<Capabilities>("probe", url("prague"));
      expect({ code, chainId: result.chainId }).to.deep.equal({ code: 0, chainId: "9300" });
    });

    it("says why a chain cannot be served, with exit code 1", async () => {
      const { code, out } = await run("probe", url("london"));
      expect(code).to.equal(1);
      expect(out).to.contain("Metalayer cannot serve chain 9303:").and.to.contain("PUSH0 (EIP-3855) is missing");
    });

    it("says what to do when nobody answers", async () => {
      const { code } = await failureOf("probe", `http://127.0.0.1:${await freePort()}`);
      expect(code).to.equal("PROBE_NO_ANSWER");
    });
  });

  describe("capability files", () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "metalayer-probe-"));
    after(() => rmSync(folder, { recursive: true, force: true }));

    it("give guardians and relayers pace, finality and range of logs, unless their settings say otherwise", async () => {
      const capabilities = path.join(folder, "prague.json");
      writeCapabilities(capabilities, await probed("prague"));
      expect(readCapabilities(capabilities).chainId).to.equal("9300");
      const contracts = { gateway: `0x${"11".repeat(20)}`, guardianSet: `0x${"22".repeat(20)}` };
      const settings = { name: "a", chainId: 9_300, rpc: ["http://127.0.0.1:1"], capabilities, contracts };
      const read = (given: object): unknown => {
        const file = path.join(folder, "settings.json");
        writeFileSync(file, JSON.stringify(given));
        return readConfig(file, rollupSchema);
      };
      const finality = { kind: "tag", tag: "finalized" };
      expect(read(settings)).to.deep.include({ blockTimeMs: 2_000, finality, maxLogRange: 10_000 });
      expect(read({ ...settings, blockTimeMs: 250 })).to.deep.include({ blockTimeMs: 250, finality });
      expect(() => read({ ...settings, chainId: 9_301 })).to.throw("is of chain 9300");
    });

    it("of chains that cannot be served are refused with the reason", async () => {
      const file = path.join(folder, "london.json");
      writeCapabilities(file, await probed("london"));
      expect(() => readCapabilities(file))
        .to.throw("cannot be served: PUSH0")
        .with.property("code", "CAPABILITIES_UNFIT");
    });

    it("that are missing or something else are refused", () => {
      const file = path.join(folder, "other.json");
      expect(() => readCapabilities(file)).to.throw("cannot be read");
      writeFileSync(file, "{}");
      expect(() => readCapabilities(file))
        .to.throw("is no capability file")
        .with.property("code", "CAPABILITIES_UNREADABLE");
    });
  });
});

/**
 * The instructions in a contract's code, without the data that PUSH carries and the metadata at the end. Constants of 32 bytes that the compiler copies from
 * the code stand between its last INVALID and the metadata.
 */
function instructionsOf(deployedBytecode: string): Set<number> {
  const all = Buffer.from(deployedBytecode.slice(2), "hex");
  const bytes = all.subarray(0, all.length - 2 - all.readUInt16BE(all.length - 2));
  const found = new Set<number>();
  for (let at = 0; at < bytes.length; at++) {
    const opcode = bytes[at] ?? 0;
    found.add(opcode);
    if (opcode === 0xfe && (bytes.length - at - 1) % 32 === 0) break;
    if (opcode >= 0x60 && opcode <= 0x7f) at += opcode - 0x5f;
  }
  return found;
}
