import hre from "hardhat";
import { runProgram } from "../cli/program.ts";

/**
 * Runs a command of `./metalayer` as a Hardhat script, with everything that the command does and nothing else. Hardhat passes scripts no
 * arguments: they are taken from METALAYER_ARGS, divided at spaces, or as a JSON list. With Hardhat's `--network` the command signs with that
 * network's first account, which may lie in Hardhat's keystore.
 */
export async function runCommand(name: string): Promise<void> {
  const key = await configuredKey();
  if (key !== undefined) process.env["METALAYER_KEY"] ??= key;
  const argv = [name, ...parseArguments(process.env["METALAYER_ARGS"] ?? "")];
  process.exitCode = await runProgram(argv, { out: process.stdout, err: process.stderr });
}

async function configuredKey(): Promise<string | undefined> {
  const { network } = hre.globalOptions;
  const config = network === undefined ? undefined : hre.config.networks[network];
  if (config?.type !== "http" || !Array.isArray(config.accounts)) return undefined;
  return config.accounts[0]?.getHexString();
}

/** `vote latest --support for`, or `["vote", "latest"]` where an argument has spaces. */
export function parseArguments(text: string): string[] {
  const trimmed = text.trim();
  if (!trimmed.startsWith("[")) return trimmed === "" ? [] : trimmed.split(/\s+/);
  const list: unknown = JSON.parse(trimmed);
  if (Array.isArray(list) && list.every((each) => typeof each === "string")) return list;
  throw new Error("METALAYER_ARGS is no list of texts");
}
