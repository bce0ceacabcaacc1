import { getBytes, id, toBeHex, type LogParams } from "ethers";
import { toAddress, type Address, type Hex } from "../../sdk/src/bytes.ts";
import type { MetalayerClient } from "../../sdk/src/client.ts";
import { streamPublications, type StreamedPublication, type StreamTrust } from "../../sdk/src/stream.ts";
import { IBroadcaster__factory } from "../../typechain-types/index.js";
import { NEWS } from "./publications.ts";

export const BROADCASTER: Address = "0x00000000000000000000000000000000000000b0";
const CHAIN = 8101n;
const BLOCKS_AT_ONCE = 2_000;
const events = IBroadcaster__factory.createInterface();

type ScriptedLog = Pick<LogParams, "address" | "topics" | "data" | "blockNumber" | "blockHash" | "transactionHash"> & {
  readonly publisher: Address;
  readonly index: bigint;
};

/** What a node makes of the logs that it was asked for. */
type Answer = (logs: readonly ScriptedLog[]) => readonly ScriptedLog[];
const honestly: Answer = (logs) => logs;

/** A rollup whose blocks and whose node's answers a test writes down, thousands at once. */
export class ScriptedRollup {
  head = 0;
  /** Oldest block that the stream's node was asked for logs of. */
  oldestAsked = Infinity;
  /** Blocks of which the node knows nothing although it told of newer ones. */
  readonly unknown = new Set<number>();
  answer: Answer = honestly;
  #forks: { readonly from: number; readonly name: string }[] = [];
  #logs: ScriptedLog[] = [];

  publish(publisher: Address, block: number, payload: Hex = "0x01"): void {
    const index = BigInt(this.#logs.filter((log) => log.publisher === publisher).length + 1);
    this.#logs.push(this.#log(publisher, index, block, payload));
  }

  /** So many by one publisher from this block on, each block with so many, or with a part of one. */
  publishMany(publisher: Address, from: number, count: number, inEach: number): void {
    for (let at = 0; at < count; at++)
      this.#logs.push(this.#log(publisher, BigInt(at + 1), from + Math.floor(at / inEach)));
  }

  /** Replaces the blocks from this one on. What was published in them stays in blocks of the same numbers, or is gone. */
  replace(from: number, stays: (log: ScriptedLog) => boolean = () => true): void {
    this.#forks.push({ from, name: `fork ${this.#forks.length + 1}` });
    this.#logs = this.#logs.filter((log) => log.blockNumber < from || stays(log));
  }

  /** The blocks before the last replacement are back: the node only said otherwise. */
  restore(): void {
    this.#forks.pop();
  }

  /** Follows it. `look` has the stream look once, and ends when it has done so. */
  follow(trust: StreamTrust, from = 1) {
    const stopping = new AbortController();
    const said: StreamedPublication[] = [];
    const codes: string[] = [];
    const [pauses, looks] = [new Turns(), new Turns()];
    const ended = streamPublications(
      this.#client(),
      { broadcasters: new Map([[CHAIN, BROADCASTER]]) },
      (one) => void said.push(one),
      {
        ...{ trust, signal: stopping.signal, from: new Map([[CHAIN, from]]) },
        delay: () => (looks.take(), pauses.next()),
        onError: (_, error) =>
          codes.push(error instanceof Error && "code" in error ? String(error.code) : String(error)),
      },
    );
    const look = async (): Promise<void> => {
      const next = looks.next();
      pauses.take();
      await next;
    };
    const stop = async (): Promise<void> => {
      stopping.abort();
      pauses.take();
      await ended;
    };
    return { said, codes, look, stop, started: looks.next() };
  }

  #log(publisher: Address, index: bigint, blockNumber: number, payload: Hex = "0x01"): ScriptedLog {
    const { topics, data } = encodedEvent({ publisher, index, topic: NEWS, payload });
    const hashes = { blockHash: this.#hash(blockNumber), transactionHash: id(`${publisher} ${index}`) };
    return { address: BROADCASTER, topics, data, blockNumber, ...hashes, publisher, index };
  }

  #hash(block: number): string {
    return id(
      `${block} of ${this.#forks
        .filter(({ from }) => from <= block)
        .map(({ name }) => name)
        .join(", ")}`,
    );
  }

  #client(): MetalayerClient {
    const provider = {
      getBlock: (tag: number | string) => {
        const number = typeof tag === "number" ? tag : this.head;
        const isKnown = number <= this.head && !this.unknown.has(number);
        return Promise.resolve(isKnown ? { number, hash: this.#hash(number) } : null);
      },
      getLogs: ({ fromBlock, toBlock }: { fromBlock: number; toBlock: number }) => {
        this.oldestAsked = Math.min(this.oldestAsked, fromBlock);
        const isIn = ({ blockNumber }: ScriptedLog): boolean => blockNumber >= fromBlock && blockNumber <= toBlock;
        return Promise.resolve(this.answer(this.#logs.filter(isIn)));
      },
    };
    const head = () => ({ number: BigInt(this.head), recordedAt: 1n, blockHash: id("block"), stateRoot: id("state") });
    const inbox = { latestHead: () => Promise.resolve([1n, head()]) };
    const rollup = { chainId: CHAIN, provider, inbox, registry: undefined, fromBlock: 1, logRange: BLOCKS_AT_ONCE };
    const proven = (slots: readonly Hex[]) => ({ head: head(), values: slots.map(() => 1n), slotParts: [] });
    const client = {
      rollup: () => rollup,
      readState: ({ slots }: { slots: readonly Hex[] }) => Promise.resolve(proven(slots)),
    };
    return client as unknown as MetalayerClient; // CAST: all that a stream asks of a client
  }
}

/** One side waits for what the other gives, one for one. */
class Turns {
  #go: () => void = () => undefined;

  next(): Promise<void> {
    return new Promise((resolve) => (this.#go = resolve));
  }

  take(): void {
    this.#go();
  }
}

function encodedEvent(named: Readonly<Record<string, unknown>>) {
  const event = events.getEvent("Published");
  return events.encodeEventLog(
    event,
    event.inputs.map(({ name }) => named[name]),
  );
}

export function account(number: number): Address {
  return toAddress(getBytes(toBeHex(number, 20)));
}
