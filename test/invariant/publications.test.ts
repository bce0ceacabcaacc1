import { expect } from "chai";
import { hexlify, type Signer } from "ethers";
import type { Hex } from "../../sdk/src/bytes.ts";
import { publicationHash, type Publication } from "../../sdk/src/publication.ts";
import { filterArgument } from "../../sdk/src/subscription.ts";
import type { SubscriberMock } from "../../typechain-types/index.js";
import { FUZZ_SEED } from "../helpers/fuzz.ts";
import { MOOD, NEWS, PublishingNetwork, SPORT, target, UNIT, type Target } from "../helpers/publications.ts";
import { randomSource } from "./campaign.ts";

/** Actions of one campaign; `METALAYER_CAMPAIGN_STEPS` lengthens it. */
const STEPS = Number(process.env["METALAYER_CAMPAIGN_STEPS"] ?? 60);
const CHECK_EVERY = 15;
const SUBSCRIBERS = 4;
const GAS = 3_000_000n;
const MOODS = [MOOD.revert, MOOD.wrongSelector, MOOD.shortReturn, MOOD.returnBomb, MOOD.revertBomb] as const;

/** Random publishers, subscribers and deliverers, honest and not, on two real rollups; a list of what was published beside. */
class Campaign {
  readonly published: Publication[] = [];
  readonly #random: (below: number) => number;

  private constructor(
    readonly net: PublishingNetwork,
    readonly subscribers: readonly SubscriberMock[],
    readonly deliverers: readonly Signer[],
    seed: number,
  ) {
    this.#random = randomSource(seed);
  }

  static async start(seed: number): Promise<Campaign> {
    const net = await PublishingNetwork.open();
    const subscribers: SubscriberMock[] = [];
    for (let i = 0; i < SUBSCRIBERS; i++) subscribers.push(await net.subscriber({ gasLimit: GAS, price: 3n }));
    return new Campaign(net, subscribers, [net.here.signer], seed);
  }

  /** One random action; its name, for the trace that a failure prints. */
  async step(): Promise<string> {
    const actions = [
      () => this.#publish(),
      () => this.#publish(),
      () => this.#deliver(),
      () => this.#deliver(),
      () => this.#deliver(),
      () => this.#forge(),
      () => this.#breakOrMend(),
      () => this.#reenter(),
      () => this.#subscribe(),
      () => this.#leave(),
      () => this.#fund(),
      () => this.#claim(),
    ] as const;
    return this.#pick(actions)();
  }

  /** Mends everybody, subscribes everybody to everything, and delivers all. */
  async settle(): Promise<void> {
    for (const one of this.subscribers) {
      await one.setMode(MOOD.accept);
      await this.net.subscribe(one, { gasLimit: GAS });
    }
    const targets = await this.#targets(() => true);
    for (let from = 0; from < this.published.length; from += 8) {
      const entries = this.published.slice(from, from + 8).map((said) => ({ said, targets }));
      await this.net.deliver(entries).catch(() => undefined);
    }
  }

