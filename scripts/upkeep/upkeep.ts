import { concat, Interface } from "ethers";
import { stateRootInboxAbi } from "../../sdk/src/abi/StateRootInbox.ts";
import type { Hex } from "../../sdk/src/bytes.ts";
import { CLASS_FINAL, factProof, headFactHash } from "../../sdk/src/fact.ts";
import { bigQuantity, parseBlock, toQuantity } from "../chain/blocks.ts";
import type { RpcCall, RpcOutcome } from "../chain/endpoint.ts";
import { codeOf } from "../chain/rpc-errors.ts";
import { anchorLogInterface, latestAnchorCall, readLatestAnchor } from "../network/anchor-log.ts";
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
import { createPublicationService } from "./publications.ts";

export interface UpkeepSettings {
  readonly rotate: boolean;
  readonly anchorEverySeconds: number;
  readonly cacheSignersAfter: number;
  readonly publications: boolean;
  /** In fee units, for publications as for messages. */
  readonly minFee: bigint;
  readonly deliverUnfunded: boolean;
}

/** What a network needs now and then from anybody: new tables, cached signer sets, anchored and attested heads, publications brought. */
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
}

const inboxInterface = new Interface(stateRootInboxAbi);
const SUSPENSIONS_MS = 15_000;

export function createUpkeep(options: UpkeepOptions): Upkeep {
  const uses = new Map<string, number>();
  const asked = new WeakMap<Station, number>();
  const { sides: sites, onError, settings } = options;
  const leastPrice = settings.deliverUnfunded ? 0n : settings.minFee;
  const publications = createPublicationService({ sites, leastPrice, onError, now: () => performance.now() });
  return {
    async visit(side, signal) {
      await lookAtTable(options, side, signal);
      await lookAtSuspensions(asked, side, signal);
      if (settings.anchorEverySeconds > 0) await lookAtAnchors(options, side, signal);
      if (settings.publications) await publications.serve(side, signal);
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

/** Anchors this rollup's head when the newest anchor is old, and attests the newest final anchor to the other rollups. */
async function lookAtAnchors(options: UpkeepOptions, side: Station, signal: AbortSignal | undefined): Promise<void> {
  const { anchorLog } = side.rollup.contracts;
  if (anchorLog === undefined) return;
  const { pool, follower, sender } = side;
  const { finalNumber } = follower;
  const calls: RpcCall[] = [
    latestAnchorCall(anchorLog, "latest"),
    { method: "eth_getBlockByNumber", params: ["latest", false] },
    // In a final block's state: its entry is final, and the block that it speaks about is older still.
    latestAnchorCall(anchorLog, toQuantity(Math.max(0, finalNumber))),
  ];
  const [entry, head, finalEntry] = await pool.batch(calls, { signal });
  if (entry === undefined || head === undefined) return;
  const age = parseBlock(resultOf(head)).timestamp - Number(readLatestAnchor(resultOf(entry)).timestamp);
  if (age >= options.settings.anchorEverySeconds) {
    await sender
      .send({ to: anchorLog, data: anchorLogInterface.encodeFunctionData("anchor") })
      .then((sent) => sent.wait(signal))
      .catch((error: unknown) => {
        if (codeOf(error) !== "RPC_REVERTED") options.onError(side.rollup.name, error);
      });
  }
  // A node that keeps no old states, and a block from before the deployment, say nothing.
  if (finalNumber < 0 || finalEntry?.ok !== true || finalEntry.result === "0x") return;
  const anchor = readLatestAnchor(finalEntry.result);
  if (anchor.timestamp !== 0n) await attestHead(options, side, anchor, signal);
}

async function attestHead(
  { sides, coordinator, networkId, onError }: UpkeepOptions,
  side: Station,
  anchor: ReturnType<typeof readLatestAnchor>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { chainId, incarnation } = side.rollup;
  const known = await Promise.all(sides.map((dst) => knowsHead(dst, side, anchor.index, signal)));
  const waiting = sides.filter((dst, index) => dst !== side && dst.table !== undefined && known[index] === false);
  const tables = waiting.flatMap(({ table }) => (table === undefined ? [] : [table]));
  if (tables.length === 0) return;
  const params = [toQuantity(anchor.number), false];
  const { stateRoot } = parseBlock(await side.pool.request("eth_getBlockByNumber", params, { signal }));
  const said = { class: CLASS_FINAL, chainId, anchorIndex: anchor.index, number: anchor.number } as const;
  // CAST: parsed blocks have roots of 32 bytes.
  const fact = { ...said, incarnation, blockHash: anchor.hash, stateRoot: stateRoot as Hex };
  const { incarnation: _, ...request } = fact;
  const hash = headFactHash(networkId, fact);
  const attested = await coordinator.attest([{ request: { kind: "head", ...request }, hash }], tables, signal);
  const { index, count, siblings } = factProof([hash], hash);
  for (const dst of waiting) {
    if (dst.table === undefined || dst.rollup.contracts.inbox === undefined) continue;
    const { bytes } = attestationFor(dst.table, attested);
    const data = inboxInterface.encodeFunctionData("recordHead", [bytes, fact, index, count, concat(siblings)]);
    await dst.sender.send({ to: dst.rollup.contracts.inbox, data }).catch((error: unknown) => {
      if (codeOf(error) !== "RPC_REVERTED") onError(dst.rollup.name, error);
    });
  }
}

/** Whether the rollup has recorded this head; undefined if it records none. */
async function knowsHead(
  dst: Station,
  src: Station,
  index: bigint,
  signal: AbortSignal | undefined,
): Promise<boolean | undefined> {
  const { inbox } = dst.rollup.contracts;
  if (inbox === undefined || dst === src) return undefined;
  const call = viewCall(inbox, "latestHead", [src.rollup.chainId], "latest", inboxInterface);
  const result = await dst.pool.request(call.method, call.params, { signal });
  // CAST: the ABI says so.
  const [newest, head] = viewResult("latestHead", result, inboxInterface) as [bigint, { recordedAt: bigint }];
  return head.recordedAt !== 0n && newest >= index;
}

function resultOf(outcome: RpcOutcome): unknown {
  if (!outcome.ok) throw outcome.error;
  return outcome.result;
}
