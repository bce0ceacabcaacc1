import type { BaseContract, ContractTransaction, Interface, TransactionReceipt } from "ethers";
import type { Hex } from "../../sdk/src/bytes.ts";
import { explainRevert } from "../../sdk/src/reverts.ts";
import type { Connection } from "./connection.ts";
import { interfaces } from "./connection.ts";
import { refusal, refused, transact } from "./transactions.ts";
import type { Signing } from "./wallet.ts";

/** A transaction of a command before it is sent. */
export interface Call {
  /** Completes "… refuses to". */
  readonly what: string;
  readonly contract: string;
  readonly method: string;
  readonly args: readonly unknown[];
  readonly to: string;
  readonly data: string;
}

/** A call as machines are told of it. `gas`: what it uses; undefined if that cannot be known before the calls ahead of it are mined. */
export interface CallReport extends Omit<Call, "what"> {
  readonly gas: bigint | undefined;
  readonly hash?: string;
}

/** A call of one of the protocol's contracts, from what ethers populated for it. */
export async function callOf(
  what: string,
  contract: string,
  target: BaseContract,
  populated: Promise<ContractTransaction>,
): Promise<Call> {
  const { to, data } = await populated;
  const parsed = target.interface.parseTransaction({ data });
  if (parsed === null) throw new Error(`${contract} has no such function`);
  return { what, contract, method: parsed.name, args: parsed.args.toArray(true), to, data };
}

/** What lets `spender` take so much of the signer's ERA: one call, or none if it may already. */
export async function allowanceCalls(
  { address, contracts: { era } }: Signing,
  spender: string,
  amount: bigint,
): Promise<Call[]> {
  if ((await era.allowance(address, spender)) >= amount) return [];
  return [await callOf("set an allowance", "Era", era, era.approve.populateTransaction(spender, amount))];
}

/** What became of calls, in their order. */
export interface Made {
  readonly reports: CallReport[];
  readonly receipts: TransactionReceipt[];
}

/** As {@link sendCalls}, or in a dry run as {@link simulateCalls}: then there are no receipts. */
export async function makeCalls(
  connection: Connection,
  signing: Signing,
  calls: readonly Call[],
  dryRun: boolean,
): Promise<Made> {
  if (!dryRun) return sendCalls(connection, signing, calls);
  return { reports: await simulateCalls(connection, signing.address, calls), receipts: [] };
}

/** Sends calls one after the other and waits for each. Throws CLI_REFUSED, CLI_NOT_MINED. */
export async function sendCalls(connection: Connection, { wallet }: Signing, calls: readonly Call[]): Promise<Made> {
  const reports: CallReport[] = [];
  const receipts: TransactionReceipt[] = [];
  for (const { what, ...call } of calls) {
    const receipt = await transact(connection, what, () => wallet.sendTransaction({ to: call.to, data: call.data }));
    receipts.push(receipt);
    reports.push({ ...call, gas: receipt.gasUsed, hash: receipt.hash });
  }
  return { reports, receipts };
}

/**
 * What the calls would do and cost, one after the other; nothing is sent. Throws CLI_REFUSED as sending them would; `own` makes errors of
 * contracts that are not the protocol's readable.
 */
export async function simulateCalls(
  connection: Connection,
  from: string,
  calls: readonly Call[],
  own: readonly Interface[] = [],
): Promise<CallReport[]> {
  const results = await simulateAll(connection, from, calls);
  const reports: CallReport[] = [];
  for (const [index, { what, ...call }] of calls.entries()) {
    const result = results?.[index];
    if (result?.reverted !== undefined)
      throw refused(connection.name, what, explainRevert(result.reverted, [...own, ...interfaces]));
    const gas = result?.gas ?? (index === 0 ? await estimate(connection, from, { what, ...call }) : undefined);
    reports.push({ ...call, gas });
  }
  return reports;
}

interface Simulated {
  readonly gas: bigint;
  readonly reverted: Hex | undefined;
}

interface RawResult {
  readonly status: string;
  readonly gasUsed: string;
  readonly returnData?: Hex;
  readonly error?: { readonly data?: Hex };
}

/** All calls in one made-up block; undefined from endpoints without `eth_simulateV1`. */
async function simulateAll(
  { provider }: Connection,
  from: string,
  calls: readonly Call[],
): Promise<readonly Simulated[] | undefined> {
  const transactions = calls.map(({ to, data }) => ({ from, to, input: data }));
  try {
    const answer: unknown = await provider.send("eth_simulateV1", [
      { blockStateCalls: [{ calls: transactions }] },
      "latest",
    ]);
    // CAST: the shape that the execution API gives this answer; anything else ends in the catch.
    const [block] = answer as readonly { readonly calls: readonly RawResult[] }[];
    return block?.calls.map(({ status, gasUsed, returnData, error }) => {
      const data = error?.data ?? returnData ?? "0x";
      return { gas: BigInt(gasUsed), reverted: BigInt(status) === 1n ? undefined : data };
    });
  } catch {
    return undefined;
  }
}

async function estimate({ name, provider }: Connection, from: string, { what, to, data }: Call): Promise<bigint> {
  try {
    return await provider.estimateGas({ from, to, data });
  } catch (error) {
    throw refusal(name, what, error) ?? error;
  }
}
