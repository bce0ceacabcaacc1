import type { Interface } from "ethers";
import { FeeController__factory } from "../../typechain-types/factories/contracts/fees/FeeController__factory.js";
import { GuardianSet__factory } from "../../typechain-types/factories/contracts/guardians/GuardianSet__factory.js";
import { MetalayerGateway__factory } from "../../typechain-types/factories/contracts/messaging/MetalayerGateway__factory.js";
import { Era__factory } from "../../typechain-types/factories/contracts/token/Era__factory.js";
import { decodeBatches } from "../../sdk/src/batch.ts";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import type { SentMessage } from "../../sdk/src/events.ts";
import { GATEWAY_TOPICS, readDeliveryAttempts, readSentMessages } from "../../sdk/src/events.ts";
import { openBatch } from "../../sdk/src/lane.ts";
import { KIND_BOUNTY } from "../../sdk/src/message.ts";
import type { Log } from "./blocks.ts";
import { quantity, toQuantity } from "./blocks.ts";
import type { LaneBooks, Ledger, RollupBooks } from "./ledger.ts";
import { makeLedger } from "./ledger.ts";
import { createLogReader } from "./logs.ts";
import type { RpcPool } from "./pool.ts";
import { retry } from "./retry.ts";

/** A rollup whose books are read. */
export interface LedgerSource {
  readonly pool: RpcPool;
  readonly contracts: Readonly<Record<"gateway" | "era" | "feeController" | "guardianSet", Address>>;
  /** Block of the deployment. */
  readonly fromBlock: number;
  readonly maxLogRange?: number;
}

const GATEWAY = MetalayerGateway__factory.createInterface();
const ERA = Era__factory.createInterface();
const FEES = FeeController__factory.createInterface();
const GUARDIANS = GuardianSet__factory.createInterface();

/** Times that a ledger which does not balance is read anew: messages may have moved between the rollups' moments. */
const ATTEMPTS = 4;

/**
 * The ledger of the whole network, from RPC endpoints alone. Deliverers are found by the transactions that delivered; name those
 * that deliver through contracts of their own as `others`. An endpoint that is slow for a moment is asked again; then throws what the pools throw.
 */
export async function readLedger(
  sources: readonly LedgerSource[],
  others: readonly Address[] = [],
  signal?: AbortSignal,
): Promise<Ledger> {
  for (let left = ATTEMPTS; ; left--) {
    const ledger = await retry(() => readOnce(sources, others, signal), { signal });
    if (ledger.difference === 0n || left <= 1) return ledger;
  }
}

async function readOnce(
  sources: readonly LedgerSource[],
  others: readonly Address[],
  signal: AbortSignal | undefined,
): Promise<Ledger> {
  const heads = await Promise.all(
    sources.map(async ({ pool }) => quantity(await pool.request("eth_blockNumber", [], { signal }))),
  );
  const readers = sources.map((source, index) => new BookReader(source, heads[index] ?? 0, signal));
  const logs = await Promise.all(readers.map((reader) => reader.logs()));
  const sent = new Map(logs.flatMap(({ messages }) => messages.map((message) => [message.sendId, message] as const)));
  const books = await Promise.all(
    readers.map((reader, index) => reader.books(logs[index] ?? NO_LOGS, { sources, sent, others })),
  );
  return makeLedger(books);
}

interface Logs {
  readonly messages: readonly SentMessage[];
  readonly delivered: ReadonlyMap<Hex, { readonly transactionHash: string }>;
}

const NO_LOGS: Logs = { messages: [], delivered: new Map() };

interface Surroundings {
  readonly sources: readonly LedgerSource[];
  readonly sent: ReadonlyMap<Hex, SentMessage>;
  readonly others: readonly Address[];
}

interface Transaction {
  readonly from: string;
  readonly to: string | null;
  readonly input: Hex;
}

/** Reads one rollup as of one block. */
class BookReader {
  readonly #source: LedgerSource;
  readonly #block: number;
  readonly #signal: AbortSignal | undefined;

  constructor(source: LedgerSource, block: number, signal: AbortSignal | undefined) {
    this.#source = source;
    this.#block = block;
    this.#signal = signal;
  }

