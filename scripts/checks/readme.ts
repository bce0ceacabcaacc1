import { existsSync, globSync, readFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Command } from "../cli/command.ts";
import { filesBelow, readJson } from "./artifacts.ts";
import type { Check } from "./check.ts";
import { runAlone } from "./check.ts";

const FOLDERS = "contracts|deploy|docs|scripts|sdk|snapshots|test|\\.ci";
/** `scripts/relayer/tick.ts`, `docs/protocol/*.md`, `test/`; a line number or anchor behind it does not count. */
const PATH = new RegExp(`(?<![\\w./@-])(?:${FOLDERS})/[\\w./*-]*`, "g");
const LINK = /\]\(([^)\s]+)\)/g;
const COMMAND = /\.\/metalayer(?:[ \t]+([a-z][\w-]*))?((?:[ \t]+[^\s`|&;#)]+)*)/g;
const SCRIPT = /\bnpm (?:run ([\w:-]+)|(test)\b)/g;

/** Generated, or made by the commands that the text explains. */
const MADE_LATER = /^(sdk\/(dist|src\/abi)|deploy\/deployments)\b/;

export const readme: Check = {
  name: "readme",
  rule: "every path, link and command in README.md and docs/ exists",
  async run(root) {
    const files = ["README.md", "SECURITY.md", "CHANGELOG.md"].filter((file) => existsSync(path.join(root, file)));
    files.push(...filesBelow(root, "docs", ".md"), ...filesBelow(root, "sdk", ".md"));
    const known = { scripts: scriptNames(root), commands: await commandFlags(root) };
    const problems = files.flatMap((file) => problemsOf(root, file, known));
    return { problems, note: `${files.length} documents` };
  },
};

interface Known {
  readonly scripts: ReadonlySet<string>;
  /** Long flags per command. */
  readonly commands: ReadonlyMap<string, ReadonlySet<string>>;
}

function problemsOf(root: string, file: string, known: Known): string[] {
  const lines = readFileSync(path.join(root, file), "utf8").split("\n");
  return lines.flatMap((line, index) => {
    const found = [...deadPaths(root, line), ...deadLinks(root, file, line), ...deadCommands(line, known)];
    return found.map((problem) => `${file}:${index + 1} ${problem}`);
  });
}

function deadPaths(root: string, line: string): string[] {
  return [...line.replace(LINK, "").matchAll(PATH)]
    .map(([found]) => found.replace(/[.\-]+$/, ""))
    .filter((found) => !MADE_LATER.test(found) && !exists(root, found))
    .map((found) => `names ${found}, which does not exist`);
}

function deadLinks(root: string, file: string, line: string): string[] {
  return [...line.matchAll(LINK)]
    .map(([, target = ""]) => target.replace(/#.*$/, ""))
    .filter((target) => target !== "" && !/^[a-z]+:/.test(target))
    .filter((target) => !exists(root, path.join(path.dirname(file), target)))
    .map((target) => `links to ${target}, which does not exist`);
}

function deadCommands(line: string, { scripts, commands }: Known): string[] {
  const problems = [...line.matchAll(SCRIPT)]
    .map(([, run, test]) => run ?? test ?? "")
    .filter((name) => !scripts.has(name))
    .map((name) => `says npm run ${name}, which package.json does not have`);
  for (const [, name, rest = ""] of line.matchAll(COMMAND)) {
    if (name === undefined || name === "help") continue;
    const flags = commands.get(name);
    if (flags === undefined) {
      problems.push(`says ./metalayer ${name}, which is no command`);
      continue;
    }
    for (const [used] of rest.matchAll(/--[a-z][\w-]*/g)) {
      if (!flags.has(used)) problems.push(`says ./metalayer ${name} ${used}, which is no option of it`);
    }
  }
  return problems;
}

function exists(root: string, given: string): boolean {
  return given.includes("*") ? globSync(given, { cwd: root }).length > 0 : existsSync(path.join(root, given));
}

function scriptNames(root: string): ReadonlySet<string> {
  // CAST: npm refuses a package.json whose scripts are anything else.
  const { scripts = {} } = readJson(path.join(root, "package.json")) as { scripts?: Record<string, string> };
  return new Set(Object.keys(scripts));
}

async function commandFlags(root: string): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const flags = new Map<string, ReadonlySet<string>>();
  for (const file of filesBelow(root, "scripts/cli/commands", ".ts")) {
    // CAST: what a command file exports is held by its own test.
    const { command } = (await import(pathToFileURL(path.join(root, file)).href)) as { command: Command };
    const own = Object.values(command.options).flatMap((option) => option.flags.match(/--[a-z][\w-]*/g) ?? []);
    flags.set(command.name, new Set([...own, "--json", "--help"]));
  }
  return flags;
}

await runAlone(import.meta, readme);
