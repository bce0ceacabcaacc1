import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Check } from "./check.ts";
import { runAlone } from "./check.ts";

/** What a stranger writes: plain JavaScript that recomputes a committed vector. */
const SCRIPT = `
import { readFileSync } from "node:fs";
import { laneId, messageHash } from "@metalayer/sdk";
import { planDao } from "@metalayer/sdk/dao";
import { createNetwork } from "@metalayer/sdk/testkit";

const [lane] = JSON.parse(readFileSync(process.argv[2], "utf8")).lanes;
const big = (object, ...names) => Object.fromEntries(names.map((name) => [name, BigInt(object[name])]));
const ids = big(lane, "srcChainId", "dstChainId", "srcIncarnation", "dstIncarnation");
if (laneId({ ...lane, ...ids }) !== lane.laneId) throw new Error("another lane id");
for (const message of lane.messages) {
  const hash = messageHash(lane.networkId, ids, { ...message, ...big(message, "nonce", "gasLimit", "fee") });
  if (hash !== message.messageHash) throw new Error("another hash of message " + message.nonce);
}
if (typeof createNetwork !== "function") throw new Error("no test kit");
if (typeof planDao !== "function") throw new Error("no kit for DAOs");
`;

/** The same stranger in TypeScript: the declarations are found and say what they should. */
const TYPED = `
import { MetalayerClient, quoteFee } from "@metalayer/sdk";
import type { Hex, MessageStatus } from "@metalayer/sdk";
import { planDao } from "@metalayer/sdk/dao";
import type { DaoPlan, DaoSettings } from "@metalayer/sdk/dao";
import { createNetwork } from "@metalayer/sdk/testkit";
import type { DeliveryReport, RollupSource } from "@metalayer/sdk/testkit";

export async function status(client: MetalayerClient, sendId: Hex): Promise<MessageStatus["state"][]> {
  return (await client.status(sendId)).map(({ state }) => state);
}
export async function run(rollups: RollupSource[]): Promise<DeliveryReport> {
  return (await createNetwork({ rollups })).deliverAll({ drop: ({ nonce }) => nonce > 3n });
}
export const plan = (settings: DaoSettings): DaoPlan => planDao(settings);
// @ts-expect-error amounts are bigints
quoteFee({}, 0, 1);
`;

const COMPILER_OPTIONS = {
  target: "es2023",
  lib: ["es2023", "dom"],
  module: "nodenext",
  strict: true,
  noEmit: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
  types: [],
};

/** Needs the contracts to be built; installs ethers and noble from npm's cache, or from the registry if they are not there. */
export const pack: Check = {
  name: "pack",
  rule: "the sdk packs, installs into an empty project and works there, in JavaScript and in TypeScript",
  async run(root) {
    const folder = mkdtempSync(path.join(os.tmpdir(), "metalayer-pack-"));
    try {
      await packAndUse(root, folder);
      return { problems: [] };
    } catch (error) {
      return { problems: [error instanceof Error ? error.message : String(error)] };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function packAndUse(root: string, folder: string): Promise<void> {
  await run("npm", ["pack", "--workspace", "sdk", "--pack-destination", folder, "--silent"], root);
  const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz"));
  if (tarball === undefined) throw new Error("npm pack wrote no tarball");
  write(folder, "package.json", JSON.stringify({ name: "stranger", private: true, type: "module" }));
  write(folder, "check.mjs", SCRIPT);
  write(folder, "check.ts", TYPED);
  write(folder, "tsconfig.json", JSON.stringify({ compilerOptions: COMPILER_OPTIONS, files: ["check.ts"] }));
  const quiet = ["--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--silent"];
  await run("npm", ["install", ...quiet, `./${tarball}`, `ethers@${ethersVersion(root)}`], folder);
  await run(process.execPath, ["check.mjs", path.join(root, "test/vectors/messages.json")], folder);
  await run(process.execPath, [path.join(root, "node_modules/typescript/bin/tsc"), "-p", folder], folder);
}

function ethersVersion(root: string): string {
  // CAST: the file has this shape, or the version is undefined and npm refuses it.
  const manifest = JSON.parse(readFileSync(path.join(root, "node_modules/ethers/package.json"), "utf8")) as {
    version: string;
  };
  return manifest.version;
}

function write(folder: string, name: string, content: string): void {
  writeFileSync(path.join(folder, name), content);
}

/** Resolves if the command ends with code 0; otherwise rejects with what it said. */
function run(command: string, args: readonly string[], cwd: string): Promise<void> {
  const child = spawn(command, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (piece: string) => said.push(piece));
  }
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${path.basename(command)} ${args[0] ?? ""}: ${said.join("").trim().slice(-2_000)}`));
    });
  });
}

await runAlone(import.meta, pack);
