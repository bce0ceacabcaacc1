import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import type { Address } from "../../../sdk/src/bytes.ts";
import type { DaoPlan } from "../../../sdk/src/dao/plan.ts";
import type { Context } from "../command.ts";
import { CommandError } from "../command.ts";
import { readFileAs, type FileKind } from "../json-file.ts";
import { findNetwork, rollupIn, type Network, type RollupDescription } from "../network.ts";
import { address } from "../options.ts";
import { parsed } from "../json-file.ts";

const KIND: FileKind = {
  code: "CLI_DAO_RECORD",
  what: "description of a DAO that stands",
  shownIn: "./metalayer dao create writes such files, docs/how-to/dao.md",
};

const at = parsed(address);

/** Where a DAO stands, as `./metalayer dao create` writes it beside the network's description. */
const recordSchema = z.strictObject({
  name: z.string().min(1),
  home: z.string().min(1),
  governor: at,
  token: z.strictObject({
    address: at,
    symbol: z.string(),
    decimals: z.int().min(0).max(36),
    clock: z.enum(["seconds", "blocks"]),
  }),
  roleDirectory: at.optional(),
  rollups: z
    .array(
      z.strictObject({
        name: z.string(),
        chainId: z.int(),
        timelock: at,
        executor: at.optional(),
        accessManager: at.optional(),
      }),
    )
    .min(1),
});

export type DaoRecord = z.output<typeof recordSchema>;
type RecordedRollup = DaoRecord["rollups"][number];

/** A plan as it is written down. */
export function recordOf(
  name: string,
  { home, governor, token, roleDirectory, places }: DaoPlan,
  facts: Omit<DaoRecord["token"], "address">,
  rollups: readonly RollupDescription[],
): DaoRecord {
  const nameOf = (chainId: bigint): string => rollupIn(rollups, "the network", String(chainId)).name;
  return {
    name,
    home: nameOf(home),
    governor,
    token: { address: token, ...facts },
    ...(roleDirectory === undefined ? {} : { roleDirectory }),
    rollups: places.map(({ chainId, timelock, executor, accessManager }) => ({
      ...{ name: nameOf(chainId), chainId: Number(chainId), timelock },
      ...(executor === undefined ? {} : { executor }),
      ...(accessManager === undefined ? {} : { accessManager }),
    })),
  };
}

/** Writes it beside the network's description and returns the file. */
export function writeRecord(network: Network, record: DaoRecord): string {
  const folder = folderOf(network);
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${slugOf(record.name)}.json`);
  writeFileSync(file, `${JSON.stringify(record, null, 2)}\n`);
  return file;
}

/** All DAOs that were created from this machine on the network. */
export function recordsOf(network: Network): DaoRecord[] {
  const folder = folderOf(network);
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((file) => file.endsWith(".json"));
  return files.sort().map((file) => readFileAs(KIND, recordSchema, path.join(folder, file)));
}

/** A DAO by its name, its governor's address, or its file. Throws CLI_UNKNOWN_DAO and what reading a file throws. */
export function findRecord(context: Pick<Context, "path">, network: Network, asked: string): DaoRecord {
  if (asked.endsWith(".json")) return readFileAs(KIND, recordSchema, context.path(asked));
  const all = recordsOf(network);
  const found = all.find(
    ({ name, governor }) => slugOf(name) === slugOf(asked) || governor.toLowerCase() === asked.toLowerCase(),
  );
  if (found !== undefined) return found;
  const known =
    all.length === 0 ? "no DAO was created from here" : `known are ${all.map(({ name }) => name).join(", ")}`;
  const next = "name the file that ./metalayer dao create wrote, or create the DAO (docs/how-to/dao.md)";
  throw new CommandError("CLI_UNKNOWN_DAO", `there is no DAO "${asked}": ${known}`, "Nothing was done", next);
}

/** The network's own governance, or the DAO that was asked for. Throws as {@link findNetwork} and {@link findRecord}. */
export function findGovernance(
  context: Pick<Context, "root" | "path">,
  asked: { readonly network: string | undefined; readonly dao: string | undefined },
): Network {
  const network = findNetwork(context, asked.network);
  return asked.dao === undefined ? network : daoNetwork(network, findRecord(context, network, asked.dao));
}

/** The network as it is for a DAO: its rollups, with its governor, timelocks and executors. */
export function daoNetwork(network: Network, record: DaoRecord): Network {
  const rollups = record.rollups.map((place) => ({
    ...network.rollup(String(place.chainId)),
    dao: {
      ...{ name: record.name, clock: record.token.clock },
      ...{ symbol: record.token.symbol, decimals: record.token.decimals },
      contracts: contractsOf(record, place),
    },
  }));
  const { file, isDevnet } = network;
  return { file, isDevnet, rollups, home: record.home, rollup: (asked) => rollupIn(rollups, record.name, asked) };
}

function contractsOf({ home, governor, token, roleDirectory }: DaoRecord, place: RecordedRollup) {
  const isHome = place.name === home;
  const found: Record<string, Address | undefined> = {
    RollupTimelock: place.timelock,
    GovernanceExecutor: place.executor,
    LeasedAccessManager: place.accessManager,
    ...(isHome ? { DaoGovernor: governor, DaoToken: token.address, RoleDirectory: roleDirectory } : {}),
  };
  const known = Object.entries(found).filter((entry): entry is [string, Address] => entry[1] !== undefined);
  return Object.fromEntries(known);
}

const folderOf = ({ file }: Network): string => path.join(path.dirname(file), "daos");

const slugOf = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]+/g, "-");
