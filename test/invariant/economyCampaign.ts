import { hexlify, type Signer } from "ethers";
import { TAG_CLAIM, TAG_MESSAGE } from "../../sdk/src/batch.ts";
import { CLASS_FAST, CLASS_FINAL } from "../../sdk/src/fact.ts";
import { KIND_BOUNTY, messageHash, type Message } from "../../sdk/src/message.ts";
import { RecipientMock__factory, type RecipientMock } from "../../typechain-types/index.js";
import {
  createEconomy,
  DAY,
  deliverFrom,
  EPOCH,
  ETHER,
  transfer,
  type Economy,
  type EconomyRollup,
} from "../helpers/economy.ts";
import { interop, laneOf, prepareDelivery, PRICES, sentMessages, TERMS } from "../helpers/network.ts";
import { randomSource } from "./campaign.ts";
import { accounts } from "./economyLedger.ts";
import { StateCampaign, type Pair } from "./stateCampaign.ts";

const UNIT = 10n ** 9n;
const START = 2_000n * ETHER;
/** Limits so low that transfers and fees run into them. */
const CAPACITY = 400n * ETHER;
const SHARE = 700n * ETHER;
const FEE_CAPACITY = 4n * ETHER;
/** Few, so that requests meet answers. */
const ANCHORS = 3;
const HIGH_PRICES = { ...PRICES, basePrice: 500_000n };

/** Random actions of users, deliverers and governance on the real contracts of three rollups. */
export class EconomyCampaign {
  readonly net: Economy;
  readonly #random: (below: number) => number;
  readonly state: StateCampaign;
  readonly #recipients = new Map<EconomyRollup, RecipientMock>();
  readonly #pairs: readonly Pair[];

  private constructor(net: Economy, seed: number) {
    this.net = net;
    this.state = new StateCampaign(net);
    this.#random = randomSource(seed);
    this.#pairs = net.rollups.flatMap((src) => net.rollups.flatMap((dst) => (src === dst ? [] : [{ src, dst }])));
  }

  /** Three rollups, every user with ERA and credit, low limits. */
  static async start(seed: number): Promise<EconomyCampaign> {
    const net = await createEconomy(["rollupA", "rollupB", "rollupC"]);
    const campaign = new EconomyCampaign(net, seed);
    const [home, ...spokes] = net.rollups as [EconomyRollup, ...EconomyRollup[]]; // CAST: three rollups
    await home.era.connect(home.holder).transfer(home.user, START);
    for (const spoke of spokes) {
      await transfer(home, spoke, home.holder, spoke.user, START);
      await deliverFrom(net, home, spoke);
    }
    for (const rollup of net.rollups) {
      await campaign.state.open(rollup);
      const mock = await new RecipientMock__factory(rollup.deployer).deploy();
      campaign.#recipients.set(rollup, mock);
      for (const account of accounts(rollup)) {
        await rollup.era.connect(account).approve(rollup.fees, 2n ** 256n - 1n);
        await rollup.era.connect(account).approve(rollup.staking, 2n ** 256n - 1n);
      }
    }
    for (const { src, dst } of campaign.#pairs) {
      await dst.rollupRegistry.setCeiling(src.chainId, SHARE, CAPACITY);
      await dst.fees.setInboundTerms(src.chainId, TERMS.guardianShare, FEE_CAPACITY / UNIT);
      await src.fees.setPrices(dst.chainId, HIGH_PRICES);
      const mock = campaign.#mock(dst);
      const optIn: [string, bigint, bigint] = [await mock.getAddress(), src.chainId, 100n];
      await mock.call(dst.gateway, dst.gateway.interface.encodeFunctionData("setFastLimit", optIn));
      await src.fees.connect(src.user).buyCredit(src.user, 10n * ETHER);
      await campaign.state.request({ src, dst }, ANCHORS, src.user);
      await campaign.state.answer({ src, dst }, ANCHORS, src.relayer);
    }
    return campaign;
  }

