import type { Hex } from "../../sdk/src/bytes.ts";
import { bigQuantity, parseBlock } from "../chain/blocks.ts";
import type { RpcCall, RpcOutcome } from "../chain/endpoint.ts";
import { codeOf } from "../chain/rpc-errors.ts";
import type { Attested, Coordinator } from "../network/coordinator.ts";
import { viewCall, viewResult } from "../network/gateway.ts";
import type { Station } from "../network/station.ts";
import { readSuspension, suspendedKeys, suspensionCalls } from "../network/suspensions.ts";
import {
  attestationFor,
  epochCalls,
  guardianSetInterface,
  readEpoch,
  readTable,
  tableCalls,
} from "../network/tables.ts";
import { createAutomationService } from "./automations.ts";
import { bringHead, keepHeads } from "./heads.ts";
import { createPublicationService } from "./publications.ts";
import { createRequestService } from "./requests.ts";

export interface UpkeepSettings {
  readonly rotate: boolean;
  readonly anchorEverySeconds: number;
  readonly cacheSignersAfter: number;
  readonly publications: boolean;
  readonly automations: boolean;
  readonly requests: boolean;
  /** In fee units, for publications, automations and requests as for messages. */
  readonly minFee: bigint;
  readonly deliverUnfunded: boolean;
}

/** What a network needs now and then from anybody: new tables, cached signer sets, anchored and attested heads, publications brought, automations executed, requests answered. */
export interface Upkeep {
  /** Looks after one rollup. */
  visit(side: Station, signal?: AbortSignal): Promise<void>;
  /** Counts the uses of a signer set, so that one that is used often is stored on the rollup. */
  noteSigners(dst: Station, attested: Attested): void;
}

export interface UpkeepOptions {
  readonly settings: UpkeepSettings;
  readonly networkId: Hex;
  readonly sides: readonly Station[];
  readonly coordinator: Coordinator;
  readonly onError: (where: string, error: unknown) => void;
  /** So many of this were done on a rollup. */
  readonly count: (what: "publications" | "automations" | "requests", where: string, done: number) => void;
}

const SUSPENSIONS_MS = 15_000;

export function createUpkeep(options: UpkeepOptions): Upkeep {
  const uses = new Map<string, number>();
  const asked = new WeakMap<Station, number>();
  const { sides: sites, onError, settings, count } = options;
  const leastPrice = settings.deliverUnfunded ? 0n : settings.minFee;
  const now = (): number => performance.now();
  const publications = createPublicationService({ sites, leastPrice, onError, now });
  const automations = createAutomationService<Station>({
    ...{ sites, onError, now, leastReward: leastPrice },
    // Whatever is done for nothing: no head is.
    leastForHead: settings.minFee > 0n ? settings.minFee : 1n,
    bringHead: (source, dst, from, signal) => bringHead(options, { source, dst, from }, signal),
  });
  const requests = createRequestService({ heads: options, leastPrice, now });
  return {
    async visit(side, signal) {
      await lookAtTable(options, side, signal);
      await lookAtSuspensions(asked, side, signal);
      const { anchorEverySeconds } = settings;
      if (anchorEverySeconds > 0) await keepHeads(options, side, anchorEverySeconds, signal);
      if (settings.requests) count("requests", side.rollup.name, await requests.serve(side, signal));
      if (settings.publications) count("publications", side.rollup.name, await publications.serve(side, signal));
      if (settings.automations) count("automations", side.rollup.name, await automations.serve(side, signal));
    },
    noteSigners: (dst, attested) => noteSigners(options, uses, dst, attested),
  };
}

/** Keeps the table current and calls `rotate()` when it is due; whoever is first wins, the others notice before they send. */
async function lookAtTable(
  { settings, onError }: UpkeepOptions,
  side: Station,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { pool, rollup, account } = side;
  const { guardianSet } = rollup.contracts;
  const calls: RpcCall[] = [
    ...epochCalls(guardianSet),
    { method: "eth_getBlockByNumber", params: ["latest", false] },
    { method: "eth_getBalance", params: [account, "latest"] },
  ];
  const [word, own, block, balance] = (await pool.batch(calls, { signal })).map(resultOf);
  const { serial, start, validUntil, epochLength } = readEpoch(word, own);
  side.balance = bigQuantity(balance);
  if (serial !== 0 && side.table?.serial !== serial) {
    const [record, page] = (await pool.batch(tableCalls(guardianSet, serial), { signal })).map(resultOf);
    side.table = readTable(serial, record, page);
  }
  const now = BigInt(parseBlock(block).timestamp);
  // A table that was refused, after a freeze for instance, need not be waited for.
  const isDue = serial === 0 || now >= start + epochLength || now >= validUntil;
  if (!settings.rotate || !isDue) return;
  await side.sender
    .send({ to: guardianSet, data: guardianSetInterface.encodeFunctionData("rotate") })
    .then((sent) => sent.wait(signal))
    .catch((error: unknown) => {
      // Too early: another one was first.
      if (codeOf(error) !== "RPC_REVERTED") onError(rollup.name, error);
    });
}

/** Reads who is suspended from `fast` signing, now and then: nobody is in a hurry to ask those again. */
async function lookAtSuspensions(
  asked: WeakMap<Station, number>,
  side: Station,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { pool, rollup, table } = side;
  const { guardianSlashing } = rollup.contracts;
  if (guardianSlashing === undefined || table === undefined) return;
  const at = performance.now();
  if (at - (asked.get(side) ?? -Infinity) < SUSPENSIONS_MS) return;
  const operators = table.guardians.map(({ operator }) => operator);
  const calls: RpcCall[] = [{ method: "eth_getBlockByNumber", params: ["latest", false] }];
  const [block, ...ends] = await pool.batch([...calls, ...suspensionCalls(guardianSlashing, operators)], { signal });
  if (block === undefined) return;
  const now = BigInt(parseBlock(resultOf(block)).timestamp);
  side.suspended = suspendedKeys(
    table.guardians,
    ends.map((end) => readSuspension(resultOf(end))),
    now,
  );
  asked.set(side, at);
}

function noteSigners(
  { settings, onError }: UpkeepOptions,
  uses: Map<string, number>,
  dst: Station,
  attested: Attested,
): void {
  const { table, rollup } = dst;
  if (table === undefined) return;
  const { bitmap } = attestationFor(table, attested);
  const key = `${rollup.chainId}:${table.serial}:${bitmap}`;
  const count = (uses.get(key) ?? 0) + 1;
  if (uses.size > 1_000) uses.clear();
  uses.set(key, count);
  if (count !== settings.cacheSignersAfter) return;
  const { guardianSet } = rollup.contracts;
  const cached = viewCall(guardianSet, "cachedSigners", [table.serial, bitmap], "latest", guardianSetInterface);
  const store = async (): Promise<void> => {
    const [known] = viewResult(
      "cachedSigners",
      await dst.pool.request(cached.method, cached.params),
      guardianSetInterface,
    );
    if (known !== 0n) return;
    const data = guardianSetInterface.encodeFunctionData("cacheSigners", [table.serial, bitmap]);
    await dst.sender.send({ to: guardianSet, data });
  };
  void store().catch((error: unknown) => onError(rollup.name, error));
}

function resultOf(outcome: RpcOutcome): unknown {
  if (!outcome.ok) throw outcome.error;
  return outcome.result;
}
