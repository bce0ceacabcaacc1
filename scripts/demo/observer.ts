import type { Hex } from "../../sdk/src/bytes.ts";
import type { SentMessage } from "../../sdk/src/events.ts";
import { GATEWAY_TOPICS, readDeliveryAttempts, readSentMessages } from "../../sdk/src/events.ts";
import type { Log } from "../chain/blocks.ts";
import { parseLogs, toQuantity } from "../chain/blocks.ts";
import type { Head } from "../chain/heads.ts";
import { watchHeads } from "../chain/heads.ts";
import type { RpcPool } from "../chain/pool.ts";

/** A message as it was seen to enter its lane. Times are the wall clock of this process, in milliseconds. */
export interface SeenSend {
  readonly message: SentMessage;
  readonly arrivedAt: number;
}

export interface SeenDelivery {
  readonly receiveId: Hex;
  readonly arrivedAt: number;
  readonly blockNumber: number;
  readonly transactionHash: Hex;
}

/** What one rollup's gateway does, block by block, with the moment at which each block arrived here. */
export interface Observer {
  readonly sent: ReadonlyMap<Hex, SeenSend>;
  readonly delivered: ReadonlyMap<Hex, SeenDelivery>;
  /** Attempts that failed, by message. */
  readonly failed: ReadonlyMap<Hex, number>;
  /** Newest block whose logs were read. */
  readonly block: number;
  /** Forgets everything from this block on: a reorg has removed it. */
  forgetFrom(block: number): void;
  /** Resolves when the signal has fired and nothing is under way any more. */
  readonly ended: Promise<void>;
}

interface State {
  readonly pool: RpcPool;
  readonly gateway: string;
  readonly arrivals: Map<number, number>;
  readonly sent: Map<Hex, SeenSend>;
  readonly delivered: Map<Hex, SeenDelivery>;
  readonly failed: Map<Hex, number>;
  next: number;
}

const TOPICS = [Object.values(GATEWAY_TOPICS)];

export function observe(
  pool: RpcPool,
  webSocketUrl: string,
  gateway: string,
  fromBlock: number,
  signal: AbortSignal,
): Observer {
  const state: State = {
    ...{ pool, gateway, next: fromBlock },
    arrivals: new Map(),
    sent: new Map(),
    delivered: new Map(),
    failed: new Map(),
  };
  let work: Promise<void> = Promise.resolve();
  const onHead = ({ block, arrivedAt }: Head): void => {
    state.arrivals.set(block.number, arrivedAt);
    // A failed reading is made good by the next head.
    work = work.then(() => readTo(state, block.number, arrivedAt, signal)).catch(() => undefined);
  };
  const watching = watchHeads({ pool, webSocketUrl, signal, onHead, pollMs: 50 });
  return {
    sent: state.sent,
    delivered: state.delivered,
    failed: state.failed,
    get block() {
      return state.next - 1;
    },
    forgetFrom: (block) => forgetFrom(state, block),
    ended: watching.catch(() => undefined).then(() => work),
  };
}

async function readTo(state: State, head: number, arrivedAt: number, signal: AbortSignal): Promise<void> {
  const from = state.next;
  if (head < from) return;
  const range = { fromBlock: toQuantity(from), toBlock: toQuantity(head) };
  const filter = { address: state.gateway, topics: TOPICS, ...range };
  const logs = parseLogs(await state.pool.request("eth_getLogs", [filter], { signal }));
  if (state.next !== from) return;
  note(state, logs, arrivedAt);
  state.next = head + 1;
}

function note(state: State, logs: readonly Log[], latest: number): void {
  const arrivalOf = (block: number): number => state.arrivals.get(block) ?? latest;
  for (const message of readSentMessages(logs))
    state.sent.set(message.sendId, { message, arrivedAt: arrivalOf(message.blockNumber) });
  for (const { receiveId, delivered, blockNumber, transactionHash } of readDeliveryAttempts(logs)) {
    if (!delivered) state.failed.set(receiveId, (state.failed.get(receiveId) ?? 0) + 1);
    else state.delivered.set(receiveId, { receiveId, arrivedAt: arrivalOf(blockNumber), blockNumber, transactionHash });
  }
}

function forgetFrom(state: State, block: number): void {
  state.next = Math.min(state.next, block);
  for (const [id, { message }] of state.sent) if (message.blockNumber >= block) state.sent.delete(id);
  for (const [id, { blockNumber }] of state.delivered) if (blockNumber >= block) state.delivered.delete(id);
  for (const number of state.arrivals.keys()) if (number >= block) state.arrivals.delete(number);
}