  /** One random action; its name, for the trace of a failure. What a contract refuses counts as done. */
  async step(): Promise<string> {
    const pair = this.#pick(this.#pairs);
    const actions = {
      transfer: () => this.#transfer(pair),
      transferAgain: () => this.#transfer(pair),
      send: () => this.#send(pair),
      deliver: () => this.#deliver(pair, CLASS_FINAL),
      deliverMore: () => this.#deliver(pair, CLASS_FINAL),
      deliverFast: () => this.#deliver(pair, CLASS_FAST),
      requestReturn: () => this.#requestReturn(pair),
      buyCredit: () => this.#buyCredit(pair.src),
      withdrawCredit: () =>
        pair.src.fees.connect(pair.src.user).withdrawCredit(UNIT * BigInt(this.#random(1_000_000_000))),
      bounty: () => this.#bounty(pair),
      collect: () => this.#collect(pair),
      sweep: () => pair.src.fees.sweep(pair.dst.chainId),
      withdraw: () => this.#withdraw(pair.src),
      govern: () => this.#govern(pair),
      toggle: () => this.#mock(pair.dst).setMode(this.#random(2)),
      stake: () => this.#stake(pair.src),
      requestHead: () => this.state.request(pair, this.#random(ANCHORS), this.#account(pair.src)),
      answerHead: () => this.state.answer(pair, this.#random(ANCHORS), this.#account(pair.src)),
      withdrawRequest: () => this.state.withdraw(pair, this.#random(ANCHORS)),
      sweepRequests: () => this.state.sweep(pair.src),
      passTime: () => this.#passTime(pair.dst, this.#random(6 * 3_600)),
    };
    const [name, act] = this.#pick(Object.entries(actions));
    return `${name} ${pair.src.name}→${pair.dst.name}: ${await outcome(act)}`;
  }

  /** Lets everything come to rest: limits raised, all delivered, queues claimed, all swept and withdrawn. */
  async settle(): Promise<void> {
    for (const { src, dst } of this.#pairs) {
      await dst.rollupRegistry.setCeiling(src.chainId, 2n ** 255n, 2n ** 255n);
      await dst.fees.setInboundTerms(src.chainId, TERMS.guardianShare, FEE_CAPACITY / UNIT);
    }
    for (const rollup of this.net.rollups) {
      await this.#mock(rollup).setMode(0);
      await this.#passTime(rollup, DAY);
    }
    // A delivery may send a transfer back, so twice.
    for (let round = 0; round < 2; round++) for (const { src, dst } of this.#pairs) await this.#deliverAll(src, dst);
    for (let day = 0; day < 60; day++) {
      let busy = false;
      for (const pair of this.#pairs) busy = (await this.#collect(pair)) || busy;
      if (!busy) break;
      for (const rollup of this.net.rollups) await this.#passTime(rollup, DAY);
    }
    for (const { src, dst } of this.#pairs) await src.fees.sweep(dst.chainId);
    for (const rollup of this.net.rollups) {
      await this.#withdraw(rollup);
      await this.state.sweep(rollup);
    }
  }

  async #transfer({ src, dst }: Pair): Promise<unknown> {
    const balance = await src.era.balanceOf(src.user);
    const amount = (balance * BigInt(this.#random(1_000))) / 3_000n + BigInt(this.#random(3));
    return transfer(src, dst, src.user, this.#account(dst), amount);
  }

  async #send({ src, dst }: Pair): Promise<unknown> {
    const payload = hexlify(Uint8Array.from({ length: this.#random(64) }, () => this.#random(256)));
    const to = interop(dst, await this.#mock(dst).getAddress());
    return src.gateway.connect(src.user).sendMessage(to, payload, []);
  }

  async #deliver({ src, dst }: Pair, factClass: typeof CLASS_FINAL | typeof CLASS_FAST): Promise<unknown> {
    const { nonce } = await src.gateway.outLane(dst.chainId);
    if (nonce === 0n) return undefined;
    const from = BigInt(this.#random(Number(nonce)));
    const claim = this.#random(2) === 0;
    const to = factClass === CLASS_FAST ? await nextBounty(src, dst, from) : nonce;
    if (to === from) return undefined;
    const { attestation, batches } = await prepareDelivery(this.net, src, dst, {
      class: factClass,
      from,
      to,
      serial: Number(await dst.guardianSet.currentSerial()),
      edit: (entry) => (claim && entry.tag === TAG_MESSAGE ? { ...entry, tag: TAG_CLAIM } : entry),
    });
    return dst.gateway.connect(this.#account(dst)).relay(attestation, batches, { gasLimit: 16_000_000n });
  }

  async #deliverAll(src: EconomyRollup, dst: EconomyRollup): Promise<void> {
    const serial = Number(await dst.guardianSet.currentSerial());
    const { nonce } = await src.gateway.outLane(dst.chainId);
    for (let from = 0n; from < nonce; from += 40n) {
      const to = from + 40n < nonce ? from + 40n : nonce;
      await outcome(async () => {
        const { attestation, batches } = await prepareDelivery(this.net, src, dst, { from, to, serial });
        return dst.gateway.connect(dst.relayer).relay(attestation, batches, { gasLimit: 16_000_000n });
      });
    }
  }

  async #requestReturn({ src, dst }: Pair): Promise<unknown> {
    const messages = await sentMessages(src, dst);
    const open: Message[] = [];
    for (const message of messages) {
      if (!(await dst.gateway.isDelivered(src.chainId, message.nonce))) open.push(message);
    }
    if (open.length === 0) return undefined;
    const id = messageHash(this.net.networkId, await laneOf(src, dst), this.#pick(open));
    return dst.era.connect(this.#account(dst)).requestReturn(id);
  }

  async #buyCredit(rollup: EconomyRollup): Promise<unknown> {
    const account = await this.#pick([rollup.user, rollup.era]).getAddress();
    return rollup.fees.connect(rollup.user).buyCredit(account, UNIT * BigInt(1 + this.#random(2_000_000_000)) * 5n);
  }

  async #bounty({ src, dst }: Pair): Promise<unknown> {
    const messages = await sentMessages(src, dst);
    if (messages.length === 0) return undefined;
    const message = this.#pick(messages);
    const id = messageHash(this.net.networkId, await laneOf(src, dst), message);
    const amount = 1_000n * BigInt(1 + this.#random(500_000));
    const refundTo = await dst.user.getAddress();
    return src.gateway.connect(src.user).requestRelay(dst.chainId, message.nonce, id, amount, refundTo);
  }

  /** Claims what is queued and refunds bounties that nobody earned; whether there was anything. */
  async #collect({ src, dst }: Pair): Promise<boolean> {
    let busy = false;
    for (const account of accounts(dst)) {
      if ((await dst.gateway.queued(src.chainId, account)) === 0n) continue;
      await dst.gateway.claimQueued(src.chainId, account);
      busy = true;
    }
    const lane = await laneOf(src, dst);
    for (const message of await sentMessages(src, dst)) {
      const place = [src.chainId, message.nonce, messageHash(lane.networkId, lane, message)] as const;
      if ((await dst.gateway.bounty(...place)).amount === 0n) continue;
      await outcome(() => dst.gateway.refundBounty(...place));
      busy = true;
    }
    return busy;
  }

  async #withdraw(rollup: EconomyRollup): Promise<unknown> {
    const newest = await rollup.guardianSet.currentSerial();
    for (let serial = 1n; serial <= newest; serial++) {
      for (const account of accounts(rollup)) await rollup.fees.withdraw(serial, account);
    }
    return undefined;
  }

  async #govern({ src, dst }: Pair): Promise<unknown> {
    const amount = (): bigint => ETHER * BigInt(this.#random(800));
    const changes = [
      () =>
        src.fees.setPrices(dst.chainId, {
          ...HIGH_PRICES,
          fundShare: BigInt(this.#random(500)),
          burnShare: BigInt(this.#random(500)),
        }),
      () => dst.fees.setInboundTerms(src.chainId, BigInt(this.#random(1_001)), (amount() / UNIT / 100n / UNIT) * UNIT),
      () => dst.rollupRegistry.setCeiling(src.chainId, amount(), amount()),
    ];
    return this.#pick(changes)();
  }

  async #stake(rollup: EconomyRollup): Promise<unknown> {
    const { staking, user } = rollup;
    const { operator } = this.#pick(this.net.guardians);
    if (this.#random(2) === 0) return staking.connect(user).stake(operator, ETHER * BigInt(1 + this.#random(20)));
    const shares = await staking.sharesOf(operator, user);
    if (shares > 0n) await staking.connect(user).unstake(operator, shares / BigInt(1 + this.#random(3)));
    return staking.withdraw(BigInt(1 + this.#random(5)));
  }

  async #passTime(rollup: EconomyRollup, seconds: number): Promise<unknown> {
    await rollup.connection.networkHelpers.time.increase(seconds);
    const { start } = await rollup.guardianSet.epoch();
    const now = await rollup.connection.networkHelpers.time.latest();
    return BigInt(now) >= start + BigInt(EPOCH) ? rollup.guardianSet.rotate() : undefined;
  }

  #account(rollup: EconomyRollup): Signer {
    return this.#pick(accounts(rollup));
  }

  #mock(rollup: EconomyRollup): RecipientMock {
    const mock = this.#recipients.get(rollup);
    if (mock === undefined) throw new Error(`${rollup.name} has no recipient`);
    return mock;
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#random(items.length)] as T; // CAST: the index is below the length
  }
}

/** First bounty of a lane from a nonce on, or its end: bounties are not for `fast` batches. */
async function nextBounty(src: EconomyRollup, dst: EconomyRollup, from: bigint): Promise<bigint> {
  const messages = await sentMessages(src, dst);
  const bounty = messages.find((message) => message.nonce >= from && message.kind === KIND_BOUNTY);
  return bounty?.nonce ?? BigInt(messages.length);
}

/** "done", "nothing to do", or the custom error with which a contract refused. Anything else is thrown: a panic is never an outcome. */
async function outcome(act: () => Promise<unknown>): Promise<string> {
  try {
    return (await act()) === undefined ? "nothing to do" : "done";
  } catch (error) {
    const name = /reverted with custom error '(\w+)/.exec(String(error))?.[1];
    if (name === undefined) throw error;
    return name;
  }
}
