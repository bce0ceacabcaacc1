import { readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { endProcess, readRecords } from "./processes.ts";
import { processFolder } from "./state.ts";

/**
 * Ends every recorded process of the network in this folder, services before nodes, and removes what it wrote. Does
 * not need the network's description, so it works after any crash. Returns the labels of what it ended.
 */
export async function stopDevnet(folder: string, keepFolder = false): Promise<string[]> {
  const processes = processFolder(folder);
  const records = readRecords(processes);
  const isNode = ({ label }: { label: string }): boolean => label.startsWith("anvil ");
  await Promise.all(records.filter((record) => !isNode(record)).map((record) => endProcess(processes, record)));
  await Promise.all(records.filter(isNode).map((record) => endProcess(processes, record)));
  if (!keepFolder) rmSync(folder, { recursive: true, force: true });
  else for (const name of namesIn(folder)) rmSync(path.join(folder, name), { recursive: true, force: true });
  return records.map(({ label }) => label);
}

/** All but the lock of who is starting it. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name !== "start.lock");
  } catch {
    return [];
  }
}
