import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import type { Address } from "../../../sdk/src/bytes.ts";
import { parsed, readFileAs, type FileKind } from "../json-file.ts";
import type { Network } from "../network.ts";
import { address } from "../options.ts";
import { abiSchema, type Artifact } from "./artifact.ts";

const KIND: FileKind = {
  code: "CLI_APP_RECORD",
  what: "description of an application",
  shownIn: "./metalayer app deploy writes such files, docs/how-to/deploy-everywhere.md",
};

const recordSchema = z.strictObject({
  contract: z.string().min(1),
  source: z.string(),
  addresses: z.array(parsed(address)),
  abi: abiSchema,
});

/** What an application understands, as `./metalayer app deploy` notes it beside the network's description. */
export type AppRecord = z.output<typeof recordSchema>;

/** Notes it. The first address names it: on networks whose deployers stand at one address there is no other. */
export function writeRecord(network: Network, artifact: Artifact, addresses: readonly Address[]): void {
  const folder = folderOf(network);
  mkdirSync(folder, { recursive: true });
  const { contractName: contract, sourceName: source } = artifact;
  const abi: unknown = JSON.parse(artifact.abi.formatJson());
  const record = { contract, source, addresses: [...new Set(addresses)], abi };
  writeFileSync(path.join(folder, `${addresses[0]?.toLowerCase()}.json`), `${JSON.stringify(record, null, 2)}\n`);
}

/** What was noted about an address; undefined if nothing was from here. Throws CLI_APP_RECORD_UNREADABLE, CLI_APP_RECORD_INVALID. */
export function findRecord(network: Network, at: Address): AppRecord | undefined {
  const folder = folderOf(network);
  if (!existsSync(folder)) return undefined;
  const files = readdirSync(folder).filter((file) => file.endsWith(".json"));
  return files
    .map((file) => readFileAs(KIND, recordSchema, path.join(folder, file)))
    .find(({ addresses }) => addresses.some((each) => each.toLowerCase() === at.toLowerCase()));
}

const folderOf = ({ file }: Network): string => path.join(path.dirname(file), "apps");
