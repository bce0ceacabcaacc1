import { expect } from "chai";
import { toBeHex, type ContractTransactionReceipt, type ContractTransactionResponse } from "ethers";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import {
  AutomatedMock__factory,
  StorageMock__factory,
  type AutomatedMock,
  type StorageMock,
} from "../../typechain-types/index.js";
import { FUZZ_SEED } from "../helpers/fuzz.ts";
import { addressOf, MOOD, PublishingNetwork, UNIT } from "../helpers/publications.ts";
import { randomSource } from "./campaign.ts";

/** Actions of one campaign; `METALAYER_CAMPAIGN_STEPS` lengthens it. */
const STEPS = Number(process.env["METALAYER_CAMPAIGN_STEPS"] ?? 80);
const OWNERS = 3;
const SLOT = toBeHex(7, 32) as Hex; // CAST: ethers returns hex
const LIMIT = 100n;
const PERIOD = 20n;
const GAS = 2_000_000n;
const MOODS = [MOOD.revert, MOOD.wrongSelector, MOOD.shortReturn, MOOD.returnBomb, MOOD.revertBomb] as const;

type Terms = Awaited<ReturnType<Campaign["terms"]>>;

/** One automation, with what it must have and when it was called, as the events tell. */
interface Entry {
  readonly owner: AutomatedMock;
  readonly terms: Terms;
  readonly id: string;
  balance: bigint;
  created: number;
  readonly calls: { readonly time: bigint; readonly number: bigint }[];
}

/** Random owners, honest and not, and executors on two real rollups; what the events say beside. */
class Campaign {
  readonly entries: Entry[] = [];
  #earned = 0n;
  readonly #heads: bigint[] = [];
  readonly #random: (below: number) => number;

  private constructor(
    readonly net: PublishingNetwork,
    readonly store: StorageMock,
    readonly account: Address,
    seed: number,
  ) {
    this.#random = randomSource(seed);
  }

  static async start(seed: number): Promise<Campaign> {
    const net = await PublishingNetwork.open();
    const store = await new StorageMock__factory(net.source.signer).deploy();
    const campaign = new Campaign(net, store, await addressOf(store), seed);
    for (let i = 0; i < OWNERS; i++) {
      const owner = await new AutomatedMock__factory(net.here.signer).deploy();
      await campaign.#automate(owner, 0n, 3n);
      await campaign.#automate(owner, PERIOD, 2n);
    }
    await net.here.era.approve(net.here.automations, 10n ** 27n);
    for (const entry of campaign.entries) await campaign.#note(net.here.automations.fund(entry.id, 20n));
    await campaign.#attest();
    return campaign;
  }

  async terms(period: bigint, reward: bigint) {
    const { account, net } = this;
    return {
      ...{ chainId: net.source.chainId, incarnation: 1n, account, slot: SLOT, mask: 2n ** 256n - 1n },
      ...{ comparison: 3n, operand: LIMIT, maxAge: 100_000n, period, gasLimit: GAS, reward },
    };
  }

  /** One random action; its name, for the trace that a failure prints. */
  async step(): Promise<string> {
    const actions = [
      () => this.#execute(),
      () => this.#execute(),
      () => this.#execute(),
      () => this.#execute(),
      () => this.#attest(),
      () => this.#mood(),
      () => this.#reenter(),
      () => this.#reenter(),
      () => this.#call("create"),
      () => this.#call("end"),
      () => this.#fund(),
      () => this.#claim(),
    ] as const;
    return this.#pick(actions)();
  }

  /** Mends everybody and executes everything: nobody has lost the right to be called, whatever the others did. */
  async settle(): Promise<void> {
    for (const { owner } of this.entries) await owner.setMode(MOOD.accept);
    await this.net.here.passTime(Number(PERIOD) + 1);
    await this.#attest(LIMIT);
    for (const entry of this.entries) {
      const { active } = await this.net.here.automations.state(entry.id);
      if (!active) await this.#inNameOf(entry, "create");
      await this.#note(this.net.here.automations.fund(entry.id, 5n));
      const before = entry.calls.length;
      await this.#try(entry, this.#heads.at(-1) ?? 0n);
      expect(entry.calls.length, `${entry.id} can still be called`).to.equal(before + 1);
    }
  }

  /** What is prepaid and what is earned lies there, all of it and nothing else, and each has what its own events say. */
  async check(): Promise<void> {
    const { era, automations, signer } = this.net.here;
    let owed = this.#earned;
    for (const { id, balance, calls, terms, created } of this.entries) {
      expect((await automations.state(id)).balance, `prepaid for ${id}`).to.equal(balance);
      owed += balance;
      calls.forEach(({ time, number }, index) => {
        const last = calls[index - 1];
        if (last === undefined) return;
        expect(number > last.number, "by a newer block").to.equal(true);
        expect(time >= last.time + terms.period, "after the period").to.equal(true);
      });
      if (terms.period === 0n) expect(calls.length, "calls without a period").to.be.at.most(created);
    }
    expect(await automations.earned(signer), "earned").to.equal(this.#earned);
    expect(await era.balanceOf(automations), "ERA held").to.equal(owed * UNIT);
  }

  async #automate(owner: AutomatedMock, period: bigint, reward: bigint): Promise<void> {
    const terms = await this.terms(period, reward);
    const id = await this.net.here.automations.idOf(owner, terms);
    const entry: Entry = { owner, terms, id, balance: 0n, created: 0, calls: [] };
    this.entries.push(entry);
    await this.#inNameOf(entry, "create");
  }

