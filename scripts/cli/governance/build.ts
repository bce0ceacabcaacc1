import { Interface, isError, keccak256 } from "ethers";
import type { Address, Hex } from "../../../sdk/src/bytes.ts";
import { buildDecision, type RemoteInput } from "../../../sdk/src/decision.ts";
import type { CodeBinding, GovernanceCall, Proposal } from "../../../sdk/src/governance.ts";
import type { Connection } from "../connection.ts";
import { checkedAddress } from "../accounts.ts";
import { UsageError } from "../command.ts";
import type { Network } from "../network.ts";
import { address } from "../options.ts";
import type { Book } from "./call-text.ts";
import { governanceAddress, governanceOf } from "./contracts.ts";
import { invalid, type CallFile, type LegFile, type ProposalFile } from "./proposal-file.ts";

export interface Building {
  readonly source: string;
  readonly network: Network;
  readonly book: Book;
  readonly home: Connection;
  /** Every rollup with a leg. */
  readonly connections: readonly Connection[];
}

/** Binds every leg of the file to its rollup, the code there and its expiry, and puts them into one proposal. Throws CLI_PROPOSAL_INVALID. */
export async function buildFromFile(building: Building, file: ProposalFile): Promise<Proposal> {
  const { home, source, network } = building;
  const own: GovernanceCall[] = [];
  const remote: RemoteInput[] = [];
  const bind: Address[] = [];
  for (const leg of file.legs) {
    const description = network.rollup(leg.rollup);
    const connection = building.connections.find(({ name }) => name === description.name);
    if (connection === undefined) throw new Error("a connection for every leg");
    if (connection.chainId !== home.chainId) {
      remote.push(await remoteInput(building, connection, leg, file.validFor));
      continue;
    }
    if (leg.after !== undefined || leg.salt !== undefined) {
      throw invalid(source, `the leg of ${home.name} is the proposal itself and has neither "after" nor "salt"`);
    }
    own.push(...leg.calls.map((call) => encodeCall(building, connection, call)));
    bind.push(...leg.bind);
  }
  const gateway = home.description.contracts.MetalayerGateway;
  const targets = [...own.map(({ target }) => target), ...(remote.length === 0 ? [] : [gateway])];
  const input = {
    ...(await placeOf(home, file.validFor)),
    ...{ governor: governanceAddress(home.description, "EraGovernor"), gateway, calls: own },
    bindings: await bindings(home, [...targets, ...bind]),
  };
  const description = file.description === "" ? `# ${file.title}` : `# ${file.title}\n\n${file.description}`;
  return buildDecision(input, remote, description).proposal;
}

async function remoteInput(
  building: Building,
  connection: Connection,
  leg: LegFile,
  validFor: bigint,
): Promise<RemoteInput> {
  const calls = leg.calls.map((call) => encodeCall(building, connection, call));
  const { rollupTimelock } = governanceOf(connection.description, connection.provider);
  return {
    ...(await placeOf(connection, validFor)),
    executor: governanceAddress(connection.description, "GovernanceExecutor"),
    calls,
    bindings: await bindings(connection, [...calls.map(({ target }) => target), ...leg.bind]),
    delay: await rollupTimelock.getMinDelay(),
    ...(leg.after === undefined ? {} : { predecessor: leg.after }),
    ...(leg.salt === undefined ? {} : { salt: leg.salt }),
  };
}

async function placeOf({ chainId, description, provider }: Connection, validFor: bigint) {
  const block = await provider.getBlock("latest");
  const timelock = governanceAddress(description, "RollupTimelock");
  return { chainId, timelock, expiry: BigInt(block?.timestamp ?? 0) + validFor };
}

async function bindings({ provider }: Connection, accounts: readonly Address[]): Promise<CodeBinding[]> {
  const unique = [...new Map(accounts.map((account) => [account.toLowerCase(), account])).values()];
  const codes = await Promise.all(unique.map((account) => provider.getCode(account)));
  // CAST: a hash is 32 bytes as hex
  return unique.map((account, index) => ({ account, codeHash: keccak256(codes[index] ?? "0x") as Hex }));
}

function encodeCall(building: Building, { description, name }: Connection, call: CallFile): GovernanceCall {
  const { book, source } = building;
  const where = `${call.contract}${call.function === undefined ? "" : `.${call.function}`} on ${name}`;
  const known = book.addressOf(description, call.contract);
  const target = known ?? checkedTarget(source, where, call.contract);
  if (call.function === undefined) {
    if (call.args.length === 0 && call.value > 0n) return { target, data: "0x", value: call.value };
    throw invalid(source, `${where}: a call without a function is a payment, with a value and without arguments`);
  }
  const functions = known === undefined ? declared(source, where, call.function) : book.interfaceOf(call.contract);
  if (known === undefined && functions !== undefined) book.declare(functions);
  const fragment = functions?.getFunction(known === undefined ? nameOf(call.function) : call.function);
  if (functions === undefined || fragment === null || fragment === undefined) {
    throw invalid(source, `${where}: the contract has no such function`);
  }
  try {
    const args = call.args.map((arg) => resolve(building, arg));
    // CAST: ethers returns hex
    return { target, data: functions.encodeFunctionData(fragment, args) as Hex, value: call.value };
  } catch (error) {
    if (isError(error, "INVALID_ARGUMENT") || isError(error, "MISSING_ARGUMENT") || error instanceof TypeError) {
      throw invalid(source, `${where}: its arguments do not fit ${fragment.format("full")}`, error);
    }
    throw error;
  }
}

function checkedTarget(source: string, where: string, given: string): Address {
  try {
    return checkedAddress("contract", address(given));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw invalid(source, `${where}: "${given}" is neither a contract of the network nor an address`, error);
  }
}

function declared(source: string, where: string, declaration: string): Interface {
  try {
    return new Interface([declaration]);
  } catch (error) {
    throw invalid(source, `${where}: at an address "function" is a whole declaration, "function f(uint256 x)"`, error);
  }
}

function nameOf(declaration: string): string {
  return /^function\s+(\w+)/.exec(declaration)?.[1] ?? declaration;
}

/** `@rollupB` stands for a chain id, `@rollupB.Era` for an address; lists and objects are looked through. */
function resolve(building: Building, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((each) => resolve(building, each));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, resolve(building, each)]));
  }
  if (typeof value !== "string" || !value.startsWith("@")) return value;
  const [rollup = "", contract] = value.slice(1).split(".");
  const description = building.network.rollup(rollup);
  if (contract === undefined) return description.chainId;
  const found = building.book.addressOf(description, contract);
  if (found !== undefined) return found;
  throw invalid(building.source, `"${value}": ${description.name} has no contract of this name`);
}
