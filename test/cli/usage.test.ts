import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { expect } from "chai";
import { freePort } from "../../scripts/devnet/children.ts";
import type { JsonError } from "./run.ts";
import { failureOf, run, runJson } from "./run.ts";

const ADDRESS = `0x${"11".repeat(20)}`;
const HASH = `0x${"12".repeat(32)}`;

const SEND = ["send", "--from", "rollupA", "--to", "rollupB", "--recipient", ADDRESS];
const TRANSFER = ["transfer", "--from", "rollupA", "--to", "rollupB"];

/** What people mistype, command by command: exit code 2, what is wrong, and nothing done. */
const WRONG: readonly (readonly [title: string, argv: readonly string[], message: string])[] = [
  ["send without a recipient", ["send", "--from", "a", "--to", "b"], "--recipient <address>' not specified"],
  ["send to half an address", [...SEND.slice(0, -1), "0x1234"], '"0x1234" is not an address'],
  ["send to a name", [...SEND.slice(0, -1), "vitalik.eth"], '"vitalik.eth" is not an address'],
  ["send with a content that is no bytes", [...SEND, "--payload", "0x123"], '"0x123" is not a string of bytes'],
  ["send with two contents", [...SEND, "--payload", "0x12", "--text", "x"], "not both"],
  ["send with a gas limit beyond 32 bits", [...SEND, "--gas-limit", "4294967296"], "is not a whole number"],
  ["send with a wait without unit", [...SEND, "--wait", "30"], '"30" is not a span of time'],
  ["send with a stray argument", [...SEND, "x"], "too many arguments"],
  ["send with an unknown flag", [...SEND, "--fast"], "unknown option '--fast'"],
  ["transfer without an amount", TRANSFER, "--amount <era>' not specified"],
  ["transfer a negative amount", [...TRANSFER, "--amount", "-1"], '"-1" is not an amount of ERA'],
  [
    "transfer more digits than ERA has",
    [...TRANSFER, "--amount", "0.1234567890123456789"],
    "18 digits after the point",
  ],
  ["transfer an amount in another notation", [...TRANSFER, "--amount", "1e3"], '"1e3" is not an amount of ERA'],
  ["transfer nothing", [...TRANSFER, "--amount", "0"], "more than nothing"],
  ["status of nothing", ["status"], "missing required argument 'reference'"],
  ["status of half a hash", ["status", "0x1234"], "is neither a transaction hash nor a sendId"],
  ["status of two hashes", ["status", HASH, HASH], "too many"],
  ["retry of half a hash", ["retry", "0x1234"], "is neither a transaction hash nor a sendId"],
  [
    "retry with a bounty and a delivery",
    ["retry", HASH, "--bounty", "1", "--force"],
    "--bounty goes with no other way",
  ],
  ["retry with gas that is no number", ["retry", HASH, "--gas", "much"], '"much" is not a whole number'],
  ["quote for too long a payload", ["quote", "--bytes", "32769"], '"32769" is not a whole number from 0 to 32768'],
  ["credit without an action", ["credit"], "missing required argument 'action'"],
  ["credit with an unknown action", ["credit", "gift"], '"gift" is none of show, buy, withdraw, sponsor, accept'],
  ["credit with a stray argument", ["credit", "show", "x"], "too many"],
  ["lock with an unknown action", ["lock", "all"], '"all" is none of show, deposit, term, withdraw, pay'],
  ["delegate to nobody", ["delegate", "--on", "rollupA"], "--to <address>' not specified"],
  ["propose without a file", ["propose"], "missing required argument 'file'"],
  ["vote without a choice", ["vote", "latest"], "--support <choice>' not specified"],
  ["vote on half a number", ["vote", "0x12", "--support", "for"], '"0x12" is not a proposal'],
  ["tally by mail", ["tally", "latest", "--of", "rollupB", "--by", "mail"], '"mail" is none of message, proof'],
  ["queue of a title", ["queue", "prices"], '"prices" is not a proposal'],
  ["execute of two proposals", ["execute", "1", "2"], "too many arguments"],
  ["fees with an unknown action", ["fees", "burn"], '"burn" is none of show, sweep'],
  ["vesting of a part that is no number", ["vesting", "release", "--part", "team"], '"team" is not a whole number'],
  ["claim-airdrop without a list", ["claim-airdrop"], "missing required argument 'file'"],
  ["supply with a stray argument", ["supply", "x"], "too many arguments"],
  ["pause with an unknown action", ["pause", "now"], '"now" is none of show, start, end'],
  ["faucet for half an address", ["faucet", "--address", "0x12"], '"0x12" is not an address'],
  ["guardian without an action", ["guardian"], "missing required argument 'action'"],
  ["guardian with an unknown action", ["guardian", "start"], '"start" is none of run, status, resume, key, register'],
  ["guardian run without settings", ["guardian", "run"], "guardian run needs a settings file"],
  ["guardian resume without a rollup", ["guardian", "resume", "x.json"], "guardian resume needs --on <rollup>"],
  ["guardian key without a file", ["guardian", "key"], "guardian key needs --key-file <file>"],
  ["guardian run as a rehearsal", ["guardian", "run", "x.json", "--dry-run"], "sends nothing"],
  [
    "guardian status of two things",
    ["guardian", "status", "x.json", "--operator", ADDRESS],
    "either a running guardian",
  ],
  ["guardian at a port that is none", ["guardian", "run", "x.json", "--port", "99999"], "from 0 to 65535"],
  ["probe of nothing", ["probe"], "missing required argument 'rpc'"],
  ["probe of something that is no URL", ["probe", "localhost:8545"], "begins with http:// or https://"],
  ["relay of two settings files", ["relay", "a.json", "b.json"], "too many arguments"],
  ["check of two networks", ["check", "--local", "--params", "x.ts"], "--local goes with neither"],
  ["devnet with an unknown action", ["devnet", "restart"], '"restart" is none of start, status, stop'],
  ["devnet with three guardians", ["devnet", "start", "--guardians", "3"], "3 guardians can form no table"],
  ["demo of a chapter that there is not", ["demo", "croe"], '"croe" is none of core, governance, all'],
  ["demo with three guardians", ["demo", "--guardians", "3"], "so at least 4 are needed"],
  ["demo with more guardians than there are accounts for", ["demo", "--guardians", "17"], "from 4 to 16"],
  ["demo with three rollups", ["demo", "--rollups", "3"], '"3" is not a whole number from 4 to 8'],
  ["an account beyond those of the mnemonic", ["rotate", "--account", "99"], '"99" is not a whole number from 0 to 29'],
];