  async #execute(): Promise<string> {
    const entry = this.#pick(this.entries);
    if (this.#random(3) === 0) await this.net.here.passTime(Number(PERIOD));
    // Old heads as well as new ones.
    const anchorIndex = this.#random(3) === 0 ? this.#pick(this.#heads) : (this.#heads.at(-1) ?? 0n);
    return `execute by head ${anchorIndex}: ${await this.#try(entry, anchorIndex)}`;
  }

  async #try({ owner, terms }: Entry, anchorIndex: bigint): Promise<string> {
    const shown = await this.#shown(anchorIndex);
    return this.#note(this.net.here.automations.execute(owner, terms, anchorIndex, ...shown));
  }

  #shown(anchorIndex: bigint) {
    return this.net.shown(this.account, SLOT, anchorIndex);
  }

  async #attest(value = LIMIT + BigInt(this.#random(4)) - 1n): Promise<string> {
    await (await this.store.write(SLOT, toBeHex(value, 32))).wait();
    const { anchorIndex } = await this.net.network.recordHead(this.net.source.chainId, this.net.here.chainId);
    this.#heads.push(anchorIndex);
    return `head ${anchorIndex} with ${value}`;
  }

  async #mood(): Promise<string> {
    const mood = this.#random(2) === 0 ? MOOD.accept : this.#pick(MOODS);
    await this.#pick(this.entries).owner.setMode(mood);
    return `mood ${mood}`;
  }

  /** Lets an owner do something from inside its own call, and answer rightly or not. */
  async #reenter(): Promise<string> {
    const { automations } = this.net.here;
    const entry = this.#pick(this.entries);
    const name = this.#pick(["end", "create", "execute"] as const);
    const head = this.#heads.at(-1) ?? 0n;
    const data =
      name === "execute"
        ? automations.interface.encodeFunctionData(name, [
            await addressOf(entry.owner),
            entry.terms,
            head,
            ...(await this.#shown(head)),
          ])
        : this.#data(entry, name);
    await entry.owner.setCall(automations, data);
    const mood = this.#random(2) === 0 ? MOOD.reenter : MOOD.reenterAndRefuse;
    await entry.owner.setMode(mood);
    return `${name} from inside, mood ${mood}`;
  }

  async #call(name: "create" | "end"): Promise<string> {
    return `${name}: ${await this.#inNameOf(this.#pick(this.entries), name)}`;
  }

  #inNameOf(entry: Entry, name: "create" | "end"): Promise<string> {
    return this.#note(entry.owner.call(this.net.here.automations, this.#data(entry, name)));
  }

  #data({ id, terms }: Entry, name: "create" | "end"): string {
    const { interface: codec } = this.net.here.automations;
    return name === "create"
      ? codec.encodeFunctionData(name, [terms])
      : codec.encodeFunctionData(name, [id, terms, this.net.broadcaster]);
  }

  async #fund(): Promise<string> {
    const amount = BigInt(1 + this.#random(9));
    return `fund ${amount}: ${await this.#note(this.net.here.automations.fund(this.#pick(this.entries).id, amount))}`;
  }

  async #claim(): Promise<string> {
    return `claim: ${await this.#note(this.net.here.automations.claim(this.net.broadcaster))}`;
  }

  /** Books what a transaction's events say; refused ones change nothing. */
  async #note(sent: Promise<ContractTransactionResponse>): Promise<string> {
    const receipt = await sent.then((one) => one.wait()).catch(() => null);
    if (receipt === null) return "refused";
    const { automations, provider } = this.net.here;
    const own = (await automations.getAddress()).toLowerCase();
    const names: string[] = [];
    for (const log of receipt.logs) {
      if (log.address.toLowerCase() !== own) continue;
      const said = automations.interface.parseLog(log);
      if (said === null) continue;
      names.push(said.name);
      const entry = this.entries.find(({ id }) => id === log.topics[1]);
      if (said.name === "Claimed") this.#earned = 0n;
      if (entry === undefined) continue;
      if (said.name === "AutomationCreated") entry.created++;
      if (said.name === "Funded") entry.balance += BigInt(String(said.args["amount"]));
      if (said.name === "AutomationEnded") entry.balance -= await this.#paidAfter(receipt, log.index);
      if (said.name !== "AutomationExecuted") continue;
      const reward = BigInt(String(said.args["reward"]));
      entry.balance -= reward;
      this.#earned += reward;
      const { number } = await automations.state(entry.id);
      const time = BigInt((await provider.getBlock(receipt.blockNumber))?.timestamp ?? 0);
      entry.calls.push({ time, number });
    }
    return names.join("+") || "nothing";
  }

  /** ERA that was paid right after an event, in fee units. */
  async #paidAfter(receipt: ContractTransactionReceipt, index: number): Promise<bigint> {
    const next = receipt.logs.find((log) => log.index === index + 1);
    const { era } = this.net.here;
    if (next?.address !== (await era.getAddress())) return 0n;
    return BigInt(String(era.interface.parseLog(next)?.args["value"])) / UNIT;
  }

  #pick<T>(values: readonly T[]): T {
    return values[this.#random(values.length)] as T; // CAST: never empty
  }
}

describe("Invariants of automations", function () {
  this.timeout(600_000);

  it(`INV-55: prepaid ERA is each owner's own, to the wei; one call for each newer head and period (seed ${FUZZ_SEED})`, async () => {
    const campaign = await Campaign.start(FUZZ_SEED);
    const trace: string[] = [];
    try {
      for (let step = 1; step <= STEPS; step++) {
        trace.push(await campaign.step());
        await campaign.check();
      }
      await campaign.settle();
      await campaign.check();
      expect(campaign.entries.flatMap(({ calls }) => calls).length).to.be.greaterThan(campaign.entries.length);
    } catch (error) {
      throw new Error(`seed ${FUZZ_SEED}, after: ${trace.slice(-12).join(" | ")}`, { cause: error });
    }
  });
});
