import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import type { Hex } from "../sdk/src/bytes.ts";
import type { Addresses } from "../sdk/src/deployment/addresses.ts";
import { rollupOf, type FinalityPolicy, type NetworkParameters } from "../sdk/src/deployment/parameters.ts";
import type { NetworkReport, RollupReport } from "./run.ts";
import type { Target } from "./targets.ts";

interface Described {
  readonly name: string;
  readonly chainId: number;
  readonly rpc: readonly string[];
  readonly blockTimeMs: number;
  /** Nothing before this block concerns the network. */
  readonly fromBlock: number;
}

/** What the commands of the command line read with `--network`. */
export interface NetworkDescription {
  readonly networkId: Hex;
  readonly rollups: readonly (Described & { readonly contracts: Addresses })[];
}

/** What guardians and relayers read; each adds its own settings, and endpoints of several operators. */
export interface OperatorDescription {
  readonly networkId: Hex;
  readonly rollups: readonly (Described & {
    readonly incarnation: number;
    readonly finality:
      { readonly kind: "tag"; readonly tag: "finalized" } | { readonly kind: "depth"; readonly blocks: number };
    readonly contracts: Readonly<
      Record<"gateway" | "guardianSet" | "inbox" | "anchorLog" | "guardianSlashing", string>
    >;
  })[];
}

const SAMPLE_BLOCKS = 100;
const USUAL_BLOCK_TIME_MS = 2_000;

/** Describes a deployed network for its users and its operators. */
export async function describeNetwork(
  parameters: NetworkParameters,
  report: NetworkReport,
  targets: readonly Target[],
): Promise<{ readonly network: NetworkDescription; readonly operators: OperatorDescription }> {
  const network = await Promise.all(
    report.rollups.map(async (rollup) => {
      const target = targets.find(({ chainId }) => chainId === rollup.chainId);
      return { ...(await describe(rollup, target)), contracts: rollup.addresses };
    }),
  );
  const operators = network.map(({ contracts, ...entry }) => {
    const { incarnation, finality } = rollupOf(parameters, BigInt(entry.chainId));
    return {
      ...entry,
      incarnation: Number(incarnation),
      finality: operatorFinality(finality),
      contracts: {
        gateway: contracts.MetalayerGateway,
        guardianSet: contracts.GuardianSet,
        inbox: contracts.StateRootInbox,
        anchorLog: contracts.AnchorLog,
        guardianSlashing: contracts.GuardianSlashing,
      },
    };
  });
  const { networkId } = report;
  return { network: { networkId, rollups: network }, operators: { networkId, rollups: operators } };
}

/** Writes both descriptions into `folder`. Rollups of the same network that this run was not about stay described. */
export async function writeDescriptions(
  folder: string,
  parameters: NetworkParameters,
  report: NetworkReport,
  targets: readonly Target[],
): Promise<{ readonly network: string; readonly operators: string }> {
  const files = { network: path.join(folder, "network.json"), operators: path.join(folder, "operators.json") };
  if (report.rollups.length === 0) return files;
  const { network, operators } = await describeNetwork(parameters, report, targets);
  mkdirSync(folder, { recursive: true });
  writeMerged(files.network, network);
  writeMerged(files.operators, operators);
  return files;
}

const knownSchema = z.object({ networkId: z.string(), rollups: z.array(z.looseObject({ chainId: z.number() })) });

function writeMerged(file: string, next: NetworkDescription | OperatorDescription): void {
  const known = existsSync(file) ? knownSchema.safeParse(JSON.parse(readFileSync(file, "utf8"))).data : undefined;
  const isNew = ({ chainId }: { readonly chainId: number }): boolean =>
    !next.rollups.some((rollup) => rollup.chainId === chainId);
  const kept = known?.networkId === next.networkId ? known.rollups.filter(isNew) : [];
  writeFileSync(file, `${JSON.stringify({ ...next, rollups: [...kept, ...next.rollups] }, null, 2)}\n`);
}

async function describe({ name, chainId, fromBlock }: RollupReport, target: Target | undefined): Promise<Described> {
  const blockTimeMs = target === undefined ? USUAL_BLOCK_TIME_MS : await blockTime(target);
  return { name, chainId: Number(chainId), rpc: target === undefined ? [] : [target.url], blockTimeMs, fromBlock };
}

/** Mean time between the newest blocks, in ms. */
async function blockTime({ provider }: Target): Promise<number> {
  const newest = Number(await provider.request({ method: "eth_blockNumber" }));
  const count = Math.min(SAMPLE_BLOCKS, newest - 1);
  if (count < 1) return USUAL_BLOCK_TIME_MS;
  const timestamp = async (block: number): Promise<number> => {
    const answer = await provider.request({
      method: "eth_getBlockByNumber",
      params: [`0x${block.toString(16)}`, false],
    });
    // CAST: JSON-RPC returns a block
    return Number((answer as { timestamp: string }).timestamp);
  };
  const [from, to] = await Promise.all([timestamp(newest - count), timestamp(newest)]);
  return to > from ? Math.round(((to - from) * 1_000) / count) : USUAL_BLOCK_TIME_MS;
}

function operatorFinality(finality: FinalityPolicy): OperatorDescription["rollups"][number]["finality"] {
  return finality === "tag" ? { kind: "tag", tag: "finalized" } : { kind: "depth", blocks: Number(finality.depth) };
}