  async logs(): Promise<Logs> {
    const { pool, contracts, fromBlock, maxLogRange } = this.#source;
    const { sent, accepted, unfunded, delivered } = GATEWAY_TOPICS;
    const filter = { address: contracts.gateway, topics: [[sent, accepted, unfunded, delivered]] };
    const range = maxLogRange === undefined ? {} : { maxRange: maxLogRange };
    const reader = createLogReader({ pool, filter, fromBlock, ...range });
    const logs: Log[] = [];
    for (;;) {
      const piece = await reader.read(this.#block, this.#signal);
      if (piece === undefined) break;
      if (piece.kind === "logs") logs.push(...piece.logs);
      else logs.splice(0, logs.length, ...logs.filter(({ blockNumber }) => blockNumber <= piece.to));
    }
    const attempts = readDeliveryAttempts(logs);
    return { messages: readSentMessages(logs), delivered: new Map(attempts.map((each) => [each.receiveId, each])) };
  }

  async books(logs: Logs, surroundings: Surroundings): Promise<RollupBooks> {
    const { pool, contracts } = this.#source;
    const { chainId, rollup: name } = pool;
    const others = surroundings.sources.filter((other) => other !== this.#source);
    const transactions = await this.#transactions(logs);
    const accounts = this.#accounts(transactions, surroundings);
    const [supply, burnt, serial, lanes, bounties] = await Promise.all([
      this.#view<bigint>(ERA, contracts.era, "totalSupply"),
      this.#view<bigint>(FEES, contracts.feeController, "burntForGood"),
      this.#view<bigint>(GUARDIANS, contracts.guardianSet, "currentSerial"),
      Promise.all(others.map((other) => this.#lane(other.pool.chainId, logs))),
      this.#bounties(surroundings),
    ]);
    const queues = others.flatMap((other) => accounts.map((account) => [other.pool.chainId, account]));
    return {
      ...{ name, chainId, block: this.#block, era: contracts.era, lanes, bounties },
      totalSupplyWei: supply,
      burntForGoodWei: burnt,
      earned: await this.#earned(Number(serial), accounts),
      queued: sum(await this.#views<bigint>(GATEWAY, contracts.gateway, "queued", queues)),
      delivered: new Set(logs.delivered.keys()),
      feesOfLost: await this.#feesOfLost(logs, transactions, surroundings),
    };
  }

  async #lane(dstChainId: bigint, { messages }: Logs): Promise<LaneBooks> {
    const { contracts } = this.#source;
    interface Lane {
      readonly accrued: bigint;
      readonly prices: { readonly fundShare: bigint; readonly burnShare: bigint };
    }
    const [lane, swept] = await Promise.all([
      this.#view<Lane>(GATEWAY, contracts.gateway, "outLane", [dstChainId]),
      this.#view<{ readonly bounties: bigint }>(FEES, contracts.feeController, "swept", [dstChainId]),
    ]);
    const { accrued, prices } = lane;
    return {
      dstChainId,
      accrued,
      fundShare: prices.fundShare,
      burnShare: prices.burnShare,
      sweptBountiesWei: swept.bounties,
      messages: messages.filter((message) => message.dstChainId === dstChainId),
    };
  }

  async #earned(newestSerial: number, accounts: readonly string[]): Promise<bigint> {
    const serials = Array.from({ length: newestSerial }, (_, index) => index + 1);
    const pairs = serials.flatMap((serial) => accounts.map((account) => [serial, account]));
    const parts = await this.#views<readonly bigint[]>(
      GATEWAY,
      this.#source.contracts.gateway,
      "earnings",
      pairs,
      true,
    );
    return sum(parts.flat());
  }

  /** Booked here for messages from anywhere. */
  async #bounties({ sent }: Surroundings): Promise<bigint> {
    const places = new Map<string, readonly [bigint, bigint, string]>();
    for (const { kind, payload, srcChainId, dstChainId } of sent.values()) {
      if (kind !== KIND_BOUNTY || dstChainId !== this.#source.pool.chainId) continue;
      const [nonce, sendId] = [BigInt(payload.slice(0, 66)), `0x${payload.slice(66, 130)}`];
      places.set(`${srcChainId}:${nonce}:${sendId}`, [srcChainId, nonce, sendId]);
    }
    const { gateway } = this.#source.contracts;
    const booked = await this.#views<readonly [bigint, string]>(GATEWAY, gateway, "bounty", [...places.values()], true);
    return sum(booked.map(([amount]) => amount));
  }

  /** Who may have earnings or queues here: senders of deliveries, and those to whom bounties return. */
  #accounts(transactions: ReadonlyMap<string, Transaction>, { sent, others }: Surroundings): string[] {
    const accounts = new Set<string>(others.map((account) => account.toLowerCase()));
    for (const { from } of transactions.values()) accounts.add(from.toLowerCase());
    for (const { kind, recipient, dstChainId } of sent.values())
      if (kind === KIND_BOUNTY && dstChainId === this.#source.pool.chainId) accounts.add(recipient.toLowerCase());
    return [...accounts];
  }

  async #transactions({ delivered }: Logs): Promise<ReadonlyMap<string, Transaction>> {
    const hashes = [...new Set([...delivered.values()].map(({ transactionHash }) => transactionHash))];
    const calls = hashes.map((hash) => ({ method: "eth_getTransactionByHash", params: [hash] }));
    const outcomes = calls.length === 0 ? [] : await this.#source.pool.batch(calls, { signal: this.#signal });
    return new Map(
      outcomes.flatMap((outcome, index) => {
        if (!outcome.ok) throw outcome.error;
        // CAST: JSON-RPC's transaction, or null for one that a reorg has removed since.
        const transaction = outcome.result as Transaction | null;
        return transaction === null ? [] : [[hashes[index] ?? "", transaction] as const];
      }),
    );
  }

  /** Fees of messages that were delivered here and that no source has in a lane any more. */
  async #feesOfLost(
    { delivered }: Logs,
    transactions: ReadonlyMap<string, Transaction>,
    { sources, sent }: Surroundings,
  ): Promise<bigint> {
    const lost = [...delivered].filter(([id]) => !sent.has(id));
    let fees = 0n;
    for (const [id, { transactionHash }] of lost) {
      const transaction = transactions.get(transactionHash);
      if (transaction !== undefined) fees += (await this.#feeIn(transaction, id, sources)) ?? 0n;
    }
    return fees;
  }

  /** The fee that a relay transaction gave for this message. */
  async #feeIn({ input }: Transaction, id: Hex, sources: readonly LedgerSource[]): Promise<bigint | undefined> {
    const call = GATEWAY.parseTransaction({ data: input });
    if (call?.name !== "relay") return undefined;
    // CAST: the ABI says that the second argument is bytes.
    for (const batch of decodeBatches(call.args.toArray()[1] as Hex)) {
      const src = sources.find(({ pool }) => pool.chainId === batch.srcChainId);
      if (src === undefined) continue;
      const { hashes, messages } = openBatch(await this.#laneFrom(src), batch);
      const nonce = batch.from + BigInt(batch.first + hashes.indexOf(id));
      const found = hashes.includes(id) ? messages.find((message) => message.nonce === nonce) : undefined;
      if (found !== undefined) return found.fee;
    }
    return undefined;
  }

  async #laneFrom(src: LedgerSource) {
    const { pool, contracts } = this.#source;
    interface Lane {
      readonly incarnation: bigint;
      readonly ownIncarnation: bigint;
    }
    const [networkId, lane] = await Promise.all([
      this.#view<Hex>(GATEWAY, contracts.gateway, "networkId"),
      this.#view<Lane>(GATEWAY, contracts.gateway, "inLane", [src.pool.chainId]),
    ]);
    return {
      networkId,
      srcChainId: src.pool.chainId,
      dstChainId: pool.chainId,
      srcIncarnation: lane.incarnation,
      dstIncarnation: lane.ownIncarnation,
      srcGateway: src.contracts.gateway,
      dstGateway: contracts.gateway,
    };
  }

  async #view<T>(abi: Interface, to: Address, name: string, args: readonly unknown[] = []): Promise<T> {
    const [result] = await this.#views<T>(abi, to, name, [args]);
    // CAST: one result per call.
    return result as T;
  }

  /** A view called with each of these arguments, as of the block; with `whole` all its results, otherwise the first. */
  async #views<T>(
    abi: Interface,
    to: Address,
    name: string,
    argsOfEach: readonly (readonly unknown[])[],
    whole = false,
  ): Promise<T[]> {
    if (argsOfEach.length === 0) return [];
    const at = toQuantity(this.#block);
    const calls = argsOfEach.map((args) => {
      return { method: "eth_call", params: [{ to, data: abi.encodeFunctionData(name, args) }, at] };
    });
    const outcomes = await this.#source.pool.batch(calls, { signal: this.#signal });
    return outcomes.map((outcome) => {
      if (!outcome.ok) throw outcome.error;
      const results = abi.decodeFunctionResult(name, String(outcome.result));
      // CAST: the caller says which type the ABI gives.
      return (whole ? results.toArray() : results[0]) as T;
    });
  }
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n);
}
