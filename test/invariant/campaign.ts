import { hexlify, toBeHex } from "ethers";
import { encodeBatches, TAG_CLAIM, TAG_HASH, TAG_MESSAGE, type BatchEntry } from "../../sdk/src/batch.ts";
import type { Hex } from "../../sdk/src/bytes.ts";
import { ZERO_HASH } from "../../sdk/src/bytes.ts";
import { CLASS_FAST, CLASS_FINAL, factProof, networkRoot, type FactClass } from "../../sdk/src/fact.ts";
import { buildBatch, proveRange } from "../../sdk/src/lane.ts";
import { chainHeads, messageHash, unpackHeader, type Message } from "../../sdk/src/message.ts";
import { laneId, type Lane } from "../../sdk/src/route.ts";
import { RecipientMock__factory, type RecipientMock } from "../../typechain-types/index.js";
import { attest, createTestNetwork, interop, laneOf, type TestNetwork, type TestRollup } from "../helpers/network.ts";

/** A message as the model knows it. */
export interface Sent {
  readonly id: Hex;
  readonly message: Message;
  readonly gross: bigint;
  /** Bounty amount for kind 1. */
  readonly bounty: bigint;
  delivered: boolean;
}

/** One direction between two rollups: the real lane and the model's copy of it. */
export interface LaneModel {
  readonly src: TestRollup;
  readonly dst: TestRollup;
  readonly lane: Lane;
  readonly recipients: readonly RecipientMock[];
  readonly sent: Sent[];
  bountiesOpen: bigint;
}

