import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { filesBelow } from "./artifacts.ts";
import type { Check } from "./check.ts";
import { runAlone } from "./check.ts";

interface Leftover {
  readonly pattern: RegExp;
  readonly where: RegExp;
  readonly problem: string;
}

// Built from pieces, so that this file does not find itself.
const open = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"].join("|");

const LEFTOVERS: readonly Leftover[] = [
  {
    pattern: new RegExp(`\\b(${open})\\b|[Nn]ot implemented|[Pp]lace` + "holder"),
    where: /^(contracts|scripts|sdk|deploy)\//,
    problem: "is left open: finish it, or say in the docs what is missing",
  },
  {
    pattern: /\b(describe|it|context)\.(only|skip)\(|\bx(it|describe)\(/,
    where: /^(test|sdk)\//,
    problem: "switches tests off",
  },
  {
    pattern: /(^|[^\w.:/])\/(home|root|Users|work)\/[\w.]/,
    where: /^(contracts|scripts|sdk|deploy|test|docs|README)/,
    problem: "names a path of one machine",
  },
  {
    pattern: /\bhardhat\/console\b|\bdebugger\b/,
    where: /^(contracts|scripts|sdk|deploy|test)\//,
    problem: "is a trace of debugging",
  },
];

export const leftovers: Check = {
  name: "leftovers",
  rule: "nothing is left open, switched off, or true on one machine only",
  run(root) {
    const folders = ["contracts", "scripts", "sdk", "deploy", "test", "docs"];
    const files = folders
      .flatMap((folder) => [".sol", ".ts", ".md"].flatMap((ending) => filesBelow(root, folder, ending)))
      .filter((file) => !file.startsWith("sdk/src/abi/") && !file.startsWith("sdk/dist/"));
    if (existsSync(path.join(root, "README.md"))) files.push("README.md");
    const problems = files.flatMap((file) => find(file, readFileSync(path.join(root, file), "utf8")));
    return { problems, note: `${files.length} files` };
  },
};

function find(file: string, content: string): string[] {
  const fitting = LEFTOVERS.filter(({ where }) => where.test(file));
  return content
    .split("\n")
    .flatMap((line, index) =>
      fitting
        .filter(({ pattern }) => pattern.test(line))
        .map(({ pattern, problem }) => `${file}:${index + 1} "${pattern.exec(line)?.[0].trim()}" ${problem}`),
    );
}

await runAlone(import.meta, leftovers);
