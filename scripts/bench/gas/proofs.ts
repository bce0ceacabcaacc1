import { concat } from "ethers";
import type { Address, Hex } from "../../../sdk/src/bytes.ts";
import { slotProof } from "../../../sdk/src/proofsPack.ts";
import { stateWith, type TestState } from "../../../test/helpers/tries.ts";
import { Random } from "../../checks/vectors/random.ts";
import { cacheSigners } from "./lane.ts";
import type { GasNetwork } from "./network.ts";
import { costOf, meanOf, perItem, row, type Cost, type GasRow, type Subject } from "./row.ts";
import { recordHead } from "./tally.ts";

const ENTRIES = 10_000;
const SAMPLE = 16;
const BATCH = 8;
const ANCHOR = 1n;
const SIGNERS = [0, 1, 2];

/** What reading another rollup's state costs in a transaction of its own, on home, out of 10,000 accounts and 10,000 slots. */
export const proofs: Subject = {
  title: "Proven state of another rollup, out of 10,000 accounts and 10,000 slots",
  async rows(networks) {
    const net = await networks(4);
    const random = new Random("gas of proofs");
    const [account, nobody] = [random.address(), random.address()];
    const slots = Array.from({ length: ENTRIES }, () => random.hash());
    const never = Array.from({ length: SAMPLE }, () => random.hash());
    const values = new Map(slots.map((slot) => [slot, random.uint(128)]));
    const reads = new Reads(net, account, await stateWith(random, account, values, ENTRIES));
    await cacheSigners({ ...net, other: net.home }, SIGNERS);
    const recorded = await recordHead(net, reads.state.root, SIGNERS);
    const few = slots.slice(0, SAMPLE);
    const cold = await reads.each(few);
    const absent = await reads.each(never);
    const batch = await reads.together(slots.slice(0, BATCH));
    const [one, nine] = [await reads.together(slots.slice(0, 1)), await reads.together(slots.slice(0, 1 + BATCH))];
    const remembered = await reads.remember();
    const peer = "OpenZeppelin's parts 327,630";
    return [
      row("recording an attested head", recorded),
      meanOf("slot, nothing known before", cold, { budget: 190_000, peer }),
      meanOf("empty slot, nothing known before", absent),
      row("account", await reads.account(account)),
      row("absent account", await reads.account(nobody)),
      perItem(`slot in a batch of ${BATCH} of one account`, batch, BATCH),
      {
        name: "each further slot of the account in a call",
        gas: Math.ceil((nine.gas - one.gas) / BATCH),
        budget: 80_000,
      },
      row("remembering the storage root of an account", remembered),
      meanOf("slot of a remembered account in a transaction of its own", await reads.each(few, true), {
        budget: 80_000,
      }),
    ] satisfies GasRow[];
  },
};

class Reads {
  readonly #net: GasNetwork;
  readonly #account: Address;
  readonly state: TestState;

  constructor(net: GasNetwork, account: Address, state: TestState) {
    this.#net = net;
    this.#account = account;
    this.state = state;
  }

  /** A transaction for each slot. */
  async each(slots: readonly Hex[], isRemembered = false): Promise<Cost[]> {
    const costs: Cost[] = [];
    for (const slot of slots) {
      const account = isRemembered ? undefined : await this.state.accountPart(this.#account);
      const proof = slotProof(account, [await this.state.slotPart(slot)]);
      const { slotAt } = this.#net.home.stateReader;
      costs.push(await this.#send(await slotAt.populateTransaction(...this.#head(), this.#account, slot, proof)));
    }
    return costs;
  }

  /** One transaction for all slots. */
  async together(slots: readonly Hex[]): Promise<Cost> {
    const parts: Hex[] = [];
    for (const slot of slots) parts.push(await this.state.slotPart(slot));
    const proof = concat([await this.state.accountPart(this.#account), ...parts]);
    const { slotsAt } = this.#net.home.stateReader;
    const queries = [{ account: this.#account, slots: [...slots] }];
    return this.#send(await slotsAt.populateTransaction(...this.#head(), queries, proof));
  }

  async account(account: Address): Promise<Cost> {
    const { accountAt } = this.#net.home.stateReader;
    const proof = await this.state.accountPart(account);
    return this.#send(await accountAt.populateTransaction(...this.#head(), account, proof));
  }

  async remember(): Promise<Cost> {
    const proof = await this.state.accountPart(this.#account);
    return costOf(this.#net.home.stateReader.remember(...this.#head(), [this.#account], proof));
  }

  #head(): [bigint, bigint] {
    return [this.#net.other.chainId, ANCHOR];
  }

  async #send(call: { to?: string; data?: string }): Promise<Cost> {
    return costOf(this.#net.home.user.sendTransaction(call));
  }
}
