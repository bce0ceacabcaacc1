import { expect } from "chai";
import { Broadcaster__factory, Pinboard__factory, type Pinboard } from "../../typechain-types/index.js";
import { readPublications } from "../../sdk/src/publication.ts";
import { provePublications } from "../../sdk/src/publicationProof.ts";
import { filterArgument } from "../../sdk/src/subscription.ts";
import { addressOf, itemsOf, NEWS, PublishingNetwork, SPORT } from "../helpers/publications.ts";

describe("Pinboard", () => {
  let net: PublishingNetwork;
  let board: Pinboard;

  before(async () => {
    net = await PublishingNetwork.open();
    board = await new Pinboard__factory(net.here.signer).deploy(net.here.subscriptions);
    const terms = { gasLimit: 150_000n, start: 1n, price: 0n };
    await board.subscribe(filterArgument(net.filter()), terms);
  });

  const target = async () => ({
    ...{ subscriber: await board.getAddress(), everyTopic: true },
    ...{ gasLimit: 150_000n, price: 0n },
  });
  const pinned = async (topic: string) => {
    const { index, payload } = await board.pins(net.source.chainId, net.publisher, topic);
    return [index, payload];
  };

  it("pins the newest word about each topic, in whatever order they come", async () => {
    const [first, second] = [await net.publish(NEWS, "0x01"), await net.publish(NEWS, "0x02")];
    const third = await net.publish(SPORT, "0x03");
    const targets = [await target()];
    await net.deliver([second, third].map((said) => ({ said, targets })));
    await expect(net.deliver([{ said: first, targets }])).to.not.emit(board, "Pinned");
    expect(await pinned(NEWS)).to.deep.equal([second.index, "0x02"]);
    expect(await pinned(SPORT)).to.deep.equal([third.index, "0x03"]);
  });

  it("goes on where a publisher's numbers begin anew", async () => {
    const { here, source, network } = net;
    const other = await new Broadcaster__factory(source.signer).deploy();
    const place = { broadcaster: await addressOf(other) };
    await board.subscribe(filterArgument({ ...net.filter(), ...place }), { gasLimit: 150_000n, start: 1n, price: 0n });
    const publications = readPublications((await (await other.publish(NEWS, "0x05")).wait())?.logs ?? []);
    const { anchorIndex } = await network.recordHead(source.chainId, here.chainId);
    const query = { of: source.chainId, attestedOn: here.chainId, ...place, publications, anchorIndex };
    const { proof } = await provePublications(network.client, query);
    const entries = await Promise.all(publications.map(async (said) => ({ said, targets: [await target()] })));
    await here.subscriptions.deliver({ ...net.at({ anchorIndex }), ...place }, itemsOf(entries), proof);
    expect(await pinned(NEWS)).to.deep.equal([1n, "0x05"]);
  });

  it("loses nothing while it is closed", async () => {
    const said = await net.publish(NEWS, "0x04");
    await board.setClosed(true);
    const entry = { said, targets: [await target()] };
    await expect(net.deliver([entry])).to.emit(net.here.subscriptions, "PublicationFailed");
    await board.setClosed(false);
    const { chainId } = net.source;
    await expect(net.deliver([entry]))
      .to.emit(board, "Pinned")
      .withArgs(chainId, net.publisher, NEWS, said.index, "0x04");
  });

  it("listens to Subscriptions only, and obeys its owner only", async () => {
    const said = { ...(await net.publish(NEWS)), chainId: net.source.chainId, time: 1n };
    await expect(board.onPublication(said)).to.be.revertedWithCustomError(board, "PinboardUnauthorized");
    const [, stranger] = await net.ethers.getSigners();
    if (stranger === undefined) throw new Error("twenty accounts exist");
    const asStranger = board.connect(stranger);
    const filter = filterArgument(net.filter());
    for (const call of [
      asStranger.setClosed(true),
      asStranger.subscribe(filter, { gasLimit: 1n, start: 1n, price: 0n }),
      asStranger.unsubscribe(filter),
    ]) {
      await expect(call).to.be.revertedWithCustomError(board, "OwnableUnauthorizedAccount");
    }
  });

  it("hears no more when its owner unsubscribed it", async () => {
    await expect(board.unsubscribe(filterArgument(net.filter()))).to.emit(net.here.subscriptions, "Unsubscribed");
    const entry = { said: await net.publish(NEWS), targets: [await target()] };
    await expect(net.deliver([entry])).to.be.revertedWithCustomError(
      net.here.subscriptions,
      "SubscriptionsNothingToDeliver",
    );
  });
});
