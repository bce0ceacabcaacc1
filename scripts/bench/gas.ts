import { parseArgs } from "node:util";
import { createOutput } from "../cli/output.ts";
import { apps } from "./gas/apps.ts";
import { automations } from "./gas/automation.ts";
import { bounties } from "./gas/bounty.ts";
import { daos } from "./gas/dao.ts";
import { deliveries } from "./gas/delivery.ts";
import { deployment } from "./gas/deployment.ts";
import { era } from "./gas/era.ts";
import { evidence } from "./gas/evidence.ts";
import { feeds } from "./gas/feed.ts";
import { fees } from "./gas/fees.ts";
import { governance } from "./gas/governance.ts";
import { keeping } from "./gas/keeping.ts";
import { openGasNetwork, type GasNetwork } from "./gas/network.ts";
import { paths } from "./gas/paths.ts";
import { proofs } from "./gas/proofs.ts";
import { publications } from "./gas/publication.ts";
import { quorums } from "./gas/quorum.ts";
import { differences, figuresOf, printTable, write, type Chapter } from "./gas/report.ts";
import type { Networks, Subject } from "./gas/row.ts";
import { sends } from "./gas/send.ts";
import { stake } from "./gas/stake.ts";

const SUBJECTS: readonly Subject[] = [
  sends,
  deliveries,
  quorums,
  stake,
  evidence,
  bounties,
  fees,
  era,
  governance,
  daos,
  proofs,
  publications,
  automations,
  feeds,
  paths,
  keeping,
  apps,
  deployment,
];

/**
 * `npm run gas`: whole-transaction gas from receipts of in-process rollups with the real deployment, as a table. `--json` prints
 * `{name: gas}`; `--write` renews snapshots/gas.json and the table of docs/gas.md; `--check` fails if they say anything else.
 */
async function main(): Promise<number> {
  const flags = { json: { type: "boolean" }, write: { type: "boolean" }, check: { type: "boolean" } } as const;
  const { values: asked } = parseArgs({ options: flags });
  const output = createOutput(asked.json === true);
  const chapters: Chapter[] = [];
  const networks = networksOnce();
  for (const { title, rows } of SUBJECTS) chapters.push({ title, rows: await rows(networks) });

  output.result(figuresOf(chapters));
  if (asked.json !== true) await printTable(output, chapters);
  if (asked.write === true) for (const change of write(chapters)) output.line(change);
  const changes = asked.check === true ? differences(chapters) : [];
  for (const change of changes) output.line(change);
  if (changes.length === 0) return 0;
  output.line("if this is what you meant: npm run gas -- --write, and say why in the commit");
  return 1;
}

/** Opens every network once and gives it out in its first state. */
function networksOnce(): Networks {
  const opened = new Map<number, Promise<GasNetwork>>();
  return async (guardians) => {
    const known = opened.get(guardians);
    const network = known ?? openGasNetwork(guardians);
    opened.set(guardians, network);
    if (known !== undefined) await (await known).restore();
    return network;
  };
}

process.exitCode = await main();
