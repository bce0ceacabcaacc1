import { AbiCoder } from "ethers";
import { fromHex, toHex, type Address, type Hex } from "../../../sdk/src/bytes.ts";
import { feedArgument, feedId, type FeedAnswer, type FeedTerms } from "../../../sdk/src/feeds.ts";
import { broadcastSlot, publicationHash, type Publication } from "../../../sdk/src/publication.ts";
import { slotProof } from "../../../sdk/src/proofsPack.ts";
import { FeedDesk, feedTerms, reporterKeys } from "../../../test/helpers/feeds.ts";
import { stateWith } from "../../../test/helpers/tries.ts";
import { FeedMirror__factory } from "../../../typechain-types/index.js";
import { Random } from "../../checks/vectors/random.ts";
import { addressOf, type GasNetwork } from "./network.ts";
import { costOf, row, type Cost, type GasRow, type Networks, type Subject } from "./row.ts";
import { recordHead } from "./tally.ts";

const SIGNERS = [0, 1, 2];
const ENTRIES = 10_000;
const PRICE = 1_000_000n;
const GAS_LIMIT = 100_000n;
/** Later than anything that happened before, on every run. */
const ROUND = 30_000_000n;
/** So many rounds later an answer takes the place of an old one. */
const LATER = 256n;
const VALUE = 311_422_654_321n;

/** Answered on one rollup, proven and called on each other one, out of 10,000 accounts and 10,000 messages. */
export const feeds: Subject = {
  title: "Feeds: every reporter signs, the answer is stored and published",
  async rows(networks) {
    return [
      row("round of a feed with 4 reporters", await answered(networks, 4)),
      row("round of a feed with 16 reporters", await answered(networks, 16)),
      row("proof of a round and delivery to its mirror, on each rollup", await mirrored(await networks(4))),
    ] satisfies GasRow[];
  },
};

/** A round in which all places of storage are taken already. */
async function answered(networks: Networks, count: number): Promise<Cost> {
  const { home } = await networks(4);
  const { chainId, era, holder, operator, user, setTime } = home;
  if (operator.provider === null) throw new Error("the operator has a provider");
  const desk = await FeedDesk.open({ chainId, feeds: home.feeds, era, holder, provider: operator.provider }, count);
  const values = Array.from({ length: count }, (_, place) => VALUE + BigInt(place) * 1_001n);
  const submit = async (round: bigint): Promise<Cost> => {
    const observedAt = round * BigInt(desk.terms.period) + 17n;
    const reports = await desk.reports(values, observedAt);
    await setTime(observedAt + 5n);
    return costOf(home.feeds.connect(user).submit(desk.words, round, reports));
  };
  await submit(ROUND);
  return submit(ROUND + LATER);
}

/** Two rounds of a feed of the other rollup, whose state is made up; the second one counts. */
async function mirrored(net: GasNetwork): Promise<Cost> {
  const terms = feedTerms(reporterKeys(4));
  const [broadcaster, publisher] = [await addressOf(net.other.broadcaster), await addressOf(net.other.feeds)];
  const said = [ROUND, ROUND + LATER].map((round, index): Publication => {
    const payload = payloadOf({ round, value: VALUE, observedAt: round * BigInt(terms.period) + 17n });
    return { publisher, index: BigInt(index + 1), topic: feedId(terms), payload };
  });
  const slots = said.map((one) => broadcastSlot(publicationHash(one), broadcaster));
  const random = new Random("gas of a mirror");
  const others = Array.from({ length: ENTRIES - slots.length }, () => random.hash());
  const values = new Map([...others, ...slots].map((slot) => [slot, 1_790_000_000n]));
  const state = await stateWith(random, broadcaster, values, ENTRIES);
  await recordHead(net, state.root, SIGNERS);
  const subscriber = await paidMirror(net, terms, { broadcaster, feeds: publisher });
  const source = { chainId: net.other.chainId, incarnation: 1n, broadcaster, anchorIndex: 1n };
  const targets = [{ subscriber, everyTopic: false, gasLimit: GAS_LIMIT, price: PRICE }];
  const costs: Cost[] = [];
  for (const [index, one] of said.entries()) {
    const proof = slotProof(await state.accountPart(broadcaster), [await state.slotPart(slots[index] ?? "0x")]);
    const { subscriptions, relayer } = net.home;
    costs.push(await costOf(subscriptions.connect(relayer).deliver(source, [{ ...one, targets }], proof)));
  }
  const last = costs.at(-1);
  if (last === undefined) throw new Error("two rounds were delivered");
  return last;
}

async function paidMirror(
  { home, other }: GasNetwork,
  terms: FeedTerms,
  at: { readonly broadcaster: Address; readonly feeds: Address },
): Promise<Address> {
  const { era, holder, operator, subscriptions } = home;
  const callTerms = { gasLimit: GAS_LIMIT, start: 1n, price: PRICE };
  const source = { chainId: other.chainId, incarnation: 1n, ...at };
  const mirror = await new FeedMirror__factory(operator).deploy(subscriptions, source, feedArgument(terms), callTerms);
  const filter = { chainId: other.chainId, incarnation: 1n, broadcaster: at.broadcaster, publisher: at.feeds };
  await (await era.connect(holder).approve(subscriptions, 10n ** 27n)).wait();
  const whose = { ...filter, topic: feedId(terms), everyTopic: false };
  await (await subscriptions.connect(holder).fund(mirror, whose, 10n * PRICE)).wait();
  return addressOf(mirror);
}

function payloadOf({ round, value, observedAt }: FeedAnswer): Hex {
  return toHex(fromHex(AbiCoder.defaultAbiCoder().encode(["uint64", "uint128", "uint64"], [round, value, observedAt])));
}
