import { hashText, ZERO_HASH, type Address, type Hex } from "../../../sdk/src/bytes.ts";
import { broadcastSlot, publicationHash, type Publication } from "../../../sdk/src/publication.ts";
import { slotProof } from "../../../sdk/src/proofsPack.ts";
import { stateWith } from "../../../test/helpers/tries.ts";
import { SilentSubscriber__factory } from "../../../typechain-types/index.js";
import { Random } from "../../checks/vectors/random.ts";
import { payloadOf } from "./lane.ts";
import { addressOf, type GasNetwork } from "./network.ts";
import { costOf, perItem, row, type Cost, type GasRow, type Networks, type Subject } from "./row.ts";
import { recordHead } from "./tally.ts";

const SIGNERS = [0, 1, 2];
const SUBSCRIBERS = 50;
const ENTRIES = 10_000;
const TIME = 1_790_000_000n;
const PRICE = 1_000_000n;
const TOPIC = hashText("gas");
const GAS_LIMIT = 100_000n;

/** Said once; proven and called for any number of subscribers. The state has 10,000 accounts, the Broadcaster 10,000 messages. */
export const publications: Subject = {
  title: "Publish and subscribe",
  async rows(networks) {
    const [short, long] = [await published(networks, 32), await published(networks, 256)];
    const { alone, ten, all, free } = await delivered(networks);
    return [
      row("publication of 32 bytes, however many subscribe", short),
      row("publication of 256 bytes, however many subscribe", long),
      row("proof of a publication of 32 bytes and delivery to 1 subscriber that pays", alone),
      row("proof of a publication of 32 bytes and delivery to 10 subscribers that pay", ten),
      row("proof of a publication of 32 bytes and delivery to 50 subscribers that pay", all),
      perItem("the same to 50 subscribers, a subscriber", all, SUBSCRIBERS),
      row("proof of a publication of 32 bytes and delivery to 50 subscribers that do not pay", free),
    ] satisfies GasRow[];
  },
};

/** The second one, so that no counter is zero before it. */
async function published(networks: Networks, length: number): Promise<Cost> {
  const { home } = await networks(4);
  const publish = (seed: string) => home.broadcaster.connect(home.user).publish(TOPIC, payloadOf(length, seed));
  await (await publish("first")).wait();
  return costOf(publish("second"));
}

async function delivered(networks: Networks): Promise<{ alone: Cost; ten: Cost; all: Cost; free: Cost }> {
  const net = await networks(4);
  const [publisher, broadcaster] = [await addressOf(net.other.user), await addressOf(net.other.broadcaster)];
  const said = [1n, 2n, 3n, 4n, 5n].map((index): Publication => {
    return { publisher, index, topic: TOPIC, payload: payloadOf(32, `publication ${index}`) };
  });
  const slotOf = (one: Publication): Hex => broadcastSlot(publicationHash(one), broadcaster);
  const random = new Random("gas of a publication");
  const others = Array.from({ length: ENTRIES - said.length }, () => random.hash());
  const values = new Map([...others, ...said.map(slotOf)].map((slot) => [slot, TIME]));
  const state = await stateWith(random, broadcaster, values, ENTRIES);
  await recordHead(net, state.root, SIGNERS);
  const filter = {
    chainId: net.other.chainId,
    incarnation: 1n,
    broadcaster,
    publisher,
    topic: ZERO_HASH,
    everyTopic: true,
  };
  const subscribers = await subscribed(net, filter);
  const deliver = async (one: Publication | undefined, count: number, price = PRICE): Promise<Cost> => {
    if (one === undefined) throw new Error("five were published");
    const targets = subscribers.slice(0, count).map((subscriber) => {
      return { subscriber, everyTopic: true, gasLimit: GAS_LIMIT, price };
    });
    const source = { chainId: net.other.chainId, incarnation: 1n, broadcaster, anchorIndex: 1n };
    const { subscriptions } = net.home;
    const proof = slotProof(await state.accountPart(broadcaster), [await state.slotPart(slotOf(one))]);
    return costOf(subscriptions.connect(net.home.relayer).deliver(source, [{ ...one, targets }], proof));
  };
  // No mark, balance or earning is zero before those that count.
  await deliver(said[0], SUBSCRIBERS);
  const [alone, ten, all] = [
    await deliver(said[1], 1),
    await deliver(said[2], 10),
    await deliver(said[3], SUBSCRIBERS),
  ];
  await subscribe(net, filter, subscribers, 0n);
  return { alone, ten, all, free: await deliver(said[4], SUBSCRIBERS, 0n) };
}

interface FilterWords {
  readonly chainId: bigint;
  readonly incarnation: bigint;
  readonly broadcaster: Address;
  readonly publisher: Address;
  readonly topic: Hex;
  readonly everyTopic: boolean;
}

async function subscribed(net: GasNetwork, filter: FilterWords): Promise<readonly Address[]> {
  const { era, holder, operator, subscriptions } = net.home;
  const subscribers: Address[] = [];
  for (let i = 0; i < SUBSCRIBERS; i++) {
    subscribers.push(await addressOf(await new SilentSubscriber__factory(operator).deploy()));
  }
  await subscribe(net, filter, subscribers, PRICE);
  await (await era.connect(holder).approve(subscriptions, 10n ** 27n)).wait();
  for (const subscriber of subscribers) {
    await (await subscriptions.connect(holder).fund(subscriber, filter, 10n * PRICE)).wait();
  }
  return subscribers;
}

async function subscribe(
  { home: { operator, subscriptions } }: GasNetwork,
  filter: FilterWords,
  subscribers: readonly Address[],
  price: bigint,
): Promise<void> {
  const terms = { gasLimit: GAS_LIMIT, start: 1n, price };
  const data = subscriptions.interface.encodeFunctionData("subscribe", [filter, terms]);
  for (const subscriber of subscribers) {
    await (await SilentSubscriber__factory.connect(subscriber, operator).call(subscriptions, data)).wait();
  }
}
