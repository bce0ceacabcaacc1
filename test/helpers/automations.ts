import { toBeHex, type ContractTransactionResponse } from "ethers";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import type { TestRollup } from "../../sdk/src/testkit/index.ts";
import {
  AutomatedMock__factory,
  StorageMock__factory,
  type AutomatedMock,
  type Automations,
  type StorageMock,
} from "../../typechain-types/index.js";
import { addressOf, PublishingNetwork, UNIT } from "./publications.ts";

const SLOT = toBeHex(7, 32) as Hex; // CAST: ethers returns hex
const ALL = 2n ** 256n - 1n;

/** As the contract numbers them. */
export const COMPARISON: Readonly<Record<"none" | "equal" | "notEqual" | "atLeast" | "atMost", bigint>> = {
  none: 0n,
  equal: 1n,
  notEqual: 2n,
  atLeast: 3n,
  atMost: 4n,
};

/** Terms of an automation, as the contract takes them. */
export type Terms = ReturnType<AutomationGround["wish"]>;

/** One automated contract. */
export interface Automated {
  readonly owner: AutomatedMock;
  readonly automation: Terms;
  readonly id: string;
}

/** A slot on one rollup, and home, where contracts are called when it has some value. */
export class AutomationGround {
  private constructor(
    readonly net: PublishingNetwork,
    readonly automations: Automations,
    readonly store: StorageMock,
    readonly account: Address,
  ) {}

  static async open(): Promise<AutomationGround> {
    const net = await PublishingNetwork.open();
    const store = await new StorageMock__factory(net.source.signer).deploy();
    return new AutomationGround(net, net.here.automations, store, await addressOf(store));
  }

  /** At least 100, once. */
  wish() {
    const { net, account } = this;
    return {
      ...{ chainId: net.source.chainId, incarnation: 1n, account, slot: SLOT, mask: ALL, operand: 100n },
      comparison: COMPARISON.atLeast,
      ...{ maxAge: 3_600n, period: 0n, gasLimit: 200_000n, reward: 0n },
    };
  }

  /** A new contract that is automated, with prepaid ERA. */
  async automated(change: Partial<Terms> = {}, balance = 0n): Promise<Automated> {
    const { automations, net } = this;
    const owner = await new AutomatedMock__factory(net.here.signer).deploy();
    const automation = { ...this.wish(), ...change };
    await owner.call(automations, automations.interface.encodeFunctionData("create", [automation]));
    const id = await automations.idOf(owner, automation);
    if (balance > 0n) {
      await net.here.era.approve(automations, balance * UNIT);
      await automations.fund(id, balance);
    }
    return { owner, automation, id };
  }

  async write(value: bigint): Promise<void> {
    await (await this.store.write(SLOT, toBeHex(value, 32))).wait();
  }

  /** Has the source's present state recorded. */
  attest() {
    const { network, source, here } = this.net;
    return network.recordHead(source.chainId, here.chainId);
  }

  shownAt(anchorIndex: bigint): Promise<readonly [header: Hex, proof: Hex]> {
    return this.net.shown(this.account, SLOT, anchorIndex);
  }

  /** Executes by the source's present state, or by a head that is known. */
  async execute(
    { owner, automation }: Automated,
    index?: bigint,
    gas?: { gasLimit: bigint },
  ): Promise<ContractTransactionResponse> {
    const at = index ?? (await this.attest()).anchorIndex;
    return this.automations.execute(owner, automation, at, ...(await this.shownAt(at)), gas ?? {});
  }
}

/** Time of a rollup's newest block, seconds. */
export async function timeOn({ provider }: TestRollup): Promise<number> {
  return (await provider.getBlock("latest"))?.timestamp ?? 0;
}
