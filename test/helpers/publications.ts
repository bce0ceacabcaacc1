import { id, toBeHex, toQuantity, type Provider, type Signer } from "ethers";
import hre from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import type { HeadFact } from "../../sdk/src/fact.ts";
import { headerOfBlock } from "../../sdk/src/header.ts";
import { slotProof } from "../../sdk/src/proofsPack.ts";
import { readPublications, type Publication } from "../../sdk/src/publication.ts";
import { provePublications } from "../../sdk/src/publicationProof.ts";
import { filterArgument, type SubscriptionFilter, type SubscriptionTerms } from "../../sdk/src/subscription.ts";
import { createNetwork, type TestNetwork, type TestRollup } from "../../sdk/src/testkit/index.ts";
import { SubscriberMock__factory, type SubscriberMock } from "../../typechain-types/index.js";
import { MODE } from "./gateway.ts";

export const UNIT = 10n ** 9n;
export const NEWS = id("news") as Hex; // CAST: ethers returns hex
export const SPORT = id("sport") as Hex; // CAST: ethers returns hex
/** Behaviours of a subscriber: those of any recipient, and one of its own. */
export const MOOD = {
  ...MODE,
  /** Answers wrongly after it. */
  reenterAndRefuse: 9,
};

type HardhatEthers = NetworkConnection["ethers"];

interface Node {
  send(method: string, values: readonly unknown[]): Promise<unknown>;
}

/** Who is to be called, as `deliver` takes it. */
export interface Target {
  readonly subscriber: string;
  readonly everyTopic: boolean;
  readonly gasLimit: bigint;
  readonly price: bigint;
}

/** A publication and who is to be called for it. */
export interface Entry {
  readonly said: Publication;
  readonly targets: readonly Target[];
}

/** How a test subscribes. */
export interface Wish extends Partial<SubscriptionTerms> {
  readonly topic?: Hex;
  readonly publisher?: Address;
  /** Prepaid, in fee units. */
  readonly balance?: bigint;
}

/** A publishing rollup and home, where the subscribers are, and all ERA. */
export class PublishingNetwork {
  private constructor(
    readonly network: TestNetwork,
    readonly source: TestRollup,
    readonly here: TestRollup,
    readonly broadcaster: Address,
    readonly publisher: Address,
    /** Of home, for chai's matchers. */
    readonly ethers: HardhatEthers,
  ) {}

  static async open(): Promise<PublishingNetwork> {
    const [home, other] = [await hre.network.create("rollupA"), await hre.network.create("rollupB")];
    const network = await createNetwork({ rollups: [home, other] });
    const [here, source] = [network.rollup(8101n), network.rollup(8102n)];
    return new PublishingNetwork(
      network,
      source,
      here,
      await addressOf(source.broadcaster),
      await addressOf(source.signer),
      home.ethers,
    );
  }

  /** Publishes on the source, or on another rollup. */
  async publish(topic: Hex, payload: Hex = "0x73616964", on = this.source): Promise<Publication> {
    const receipt = await (await on.broadcaster.publish(topic, payload)).wait();
    const [said] = readPublications(receipt?.logs ?? []);
    if (said === undefined) throw new Error("nothing was published");
    const { publisher, index } = said;
    return { publisher, index, topic, payload };
  }

  filter({ publisher = this.publisher, topic }: Wish = {}): SubscriptionFilter {
    const { broadcaster, source } = this;
    const filter = { chainId: source.chainId, incarnation: 1n, broadcaster, publisher };
    return topic === undefined ? filter : { ...filter, topic };
  }

