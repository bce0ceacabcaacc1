import { expect } from "chai";
import { id } from "ethers";
import { provePublications } from "../../sdk/src/publicationProof.ts";
import type { Hex } from "../../sdk/src/bytes.ts";
import { slotProof } from "../../sdk/src/proofsPack.ts";
import { broadcastSlot, publicationHash } from "../../sdk/src/publication.ts";
import { filterArgument } from "../../sdk/src/subscription.ts";
import { codeThrownBy } from "../chain/rollup.ts";
import { addressOf, MOOD, NEWS, PublishingNetwork, SPORT, target, UNIT } from "../helpers/publications.ts";

describe("Subscriptions, delivering", () => {
  let net: PublishingNetwork;
  let subscriptions: PublishingNetwork["here"]["subscriptions"];

  before(async () => {
    net = await PublishingNetwork.open();
    ({ subscriptions } = net.here);
  });

  describe("deliver", () => {
    it("calls a subscriber with what was published, where, by whom and when, and with its own gas", async () => {
      const subscriber = await net.subscriber({ gasLimit: 150_000n });
      const said = await net.publish(NEWS, "0x12345678");
      const published = await net.source.provider.getBlock("latest");
      const delivering = net.deliver([{ said, targets: [await target(subscriber)] }]);
      await expect(delivering)
        .to.emit(subscriptions, "PublicationDelivered")
        .withArgs(publicationHash(said), await subscriber.getAddress(), 0n)
        .and.to.emit(subscriber, "PublicationReceived")
        .withArgs(
          await subscriptions.getAddress(),
          net.source.chainId,
          said.publisher,
          NEWS,
          said.index,
          published?.timestamp,
          "0x12345678",
          (gas: bigint) => gas < 150_000n && gas > 110_000n,
        );
      const { chainId } = net.source;
      const place = [subscriber, chainId, 1n, net.broadcaster, said.publisher] as const;
      expect(await subscriptions.isDelivered(...place, said.index)).to.equal(true);
      expect(await subscriptions.isDelivered(...place, said.index + 1n)).to.equal(false);
    });

    it("serves any number of subscribers by one proof, each at most once", async () => {
      const subscribers = await Promise.all(Array.from({ length: 5 }, () => net.subscriber()));
      const said = await net.publish(NEWS);
      const targets = await Promise.all(subscribers.map((one) => target(one)));
      const [first, ...others] = targets;
      await net.deliver([{ said, targets: first === undefined ? [] : [first] }]);
      await net.deliver([{ said, targets: [...targets, ...targets] }]);
      for (const one of subscribers) expect(await one.received()).to.equal(1n);
      await expect(net.deliver([{ said, targets: others }])).to.be.revertedWithCustomError(
        subscriptions,
        "SubscriptionsNothingToDeliver",
      );
    });

    it("proves several publications together, of several publishers too", async () => {
      const subscriber = await net.subscriber();
      const said = [await net.publish(NEWS, "0x01"), await net.publish(SPORT, "0x"), await net.publish(NEWS, "0x03")];
      const wanted = await target(subscriber);
      await net.deliver(said.map((one) => ({ said: one, targets: [wanted] })));
      expect(await subscriber.received()).to.equal(3n);
    });

    it("calls for the topic that was asked for, once also if two subscriptions match", async () => {
      const subscriber = await net.subscriber({ topic: SPORT });
      const [news, sport] = [await net.publish(NEWS), await net.publish(SPORT)];
      const one = await target(subscriber, { everyTopic: false });
      await expect(net.deliver([{ said: news, targets: [one] }])).to.be.revertedWithCustomError(
        subscriptions,
        "SubscriptionsNothingToDeliver",
      );
      await net.deliver([{ said: sport, targets: [one] }]);
      await net.subscribe(subscriber);
      const all = await target(subscriber);
      await net.deliver([news, sport].map((said) => ({ said, targets: [all, one] })));
      expect(await subscriber.received()).to.equal(2n);
    });

    it("keeps to the start that a subscriber states, and replays the past when it states an earlier one", async () => {
      const past = await net.publish(NEWS);
      const present = await net.publish(NEWS);
      const subscriber = await net.subscriber({ start: present.index });
      const wanted = await target(subscriber);
      const both = [past, present].map((said) => ({ said, targets: [wanted] }));
      await net.deliver(both);
      expect(await subscriber.received()).to.equal(1n);
      await net.subscribe(subscriber, { start: past.index });
      await net.deliver(both);
      expect(await subscriber.received()).to.equal(2n);
      for (const { index, publisher } of [past, present]) {
        expect(await subscriber.timesReceived(net.source.chainId, publisher, index)).to.equal(1n);
      }
    });

    it("takes this rollup's own publications from its own Broadcaster, without head and proof", async () => {
      const { broadcaster, chainId, signer } = net.here;
      const own = await addressOf(broadcaster);
      const said = await net.publish(NEWS, "0x77", net.here);
      const filter = { chainId, incarnation: 1n, broadcaster: own, publisher: await addressOf(signer) };
      const subscriber = await net.subscriber();
      await net.inNameOf(subscriber, "subscribe", [
        filterArgument(filter),
        { gasLimit: 200_000n, start: 0n, price: 0n },
      ]);
      const source = { chainId, incarnation: 1n, broadcaster: own, anchorIndex: 0n };
      const targets = [await target(subscriber)];
      await subscriptions.deliver(source, [{ ...said, targets }], "0x");
      expect(await subscriber.timesReceived(chainId, said.publisher, said.index)).to.equal(1n);
      const next = { ...said, index: said.index + 1n };
      await expect(subscriptions.deliver(source, [{ ...next, targets }], "0x"))
        .to.be.revertedWithCustomError(subscriptions, "SubscriptionsNotPublished")
        .withArgs(publicationHash(next));
    });
  });

  describe("failures", () => {
    it("stay deliverable by anyone and keep nobody else waiting (C16, I8)", async () => {
      const [bad, good] = [await net.subscriber(), await net.subscriber()];
      await bad.setMode(MOOD.revert);
      const said = await net.publish(NEWS);
      const targets = [await target(bad), await target(good)];
      const reason = bad.interface.encodeErrorResult("RecipientMockRefused", [0]);
      await expect(net.deliver([{ said, targets }]))
        .to.emit(subscriptions, "PublicationFailed")
        .withArgs(publicationHash(said), await bad.getAddress(), reason)
        .and.to.emit(subscriptions, "PublicationDelivered")
        .withArgs(publicationHash(said), await good.getAddress(), 0n);
      await bad.setMode(MOOD.accept);
      await net.deliver([{ said, targets }]);
      expect([await bad.received(), await good.received()]).to.deep.equal([1n, 1n]);
    });

    it("are accounts without code, too: nothing answers there", async () => {
      const { signer, subscriptions: open } = net.here;
      const filter = filterArgument(net.filter());
      await open.subscribe(filter, { gasLimit: 50_000n, start: 0n, price: 0n });
      const said = await net.publish(NEWS);
      const subscriber = await signer.getAddress();
      const targets = [{ subscriber, everyTopic: true, gasLimit: 50_000n, price: 0n }];
      await expect(net.deliver([{ said, targets }]))
        .to.emit(subscriptions, "PublicationFailed")
        .withArgs(publicationHash(said), subscriber, "0x");
      await open.unsubscribe(filter, subscriber);
    });
  });

  describe("payment", () => {
    it("goes to who delivers, for success alone, as long as the prepaid ERA lasts", async () => {
      const { era, signer } = net.here;
      const subscriber = await net.subscriber({ price: 40n, balance: 100n });
      const filter = filterArgument(net.filter());
      const before = await subscriptions.earned(signer);
      const wanted = await target(subscriber, { price: 40n });
      const balance = async () => (await subscriptions.subscription(subscriber, filter)).balance;
      const said = [await net.publish(NEWS), await net.publish(NEWS), await net.publish(NEWS)];
      await subscriber.setMode(MOOD.revert);
      await net.deliver([{ said: said[0] ?? (await net.publish(NEWS)), targets: [wanted] }]);
      expect([await subscriptions.earned(signer), await balance()]).to.deep.equal([before, 100n]);
      await subscriber.setMode(MOOD.accept);
      await net.deliver(said.map((one) => ({ said: one, targets: [wanted] })));
      expect([await subscriptions.earned(signer), await balance()]).to.deep.equal([before + 80n, 20n]);
      // What is left does not cover the price: who accepts less takes it, who reckons with the price passes on.
      const entry = { said: said[2] ?? (await net.publish(NEWS)), targets: [await target(subscriber)] };
      await net.deliver([entry]);
      expect([await subscriptions.earned(signer), await balance()]).to.deep.equal([before + 100n, 0n]);
      const claiming = subscriptions.claim(net.publisher);
      await expect(claiming)
        .to.emit(subscriptions, "Claimed")
        .withArgs(signer, net.publisher, before + 100n);
      await expect(claiming)
        .to.emit(era, "Transfer")
        .withArgs(subscriptions, net.publisher, (before + 100n) * UNIT);
      expect(await subscriptions.earned(signer)).to.equal(0n);
    });

    it("passes over who asks for more gas or pays less than the deliverer reckoned with", async () => {
      const [greedy, poor, good] = [
        await net.subscriber({ gasLimit: 300_001n }),
        await net.subscriber({ price: 9n, balance: 5n }),
        await net.subscriber({ price: 6n, balance: 6n }),
      ];
      const said = await net.publish(NEWS);
      const reckoned = { gasLimit: 300_000n };
      const targets = [
        await target(greedy, reckoned),
        await target(poor, { price: 6n }),
        await target(good, { price: 6n }),
      ];
      await net.deliver([{ said, targets }]);
      expect([await greedy.received(), await poor.received(), await good.received()]).to.deep.equal([0n, 0n, 1n]);
    });
  });

  describe("broadcastTime", () => {
    it("pulls any ERC-7888 message of another rollup, and proves that one was not broadcast", async () => {
      const { broadcaster, signer, provider } = net.source;
      const message = id("pulled") as Hex; // CAST: ethers returns hex
      const publisher = await addressOf(signer);
      await broadcaster.broadcastMessage(message);
      const time = BigInt((await provider.getBlock("latest"))?.timestamp ?? 0);
      const said = await net.publish(NEWS);
      const { source, proof, times } = await net.prove([said]);
      const published = publicationHash(said);
      expect(await subscriptions.broadcastTime(source, published, net.broadcaster, proof)).to.equal(times[0]);
      const pull = async (by: typeof publisher): Promise<bigint> => {
        const slots = [broadcastSlot(message, by)];
        const place = { of: net.source.chainId, attestedOn: net.here.chainId, anchorIndex: source.anchorIndex };
        const state = await net.network.client.readState({ ...place, account: net.broadcaster, slots });
        return subscriptions.broadcastTime(source, message, by, slotProof(state.accountPart, state.slotParts));
      };
      expect(await pull(publisher)).to.equal(time);
      expect(await pull(net.broadcaster)).to.equal(0n);
    });
  });

  describe("the sdk", () => {
    it("refuses to prove what the head does not have yet", async () => {
      const { anchorIndex } = await net.network.recordHead(net.source.chainId, net.here.chainId);
      const said = await net.publish(NEWS);
      const query = { of: net.source.chainId, attestedOn: net.here.chainId, broadcaster: net.broadcaster, anchorIndex };
      const proving = provePublications(net.network.client, { ...query, publications: [said] });
      expect(await codeThrownBy(proving)).to.equal("PUBLICATION_NOT_PROVEN");
    });
  });
});