  async #publish(): Promise<string> {
    const payload = hexlify(Uint8Array.from({ length: this.#random(70) }, () => this.#random(256))) as Hex; // CAST: hex
    const said = await this.net.publish(this.#pick([NEWS, SPORT]), payload);
    this.published.push(said);
    return `publish ${said.index}`;
  }

  async #deliver(): Promise<string> {
    const [said, also] = [this.#some(), this.#some()];
    if (said === undefined || also === undefined) return "nothing to deliver";
    const targets = await this.#targets(() => this.#random(3) > 0);
    await this.net.deliver([said, also].map((one) => ({ said: one, targets }))).catch(() => undefined);
    return `deliver ${said.index} and ${also.index} to ${targets.length}`;
  }

  /** Words that were never published, with the proof of those that were. */
  async #forge(): Promise<string> {
    const said = this.#some();
    if (said === undefined) return "nothing to forge";
    const lies: Publication[] = [
      { ...said, index: said.index + 1_000n },
      { ...said, payload: `${said.payload}00` },
      { ...said, topic: said.topic === NEWS ? SPORT : NEWS },
    ];
    const targets = await this.#targets(() => true);
    const { source, proof } = await this.net.prove([said]);
    const lie = this.#pick(lies);
    let accepted = true;
    await this.net.here.subscriptions.deliver(source, [{ ...lie, targets: [...targets] }], proof).catch(() => {
      accepted = false;
    });
    expect(accepted, `forged ${JSON.stringify({ ...lie, index: String(lie.index) })}`).to.equal(false);
    return `forge ${said.index}`;
  }

  async #breakOrMend(): Promise<string> {
    const mood = this.#random(2) === 0 ? MOOD.accept : this.#pick(MOODS);
    await this.#pick(this.subscribers).setMode(mood);
    return `mood ${mood}`;
  }

  /** Lets a subscriber deliver from inside its own call. */
  async #reenter(): Promise<string> {
    const said = this.#some();
    if (said === undefined) return "nothing to re-enter with";
    const { subscriptions } = this.net.here;
    const call = await this.net.delivery([{ said, targets: await this.#targets(() => true) }]);
    const inside = this.#pick(this.subscribers);
    await inside.setCall(subscriptions, subscriptions.interface.encodeFunctionData("deliver", [...call]));
    await inside.setMode(MOOD.reenter);
    return `re-enter with ${said.index}`;
  }

  async #subscribe(): Promise<string> {
    const topic = this.#pick([undefined, NEWS, SPORT]);
    const start = BigInt(this.#random(this.published.length + 1));
    const wish = { gasLimit: GAS, price: BigInt(this.#random(9)), start };
    await this.net.subscribe(this.#pick(this.subscribers), topic === undefined ? wish : { ...wish, topic });
    return `subscribe from ${start}`;
  }

  async #leave(): Promise<string> {
    const leaving = this.#pick(this.subscribers);
    const values = [filterArgument(this.net.filter()), this.net.broadcaster];
    await this.net.inNameOf(leaving, "unsubscribe", values).catch(() => undefined);
    return "unsubscribe";
  }

  async #fund(): Promise<string> {
    const { era, subscriptions } = this.net.here;
    const amount = BigInt(1 + this.#random(40));
    await (await era.approve(subscriptions, amount * UNIT)).wait();
    const filter = filterArgument(this.net.filter());
    await subscriptions.fund(this.#pick(this.subscribers), filter, amount).catch(() => undefined);
    return `fund ${amount}`;
  }

  async #claim(): Promise<string> {
    await this.net.here.subscriptions.claim(this.net.broadcaster).catch(() => undefined);
    return "claim";
  }

  async #targets(keep: () => boolean): Promise<Target[]> {
    const named: Target[] = [];
    for (const one of this.subscribers) {
      for (const everyTopic of [true, false]) {
        if (keep()) named.push(await target(one, { everyTopic, gasLimit: GAS }));
      }
    }
    return named;
  }

  #some(): Publication | undefined {
    return this.published.length === 0 ? undefined : this.#pick(this.published);
  }

  #pick<T>(values: readonly T[]): T {
    return values[this.#random(values.length)] as T; // CAST: never empty
  }
}

/** Every call was for something published, once; the marks say the same. */
async function checkOnce({ net, subscribers, published }: Campaign): Promise<void> {
  const { chainId } = net.source;
  for (const one of subscribers) {
    let calls = 0n;
    for (const { publisher, index } of published) {
      const times = await one.timesReceived(chainId, publisher, index);
      const marked = await net.here.subscriptions.isDelivered(one, chainId, 1n, net.broadcaster, publisher, index);
      expect(times, `calls for ${index}`).to.equal(marked ? 1n : 0n);
      calls += times;
    }
    expect(await one.received(), "calls for what was never published").to.equal(calls);
  }
}

/** What is prepaid and what is earned lies there, all of it and nothing else. */
async function checkEra({ net, subscribers, deliverers }: Campaign): Promise<void> {
  const { era, subscriptions } = net.here;
  let owed = 0n;
  for (const one of [...subscribers, ...deliverers]) owed += await subscriptions.earned(one);
  for (const one of subscribers) {
    for (const wish of [{}, { topic: NEWS }, { topic: SPORT }]) {
      owed += (await subscriptions.subscription(one, filterArgument(net.filter(wish)))).balance;
    }
  }
  expect(await era.balanceOf(subscriptions), "ERA held").to.equal(owed * UNIT);
}

describe("Invariants of publications", function () {
  this.timeout(600_000);

  it(`INV-50: at most one call for each subscriber and publication, none for what was never published, no ERA lost (seed ${FUZZ_SEED})`, async () => {
    const campaign = await Campaign.start(FUZZ_SEED);
    const trace: string[] = [];
    try {
      for (let step = 1; step <= STEPS; step++) {
        trace.push(await campaign.step());
        if (step % CHECK_EVERY === 0) {
          await checkOnce(campaign);
          await checkEra(campaign);
        }
      }
      await campaign.settle();
      await checkOnce(campaign);
      await checkEra(campaign);
      for (const said of campaign.published) {
        for (const one of campaign.subscribers) {
          const times = await one.timesReceived(campaign.net.source.chainId, said.publisher, said.index);
          expect(times, `${publicationHash(said)} is never lost`).to.equal(1n);
        }
      }
    } catch (error) {
      throw new Error(`seed ${FUZZ_SEED}, after: ${trace.slice(-12).join(" | ")}`, { cause: error });
    }
  });
});
