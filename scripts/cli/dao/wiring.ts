import { DaoGovernor__factory } from "../../../typechain-types/factories/contracts/dao/DaoGovernor__factory.js";
import { GovernanceExecutor__factory } from "../../../typechain-types/factories/contracts/governance/GovernanceExecutor__factory.js";
import { RollupTimelock__factory } from "../../../typechain-types/factories/contracts/governance/RollupTimelock__factory.js";
import type { Connection } from "../connection.ts";
import type { DaoRecord } from "./record.ts";

type Finding = readonly [isRight: boolean, problem: string];

/** Whatever of a DAO is wired otherwise on a rollup than its description has it. */
export async function wiringProblems(connection: Connection, record: DaoRecord): Promise<string[]> {
  const place = record.rollups.find(({ name }) => name === connection.name);
  const atHome = record.rollups.find(({ name }) => name === record.home);
  if (place === undefined || atHome === undefined) return ["its description does not have this rollup"];
  const findings =
    place === atHome
      ? await homeFindings(connection, record, place.timelock)
      : await spokeFindings(connection, { ...place, home: atHome });
  return findings.filter(([isRight]) => !isRight).map(([, problem]) => problem);
}

async function homeFindings({ provider }: Connection, record: DaoRecord, timelock: string): Promise<Finding[]> {
  if ((await provider.getCode(record.governor)) === "0x") return [[false, "there is no governor"]];
  const governor = DaoGovernor__factory.connect(record.governor, provider);
  const [token, ownTimelock, mayPropose] = await Promise.all([
    governor.token(),
    governor.timelock(),
    isProposer(provider, timelock, record.governor),
  ]);
  return [
    [isSame(token, record.token.address), "the governor counts another token"],
    [isSame(ownTimelock, timelock), "the governor has another treasury"],
    [mayPropose, "the governor may not propose to the treasury"],
  ];
}

interface Spoke {
  readonly timelock: string;
  readonly executor?: string | undefined;
  readonly home: { readonly chainId: number; readonly timelock: string };
}

async function spokeFindings(
  { provider, description }: Connection,
  { timelock, executor, home }: Spoke,
): Promise<Finding[]> {
  if (executor === undefined || (await provider.getCode(executor)) === "0x") return [[false, "there is no executor"]];
  const contract = GovernanceExecutor__factory.connect(executor, provider);
  const [gateway, ownTimelock, [chainId, controller], mayPropose] = await Promise.all([
    contract.gateway(),
    contract.timelock(),
    contract.controller(),
    isProposer(provider, timelock, executor),
  ]);
  const obeysHome = chainId === BigInt(home.chainId) && isSame(controller, home.timelock);
  return [
    [isSame(gateway, description.contracts.MetalayerGateway), "the executor listens to another gateway"],
    [isSame(ownTimelock, timelock), "the executor serves another treasury"],
    [obeysHome, "the executor obeys somebody else"],
    [mayPropose, "the executor may not propose to the treasury"],
  ];
}

async function isProposer(provider: Connection["provider"], timelock: string, account: string): Promise<boolean> {
  const contract = RollupTimelock__factory.connect(timelock, provider);
  return contract.hasRole(await contract.PROPOSER_ROLE(), account);
}

const isSame = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
