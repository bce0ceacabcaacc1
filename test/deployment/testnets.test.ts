import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect } from "chai";
import { JsonRpcProvider, Wallet } from "ethers";
import { z } from "zod";
import type { Anvil } from "../../scripts/devnet/anvil.ts";
import { networkSchema } from "../../scripts/network/config.ts";
import { MetalayerGateway__factory } from "../../typechain-types/index.js";
import { devKey, startNodes } from "../helpers/anvilNetwork.ts";
import { until } from "../helpers/daemonNetwork.ts";

const ROLLUPS = ["opSepolia", "baseSepolia", "arbitrumSepolia"] as const;
const CHAIN_IDS = [11_155_420n, 84_532n, 421_614n];
const ROOT = process.cwd();

const planSchema = z.object({
  networkId: z.string(),
  rollups: z.array(z.object({ addresses: z.record(z.string(), z.string()) })),
});
const checkSchema = z.object({
  rollups: z.array(z.object({ name: z.string(), differences: z.array(z.object({ name: z.string() })) })),
});
const serviceSchema = z.object({ url: z.string() });
const descriptionSchema = z.object({ rollups: z.array(z.object({ contracts: z.record(z.string(), z.string()) })) });

interface Answer {
  readonly code: number;
  readonly json: unknown;
  readonly errors: string;
}