/** The same of commands that look for their network first. */
const WRONG_WITH_NETWORK: typeof WRONG = [
  ["guardian register without a file", ["guardian", "register"], "guardian register needs the file"],
  ["guardian rotate-key without a file", ["guardian", "rotate-key"], "guardian rotate-key needs the file"],
  ["guardian announce without an address", ["guardian", "announce"], "guardian announce needs the address"],
  ["guardian announce of no URL", ["guardian", "announce", "guardian.example.org"], "begins with http:// or https://"],
  ["guardian stake without an amount", ["guardian", "stake", "--on", "rollupA"], "guardian stake needs --amount <era>"],
  ["guardian stake without a rollup", ["guardian", "stake", "--amount", "1"], "guardian stake needs --on <rollup>"],
  [
    "guardian stake with another operator",
    ["guardian", "stake", "--amount", "1", "--operator", ADDRESS, "--on", "rollupA"],
    "others: guardian delegate",
  ],
  ["guardian stake with a stray argument", ["guardian", "stake", "5000", "--on", "rollupA"], 'takes no "5000"'],
  [
    "guardian delegate to nobody",
    ["guardian", "delegate", "--amount", "1", "--on", "rollupA"],
    "guardian delegate needs --operator <address>",
  ],
  ["guardian unbond of nothing", ["guardian", "unbond", "--amount", "0", "--on", "rollupA"], "more than nothing"],
  ["guardian withdraw of no exit", ["guardian", "withdraw", "--on", "rollupA"], "guardian withdraw needs --exit-id"],
  ["guardian claim without a rollup", ["guardian", "claim"], "guardian claim needs --on <rollup>"],
];

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
        "RollupRegistry",
        "StateReader",
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
