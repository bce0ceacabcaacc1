import { loadArtifact } from "../../../deploy/artifacts.ts";
import { compareCode } from "../../../sdk/src/deployment/code.ts";
import { DaoGovernor__factory } from "../../../typechain-types/factories/contracts/dao/DaoGovernor__factory.js";
import { GovernanceExecutor__factory } from "../../../typechain-types/factories/contracts/governance/GovernanceExecutor__factory.js";
import { RollupTimelock__factory } from "../../../typechain-types/factories/contracts/governance/RollupTimelock__factory.js";
import type { Address } from "../../../sdk/src/bytes.ts";
import type { Connection } from "../connection.ts";
import type { DaoRecord } from "./record.ts";
import { rolesAt } from "./roles.ts";

type Finding = readonly [isRight: boolean, problem: string];

/** Whatever of a DAO is otherwise on a rollup than its description has it: code, wiring, and who may do what at the treasury. */
export async function wiringProblems(root: string, connection: Connection, record: DaoRecord): Promise<string[]> {
  const place = record.rollups.find(({ name }) => name === connection.name);
  const home = record.rollups.find(({ name }) => name === record.home);
  if (place === undefined || home === undefined) return ["its description does not have this rollup"];
  const proposer = place === home ? record.governor : (place.executor ?? "");
  const contract = place === home ? "DaoGovernor" : "GovernanceExecutor";
  const code = await codeFindings(root, connection, [
    ["contracts/governance", "RollupTimelock", place.timelock],
    [place === home ? "contracts/dao" : "contracts/governance", contract, proposer],
  ]);
  if (code.length > 0) return code;
  const [own, roles] = await Promise.all([
    place === home
      ? homeFindings(connection, record, place.timelock)
      : spokeFindings(connection, { timelock: place.timelock, executor: proposer, home }),
    roleProblems(connection, place.timelock, proposer),
  ]);
  return [...own.filter(([isRight]) => !isRight).map(([, problem]) => problem), ...roles];
}

type Built = readonly [folder: string, name: string, address: string];

async function codeFindings(root: string, { provider }: Connection, built: readonly Built[]): Promise<string[]> {
  const problems = await Promise.all(
    built.map(async ([folder, name, address]) => {
      const code = address === "" ? "0x" : await provider.getCode(address);
      const verdict = compareCode(loadArtifact(root, folder, name), code);
      if (verdict === "same") return [];
      return [verdict === "missing" ? `there is no ${name}` : `its ${name} is another contract`];
    }),
  );
  return problems.flat();
}

async function homeFindings({ provider }: Connection, record: DaoRecord, timelock: string): Promise<Finding[]> {
  const governor = DaoGovernor__factory.connect(record.governor, provider);
  const [token, ownTimelock] = await Promise.all([governor.token(), governor.timelock()]);
  return [
    [isSame(token, record.token.address), "the governor counts another token"],
    [isSame(ownTimelock, timelock), "the governor has another treasury"],
  ];
}

interface Spoke {
  readonly timelock: string;
  readonly executor: string;
  readonly home: { readonly chainId: number; readonly timelock: string };
}

async function spokeFindings({ provider, description }: Connection, spoke: Spoke): Promise<Finding[]> {
  const { timelock, executor, home } = spoke;
  const contract = GovernanceExecutor__factory.connect(executor, provider);
  const [gateway, ownTimelock, [chainId, controller]] = await Promise.all([
    contract.gateway(),
    contract.timelock(),
    contract.controller(),
  ]);
  const obeysHome = chainId === BigInt(home.chainId) && isSame(controller, home.timelock);
  return [
    [isSame(gateway, description.contracts.MetalayerGateway), "the executor listens to another gateway"],
    [isSame(ownTimelock, timelock), "the executor serves another treasury"],
    [obeysHome, "the executor obeys somebody else"],
  ];
}

/** At the treasury only the governor, or its executor, may propose, and only the treasury itself may change who may. */
async function roleProblems(connection: Connection, timelock: Address, proposer: string): Promise<string[]> {
  const contract = RollupTimelock__factory.connect(timelock, connection.provider);
  const [admin, propose] = await Promise.all([contract.DEFAULT_ADMIN_ROLE(), contract.PROPOSER_ROLE()]);
  const holders = await rolesAt(connection, timelock);
  const strangers = (role: string, right: string): string[] =>
    (holders.get(role) ?? []).filter((account) => !isSame(account, right));
  const mayNot = (holders.get(propose) ?? []).every((account) => !isSame(account, proposer));
  return [
    ...(mayNot ? ["the governor may not propose to the treasury"] : []),
    ...strangers(propose, proposer).map((account) => `${account} may propose to the treasury too`),
    ...strangers(admin, timelock).map((account) => `${account} may change who may what at the treasury`),
  ];
}

const isSame = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
