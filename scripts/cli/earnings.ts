import type { HDNodeWallet, Wallet } from "ethers";
import type { Address } from "../../sdk/src/bytes.ts";
import { IPaidCalls__factory } from "../../typechain-types/factories/contracts/data/IPaidCalls__factory.js";
import { checkedAddress } from "./accounts.ts";
import { callOf, makeCalls, type Call, type CallReport } from "./calls.ts";
import type { Context } from "./command.ts";
import type { Connection } from "./connection.ts";
import { unitsText } from "./format.ts";
import { findNetwork, withRollups, type Network } from "./network.ts";
import { findWallet, signOn, type WalletChoice } from "./wallet.ts";

export interface EarningsOptions extends WalletChoice {
  readonly network: string | undefined;
  readonly on: string | undefined;
  readonly for: Address | undefined;
  readonly dryRun: boolean;
}

/** What an account has to get on one rollup, in fee units of 1e-9 ERA. */
interface Earnings {
  readonly rollup: string;
  /** For delivered messages. */
  readonly deliveries: bigint;
  /** Of deliveries, not to be had before the bucket of their source has refilled. */
  readonly queued: bigint;
  /** For publications that were brought to subscribers. */
  readonly subscriptions: bigint;
  readonly automations: bigint;
  /** Table serials under which deliveries were earned, and sources whose bucket they wait for. */
  readonly serials: readonly bigint[];
  readonly sources: readonly bigint[];
}

/** Contracts in which an account has ERA for calls that it made, by the names that descriptions give them. */
const PAID_CALLS = ["Subscriptions", "Automations"] as const;

/** Shows what an account earned as a relayer, or pays it out. */
export async function earningsCommand(
  context: Context,
  action: "show" | "withdraw",
  options: EarningsOptions,
): Promise<void> {
  const { output } = context;
  const network = findNetwork(context, options.network);
  const other = options.for === undefined ? undefined : checkedAddress("--for", options.for);
  const rollups = options.on === undefined ? network.rollups : [network.rollup(options.on)];
  const wallet = action === "show" && other !== undefined ? undefined : await findWallet(context, network, options);
  const account = other ?? wallet?.address ?? "";
  const { dryRun } = options;
  await withRollups(rollups, async (connections) => {
    const calls: (CallReport & { readonly rollup: string })[] = [];
    if (action === "withdraw" && wallet !== undefined) {
      for (const connection of connections) {
        const reports = await withdraw(network, connection, { wallet, account, dryRun });
        calls.push(...reports.map((report) => ({ ...report, rollup: connection.name })));
      }
      output.line(sentence(account, calls.length, dryRun));
    }
    const earned = await Promise.all(connections.map((connection) => earningsOn(network, connection, account)));
    await show(context, account, earned);
    output.result({
      account,
      rollups: earned.map(({ rollup, deliveries, queued, subscriptions, automations }) => {
        return { rollup, deliveries, queued, subscriptions, automations };
      }),
      ...(action === "withdraw" ? { dryRun, calls } : {}),
    });
  });
}

function sentence(account: string, calls: number, dryRun: boolean): string {
  if (calls === 0) return `Nothing is to be paid to ${account}.`;
  const count = `${calls} ${calls === 1 ? "call" : "calls"}`;
  return dryRun ? `Nothing was sent; ${count} would pay ${account}.` : `${account} was paid with ${count}.`;
}

async function show({ output }: Context, account: string, earned: readonly Earnings[]): Promise<void> {
  output.line(`Earned by ${account} and not paid out:`);
  await output.table(
    ["rollup", "deliveries", "deliveries, later", "publications", "automations"],
    earned.map(({ rollup, deliveries, queued, subscriptions, automations }) => [
      rollup,
      ...[deliveries, queued, subscriptions, automations].map(unitsText),
    ]),
  );
  if (earned.some(({ queued }) => queued > 0n))
    output.line(
      "What comes later waits for the limit of what fees may bring from its source per day: withdraw again then.",
    );
}

async function earningsOn(network: Network, connection: Connection, account: string): Promise<Earnings> {
  const { gateway, guardianSet } = connection.contracts;
  const newest = await guardianSet.currentSerial();
  const all = Array.from({ length: Number(newest) }, (_, index) => BigInt(index + 1));
  const amounts = await Promise.all(all.map(async (serial) => (await gateway.earnings(serial, account)).forDeliverer));
  const others = network.rollups.map(({ chainId }) => BigInt(chainId)).filter((id) => id !== connection.chainId);
  const waiting = await Promise.all(others.map((source) => gateway.queued(source, account)));
  const [subscriptions = 0n, automations = 0n] = await Promise.all(
    PAID_CALLS.map(async (name) => paidCalls(connection, name)?.earned(account)),
  );
  return {
    ...{ rollup: connection.name, subscriptions, automations },
    ...{ deliveries: sum(amounts), queued: sum(waiting) },
    serials: all.filter((_, index) => amounts[index] !== 0n),
    sources: others.filter((_, index) => waiting[index] !== 0n),
  };
}

interface Payout {
  readonly wallet: Wallet | HDNodeWallet;
  readonly account: string;
  readonly dryRun: boolean;
}

/** Pays out what an account has on a rollup; with `dryRun` only asks whether it would. Returns the calls, none if nothing is owed. */
async function withdraw(
  network: Network,
  connection: Connection,
  { wallet, account, dryRun }: Payout,
): Promise<CallReport[]> {
  const earned = await earningsOn(network, connection, account);
  const calls = [...(await deliveryCalls(connection, earned, account))];
  if (account === wallet.address) calls.push(...(await claims(connection, earned, account)));
  if (calls.length === 0) return [];
  const signing = await signOn(connection, wallet);
  return (await makeCalls(connection, signing, calls, dryRun)).reports;
}

/** Anyone may have them paid to who earned them. What waits counts under the newest table once its bucket lets it through. */
async function deliveryCalls(
  { contracts }: Connection,
  { serials, sources }: Earnings,
  account: string,
): Promise<Call[]> {
  const { gateway, feeController, guardianSet } = contracts;
  const calls: Call[] = [];
  for (const source of sources) {
    const populated = gateway.claimQueued.populateTransaction(source, account);
    calls.push(await callOf("let queued fees through", "MetalayerGateway", gateway, populated));
  }
  const newest = sources.length === 0 ? [] : [await guardianSet.currentSerial()];
  for (const serial of new Set([...serials, ...newest])) {
    const populated = feeController.withdraw.populateTransaction(serial, account);
    calls.push(await callOf("pay for deliveries", "FeeController", feeController, populated));
  }
  return calls;
}

/** What was earned by calls belongs to who made them, who alone can claim it. */
async function claims(connection: Connection, earned: Earnings, account: string): Promise<Call[]> {
  const due = { Subscriptions: earned.subscriptions, Automations: earned.automations };
  const calls: Call[] = [];
  for (const name of PAID_CALLS) {
    const contract = paidCalls(connection, name);
    if (contract === undefined || due[name] === 0n) continue;
    calls.push(await callOf("pay for calls", name, contract, contract.claim.populateTransaction(account)));
  }
  return calls;
}

function paidCalls({ description, provider }: Connection, name: (typeof PAID_CALLS)[number]) {
  const address = description.contracts[name];
  return address === undefined ? undefined : IPaidCalls__factory.connect(address, provider);
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((all, amount) => all + amount, 0n);
}