/** The steps of docs/testnets.md, each by the command that stands there. */
describe("docs/testnets.md", () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "metalayer-testnets-"));
  const services: ChildProcessWithoutNullStreams[] = [];
  let nodes: readonly Anvil[] = [];
  let environment: NodeJS.ProcessEnv = {};
  let networkId = "";
  let said = ""; // by the services
  const at = (file: string): string => path.join(folder, file);

  const start = (args: readonly string[], env = environment): ChildProcessWithoutNullStreams =>
    spawn(process.execPath, ["--import", "tsx", "scripts/cli/main.ts", ...args, "--json"], { cwd: ROOT, env });

  /** A command of the command line with `--json`. */
  async function metalayer(...args: string[]): Promise<Answer> {
    return answerOf(start(args));
  }

  async function answerOf(child: ChildProcessWithoutNullStreams): Promise<Answer> {
    let [out, errors] = ["", ""];
    child.stdout.on("data", (piece: Buffer) => (out += piece.toString()));
    child.stderr.on("data", (piece: Buffer) => (errors += piece.toString()));
    const [code] = (await once(child, "close")) as [number]; // CAST: Node's event
    return { code, json: out === "" ? undefined : JSON.parse(out), errors };
  }

  /** A command that runs until the end of the test, at any free port. Returns where it answers. */
  async function service(...args: string[]): Promise<string> {
    const child = start([...args, "--port", "0"]);
    services.push(child);
    let out = "";
    child.stdout.on("data", (piece: Buffer) => (out += piece.toString()));
    child.stderr.on("data", (piece: Buffer) => (said += piece.toString()));
    await until("the service prints its document", () => out.endsWith("}\n") || child.exitCode !== null);
    return serviceSchema.parse(JSON.parse(out)).url;
  }

  before(async () => {
    nodes = await startNodes(CHAIN_IDS, 1);
    const [op, base, arbitrum] = nodes.map(({ url }) => url);
    environment = {
      ...process.env,
      OP_SEPOLIA_RPC_URL: op,
      BASE_SEPOLIA_RPC_URL: base,
      ARBITRUM_SEPOLIA_RPC_URL: arbitrum,
      DEPLOYER_KEY: devKey(0).key,
      METALAYER_DEPLOYER: devKey(0).address,
      METALAYER_GENESIS_HOLDER: devKey(1).address,
      METALAYER_CANCELLER: devKey(3).address,
      METALAYER_PAUSER: devKey(4).address,
      METALAYER_FUND: devKey(5).address,
      METALAYER_RELAYER_KEY: devKey(20).key,
      METALAYER_KEY: devKey(1).key,
    };
  });

  after(async () => {
    for (const child of services) {
      child.kill("SIGTERM");
      if (child.exitCode === null) await once(child, "exit");
    }
    await Promise.all(nodes.map((node) => node.stop()));
    rmSync(folder, { recursive: true, force: true });
  });

  it("2. shows the network id and the same addresses on every rollup, and refuses to deploy without guardians", async () => {
    const { code, json } = await metalayer("deploy", "--plan");
    expect(code).to.equal(0);
    const plan = planSchema.parse(json);
    networkId = plan.networkId;
    expect(new Set(plan.rollups.map(({ addresses }) => JSON.stringify(addresses))).size).to.equal(1);
    const refused = await metalayer("deploy", "--journals", at("deployed"));
    expect(refused.code).to.equal(1);
    expect(refused.errors).to.include("at least 4");
  });

  it("3. collects guardians with their proofs", async () => {
    for (let index = 1; index <= 4; index++) {
      const operator = devKey(10 + index).address;
      const key = ["--key-file", at(`guardian${index}.key.json`), "--into", at("guardians.json")];
      const { code } = await metalayer("prove", ...key, "--network-id", networkId, "--operator", operator);
      expect(code).to.equal(0);
    }
    environment["METALAYER_GUARDIANS"] = at("guardians.json");
  });

  it("4. deploys, checks and verifies", async () => {
    const { code, errors } = await metalayer("deploy", "--journals", at("deployed"), "--confirmations", "1");
    expect(code, errors).to.equal(0);
    expect(errors).to.include("Role check passed");
    expect((await metalayer("check")).code).to.equal(0);
    expect((await metalayer("verify")).code).to.equal(0);
    const operators: unknown = JSON.parse(readFileSync(at("deployed/operators.json"), "utf8"));
    expect(networkSchema.parse(operators).rollups.map(({ name }) => name)).to.deep.equal([...ROLLUPS]);
  });

  it("5. and 6. relays ERA with four guardians and a relayer", async () => {
    const operators = at("deployed/operators.json");
    for (let index = 1; index <= 4; index++) {
      const own = ["--key-file", at(`guardian${index}.key.json`), "--record", at(`guardian${index}.sqlite`)];
      const url = await service("guardian", "run", operators, ...own);
      const announcement = ["guardian", "announce", url, "--network", at("deployed/network.json")];
      const operator = { ...environment, METALAYER_KEY: devKey(10 + index).key };
      expect((await answerOf(start(announcement, operator))).code).to.equal(0);
    }
    await service("relay", operators);
    for (const [from, to] of [
      ["opSepolia", "baseSepolia"],
      ["opSepolia", "arbitrumSepolia"],
      ["baseSepolia", "arbitrumSepolia"],
    ] as const) {
      const route = ["--from", from, "--to", to, "--amount", from === "opSepolia" ? "12.5" : "2"];
      const { code, errors } = await metalayer(
        "transfer",
        "--network",
        at("deployed/network.json"),
        ...route,
        "--wait",
        "2m",
      );
      expect(code, `${errors}\n${said}`).to.equal(0);
    }
  });

  it("7. names a change and writes the decision that undoes it", async () => {
    const [, base] = nodes;
    const { rollups } = descriptionSchema.parse(JSON.parse(readFileSync(at("deployed/network.json"), "utf8")));
    const options = { staticNetwork: true, pollingInterval: 50, cacheTimeout: -1 };
    const pauser = new Wallet(devKey(4).key, new JsonRpcProvider(base?.url, undefined, options));
    const gateway = MetalayerGateway__factory.connect(rollups[1]?.contracts["MetalayerGateway"] ?? "", pauser);
    await (await gateway.pause([CHAIN_IDS[0] ?? 0n], 3_600)).wait();
    const { code, json } = await metalayer(
      "check",
      "--only",
      "baseSepolia,arbitrumSepolia",
      "--batch",
      at("decision.json"),
    );
    expect(code).to.equal(1);
    const found = checkSchema
      .parse(json)
      .rollups.map(({ name, differences }) => [name, differences.map((entry) => entry.name)]);
    expect(found).to.deep.equal([
      ["baseSepolia", [`MetalayerGateway.inLane(${CHAIN_IDS[0]}).paused`]],
      ["arbitrumSepolia", []],
    ]);
    // A pause ends by itself: there is nothing to decide.
    expect(JSON.parse(readFileSync(at("decision.json"), "utf8"))).to.deep.equal([]);
    pauser.provider?.destroy();
  });
}).timeout(300_000);