  /** What Automations takes for a slot of the source in a recorded head's block: the header and the proof. */
  async shown(account: Address, slot: Hex, anchorIndex: bigint): Promise<readonly [header: Hex, proof: Hex]> {
    const { source, here, network } = this;
    const { number } = await here.stateRootInbox.head(source.chainId, anchorIndex);
    // CAST: the provider of a test's rollup has `send`, and a node answers with a block.
    const node = source.provider as unknown as Node;
    const block = await node.send("eth_getBlockByNumber", [toQuantity(number), false]);
    const header = headerOfBlock(block as Record<string, unknown>); // CAST: as above
    if (header === undefined) throw new Error("the node's block hashes as Ethereum's");
    const place = { of: source.chainId, attestedOn: here.chainId, anchorIndex };
    const state = await network.client.readState({ ...place, account, slots: [slot] });
    return [header, slotProof(state.accountPart, state.slotParts)];
  }

  /** A new contract that is subscribed, to every topic unless it wishes for one. */
  async subscriber(wish: Wish = {}): Promise<SubscriberMock> {
    const subscriber = await new SubscriberMock__factory(this.here.signer).deploy();
    await this.subscribe(subscriber, wish);
    return subscriber;
  }

  async subscribe(subscriber: SubscriberMock, wish: Wish = {}): Promise<void> {
    const { gasLimit = 200_000n, start = 0n, price = 0n, balance = 0n } = wish;
    const { subscriptions, era } = this.here;
    const filter = filterArgument(this.filter(wish));
    await this.inNameOf(subscriber, "subscribe", [filter, { gasLimit, start, price }]);
    if (balance === 0n) return;
    await (await era.approve(subscriptions, balance * UNIT)).wait();
    await (await subscriptions.fund(subscriber, filter, balance)).wait();
  }

  /** Calls Subscriptions in a subscriber's name. */
  async inNameOf(
    subscriber: SubscriberMock,
    name: "subscribe" | "unsubscribe" | "withdraw" | "deliver" | "claim",
    values: readonly unknown[],
  ) {
    const { subscriptions } = this.here;
    // CAST: ethers checks the values against the ABI.
    const data = (subscriptions.interface.encodeFunctionData as (name: string, values: readonly unknown[]) => string)(
      name,
      values,
    );
    return subscriber.call(subscriptions, data);
  }

  /** The source as attested by a head. */
  at({ anchorIndex }: Pick<HeadFact, "anchorIndex">) {
    const { broadcaster, source } = this;
    return { chainId: source.chainId, incarnation: 1n, broadcaster, anchorIndex };
  }

  /** Has the source's present attested and proves publications in it. */
  async prove(publications: readonly Publication[]) {
    const { network, source, here, broadcaster } = this;
    const { anchorIndex } = await network.recordHead(source.chainId, here.chainId);
    const { chainId: of } = source;
    const query = { of, attestedOn: here.chainId, broadcaster, publications, anchorIndex };
    const { proof, times } = await provePublications(network.client, query);
    return { source: this.at({ anchorIndex }), proof, times };
  }

  /** Writes into the source's Broadcaster what its code never would. */
  async overwrite(slot: Hex, value: bigint): Promise<void> {
    const node = this.source.provider as Provider & Node; // CAST: an in-process rollup's
    await node.send("hardhat_setStorageAt", [this.broadcaster, slot, toBeHex(value, 32)]);
  }

  /** Arguments of `deliver` for these publications. */
  async delivery(entries: readonly Entry[]) {
    const { source, proof } = await this.prove(entries.map(({ said }) => said));
    return [source, itemsOf(entries), proof] as const;
  }

  async deliver(entries: readonly Entry[], by: Signer = this.here.signer) {
    return this.here.subscriptions.connect(by).deliver(...(await this.delivery(entries)));
  }
}

export function itemsOf(entries: readonly Entry[]) {
  return entries.map(({ said, targets }) => ({ ...said, targets: [...targets] }));
}

/** A subscriber with room for what it asks. */
export async function target(subscriber: SubscriberMock, change: Partial<Target> = {}): Promise<Target> {
  const address = await subscriber.getAddress();
  return { subscriber: address, everyTopic: true, gasLimit: 1_000_000n, price: 0n, ...change };
}

export async function addressOf(account: { getAddress(): Promise<string> }): Promise<Address> {
  return (await account.getAddress()) as Address; // CAST: ethers returns an address
}
