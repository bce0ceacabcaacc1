import type { Address } from "../../../sdk/src/bytes.ts";
import { daoFactory, planDao, type DaoPlace } from "../../../sdk/src/dao/plan.ts";
import type { Context } from "../command.ts";
import { CommandError } from "../command.ts";
import type { Connection } from "../connection.ts";
import { findNetwork, withRollups, type Network } from "../network.ts";
import type { Progress } from "../output.ts";
import { transact } from "../transactions.ts";
import { findWallet, signOn, type Signing, type WalletChoice } from "../wallet.ts";
import { readDaoFile, type DaoFile } from "./file.ts";
import { recordOf, writeRecord } from "./record.ts";
import { factsOf, termsOf } from "./token.ts";

export interface CreateOptions extends WalletChoice {
  readonly network: string | undefined;
  readonly dryRun: boolean;
}

/** What is to be done on one rollup. */
interface Site {
  readonly connection: Connection;
  readonly signing: Signing;
  readonly place: DaoPlace;
  /** Contracts that do not stand yet, by their addresses. */
  readonly missing: ReadonlySet<Address>;
  /** Wei that its treasury begins with. */
  readonly funds: bigint;
}

interface Draft {
  readonly source: string;
  readonly file: DaoFile;
  readonly network: Network;
}

/** Sets a DAO up on all its rollups. What stands already is left alone, so it may be interrupted and run again. */
export async function createDao(context: Context, source: string, options: CreateOptions): Promise<void> {
  const file = readDaoFile(source);
  const network = findNetwork(context, options.network);
  const rollups = [...new Set([file.home, ...file.rollups].map((name) => network.rollup(name)))];
  const funded = Object.keys(file.treasuries).map((name) => network.rollup(name));
  const strange = funded.find((rollup) => !rollups.includes(rollup));
  if (strange !== undefined) {
    const what = `${source} gives ${strange.name} a treasury, but the DAO does not stand there`;
    throw new CommandError("CLI_DAO_INVALID", what, "Nothing was sent", "add it to the file's rollups");
  }
  const wallet = await findWallet(context, network, options);
  await withRollups(rollups, async (connections) => {
    const signings = await Promise.all(connections.map((connection) => signOn(connection, wallet)));
    const { plan, facts } = await draw({ source, file, network }, connections, wallet.address);
    const sites = await Promise.all(
      plan.places.map((place) => siteOf({ source, file, network }, place, connections, signings)),
    );
    await showPlan(context, sites);
    const result = { name: file.name, governor: plan.governor, token: plan.token, rollups: sites.map(siteResult) };
    if (options.dryRun) {
      context.output.line("Nothing was sent.");
      context.output.result({ ...result, created: false });
      return;
    }
    await placeAll(context, source, sites);
    const written = writeRecord(network, recordOf(file.name, plan, facts, network.rollups));
    showNext(context, file, written);
    context.output.result({ ...result, created: true, file: written });
  });
}

/** Plans the DAO as its file, its token and its deployer have it. */
async function draw({ source, file, network }: Draft, connections: readonly Connection[], deployer: string) {
  const home = connections.find(({ description }) => description === network.rollup(file.home));
  if (home === undefined) throw new Error("a connection to home");
  const facts = await factsOf(home, file);
  const { canceller } = file.timelock;
  const plan = planDao({
    name: file.name,
    home: home.chainId,
    token: "new" in file.token ? file.token.new : file.token.existing,
    terms: termsOf(source, file, facts),
    timelockDelay: file.timelock.delay,
    ...(canceller === undefined ? {} : { canceller }),
    ...(file.roles === undefined ? {} : { roleTerm: file.roles.term }),
    rollups: connections.map(({ chainId, description }) => ({
      ...{ chainId, gateway: description.contracts.MetalayerGateway },
      deployer: deployer as Address, // CAST: a wallet's address
    })),
  });
  return { plan, facts };
}

async function siteOf(
  { file, network }: Draft,
  place: DaoPlace,
  connections: readonly Connection[],
  signings: readonly Signing[],
): Promise<Site> {
  const index = connections.findIndex(({ chainId }) => chainId === place.chainId);
  const [connection, signing] = [connections[index], signings[index]];
  if (connection === undefined || signing === undefined) throw new Error("a connection per rollup");
  const { provider, description, name } = connection;
  if ((await provider.getCode(daoFactory())) === "0x") {
    const next = "deploy the protocol of this version there (./metalayer deploy)";
    throw new CommandError("CLI_NO_FACTORY", `${name} lacks the factory ${daoFactory()}`, "Nothing was sent", next);
  }
  const codes = await Promise.all(place.contracts.map(({ address }) => provider.getCode(address)));
  const missing = place.contracts.filter((_, at) => codes[at] === "0x").map(({ address }) => address);
  const [, funds = 0n] = Object.entries(file.treasuries).find(([asked]) => network.rollup(asked) === description) ?? [];
  return { connection, signing, place, missing: new Set(missing), funds };
}

async function showPlan({ output }: Context, sites: readonly Site[]): Promise<void> {
  const rows = sites.flatMap(({ connection, place, missing }) =>
    place.contracts.map(({ name, address }) => [
      connection.name,
      name === "RollupTimelock" ? `${name} (treasury)` : name,
      address,
      missing.has(address) ? "to be placed" : "stands",
    ]),
  );
  await output.table(["rollup", "contract", "address", ""], rows);
}

function siteResult({ connection, place, missing }: Site): object {
  const contracts = place.contracts.map(({ name, address }) => ({ name, address, stood: !missing.has(address) }));
  return { rollup: connection.name, chainId: place.chainId, treasury: place.timelock, contracts };
}

/** Rollups do not wait for each other; what one of them lacks in the end is an error that names it. */
async function placeAll({ output, signal }: Context, source: string, sites: readonly Site[]): Promise<void> {
  const progress = await output.progress(`Creating on ${sites.map(({ connection }) => connection.name).join(", ")}`);
  const settled = await Promise.allSettled(sites.map((site) => placeOn(site, progress, signal)));
  const failed = settled.flatMap((outcome, index) => {
    if (outcome.status === "fulfilled") return [];
    const reason: unknown = outcome.reason;
    return [`${sites[index]?.connection.name ?? ""}: ${reason instanceof Error ? reason.message : String(reason)}`];
  });
  if (failed.length === 0) {
    progress.done();
    return;
  }
  progress.fail();
  const next = `run ./metalayer dao create ${source} again: it goes on where it stopped`;
  throw new CommandError("CLI_DAO_INCOMPLETE", failed.join("; "), "What stands already stays in place", next);
}

/** The treasury gets its coins before the last contract: once that stands, nothing is ever paid in again. */
async function placeOn(
  { connection, signing, place, missing, funds }: Site,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const { name, provider } = connection;
  const last = place.contracts.at(-1)?.address;
  for (const contract of place.contracts.filter(({ address }) => missing.has(address))) {
    signal.throwIfAborted();
    if (contract.address === last) {
      const lacking = funds - (await provider.getBalance(place.timelock));
      const payment = { to: place.timelock, value: lacking };
      if (lacking > 0n) await transact(connection, "pay the treasury", () => signing.wallet.sendTransaction(payment));
    }
    progress.update(`${name}: ${contract.name}`);
    const { to, data } = contract;
    await transact(connection, `place ${contract.name}`, () => signing.wallet.sendTransaction({ to, data }));
  }
}

function showNext({ output }: Context, { name }: DaoFile, written: string): void {
  output.line(`${name} stands. Its description is ${written}`);
  output.line(`Next: ./metalayer dao status "${name}", then ./metalayer propose <file> --dao "${name}"`);
}
