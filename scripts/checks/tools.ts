import { spawn } from "node:child_process";
import path from "node:path";
import { filesBelow } from "./artifacts.ts";
import type { Check, Verdict } from "./check.ts";

/** Checks that other programs do. Each is a script of an installed package, run under this very Node. */
export const tools: readonly Check[] = [
  {
    name: "types",
    rule: "TypeScript is sound under the strictest settings",
    run: (root) => runTool(root, "typescript/bin/tsc", ["--noEmit", "-p", "."]),
  },
  {
    name: "lint",
    rule: "eslint finds nothing",
    run: (root) => runTool(root, "eslint/bin/eslint.js", ["--max-warnings", "0", "."]),
  },
  {
    name: "solhint",
    rule: "solhint finds nothing",
    run: (root) =>
      filesBelow(root, "contracts", ".sol").length === 0
        ? { problems: [], note: "no contracts" }
        : runTool(root, "solhint/solhint.js", ["--disc", "--noPoster", "--max-warnings", "0", "contracts/**/*.sol"]),
  },
  {
    name: "format",
    rule: "every file is as prettier writes it",
    run: (root, { write }) =>
      runTool(root, "prettier/bin/prettier.cjs", [write ? "--write" : "--check", "--log-level", "warn", "."]),
  },
];

/** A tool that ends with another code than 0 found something: its words are the problems. */
export function runTool(root: string, script: string, args: readonly string[]): Promise<Verdict> {
  const child = spawn(process.execPath, [path.join(root, "node_modules", script), ...args], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, HARDHAT_DISABLE_TELEMETRY: "true", NO_COLOR: "1", FORCE_COLOR: undefined },
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (piece: string) => lines.push(piece));
  }
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      const said = lines
        .join("")
        .trimEnd()
        .split("\n")
        .filter((line) => line.trim() !== "");
      resolve({ problems: code === 0 ? [] : said.length > 0 ? said : [`${script} ended with code ${code ?? "none"}`] });
    });
  });
}
