import { readdirSync } from "node:fs";
import path from "node:path";
import { filesBelow } from "../checks/artifacts.ts";

/** Folders of tests that call contracts in their own process, beside those named like a folder of contracts. */
const MORE_FOLDERS = ["conformance", "invariant", "slashing"];
/** Tests that start the command line or a deployment again and again. */
const COMMANDS = /^test\/(cli|deployment)\//;

/**
 * All test files in lanes that take about as long as each other and share nothing, so that they can run side by side: contracts,
 * commands and deployments, and everything else (daemons, nodes, the sdk).
 */
export function testLanes(root: string): string[][] {
  const contracts = contractTests(root);
  const others = testFiles(root, "test").filter((file) => !contracts.includes(file));
  return [contracts, others.filter((file) => COMMANDS.test(file)), others.filter((file) => !COMMANDS.test(file))];
}

/**
 * The files that reach contracts, mocha's and Solidity's. In `test/deployment` those named after a contract: the others
 * start processes.
 */
export function contractTests(root: string): string[] {
  const named = readdirSync(path.join(root, "contracts"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  return [...named, ...MORE_FOLDERS]
    .flatMap((folder) => testFiles(root, `test/${folder}`))
    .filter((file) => !/^test\/deployment\/[^A-Z]/.test(file));
}

function testFiles(root: string, folder: string): string[] {
  return [".test.ts", ".t.sol"].flatMap((end) => filesBelow(root, folder, end));
}
