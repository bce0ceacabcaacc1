import { expect } from "chai";
import { AbiCoder, Contract, type ContractTransactionReceipt } from "ethers";
import type { Hex } from "../../sdk/src/bytes.ts";
import { ANSWER_VALUE_MASK, answerSlot, type FeedTerms } from "../../sdk/src/feeds.ts";
import { readPublications, type Publication } from "../../sdk/src/publication.ts";
import {
  AutomatedMock__factory,
  FeedMirror__factory,
  FeedReader__factory,
  type FeedMirror,
} from "../../typechain-types/index.js";
import { FUZZ_SEED } from "../helpers/fuzz.ts";
import { FeedDesk, groundOn, type FeedGround } from "../helpers/feeds.ts";
import { addressOf, PublishingNetwork, type Target } from "../helpers/publications.ts";
import { randomSource } from "../invariant/campaign.ts";

/** What consumers of Chainlink's feeds know of them. */
const AGGREGATOR = [
  "function decimals() view returns (uint8)",
  "function description() view returns (string)",
  "function version() view returns (uint256)",
  "function getRoundData(uint80 _roundId) view returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)",
  "function latestRoundData() view returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)",
];
const GAS = 120_000n;
const STEPS = 24;

describe("FeedMirror", () => {
  let net: PublishingNetwork;
  let ground: FeedGround;
  let serial = 0;

  before(async () => {
    net = await PublishingNetwork.open();
    ground = await groundOn(net.network, net.source);
  });

  /** A feed on the source with a mirror of it on home. */
  async function open(change: Partial<FeedTerms> = {}) {
    const desk = await FeedDesk.open(ground, 3, {
      description: `mirrored ${serial++}`,
      maxDeviation: 65_535,
      ...change,
    });
    const { chainId, broadcaster } = net.filter();
    const source = { chainId, incarnation: 1n, broadcaster, feeds: desk.site.feeds };
    const callTerms = { gasLimit: GAS, start: 1n, price: 0n };
    const { subscriptions, signer } = net.here;
    const mirror = await new FeedMirror__factory(signer).deploy(subscriptions, source, desk.words, callTerms);
    return { desk, mirror };
  }

  /** The next round with this answer, as published. */
  async function answer(desk: FeedDesk, value: bigint): Promise<Publication> {
    await net.source.passTime(desk.terms.period);
    return publicationIn(await (await desk.submit([value, value, value])).wait());
  }

  async function publicationIn(receipt: ContractTransactionReceipt | null): Promise<Publication> {
    const logs = (receipt?.logs ?? []).filter(({ address }) => address === net.broadcaster);
    const [said] = readPublications(logs);
    if (said === undefined) throw new Error("the round was not published");
    const { publisher, index, topic, payload } = said;
    return { publisher, index, topic, payload };
  }

  async function deliver(mirror: FeedMirror, publications: readonly Publication[]) {
    const targets: Target[] = [{ subscriber: await addressOf(mirror), everyTopic: false, gasLimit: GAS, price: 0n }];
    return net.deliver(publications.map((said) => ({ said, targets })));
  }

  const roundOf = async (desk: FeedDesk) => (await desk.feeds.newestAnswer(desk.feed)).round;

  it("answers as the reader on the feed's own rollup does, in the words of Chainlink's interface", async () => {
    const { desk, mirror } = await open();
    const reader = await new FeedReader__factory(net.source.signer).deploy(desk.feeds, desk.words);
    const [there, here] = [
      new Contract(await reader.getAddress(), AGGREGATOR, net.source.provider),
      new Contract(await mirror.getAddress(), AGGREGATOR, net.here.provider),
    ];
    const views = async (name: string, ...values: bigint[]): Promise<unknown> => {
      const [a, b] = [await there.getFunction(name)(...values), await here.getFunction(name)(...values)] as unknown[]; // CAST: whatever it returns
      expect(b, name).to.deep.equal(a);
      return b;
    };
    for (const one of [reader, mirror]) {
      await expect(one.latestRoundData()).to.be.revertedWithCustomError(one, "FeedNoData").withArgs(0n);
      await expect(one.answerWithin(10n ** 9n)).to.be.revertedWithCustomError(one, "FeedNoData");
    }
    const said = [await answer(desk, 300n)];
    const old = await roundOf(desk);
    said.push(await answer(desk, 301n));
    const newest = await desk.feeds.newestAnswer(desk.feed);
    await net.here.passTime(1_000);
    await deliver(mirror, said);
    const { value, round, observedAt } = newest;
    expect(await views("latestRoundData")).to.deep.equal([round, value, observedAt, observedAt, round]);
    expect(await views("getRoundData", round)).to.deep.equal([round, value, observedAt, observedAt, round]);
    const { observedAt: earlier } = await desk.feeds.answerAt(desk.feed, old);
    expect(await views("getRoundData", old)).to.deep.equal([old, 300n, earlier, earlier, old]);
    expect(await views("decimals")).to.equal(8n);
    expect(await views("description")).to.equal(desk.terms.description);
    expect(await views("version")).to.equal(1n);
    for (const one of [reader, mirror]) {
      for (const none of [0n, old - 1n, round + 1n, round + 256n, round + (1n << 64n)]) {
        await expect(one.getRoundData(none)).to.be.revertedWithCustomError(one, "FeedNoData").withArgs(none);
      }
    }
    expect(await mirror.source()).to.deep.equal([net.source.chainId, 1n, net.broadcaster, desk.site.feeds]);
  });

  it("refuses to read a feed that nobody created", async () => {
    const { desk } = await open();
    const deploy = new FeedReader__factory(net.source.signer).deploy(desk.feeds, { ...desk.words, decimals: 18 });
    await expect(deploy).to.be.revertedWithCustomError(new FeedReader__factory(), "FeedReaderUnknownFeed");
  });

  it("returns an old answer as it is, and reverts for those who ask for a young one", async () => {
    const { desk, mirror } = await open();
    await deliver(mirror, [await answer(desk, 77n)]);
    const { observedAt } = await desk.feeds.newestAnswer(desk.feed);
    await net.here.passTime(100_000);
    expect((await mirror.latestRoundData())[1]).to.equal(77n);
    await expect(mirror.answerWithin(5_000n))
      .to.be.revertedWithCustomError(mirror, "FeedStale")
      .withArgs(observedAt, 5_000n);
    expect(await mirror.answerWithin(10_000_000n)).to.equal(77n);
  });

  it("tells no time that is later than the present here", async () => {
    const { desk, mirror } = await open();
    const here = BigInt((await net.here.provider.getBlock("latest"))?.timestamp ?? 0);
    const ahead = here - (await desk.now()) + 50_000n;
    await net.source.passTime(Number(ahead));
    await deliver(mirror, [await answer(desk, 77n)]);
    const [, , startedAt, updatedAt] = await mirror.latestRoundData();
    const present = BigInt((await net.here.provider.getBlock("latest"))?.timestamp ?? 0);
    expect((await desk.feeds.newestAnswer(desk.feed)).observedAt > present).to.equal(true);
    expect([startedAt, updatedAt].every((time) => time >= here && time <= present)).to.equal(true);
    expect(await mirror.answerWithin(0n)).to.equal(77n);
  });

  it("EXPLOITS 5, INV-57: a round that comes late, or again, changes nothing and counts as delivered", async () => {
    const { desk, mirror } = await open();
    const [first, second] = [await answer(desk, 10n), await answer(desk, 20n)];
    await expect(deliver(mirror, [second])).to.emit(mirror, "AnswerUpdated");
    await expect(deliver(mirror, [first])).not.to.emit(mirror, "AnswerUpdated");
    expect((await mirror.latestRoundData())[1]).to.equal(20n);
    const at = [net.source.chainId, 1n, net.broadcaster, desk.site.feeds, first.index] as const;
    expect(await net.here.subscriptions.isDelivered(mirror, ...at)).to.equal(true);
    await expect(deliver(mirror, [first, second])).to.be.revertedWithCustomError(
      net.here.subscriptions,
      "SubscriptionsNothingToDeliver",
    );
  });

  it("EXPLOITS 2, EXPLOITS 34, C13: believes nobody but its Subscriptions, for its feed alone", async () => {
    const { desk, mirror } = await open();
    const said = await answer(desk, 10n);
    const other = await open();
    const foreign = await answer(other.desk, 11n);
    await expect(deliver(mirror, [foreign])).to.be.revertedWithCustomError(
      net.here.subscriptions,
      "SubscriptionsNothingToDeliver",
    );
    // The same words from an account that is not Feeds: proven, but not asked for.
    const lookAlike = await net.publish(desk.feed, said.payload);
    await expect(deliver(mirror, [lookAlike])).to.be.revertedWithCustomError(
      net.here.subscriptions,
      "SubscriptionsNothingToDeliver",
    );
    const good = { chainId: net.source.chainId, ...said, time: 1n };
    const from = net.here.subscriptions;
    const zero = AbiCoder.defaultAbiCoder().encode(["uint64", "uint128", "uint64"], [9n, 0n, 9n]);
    const call = (change: Partial<typeof good>, by: { readonly target: unknown }) =>
      mirror.connect(net.here.provider).onPublication.staticCall({ ...good, ...change }, { from: String(by.target) });
    await call({}, from);
    for (const change of [{ chainId: 8101n }, { publisher: net.publisher }, { topic: foreign.topic }]) {
      await expect(call(change, from)).to.be.revertedWithCustomError(mirror, "FeedMirrorUnauthorized");
    }
    await expect(call({}, { target: net.publisher })).to.be.revertedWithCustomError(mirror, "FeedMirrorUnauthorized");
    await expect(call({ payload: zero as Hex }, from)) // CAST: ethers returns hex
      .to.be.revertedWithCustomError(mirror, "FeedMirrorZeroValue")
      .withArgs(9n);
  });

  it(`INV-57: what a mirror answered is a subsequence of the feed's rounds (seed ${FUZZ_SEED})`, async () => {
    const random = randomSource(FUZZ_SEED);
    const { desk, mirror } = await open();
    const said: Publication[] = [];
    const answered = new Map<bigint, bigint>();
    for (let step = 0; step < STEPS; step++) {
      if (said.length === 0 || random(2) === 0) {
        const value = BigInt(1 + random(1_000));
        said.push(await answer(desk, value));
        answered.set(await roundOf(desk), value);
        continue;
      }
      const some = said.filter(() => random(4) === 0).sort(() => random(3) - 1);
      if (some.length > 0) await deliver(mirror, some).catch(() => undefined);
    }
    await deliver(mirror, said.slice(-1)).catch(() => undefined);
    const updates = await mirror.queryFilter(mirror.filters.AnswerUpdated);
    const seen = updates.map(({ args }) => [args.roundId, args.current] as const);
    const text = `seed ${FUZZ_SEED}: ${seen.map(([round]) => round).join(", ")}`;
    expect(seen, text).to.deep.equal([...answered].filter(([round]) => seen.some(([one]) => one === round)));
    expect(seen.at(-1)?.[0], text).to.equal(await roundOf(desk));
  });

  it("Automations: what the newest answer, proven where it lies, makes happen on another rollup", async () => {
    const { desk } = await open();
    const { automations, signer } = net.here;
    const owner = await new AutomatedMock__factory(signer).deploy();
    const slot = answerSlot(desk.feed);
    const automation = {
      ...{ chainId: net.source.chainId, incarnation: 1n, account: desk.site.feeds, slot, mask: ANSWER_VALUE_MASK },
      // At most 1,500: sell.
      ...{ comparison: 4n, operand: 1_500n, maxAge: 3_600n, period: 0n, gasLimit: 200_000n, reward: 0n },
    };
    await owner.call(automations, automations.interface.encodeFunctionData("create", [automation]));
    const id = await automations.idOf(owner, automation);
    const execute = async () => {
      const { anchorIndex } = await net.network.recordHead(net.source.chainId, net.here.chainId);
      return automations.execute(
        owner,
        automation,
        anchorIndex,
        ...(await net.shown(desk.site.feeds, slot, anchorIndex)),
      );
    };
    await answer(desk, 1_501n);
    await expect(execute()).to.be.revertedWithCustomError(automations, "AutomationsNotSatisfied").withArgs(id, 1_501n);
    await answer(desk, 1_500n);
    await expect(execute()).to.emit(automations, "AutomationExecuted").withArgs(id, signer, 1_500n, 0n);
    expect(await owner.received()).to.equal(1n);
  });
});
