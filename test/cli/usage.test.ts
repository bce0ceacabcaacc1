import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { expect } from "chai";
import { freePort } from "../../scripts/devnet/children.ts";
import { ADDRESS, HASH, SEND, WRONG, WRONG_WITH_NETWORK } from "./mistakes.ts";
import type { JsonError } from "./run.ts";
import { failureOf, run, runJson } from "./run.ts";

describe("command line: wrong input", () => {
  let folder = "";

  before(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), "metalayer-usage-"));
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  function networkFile(value: unknown): string {
    const file = path.join(folder, `network-${Math.random().toString(36).slice(2)}.json`);
    writeFileSync(file, typeof value === "string" ? value : JSON.stringify(value));
    return file;
  }

  const contracts = Object.fromEntries(
    [
      ["AccessManager", "AnchorLog", "Era", "FeeController", "GuardianSet"],
      [
        "GuardianRewards",
        "GuardianSlashing",
        "GuardianStaking",
        "MetalayerGateway",
        "OmniDeployer",
        "PriceKeeper",
        "RollupRegistry",
        "StateReader",
        "StateRequests",
        "StateRootInbox",
      ],
    ].flatMap((names) => names.map((name) => [name, ADDRESS])),
  );
  const describe2 = (rpc: string): unknown => ({
    rollups: [8101, 8102].map((chainId, index) => ({ name: `rollup${"AB"[index]}`, chainId, rpc: [rpc], contracts })),
  });

  describe("flags and arguments", () => {
    for (const [title, argv, message] of WRONG) {
      it(`refuses ${title}`, async () => {
        const { code, out, err } = await run(...argv);
        expect(code).to.equal(2);
        expect(err).to.contain(message);
        expect(out).to.equal("");
      });
    }

    for (const [title, argv, message] of WRONG_WITH_NETWORK) {
      it(`refuses ${title}`, async () => {
        const { code, err } = await run(...argv, "--network", networkFile(describe2("http://127.0.0.1:1")));
        expect(code).to.equal(2);
        expect(err).to.contain(message);
      });
    }

    it("tells machines the same as one document", async () => {
      const { code, result } = await runJson<JsonError>("credit", "gift");
      expect(code).to.equal(2);
      expect(result.error.code).to.equal("CLI_USAGE");
    });
  });

  describe("networks", () => {
    const codeOf = async (...argv: readonly string[]): Promise<string> => (await failureOf(...argv)).code;

    it("a description that is not there, no JSON, or of something else", async () => {
      const missing = path.join(folder, "missing.json");
      expect(await codeOf("quote", "--network", missing)).to.equal("CLI_NETWORK_UNREADABLE");
      expect(await codeOf("quote", "--network", networkFile("{"))).to.equal("CLI_NETWORK_INVALID");
      expect(await codeOf("quote", "--network", networkFile({ rollups: [] }))).to.equal("CLI_NETWORK_INVALID");
    });

    it("a description without deployed contracts, named in the error", async () => {
      const file = networkFile({ rollups: [{ name: "a", chainId: 1, rpc: ["http://127.0.0.1:1"], contracts: {} }] });
      const { err } = await run("quote", "--network", file);
      expect(err).to.contain("rollups.0.contracts.AccessManager");
    });

    it("a rollup that the network does not have: the error names those that it has", async () => {
      const file = networkFile(describe2("http://127.0.0.1:1"));
      const { code, err } = await run("quote", "--network", file, "--from", "rollupX");
      expect(code).to.equal(1);
      expect(err).to.contain('no rollup "rollupX"').and.to.contain("rollupA (8101), rollupB (8102)");
    });

    it("the same rollup as source and destination", async () => {
      const file = networkFile(describe2("http://127.0.0.1:1"));
      const { code, err } = await run(...SEND.slice(0, 3), "--to", "8101", "--recipient", ADDRESS, "--network", file);
      expect(code).to.equal(2);
      expect(err).to.contain("--from and --to name the same rollup");
    });

    it("an RPC endpoint that nobody listens at", async () => {
      const file = networkFile(describe2(`http://127.0.0.1:${await freePort()}`));
      for (const argv of [
        ["status", HASH],
        ["quote"],
        ["rotate", "--dry-run"],
        ["pause", "show"],
        ["lock", "show"],
        ["guardian", "status", "--operator", ADDRESS],
      ])
        expect(await codeOf(...argv, "--network", file), argv.join(" ")).to.equal("CLI_RPC_UNREACHABLE");
    });

    it("an endpoint of another chain, and one without the contracts", async () => {
      const server = http.createServer((request, response) => {
        let body = "";
        request.on("data", (part: Buffer) => (body += part.toString()));
        request.on("end", () => {
          // CAST: requests of the pool are batches.
          const calls = JSON.parse(body) as { id: number; method: string }[];
          const answers = calls.map(({ id, method }) => ({ id, result: method === "eth_chainId" ? "0x1fa5" : "0x" }));
          response.end(JSON.stringify(answers));
        });
      });
      const port = await freePort();
      await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
      try {
        const file = networkFile(describe2(`http://127.0.0.1:${port}`));
        expect(await codeOf("quote", "--network", file, "--from", "rollupB")).to.equal("CLI_WRONG_CHAIN");
        expect(await codeOf("quote", "--network", file, "--from", "rollupA")).to.equal("CLI_NOT_DEPLOYED");
      } finally {
        server.closeAllConnections();
        server.close();
      }
    });

    it("the faucet of a rollup that is not on this machine", async () => {
      const file = networkFile(describe2("https://rpc.example.org"));
      expect(await codeOf("faucet", "--address", ADDRESS, "--network", file)).to.equal("CLI_NOT_LOCAL");
    });
  });

  describe("parameters of a deployment", () => {
    for (const command of ["deploy", "check", "verify"]) {
      it(`${command} with a file that is not there, or wrong: says what, what is unchanged, and what to do`, async () => {
        const missing = await failureOf(command, "--params", path.join(folder, "missing.json"));
        expect([missing.code, missing.sentence.includes("Nothing was sent")]).to.deep.equal([
          "PARAMETERS_INVALID",
          true,
        ]);
        const wrong = await failureOf(command, "--params", networkFile({ home: "a", rollups: {} }));
        expect(wrong.code).to.equal("PARAMETERS_INVALID");
        expect(wrong.sentence).to.contain("environment").and.to.contain("docs/testnets.md");
      });
    }
  });

  describe("addresses and keys", () => {
    const withEnvironment = async <T>(
      changes: Readonly<Record<string, string>>,
      task: () => Promise<T>,
    ): Promise<T> => {
      Object.assign(process.env, changes);
      try {
        return await task();
      } finally {
        for (const name of Object.keys(changes)) Reflect.deleteProperty(process.env, name);
      }
    };

    it("an address whose capitals contradict its check sum", async () => {
      const file = networkFile(describe2("http://127.0.0.1:1"));
      const wrong = "0xF39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
      const { code, err } = await run(...SEND.slice(0, -1), wrong, "--network", file);
      expect(code).to.equal(2);
      expect(err).to.contain("wrong check sum");
    });

    it("no key at all on a public network, and a development account there", async () => {
      const file = networkFile(describe2("https://rpc.example.org"));
      const { result } = await runJson<JsonError>(...SEND, "--network", file);
      expect(result.error.code).to.equal("CLI_NO_WALLET");
      const { code, err } = await run(...SEND, "--network", file, "--account", "1");
      expect(code).to.equal(2);
      expect(err).to.contain("only local networks");
    });

    it("a key that is none, in the environment or in a file", async () => {
      const file = networkFile(describe2("http://127.0.0.1:1"));
      const inEnvironment = await withEnvironment({ METALAYER_KEY: "0x12" }, () =>
        runJson<JsonError>(...SEND, "--network", file),
      );
      expect(inEnvironment.result.error.code).to.equal("CLI_KEY_INVALID");
      expect(inEnvironment.result.error.sentence, "never shows the key").to.not.contain("0x12");
      const keyFile = path.join(folder, "key.json");
      writeFileSync(keyFile, "{}", { mode: 0o600 });
      const inFile = await runJson<JsonError>(...SEND, "--network", file, "--key-file", keyFile);
      expect(inFile.result.error.code).to.equal("CLI_KEY_INVALID");
      chmodSync(keyFile, 0o644);
      const exposed = await runJson<JsonError>(...SEND, "--network", file, "--key-file", keyFile);
      expect(exposed.result.error.code).to.equal("CLI_KEY_EXPOSED");
    });
  });
});
