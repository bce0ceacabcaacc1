import { Wallet, type Provider, type Signer } from "ethers";
import { hashText, type Address, type Hex } from "../../sdk/src/bytes.ts";
import {
  feedArgument,
  feedId,
  roundAt,
  signReport,
  type FeedReport,
  type FeedSite,
  type FeedTerms,
} from "../../sdk/src/feeds.ts";
import type { TestNetwork, TestRollup } from "../../sdk/src/testkit/index.ts";
import type { Era, Feeds } from "../../typechain-types/index.js";
import { addressOf } from "./publications.ts";

const COINS = 10n ** 18n;
const DAY = 86_400;
export const STAKE = 1_000n * 10n ** 18n;

/** The part of a rollup that a feed needs; `holder` pays for everything. */
export interface FeedGround {
  readonly chainId: bigint;
  readonly feeds: Feeds;
  readonly era: Era;
  readonly holder: Signer;
  readonly provider: Provider;
}

/** Keys that are the same in every run, in the order of their addresses. */
export function reporterKeys(count: number): Wallet[] {
  const keys = Array.from({ length: count }, (_, index) => new Wallet(hashText(`feed reporter ${index}`)));
  return keys.sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1));
}

/** Terms of a feed of these reporters. */
export function feedTerms(
  reporters: readonly { readonly address: string }[],
  change: Partial<FeedTerms> = {},
): FeedTerms {
  return {
    description: "ETH / USD",
    decimals: 8,
    reporters: reporters.map(({ address }) => address as Address), // CAST: of a wallet
    threshold: Math.max(3, Math.floor(reporters.length / 2) + 1),
    confirmations: reporters.length,
    maxDeviation: 500,
    outlierDeviation: 200,
    period: 60,
    maxAge: 3 * DAY,
    exitDelay: 7 * DAY,
    stake: STAKE,
    ...change,
  };
}

/** A feed with its reporters' keys. */
export class FeedDesk {
  readonly feed: Hex;
  readonly words: ReturnType<typeof feedArgument>;

  private constructor(
    readonly ground: FeedGround,
    readonly terms: FeedTerms,
    readonly keys: readonly Wallet[],
    readonly site: FeedSite,
  ) {
    this.feed = feedId(terms);
    this.words = feedArgument(terms);
  }

  /** A feed that was created, whose reporters have their stake. */
  static async open(ground: FeedGround, count: number, change: Partial<FeedTerms> = {}): Promise<FeedDesk> {
    const keys = reporterKeys(count);
    const site = { chainId: ground.chainId, feeds: await addressOf(ground.feeds) };
    const desk = new FeedDesk(ground, feedTerms(keys, change), keys, site);
    await (await ground.feeds.create(desk.words)).wait();
    for (let place = 0; place < count; place++) await desk.join(place);
    return desk;
  }

  get feeds(): Feeds {
    return this.ground.feeds;
  }

  key(place: number): Wallet {
    const key = this.keys[place];
    if (key === undefined) throw new Error(`no reporter has the place ${place}`);
    return key;
  }

  /** The contract as a reporter calls it. */
  as(place: number): Feeds {
    return this.feeds.connect(this.key(place).connect(this.ground.provider));
  }

  /** Gives a reporter what it needs and has it join. */
  async join(place: number, payee: string = this.key(place).address): Promise<void> {
    const { era, holder } = this.ground;
    const { address } = this.key(place);
    const caller = this.key(place).connect(this.ground.provider);
    await (await holder.sendTransaction({ to: address, value: COINS })).wait();
    await (await era.connect(holder).transfer(address, this.terms.stake)).wait();
    await (await era.connect(caller).approve(this.feeds, this.terms.stake)).wait();
    await (await this.feeds.connect(caller).join(this.words, place, payee)).wait();
  }

  async now(): Promise<bigint> {
    return BigInt((await this.ground.provider.getBlock("latest"))?.timestamp ?? 0);
  }

  /** What the reporter at a place signs now, or for another time. */
  async report(place: number, value: bigint, observedAt?: bigint): Promise<FeedReport> {
    const time = observedAt ?? (await this.now());
    return signReport(this.key(place), this.site, this.terms, { value, observedAt: time });
  }

  /** Reports of the first reporters, one for each value, in the order in which `submit` takes them. */
  async reports(values: readonly bigint[], observedAt?: bigint): Promise<FeedReport[]> {
    const time = observedAt ?? (await this.now());
    const signed = await Promise.all(values.map((value, place) => this.report(place, value, time)));
    return signed.sort((a, b) => (a.value < b.value ? -1 : a.value > b.value ? 1 : 0));
  }

  /** Submits the values of the first reporters for the present round. */
  async submit(values: readonly bigint[]) {
    const now = await this.now();
    return this.feeds.submit(this.words, this.roundOf(now), await this.reports(values, now));
  }

  roundOf(time: bigint): bigint {
    return roundAt(this.terms, time);
  }
}

/** A rollup of a test network as the ground of a feed, with ERA enough for its reporters. */
export async function groundOn(network: TestNetwork, rollup: TestRollup): Promise<FeedGround> {
  const { chainId, feeds, era, signer: holder, provider } = rollup;
  const [home] = network.rollups;
  if (home !== undefined && home !== rollup) {
    await (await home.era.crosschainTransfer(await rollup.interop(holder), 100n * STAKE)).wait();
    await network.deliverAll();
  }
  return { chainId, feeds, era, holder, provider };
}
