import type { Address, Hex } from "../../sdk/src/bytes.ts";
import type { MetalayerClient } from "../../sdk/src/client.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import { delay } from "../chain/tasks.ts";
import type { Connection } from "../cli/connection.ts";
import type { Anvil } from "../devnet/anvil.ts";
import type { Devnet } from "../devnet/devnet.ts";
import type { Account } from "./account.ts";
import type { Observer, SeenDelivery, SeenSend } from "./observer.ts";

/** Recipients of the demo on one rollup. */
export interface Mailboxes {
  /** Takes messages from soft heads. */
  readonly fast: Address;
  /** Takes final messages only. */
  readonly final: Address;
  /** Is closed until somebody mends it. */
  readonly shy: Address;
}

/** One rollup as the demo works with it. */
export interface Site {
  readonly name: string;
  readonly chainId: bigint;
  readonly blockTimeMs: number;
  readonly connection: Connection;
  readonly node: Anvil;
  readonly observer: Observer;
  readonly mailboxes: Mailboxes;
  account(index: number): Account;
}

/** Something that the demo promises, and whether it was so. */
export interface Check {
  readonly part: Part;
  readonly what: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** Parts that chapters are made of, with their headings. */
export const PARTS = {
  pairs: "Messages between all pairs",
  era: "ERA from rollup to rollup",
  refusal: "A recipient that fails",
  faults: "Kills, cuts and a reorg",
  heads: "State roots of other rollups",
  deposits: "ERA that votes, on three rollups",
  vote: "Proposals, voted on three rollups",
  legs: "Executed on every rollup",
  admission: "One rollup more, by vote",
  roles: "A role on every rollup",
  lie: "A corrupted quorum lies",
  verdict: "What the watchtower does about it",
  after: "The network without the liars",
  reads: "State of one rollup, read on the others",
  publications: "Said once, heard everywhere",
  apps: "One application on all rollups",
  price: "A price on one rollup moves contracts on the others",
  paths: "More than the guardians' word, or less",
  ledger: "Figures and the ledger",
} as const;

export type Part = keyof typeof PARTS;

/** What a reorg of a source took away after it had been delivered as `fast`. */
export interface FastLoss {
  readonly message: SeenSend;
  readonly limitPerDay: number;
}

/** What a false attestation took: ERA that nobody had sent, in the place of a message that was lost. */
export interface Theft {
  readonly lost: SeenSend;
  readonly wei: bigint;
}

/** What all chapters share. */
export interface World {
  readonly devnet: Devnet;
  readonly sites: readonly Site[];
  /** Reads all rollups. */
  readonly client: MetalayerClient;
  /** Opens a rollup that the network has got meanwhile. It is none of the sites until it has joined them. */
  open(chainId: bigint): Promise<Site>;
  join(site: Site): Promise<void>;
  readonly signal: AbortSignal;
  readonly checks: Check[];
  note(part: Part, text: string): void;
  check(part: Part, what: string, ok: boolean, detail?: string): void;
}

/** Which account does what; guardians and the network's own parts use others (scripts/devnet/accounts.ts). */
export const ACTORS = {
  /** Holds the ERA and owns the mailboxes. */
  treasurer: 0,
  pairs: 7,
  traveller: 8,
  faults: 9,
  /** Loses a message in the reorg. */
  unlucky: 10,
  /** Sends again what the reorg has removed. */
  stubborn: 11,
  refusal: 12,
  /** Profits from a false attestation. */
  thief: 13,
  watchtower: 14,
  reader: 15,
  publisher: 16,
  appOwner: 17,
  courier: 18,
} as const;

/** The site at this place of the list, which begins with home. */
export function siteAt({ sites }: Pick<World, "sites">, index: number): Site {
  const site = sites[index];
  if (site === undefined) throw new Error(`no rollup at place ${index}`);
  return site;
}

export function siteOf({ sites }: Pick<World, "sites">, chainId: bigint): Site {
  const site = sites.find((each) => each.chainId === chainId);
  if (site === undefined) throw new Error(`no rollup ${chainId}`);
  return site;
}

/** Every ordered pair of rollups. */
export function pairsOf({ sites }: Pick<World, "sites">): (readonly [src: Site, dst: Site])[] {
  return sites.flatMap((src) => sites.filter((dst) => dst !== src).map((dst) => [src, dst] as const));
}

/** The messages of these transactions, once they are in a block. */
export async function messagesOf(world: World, src: Site, transactions: readonly Hex[]): Promise<SeenSend[]> {
  const wanted = new Set<string>(transactions);
  const seen = (): SeenSend[] =>
    [...src.observer.sent.values()].filter(({ message }) => wanted.has(message.transactionHash));
  await until(world, `${transactions.length} messages are in blocks of ${src.name}`, 30_000, () => {
    return seen().length >= wanted.size;
  });
  return seen();
}

export function deliveryOf(world: World, { message }: SeenSend): SeenDelivery | undefined {
  return siteOf(world, message.dstChainId).observer.delivered.get(message.sendId);
}

/** Waits until all of them are delivered. Throws DEMO_TIMEOUT that says how many are not. */
export async function untilDelivered(world: World, messages: readonly SeenSend[], limitMs: number): Promise<void> {
  const open = (): number => messages.filter((each) => deliveryOf(world, each) === undefined).length;
  await until(world, `${messages.length} messages are delivered`, limitMs, () => open() === 0);
}

const POLL_MS = 40;

/** Waits until something is so. Throws DEMO_TIMEOUT. */
export async function until(
  { signal }: Pick<World, "signal">,
  what: string,
  limitMs: number,
  condition: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > deadline)
      throw new MetalayerError("DEMO_TIMEOUT", `It did not happen within ${limitMs / 1_000} s that ${what}.`, { what });
    await delay(POLL_MS, signal);
  }
}
