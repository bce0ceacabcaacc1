import { expect } from "chai";
import { concat, dataLength, dataSlice, toBeHex, ZeroAddress } from "ethers";
import { ZERO_HASH, type Hex } from "../../sdk/src/bytes.ts";
import { slotProof } from "../../sdk/src/proofsPack.ts";
import { broadcastSlot, publicationHash, type Publication } from "../../sdk/src/publication.ts";
import { filterArgument } from "../../sdk/src/subscription.ts";
import { expectGas } from "../helpers/gas.ts";
import { itemsOf, MOOD, NEWS, PublishingNetwork, SPORT, target } from "../helpers/publications.ts";

describe("Subscriptions, attacked", () => {
  let net: PublishingNetwork;
  let subscriptions: PublishingNetwork["here"]["subscriptions"];

  before(async () => {
    net = await PublishingNetwork.open();
    ({ subscriptions } = net.here);
  });

  const nothing = [() => subscriptions, "SubscriptionsNothingToDeliver"] as const;

  describe("proofs", () => {
    it("EXPLOITS 5, EXPLOITS 21, C10: one encoding proves a publication, no other string of bytes does", async () => {
      const subscriber = await net.subscriber();
      const said = await net.publish(NEWS);
      const [source, items, proof] = await net.delivery([{ said, targets: [await target(subscriber)] }]);
      const length = dataLength(proof);
      const changed = Array.from({ length }, (_, at) => at).filter((at) => at % 17 === 0 || at < 8 || at > length - 8);
      for (const at of changed) {
        const byte = toBeHex(Number(dataSlice(proof, at, at + 1)) ^ 1, 1);
        const other = concat([dataSlice(proof, 0, at), byte, dataSlice(proof, at + 1)]);
        await expect(subscriptions.deliver(source, items, other), `byte ${at}`).to.be.revert(net.ethers);
      }
      for (const other of ["0x", concat([proof, "0x00"]), dataSlice(proof, 0, length - 1), "0x05", "0x01000100"]) {
        await expect(subscriptions.deliver(source, items, other)).to.be.revert(net.ethers);
      }
      await subscriptions.deliver(source, items, proof);
      await expect(subscriptions.deliver(source, items, proof)).to.be.revertedWithCustomError(nothing[0](), nothing[1]);
      expect(await subscriber.received()).to.equal(1n);
    });

    it("EXPLOITS 34, EXPLOITS 40: every word of a publication is bound, nothing unproven reaches a subscriber", async () => {
      const subscriber = await net.subscriber();
      const said = await net.publish(NEWS, "0x1122");
      const targets = [await target(subscriber)];
      const [source, , proof] = await net.delivery([{ said, targets }]);
      const lies: Publication[] = [
        { ...said, payload: "0x1123" },
        { ...said, payload: "0x" },
        { ...said, topic: SPORT },
        { ...said, index: said.index + 1n },
        { ...said, publisher: net.broadcaster },
        { ...said, publisher: ZeroAddress as Hex }, // CAST: ethers returns hex
      ];
      for (const lie of lies) {
        await expect(subscriptions.deliver(source, itemsOf([{ said: lie, targets }]), proof)).to.be.revert(net.ethers);
      }
      for (const other of [
        { ...source, chainId: net.here.chainId },
        { ...source, broadcaster: said.publisher },
      ]) {
        await expect(subscriptions.deliver(other, itemsOf([{ said, targets }]), proof)).to.be.revert(net.ethers);
      }
      expect(await subscriber.received()).to.equal(0n);
    });

    it("EXPLOITS 18, EXPLOITS 22, EXPLOITS 37: that a publication is absent never stands for it", async () => {
      const subscriber = await net.subscriber();
      const said = { publisher: net.publisher, index: 9_999n, topic: NEWS, payload: "0x" } as const;
      const message = publicationHash(said);
      const { anchorIndex } = await net.network.recordHead(net.source.chainId, net.here.chainId);
      const place = { of: net.source.chainId, attestedOn: net.here.chainId, anchorIndex, account: net.broadcaster };
      const slots = [broadcastSlot(message, net.broadcaster)];
      const { accountPart, slotParts } = await net.network.client.readState({ ...place, slots });
      const items = itemsOf([{ said, targets: [await target(subscriber)] }]);
      await expect(subscriptions.deliver(net.at({ anchorIndex }), items, slotProof(accountPart, slotParts)))
        .to.be.revertedWithCustomError(subscriptions, "SubscriptionsNotPublished")
        .withArgs(message);
      const none = { of: net.source.chainId, attestedOn: net.here.chainId, anchorIndex, account: ABSENT };
      const absent = await net.network.client.readState({ ...none, slots });
      const elsewhere = { ...net.at({ anchorIndex }), broadcaster: ABSENT };
      await expect(subscriptions.deliver(elsewhere, items, slotProof(absent.accountPart, absent.slotParts)))
        .to.be.revertedWithCustomError(subscriptions, "SubscriptionsNotPublished")
        .withArgs(message);
    });

    it("EXPLOITS 19, C12: knows no other incarnation, and no rollup or head that was not attested", async () => {
      const subscriber = await net.subscriber();
      const said = await net.publish(NEWS);
      const [source, items, proof] = await net.delivery([{ said, targets: [await target(subscriber)] }]);
      for (const [chainId, incarnation] of [
        [source.chainId, 2n],
        [source.chainId, 0n],
        [4_711n, 1n],
        [0n, 0n],
        [net.here.chainId, 2n],
      ] as const) {
        const other = { ...source, chainId, incarnation };
        await expect(subscriptions.deliver(other, items, proof))
          .to.be.revertedWithCustomError(subscriptions, "SubscriptionsUnknownRollup")
          .withArgs(chainId, incarnation);
        await expect(subscriptions.broadcastTime(other, ZERO_HASH, ABSENT, proof))
          .to.be.revertedWithCustomError(subscriptions, "SubscriptionsUnknownRollup")
          .withArgs(chainId, incarnation);
      }
      const unknown = { ...source, anchorIndex: source.anchorIndex + 1n };
      await expect(subscriptions.deliver(unknown, items, proof))
        .to.be.revertedWithCustomError(net.here.stateReader, "ReaderUnknownHead")
        .withArgs(source.chainId, unknown.anchorIndex);
    });

    it("EXPLOITS 10: a captured rollup that writes what it likes is heard by those who listen to it, and by nobody else", async () => {
      const { here, source } = net;
      const said = { publisher: ABSENT, index: 7n, topic: NEWS, payload: "0x66" } as const;
      const slot = broadcastSlot(publicationHash(said), net.broadcaster);
      const [listening, elsewhere] = [await net.subscriber({ publisher: ABSENT }), await net.subscriber()];
      const terms = { gasLimit: 200_000n, start: 0n, price: 0n };
      const own = { ...net.filter({ publisher: ABSENT }), chainId: here.chainId };
      await net.inNameOf(elsewhere, "subscribe", [filterArgument(own), terms]);
      const targets = [await target(listening), await target(elsewhere)];
      // No clock shows this time, so no Broadcaster wrote it.
      await net.overwrite(slot, 2n ** 64n);
      await expect(net.deliver([{ said, targets }]))
        .to.be.revertedWithCustomError(subscriptions, "SubscriptionsNotPublished")
        .withArgs(publicationHash(said));
      await net.overwrite(slot, 1n);
      await net.deliver([{ said, targets }]);
      expect(await listening.timesReceived(source.chainId, ABSENT, 7n)).to.equal(1n);
      expect(await elsewhere.received()).to.equal(0n);
    });
  });

  describe("subscribers", () => {
    it("C15, C16, C21, I8: bombs, wrong and short answers and endless loops cost what they asked for and nobody else", async () => {
      const moods = [MOOD.wrongSelector, MOOD.shortReturn, MOOD.returnBomb, MOOD.revertBomb, MOOD.eatGas];
      const targets = [];
      for (const mood of moods) {
        const bad = await net.subscriber({ gasLimit: 100_000n });
        await bad.setMode(mood);
        targets.push(await target(bad));
      }
      const good = await net.subscriber();
      const said = await net.publish(NEWS);
      const receipt = await (await net.deliver([{ said, targets: [...targets, await target(good)] }])).wait();
      const failed = (receipt?.logs ?? []).flatMap((log) => {
        const parsed = subscriptions.interface.parseLog(log);
        return parsed?.name === "PublicationFailed" ? [String(parsed.args["reason"])] : [];
      });
      expect(failed.length).to.equal(moods.length);
      for (const reason of failed) expect(dataLength(reason)).to.be.at.most(256);
      expectGas(receipt?.gasUsed ?? 0n, 1_000_000n);
      expect(await good.received()).to.equal(1n);
    });

    it("C14, I10: with any amount of gas a subscriber gets all of its own, or nothing happens", async () => {
      const subscriber = await net.subscriber({ gasLimit: 400_000n });
      const said = await net.publish(NEWS);
      const call = await net.delivery([{ said, targets: [await target(subscriber)] }]);
      let refused = 0;
      for (let gasLimit = 150_000n; (await subscriber.received()) === 0n; gasLimit += 15_000n) {
        const done = await subscriptions.deliver(...call, { gasLimit }).then(
          () => true,
          () => false,
        );
        if (!done) refused++;
        expect(done).to.equal((await subscriber.received()) === 1n);
      }
      expect(refused).to.be.greaterThan(10);
      const [event] = await subscriber.queryFilter(subscriber.filters.PublicationReceived());
      expect(event?.args.gas).to.be.greaterThan(350_000n);
    });

    it("EXPLOITS 27, EXPLOITS 35: from inside a call nothing is called twice, paid twice or lost", async () => {
      const { era, signer } = net.here;
      const inside = await net.subscriber({ gasLimit: 3_000_000n, price: 10n, balance: 10n });
      const other = await net.subscriber({ price: 3n, balance: 9n });
      const said = await net.publish(NEWS);
      const [source, items, proof] = await net.delivery([
        { said, targets: [await target(inside, { gasLimit: 3_000_000n }), await target(other)] },
      ]);
      const encode = subscriptions.interface.encodeFunctionData("deliver", [source, items, proof]);
      await inside.setCall(subscriptions, encode);
      await inside.setMode(MOOD.reenter);
      const before = await subscriptions.earned(signer);
      await subscriptions.deliver(source, items, proof);
      expect(await inside.reentrySucceeded()).to.equal(true);
      expect([await inside.received(), await other.received()]).to.deep.equal([1n, 1n]);
      // The inner call delivered to the other one and earned its price; the outer one earned what remained.
      expect([await subscriptions.earned(signer), await subscriptions.earned(inside)]).to.deep.equal([
        before + 10n,
        3n,
      ]);
      const held = await era.balanceOf(subscriptions);
      expect(held).to.equal((before + 10n + 3n + 6n) * 10n ** 9n);
    });

    it("EXPLOITS 27: who leaves, withdraws or subscribes anew from inside takes what is left and no more", async () => {
      const filter = filterArgument(net.filter());
      const calls = [
        ["unsubscribe", subscriptions.interface.encodeFunctionData("unsubscribe", [filter, ABSENT])],
        ["withdraw", subscriptions.interface.encodeFunctionData("withdraw", [filter, 15n, ABSENT])],
        ["withdraw too much", subscriptions.interface.encodeFunctionData("withdraw", [filter, 20n, ABSENT])],
        [
          "subscribe",
          subscriptions.interface.encodeFunctionData("subscribe", [filter, { gasLimit: 1n, start: 0n, price: 0n }]),
        ],
      ] as const;
      const held = () => net.here.era.balanceOf(subscriptions);
      for (const [name, call] of calls) {
        const before = await held();
        const subscriber = await net.subscriber({ price: 5n, balance: 20n });
        await subscriber.setCall(subscriptions, call);
        await subscriber.setMode(MOOD.reenter);
        const earned = await subscriptions.earned(net.here.signer);
        const said = await net.publish(NEWS);
        await net.deliver([{ said, targets: [await target(subscriber, { price: 5n })] }]);
        expect(await subscriptions.earned(net.here.signer), name).to.equal(earned + 5n);
        expect(await subscriber.reentrySucceeded(), name).to.equal(name !== "withdraw too much");
        const { balance } = await subscriptions.subscription(subscriber, filter);
        expect((await held()) - before, name).to.equal((balance + 5n) * 10n ** 9n);
        expect(balance, name).to.equal(name === "unsubscribe" || name === "withdraw" ? 0n : 15n);
      }
    });

    it("cannot make a transaction fail that serves others, by changing their terms or leaving before it is mined", async () => {
      const [hostile, good] = [await net.subscriber({ price: 4n, balance: 4n }), await net.subscriber()];
      const said = await net.publish(NEWS);
      const targets = [await target(hostile, { price: 4n, gasLimit: 200_000n }), await target(good)];
      const call = await net.delivery([{ said, targets }]);
      await net.subscribe(hostile, { gasLimit: 2n ** 32n - 1n, price: 0n });
      await subscriptions.deliver(...call);
      expect([await hostile.received(), await good.received()]).to.deep.equal([0n, 1n]);
    });

    it("EXPLOITS 3, EXPLOITS 13, C13: nobody is called who did not subscribe itself", async () => {
      const { era, gateway, stateRootInbox } = net.here;
      const said = await net.publish(NEWS);
      const targets = await Promise.all(
        [era, gateway, stateRootInbox, subscriptions].map(async (contract) => ({
          subscriber: await contract.getAddress(),
          everyTopic: true,
          gasLimit: 1_000_000n,
          price: 0n,
        })),
      );
      await expect(net.deliver([{ said, targets }])).to.be.revertedWithCustomError(nothing[0](), nothing[1]);
    });
  });
});

const ABSENT = "0x00000000000000000000000000000000000000AA";
