import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { parseArguments } from "../../scripts/hardhat/run.ts";
import type { LocalNetwork } from "./localNetwork.ts";
import { startLocalNetwork } from "./localNetwork.ts";
import { runJson } from "./run.ts";

const root = path.resolve(import.meta.dirname, "../..");
const folder = path.join(root, "scripts/hardhat");
const HARDHAT = path.join(root, "node_modules/.bin/hardhat");

interface Ended {
  readonly code: number;
  readonly out: string;
}

/** `npx hardhat run` as people type it, with the command's arguments in the environment. */
async function hardhatRun(script: string, args: readonly string[]): Promise<Ended> {
  const env = { ...process.env, METALAYER_ARGS: JSON.stringify(args), HARDHAT_DISABLE_TELEMETRY: "true" };
  const argv = [HARDHAT, "run", "--no-compile", `scripts/hardhat/${script}.ts`];
  return promisify(execFile)(process.execPath, argv, { cwd: root, env }).then(
    ({ stdout }) => ({ code: 0, out: stdout }),
    // CAST: that is what execFile rejects with.
    (error: unknown) => ({ code: (error as { code: number }).code, out: (error as { stdout: string }).stdout }),
  );
}

describe("Hardhat scripts", () => {
  const scripts = readdirSync(folder).filter((name) => name !== "run.ts");

  it("are one line each: the command of their name", () => {
    const commands = readdirSync(path.join(root, "scripts/cli/commands"));
    expect(scripts.length).to.be.greaterThan(5);
    for (const script of scripts) {
      expect(commands, script).to.include(script);
      const name = script.replace(".ts", "");
      expect(readFileSync(path.join(folder, script), "utf8")).to.contain(`await runCommand("${name}");`);
    }
  });

  it("take arguments divided at spaces, or as a JSON list", () => {
    expect(parseArguments("")).to.deep.equal([]);
    expect(parseArguments(" latest  --support for ")).to.deep.equal(["latest", "--support", "for"]);
    expect(parseArguments('["a b", "c"]')).to.deep.equal(["a b", "c"]);
    expect(() => parseArguments("[1]")).to.throw("no list of texts");
  });

  describe("on a local network", () => {
    let network: LocalNetwork;

    before(async () => {
      network = await startLocalNetwork(2);
    });

    after(async () => network.close());

    it("do what the command does, and end as it ends", async () => {
      const at = ["--network", network.file, "--json"];
      const deposited = await hardhatRun("lock", ["deposit", "--on", "rollupA", "--amount", "5", ...at]);
      expect(deposited.code, deposited.out).to.equal(0);
      const shown = await runJson("lock", "show", "--network", network.file);
      const [script, missing] = await Promise.all([
        hardhatRun("lock", ["show", ...at]),
        hardhatRun("proposal", ["latest", ...at]),
      ]);
      expect([script.code, JSON.parse(script.out)]).to.deep.equal([0, shown.result]);
      expect(missing.code).to.equal(1);
      expect(missing.out).to.contain("CLI_UNKNOWN_PROPOSAL");
    });
  });
});