/** Deterministic random numbers: the same seed gives the same campaign. */
export function randomSource(seed: number): (below: number) => number {
  let state = seed >>> 0 || 1;
  return (below) => {
    // Mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const BROKEN_MODES = [1, 2, 3, 4, 5] as const; // reverts and wrong answers of RecipientMock
const RECIPIENTS_PER_LANE = 3;

/** Random actions of users, honest and hostile deliverers on three real gateways, with a model beside. */
export class Campaign {
  readonly lanes: LaneModel[] = [];
  readonly net: TestNetwork;
  readonly #random: (below: number) => number;

  private constructor(net: TestNetwork, seed: number) {
    this.net = net;
    this.#random = randomSource(seed);
  }

  static async start(seed: number): Promise<Campaign> {
    const net = await createTestNetwork(["rollupA", "rollupB", "rollupC"], 7);
    const campaign = new Campaign(net, seed);
    for (const src of net.rollups) {
      await src.gateway.connect(src.feeController).addCredit(src.user, 10n ** 13n);
      for (const dst of net.rollups) if (src !== dst) campaign.lanes.push(await campaign.#lane(src, dst));
    }
    return campaign;
  }

  /** One random action. Returns its name, for the trace that a failure prints. */
  async step(): Promise<string> {
    const model = this.#pick(this.lanes);
    const actions = [
      () => this.#send(model),
      () => this.#send(model),
      () => this.#send(model),
      () => this.#relay(model, CLASS_FINAL),
      () => this.#relay(model, CLASS_FINAL),
      () => this.#relay(model, CLASS_FAST),
      () => this.#replayAll(model),
      () => this.#breakOrMend(model),
      () => this.#reenter(model),
      () => this.#bounty(model),
      () => this.#claim(model),
      () => this.#passTime(model),
    ] as const;
    return this.#pick(actions)();
  }

  /** Mends all recipients and delivers all that is open, as liveness promises. */
  async settle(): Promise<void> {
    for (const model of this.lanes) {
      for (const recipient of model.recipients) await recipient.setMode(0);
      for (let from = 0; from < model.sent.length; from += 64) {
        if (!model.sent.slice(from, from + 64).some((sent) => !sent.delivered)) continue;
        await this.#deliver(
          model,
          CLASS_FINAL,
          from,
          Math.min(from + 64, model.sent.length),
          from,
          () => true,
          1_000_000n,
        );
      }
    }
  }

  async #lane(src: TestRollup, dst: TestRollup): Promise<LaneModel> {
    const recipients: RecipientMock[] = [];
    for (let i = 0; i < RECIPIENTS_PER_LANE; i++) {
      const recipient = await new RecipientMock__factory(dst.deployer).deploy();
      // The first recipient of every lane takes fast deliveries.
      if (i === 0) {
        const optIn = dst.gateway.interface.encodeFunctionData("setFastLimit", [
          await recipient.getAddress(),
          src.chainId,
          50,
        ]);
        await recipient.call(dst.gateway, optIn);
      }
      recipients.push(recipient);
    }
    return { src, dst, lane: await laneOf(src, dst), recipients, sent: [], bountiesOpen: 0n };
  }

  async #send(model: LaneModel): Promise<string> {
    const { src, dst } = model;
    const recipient = this.#pick(model.recipients);
    const payload = hexlify(Uint8Array.from({ length: this.#random(80) }, () => this.#random(256)));
    const gas = 120_000n + BigInt(this.#random(200_000));
    const attributes = this.#random(2) === 0 ? [] : [`0x39f87ba1${toBeHex(gas, 32).slice(2)}`];
    const before = (await src.gateway.outLane(dst.chainId)).accrued;
    const to = interop(dst, await recipient.getAddress());
    await this.#record(model, await src.gateway.connect(src.user).sendMessage(to, payload, attributes), before, 0n);
    return `send ${src.name}→${dst.name}`;
  }

  async #bounty(model: LaneModel): Promise<string> {
    const target = model.sent.length === 0 ? undefined : this.#pick(model.sent);
    if (target === undefined) return "no bounty";
    const before = (await model.src.gateway.outLane(model.dst.chainId)).accrued;
    const amount = 1000n * BigInt(1 + this.#random(50));
    const tx = await model.src.gateway
      .connect(model.src.user)
      .requestRelay(model.dst.chainId, target.message.nonce, target.id, amount, model.dst.executor);
    await this.#record(model, tx, before, amount);
    return `bounty for ${model.src.name}→${model.dst.name} ${target.message.nonce}`;
  }

  async #record(
    model: LaneModel,
    tx: { wait(): Promise<{ readonly logs: readonly unknown[] } | null> },
    accruedBefore: bigint,
    bounty: bigint,
  ): Promise<void> {
    const receipt = await tx.wait();
    const { gateway } = model.src;
    const events = (receipt?.logs ?? []).map(
      (log) => gateway.interface.parseLog(log as { topics: string[]; data: string }), // CAST: a log of ethers
    );
    const sent = events.find((event) => event?.name === "MessageSent");
    const accepted = events.find((event) => event?.name === "MessageAccepted");
    const message: Message = {
      ...unpackHeader(accepted?.args.header as bigint), // CAST: uint256
      sender: `0x${String(sent?.args.sender).slice(-40)}`,
      recipient: `0x${String(sent?.args.recipient).slice(-40)}`,
      payload: String(sent?.args.payload) as Hex, // CAST: bytes
    };
    const id = messageHash(model.lane.networkId, model.lane, message);
    if (id !== accepted?.args.sendId)
      throw new Error(`the sdk hashes message ${message.nonce} otherwise than the gateway`);
    const gross = (await gateway.outLane(model.dst.chainId)).accrued - accruedBefore;
    model.sent.push({ id, message, gross, bounty, delivered: false });
  }

  async #relay(model: LaneModel, factClass: FactClass): Promise<string> {
    const { length } = model.sent;
    if (length === 0) return "nothing sent";
    const from = this.#random(length);
    const to = from + 1 + this.#random(Math.min(40, length - from));
    const first = from + this.#random(to - from);
    const skip = this.#random(4);
    const keep = (): boolean => this.#random(4) >= skip;
    await this.#deliver(model, factClass, from, to, first, keep, BigInt(this.#random(2)) * 300_000n);
    return `relay class ${factClass} ${model.src.name}→${model.dst.name} ${from}…${to} from ${first}`;
  }

  async #replayAll(model: LaneModel): Promise<string> {
    const { length } = model.sent;
    if (length === 0) return "nothing to replay";
    await this.#deliver(model, CLASS_FINAL, Math.max(0, length - 64), length, Math.max(0, length - 64), () => true, 0n);
    return `replay ${model.src.name}→${model.dst.name}`;
  }

  async #breakOrMend(model: LaneModel): Promise<string> {
    const mode = this.#random(2) === 0 ? 0 : this.#pick(BROKEN_MODES);
    await this.#pick(model.recipients).setMode(mode);
    return `recipient on ${model.dst.name} in mode ${mode}`;
  }

  /** Lets a recipient deliver other messages of the same word from inside its own delivery. */
  async #reenter(model: LaneModel): Promise<string> {
    const { length } = model.sent;
    if (length === 0) return "nothing to re-enter with";
    const first = this.#random(length);
    const call = await this.#encode(model, CLASS_FINAL, first, length, first, () => true, 0n);
    const recipient = this.#pick(model.recipients);
    await recipient.setCall(model.dst.gateway, model.dst.gateway.interface.encodeFunctionData("relay", [...call]));
    await recipient.setMode(8);
    await this.#deliver(model, CLASS_FINAL, 0, Math.min(length, 1000), 0, () => this.#random(3) > 0, 3_000_000n);
    return `re-enter ${model.src.name}→${model.dst.name} from ${first}`;
  }

  async #claim(model: LaneModel): Promise<string> {
    const { src, dst } = model;
    const deliverer = await dst.relayer.getAddress();
    if ((await dst.gateway.queued(src.chainId, deliverer)) > 0n) await dst.gateway.claimQueued(src.chainId, deliverer);
    for (const sent of model.sent) {
      const place = [src.chainId, sent.message.nonce, sent.id] as const;
      const [amount] = await dst.gateway.bounty(...place);
      if (amount > 0n && sent.delivered) await dst.gateway.refundBounty(...place);
    }
    return `claim on ${dst.name}`;
  }

  async #passTime(model: LaneModel): Promise<string> {
    const seconds = 1 + this.#random(7_200);
    await model.dst.connection.networkHelpers.time.increase(seconds);
    return `${seconds} s on ${model.dst.name}`;
  }

  async #encode(
    model: LaneModel,
    factClass: FactClass,
    from: number,
    to: number,
    first: number,
    keep: (index: number) => boolean,
    gasBoost: bigint,
  ): Promise<readonly [Hex, Hex]> {
    const hashes = model.sent.map((sent) => sent.id);
    const range = {
      lane: model.lane,
      class: factClass,
      headBefore: chainHeads(laneId(model.lane), hashes.slice(0, from)),
      messages: model.sent.slice(from, to).map((sent) => sent.message),
      srcBlockHash: factClass === CLASS_FAST ? (hashes[from] ?? ZERO_HASH) : ZERO_HASH,
    };
    const proven = proveRange(range);
    const proof = factProof([proven.factHash], proven.factHash);
    const batch = buildBatch(range, proven, { factProof: proof, from: BigInt(first), to: BigInt(to), gasBoost });
    const entries = batch.entries.map((entry, index): BatchEntry => {
      const bounty = model.sent[first + index]?.message.kind === 1;
      if (!keep(index) || (bounty && factClass === CLASS_FAST)) {
        return { tag: TAG_HASH, messageHash: hashes[first + index] ?? ZERO_HASH };
      }
      return entry.tag === TAG_MESSAGE && this.#random(2) === 0 ? { ...entry, tag: TAG_CLAIM } : entry;
    });
    // Any quorum of the seven equal guardians: five of them, a different one each time.
    const left = this.#random(7);
    const signers = [0, 1, 2, 3, 4, 5, 6].filter((index) => index !== left && index !== (left + 3) % 7);
    return [attest(this.net, networkRoot([proven.factHash]), signers), encodeBatches([{ ...batch, entries }])];
  }

  async #deliver(
    ...[model, ...rest]: [LaneModel, FactClass, number, number, number, (i: number) => boolean, bigint]
  ): Promise<void> {
    const [attestation, batches] = await this.#encode(model, ...rest);
    const { gateway, relayer } = model.dst;
    const tx = await gateway
      .connect(relayer)
      .relay(attestation, batches, { gasLimit: 29_000_000n })
      .catch((error: unknown) => {
        // The only two refusals that an honest encoding of real messages may meet.
        if (/GatewayNothingToDeliver|GatewayInsufficientGas/.test(String(error))) return undefined;
        throw error;
      });
    const receipt = await tx?.wait();
    for (const log of receipt?.logs ?? []) {
      const event = gateway.interface.parseLog(log);
      if (event?.name !== "MessageDelivered") continue;
      const found = this.lanes.flatMap((lane) => lane.sent).find((sent) => sent.id === event.args.receiveId);
      if (found === undefined) throw new Error(`delivered what nobody sent: ${String(event.args.receiveId)}`);
      if (found.delivered) throw new Error(`delivered twice: ${found.id}`);
      found.delivered = true;
    }
  }

  #pick<T>(items: readonly T[]): T {
    const item = items[this.#random(items.length)];
    if (item === undefined) throw new Error("nothing to pick from");
    return item;
  }
}
