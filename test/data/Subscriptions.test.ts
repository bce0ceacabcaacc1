import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { ZERO_HASH } from "../../sdk/src/bytes.ts";
import { filterArgument, readSubscriptions, subscriptionId } from "../../sdk/src/subscription.ts";
import { Subscriptions__factory, type SubscriberMock } from "../../typechain-types/index.js";
import { addressOf, NEWS, PublishingNetwork, SPORT, target, UNIT } from "../helpers/publications.ts";

describe("Subscriptions", () => {
  let net: PublishingNetwork;
  let subscriptions: PublishingNetwork["here"]["subscriptions"];
  let era: PublishingNetwork["here"]["era"];
  const terms = { gasLimit: 100_000n, start: 3n, price: 5n };

  before(async () => {
    net = await PublishingNetwork.open();
    ({ subscriptions, era } = net.here);
  });

  const idOf = async (subscriber: SubscriberMock) => subscriptionId(await addressOf(subscriber), net.filter());
  const stateOf = async (subscriber: SubscriberMock) => {
    const filter = filterArgument(net.filter());
    const { gasLimit, start, price, balance } = await subscriptions.subscription(subscriber, filter);
    return { gasLimit, start, price, balance };
  };

  describe("constructor", () => {
    it("EXPLOITS 18: refuses to be without one of those it asks", async () => {
      const some = net.broadcaster;
      for (const [registry, reader, token] of [
        [ZeroAddress, some, some],
        [some, ZeroAddress, some],
        [some, some, ZeroAddress],
      ] as const) {
        await expect(new Subscriptions__factory(net.here.signer).deploy(registry, reader, token))
          .to.be.revertedWithCustomError(subscriptions, "SubscriptionsInvalidWiring")
          .withArgs(registry, reader, token);
      }
    });
  });

  describe("subscribe", () => {
    it("notes the caller's terms under an id of caller and filter, which the sdk computes", async () => {
      const subscriber = await net.subscriber();
      const filter = filterArgument(net.filter());
      await expect(net.inNameOf(subscriber, "subscribe", [filter, terms]))
        .to.emit(subscriptions, "Subscribed")
        .withArgs(await idOf(subscriber), await subscriber.getAddress(), Object.values(filter), Object.values(terms));
      expect(await stateOf(subscriber)).to.deep.equal({ ...terms, balance: 0n });
    });

    it("changes terms and keeps what was prepaid", async () => {
      const subscriber = await net.subscriber({ balance: 70n });
      await net.inNameOf(subscriber, "subscribe", [filterArgument(net.filter()), terms]);
      expect(await stateOf(subscriber)).to.deep.equal({ ...terms, balance: 70n });
    });

    it("EXPLOITS 18: takes no zero for a publisher, a broadcaster, gas, a rollup or its incarnation", async () => {
      const good = filterArgument(net.filter());
      const refused = [
        [{ ...good, publisher: ZeroAddress }, terms, "SubscriptionsInvalidFilter"],
        [{ ...good, broadcaster: ZeroAddress }, terms, "SubscriptionsInvalidFilter"],
        [{ ...good, topic: NEWS }, terms, "SubscriptionsInvalidFilter"],
        [good, { ...terms, gasLimit: 0n }, "SubscriptionsInvalidTerms"],
        [{ ...good, chainId: 0n }, terms, "SubscriptionsUnknownRollup"],
        [{ ...good, incarnation: 0n }, terms, "SubscriptionsUnknownRollup"],
        [{ ...good, incarnation: 2n }, terms, "SubscriptionsUnknownRollup"],
        [{ ...good, chainId: 4_711n }, terms, "SubscriptionsUnknownRollup"],
        [{ ...good, chainId: net.here.chainId, incarnation: 2n }, terms, "SubscriptionsUnknownRollup"],
      ] as const;
      for (const [filter, wanted, error] of refused) {
        await expect(subscriptions.subscribe(filter, wanted)).to.be.revertedWithCustomError(subscriptions, error);
      }
    });
  });

  describe("fund", () => {
    it("takes ERA of anyone for a subscription that there is", async () => {
      const subscriber = await net.subscriber();
      const filter = filterArgument(net.filter());
      await era.approve(subscriptions, 30n * UNIT);
      const funding = subscriptions.fund(subscriber, filter, 30n);
      await expect(funding)
        .to.emit(subscriptions, "Funded")
        .withArgs(await idOf(subscriber), net.here.signer, 30n);
      await expect(funding)
        .to.emit(era, "Transfer")
        .withArgs(net.here.signer, subscriptions, 30n * UNIT);
      expect((await stateOf(subscriber)).balance).to.equal(30n);
    });

    it("refuses nothing, more than fits, and a subscription that there is not", async () => {
      const subscriber = await net.subscriber({ balance: 1n });
      const filter = filterArgument(net.filter());
      for (const amount of [0n, 2n ** 64n - 1n, 2n ** 255n]) {
        await expect(subscriptions.fund(subscriber, filter, amount))
          .to.be.revertedWithCustomError(subscriptions, "PaidCallsInvalidAmount")
          .withArgs(amount);
      }
      const other = net.filter({ topic: SPORT });
      await expect(subscriptions.fund(subscriber, filterArgument(other), 1n))
        .to.be.revertedWithCustomError(subscriptions, "SubscriptionsUnknown")
        .withArgs(subscriptionId(await addressOf(subscriber), other));
      await expect(subscriptions.fund(subscriber, filter, 10n ** 9n)).to.be.revertedWithCustomError(
        era,
        "ERC20InsufficientAllowance",
      );
    });
  });

  describe("withdraw and unsubscribe", () => {
    it("pay the subscriber's own ERA to whom it names, and nobody else's", async () => {
      const [subscriber, other] = [await net.subscriber({ balance: 50n }), await net.subscriber({ balance: 60n })];
      const filter = filterArgument(net.filter());
      const to = net.broadcaster;
      const withdrawing = net.inNameOf(subscriber, "withdraw", [filter, 20n, to]);
      await expect(withdrawing)
        .to.emit(subscriptions, "Withdrawn")
        .withArgs(await idOf(subscriber), to, 20n);
      await expect(withdrawing)
        .to.emit(era, "Transfer")
        .withArgs(subscriptions, to, 20n * UNIT);
      const ending = net.inNameOf(subscriber, "unsubscribe", [filter, to]);
      await expect(ending)
        .to.emit(subscriptions, "Unsubscribed")
        .withArgs(await idOf(subscriber), await subscriber.getAddress());
      await expect(ending)
        .to.emit(era, "Transfer")
        .withArgs(subscriptions, to, 30n * UNIT);
      expect(await stateOf(subscriber)).to.deep.equal({ gasLimit: 0n, start: 0n, price: 0n, balance: 0n });
      expect((await stateOf(other)).balance).to.equal(60n);
    });

    it("refuse to pay to nobody, more than there is, and for a subscription that there is not", async () => {
      const subscriber = await net.subscriber({ balance: 5n });
      const filter = filterArgument(net.filter());
      const { signer } = net.here;
      const someone = await signer.getAddress();
      const as = subscriptions.connect(signer);
      for (const call of [as.withdraw(filter, 1n, ZeroAddress), as.unsubscribe(filter, ZeroAddress)]) {
        await expect(call).to.be.revertedWithCustomError(subscriptions, "PaidCallsInvalidAccount");
      }
      await expect(as.claim(ZeroAddress)).to.be.revertedWithCustomError(subscriptions, "PaidCallsInvalidAccount");
      // The caller has no subscription; that of another contract is not its own.
      await expect(as.withdraw(filter, 1n, someone)).to.be.revertedWithCustomError(
        subscriptions,
        "PaidCallsInvalidAmount",
      );
      await expect(as.unsubscribe(filter, someone)).to.be.revertedWithCustomError(
        subscriptions,
        "SubscriptionsUnknown",
      );
      await expect(as.claim(someone))
        .to.be.revertedWithCustomError(subscriptions, "PaidCallsInvalidAmount")
        .withArgs(0n);
      expect((await stateOf(subscriber)).balance).to.equal(5n);
    });

    it("leave the marks: who subscribes again is not called for the same publication again", async () => {
      const subscriber = await net.subscriber();
      const said = await net.publish(NEWS);
      await net.deliver([{ said, targets: [await target(subscriber)] }]);
      const filter = filterArgument(net.filter());
      await net.inNameOf(subscriber, "unsubscribe", [filter, net.broadcaster]);
      await expect(net.deliver([{ said, targets: [await target(subscriber)] }])).to.be.revertedWithCustomError(
        subscriptions,
        "SubscriptionsNothingToDeliver",
      );
      await net.subscribe(subscriber);
      await expect(net.deliver([{ said, targets: [await target(subscriber)] }])).to.be.revertedWithCustomError(
        subscriptions,
        "SubscriptionsNothingToDeliver",
      );
      expect(await subscriber.received()).to.equal(1n);
    });
  });

  it("is read from its logs by the sdk: the newest terms of each id, nothing of who left", async () => {
    const [staying, leaving] = [await net.subscriber({ topic: NEWS }), await net.subscriber()];
    await net.inNameOf(leaving, "unsubscribe", [filterArgument(net.filter()), net.broadcaster]);
    await net.subscribe(staying, { topic: NEWS, price: 9n });
    const address = await subscriptions.getAddress();
    const found = readSubscriptions(await net.here.provider.getLogs({ address, fromBlock: 0 }));
    const id = subscriptionId(await addressOf(staying), net.filter({ topic: NEWS }));
    expect(found.get(id)).to.deep.equal({
      id,
      subscriber: await staying.getAddress(),
      filter: net.filter({ topic: NEWS }),
      terms: { gasLimit: 200_000n, start: 0n, price: 9n },
    });
    expect(found.has(await idOf(leaving))).to.equal(false);
    expect(id).to.not.equal(ZERO_HASH);
  });
});
