import type { ContractTransactionResponse, TransactionResponse } from "ethers";
import { fromHex } from "../../../sdk/src/bytes.ts";
import type { GasNetwork } from "./network.ts";

/** A line of the gas table. */
export interface GasRow {
  /** Its key in snapshots/gas.json: says exactly what was measured. */
  readonly name: string;
  readonly gas: number;
  /** Of the whole transaction; none for sums and differences. */
  readonly calldata?: Calldata;
  /** Most that DESIGN allows. */
  readonly budget?: number;
  /** The cheapest measured peer that does the same. */
  readonly peer?: string;
}

export interface Calldata {
  readonly bytes: number;
  readonly nonzero: number;
}

/** What a transaction used, from its receipt. */
export interface Cost {
  readonly gas: number;
  readonly calldata: Calldata;
}

/** One part of the table. A new part is a file of its own that exports one of these, listed in scripts/bench/gas.ts. */
export interface Subject {
  readonly title: string;
  readonly rows: (networks: Networks) => Promise<readonly GasRow[]>;
}

/** Two rollups with this many guardians in steady state; the same state each time one is asked for. */
export type Networks = (guardians: number) => Promise<GasNetwork>;

/** What a row is held to. */
export type Limits = Pick<GasRow, "budget" | "peer">;

/** Row of one transaction. */
export function row(name: string, { gas, calldata }: Cost, limits: Limits = {}): GasRow {
  return { name, gas, calldata, ...limits };
}

/** Row of one transaction that does the same `count` times, a time. */
export function perItem(name: string, { gas, calldata }: Cost, count: number, limits: Limits = {}): GasRow {
  return { name, gas: Math.ceil(gas / count), calldata, ...limits };
}

/** Row of the mean of several transactions, with the calldata of the last. */
export function meanOf(name: string, costs: readonly Cost[], limits: Limits = {}): GasRow {
  const last = costs.at(-1);
  if (last === undefined) throw new Error(`nothing was measured for ${name}`);
  return row(name, { ...last, gas: Math.ceil(costs.reduce((sum, { gas }) => sum + gas, 0) / costs.length) }, limits);
}

/** Waits for a transaction that must succeed. */
export async function costOf(sent: Promise<ContractTransactionResponse | TransactionResponse>): Promise<Cost> {
  const transaction = await sent;
  const receipt = await transaction.wait();
  if (receipt?.status !== 1) throw new Error(`transaction ${transaction.hash} failed`);
  const data = fromHex(transaction.data);
  return {
    gas: Number(receipt.gasUsed),
    calldata: { bytes: data.length, nonzero: data.filter((byte) => byte !== 0).length },
  };
}
