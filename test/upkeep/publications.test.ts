import { expect } from "chai";
import { toBeHex } from "ethers";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import { filterArgument } from "../../sdk/src/subscription.ts";
import type { TestRollup } from "../../sdk/src/testkit/index.ts";
import type { PublicationSite } from "../../scripts/upkeep/publicationCall.ts";
import { createPublicationService, type PublicationService } from "../../scripts/upkeep/publications.ts";
import {
  FaithlessMock__factory,
  SubscriberMock__factory,
  type FaithlessMock,
  type SubscriberMock,
} from "../../typechain-types/index.js";
import { startLocalNetwork, type LocalNetwork } from "../cli/localNetwork.ts";
import { reorg, until } from "../helpers/daemonNetwork.ts";
import { MOOD, NEWS, SPORT, UNIT } from "../helpers/publications.ts";
import { openStations, type Stations } from "../helpers/stations.ts";

describe("bringing publications to subscribers on real nodes", function () {
  this.timeout(240_000);
  let local: LocalNetwork;
  let [here, source] = [] as unknown as [TestRollup, TestRollup]; // CAST: set before any test runs
  const open: Stations[] = [];
  let now = 0;

  before(async () => {
    local = await startLocalNetwork(2);
    [here, source] = [local.metalayer.rollup(8101n), local.metalayer.rollup(8102n)];
  });

  after(async () => {
    for (const stations of open) await stations.close();
    await local.close();
  });

  /** Both rollups as a deliverer of its own account sees them. */
  async function sitesOf(account: number): Promise<readonly PublicationSite[]> {
    const stations = await openStations(local, account);
    open.push(stations);
    return stations.all;
  }

  /** Begins from the chains; `change` is what is different about the rollup that it serves. */
  async function newService(
    account: number,
    leastPrice = 0n,
    change: (site: PublicationSite) => PublicationSite = (site) => site,
  ): Promise<{ serve: () => Promise<number> }> {
    const [first, ...others] = await sitesOf(account);
    if (first === undefined) throw new Error("two rollups are there");
    const dst = change(first);
    const sites = [dst, ...others];
    const onError = (where: string, error: unknown): never => {
      throw new Error(`on ${where}`, { cause: error });
    };
    const service: PublicationService = createPublicationService({ sites, leastPrice, onError, now: () => now });
    return { serve: () => service.serve(dst) };
  }

  const publish = async (topic: Hex = NEWS): Promise<void> => {
    await (await source.broadcaster.publish(topic, "0x1234")).wait();
  };
  const attest = () => local.metalayer.recordHead(source.chainId, here.chainId);
  const filterOf = async (topic?: Hex, by?: FaithlessMock) => {
    const broadcaster = await source.broadcaster.getAddress();
    const publisher = await (by ?? source.signer).getAddress();
    // CAST: ethers returns addresses
    const filter = { chainId: source.chainId, incarnation: 1n, broadcaster, publisher } as {
      chainId: bigint;
      incarnation: bigint;
      broadcaster: Address;
      publisher: Address;
    };
    return filterArgument(topic === undefined ? filter : { ...filter, topic });
  };

  type Wish = Readonly<{ topic?: Hex; price?: bigint; start?: bigint; by?: FaithlessMock }>;

  /** From the next publication on, unless it says otherwise. */
  async function subscriber(wish: Wish = {}): Promise<SubscriberMock> {
    const contract = await new SubscriberMock__factory(here.signer).deploy();
    await contract.waitForDeployment();
    await subscribe(contract, wish);
    return contract;
  }

  async function subscribe(contract: SubscriberMock, wish: Wish): Promise<void> {
    await (await contract.call(here.subscriptions, await subscribing(wish))).wait();
  }

  async function subscribing(wish: Wish): Promise<string> {
    const newest = await source.broadcaster.newestIndex(wish.by ?? source.signer);
    const terms = { gasLimit: 200_000n, start: wish.start ?? newest + 1n, price: wish.price ?? 0n };
    const filter = await filterOf(wish.topic, wish.by);
    return here.subscriptions.interface.encodeFunctionData("subscribe", [filter, terms]);
  }

  const newPublisher = async (): Promise<FaithlessMock> =>
    (await new FaithlessMock__factory(source.signer).deploy()).waitForDeployment();

  async function publishOften(by: FaithlessMock, times: number): Promise<void> {
    const data = source.broadcaster.interface.encodeFunctionData("publish", [NEWS, "0x1234"]);
    await (await by.call(times, source.broadcaster, data)).wait();
    await attest();
  }

  /** Begins from the chains, and has nothing left to do there. */
  async function idleService(account: number, leastPrice = 0n): Promise<{ serve: () => Promise<number> }> {
    const service = await newService(account, leastPrice);
    for (let visit = 0; visit < 8; visit++) await service.serve();
    return service;
  }

  it("serves everybody what they asked for, once, as soon as a head that has it is attested", async () => {
    const [all, sport] = [await subscriber(), await subscriber({ topic: SPORT })];
    const service = await newService(1);
    await publish(NEWS);
    await publish(SPORT);
    expect(await service.serve()).to.equal(0);
    await attest();
    expect(await service.serve()).to.equal(3);
    expect(await service.serve()).to.equal(0);
    expect([await all.received(), await sport.received()]).to.deep.equal([2n, 1n]);
    await publish(SPORT);
    await attest();
    expect(await service.serve()).to.equal(2);
  });

  it("begins from the chains when it is started anew: nothing is lost and nothing comes twice", async () => {
    const replaying = await subscriber({ start: 1n });
    await publish();
    await attest();
    const newest = await source.broadcaster.newestIndex(source.signer);
    const first = await newService(1);
    const second = await newService(2);
    let calls = 0;
    for (const service of [first, second, await newService(1)]) calls += await service.serve();
    expect(await replaying.received()).to.equal(newest);
    expect(calls).to.be.greaterThanOrEqual(Number(newest));
    for (let index = 1n; index <= newest; index++) {
      expect(await replaying.timesReceived(source.chainId, source.signer, index)).to.equal(1n);
    }
  });

  it("shares the work with another one: each publication comes once, whoever is first", async () => {
    const listening = await subscriber();
    for (let count = 0; count < 3; count++) await publish();
    await attest();
    const services = [await newService(1), await newService(2)];
    await Promise.all(services.map(({ serve }) => serve()));
    now += 4_000_000;
    for (const { serve } of services) await serve();
    expect(await listening.received()).to.equal(3n);
  });

  it("C16: leaves out who does not accept, pays nothing for it, and comes back later", async () => {
    const [bad, good] = [await subscriber(), await subscriber()];
    await (await bad.setMode(MOOD.revert)).wait();
    const service = await newService(1);
    await publish();
    await attest();
    await service.serve();
    expect([await bad.received(), await good.received()]).to.deep.equal([0n, 1n]);
    const failed = await here.subscriptions.queryFilter(here.subscriptions.filters.PublicationFailed());
    expect(failed).to.deep.equal([]);
    await (await bad.setMode(MOOD.accept)).wait();
    expect(await service.serve()).to.equal(0);
    now += 4_000_000;
    expect(await service.serve()).to.equal(1);
    expect(await bad.received()).to.equal(1n);
  });

  it("knows everybody after a node failed while it was reading from the chains", async () => {
    const listening = await subscriber();
    await local.nodes[0]?.rpc("anvil_mine", "0x20");
    let pieces = 0;
    const service = await newService(1, 0n, (site) => ({
      ...site,
      rollup: { ...site.rollup, maxLogRange: 20 },
      pool: {
        ...site.pool,
        // Only what reads logs holds sessions of its own; the last piece is the first one that fails.
        session: async (task, options) => {
          const at = BigInt(String(await site.pool.request("eth_blockNumber", [])));
          if (++pieces === Math.ceil((Number(at) + 1) / 20)) throw new Error("no answer");
          return site.pool.session(task, options);
        },
      },
    }));
    await publish();
    await attest();
    expect(await service.serve().catch(String)).to.equal("Error: no answer");
    expect(pieces).to.be.greaterThan(1);
    await service.serve();
    expect(await listening.received()).to.equal(1n);
  });

  it("brings again what a reorg of the subscriber's rollup undid", async () => {
    const listening = await subscriber();
    const service = await newService(1);
    await publish();
    await attest();
    await service.serve();
    expect(await service.serve()).to.equal(0);
    expect(await listening.received()).to.equal(1n);
    const [node] = local.nodes;
    if (node === undefined) throw new Error("two rollups are there");
    await reorg({ anvil: node }, 1);
    expect(await listening.received()).to.equal(0n);
    await node.rpc("evm_mine");
    now += 4_000_000;
    await until("it has it again", async () => {
      await service.serve();
      return (await listening.received()) === 1n;
    });
  });

  it("serves who pays enough, and earns it", async () => {
    const paying = await subscriber({ price: 7n });
    const service = await newService(3, 7n);
    await publish();
    await attest();
    expect(await service.serve()).to.equal(0);
    await (await here.era.approve(here.subscriptions, 7n * UNIT)).wait();
    await (await here.subscriptions.fund(paying, await filterOf(), 7n)).wait();
    now += 4_000_000;
    expect(await service.serve()).to.equal(1);
    const [site] = await sitesOf(3);
    expect(await here.subscriptions.earned(site?.account ?? "")).to.equal(7n);
  });

  it("C16: whatever was refused keeps no newer publication waiting, and is brought when it is accepted", async () => {
    const by = await newPublisher();
    const choosy = await subscriber({ by });
    await (await choosy.setMode(MOOD.revert)).wait();
    const service = await idleService(1);
    for (const times of [130, 130]) await publishOften(by, times);
    for (let round = 0; round < 3; round++) {
      now += 4_000_000;
      for (let visit = 0; visit < 6; visit++) expect(await service.serve()).to.equal(0);
    }
    await (await choosy.setMode(MOOD.accept)).wait();
    await publishOften(by, 1);
    expect(await service.serve()).to.equal(1);
    expect(await choosy.timesReceived(source.chainId, by, 261n)).to.equal(1n);
    now += 4_000_000;
    for (let visit = 0; visit < 7; visit++) await service.serve();
    expect(await choosy.received()).to.equal(261n);
  });

  it("C16: who fails when it is called though it accepted when it was asked wastes gas once, and waits then", async () => {
    const by = await newPublisher();
    const faithless = await (await new FaithlessMock__factory(here.signer).deploy()).waitForDeployment();
    const subscribeIt = async () =>
      (await faithless.call(1n, here.subscriptions, await subscribing({ by, start: 1n }))).wait();
    await subscribeIt();
    const service = await idleService(1);
    const { PublicationFailed } = here.subscriptions.filters;
    const failures = async () => (await here.subscriptions.queryFilter(PublicationFailed(undefined, faithless))).length;
    for (let count = 0; count < 3; count++) {
      await publishOften(by, 1);
      await subscribeIt();
      await service.serve();
      expect(await failures()).to.equal(1);
    }
    now += 4_000_000;
    await (await faithless.mend()).wait();
    expect(await service.serve()).to.equal(3);
  });

  it("C16: who refuses keeps nobody waiting, however much of it there is", async () => {
    const by = await newPublisher();
    for (let count = 0; count < 5; count++) await (await (await subscriber({ by })).setMode(MOOD.revert)).wait();
    const good = await subscriber({ by });
    const service = await idleService(1);
    await publishOften(by, 12);
    expect(await service.serve()).to.equal(8);
    expect(await service.serve()).to.equal(4);
    expect(await good.received()).to.equal(12n);
  });

  it("C16: who does not pay keeps nobody waiting, however many there are", async () => {
    const by = await newPublisher();
    const poor = await subscriber({ by, price: 7n });
    for (let count = 1; count <= 64; count++) {
      await subscribe(poor, { by, price: 7n, topic: toBeHex(count, 32) as Hex }); // CAST: ethers returns hex
    }
    const paying = await subscriber({ by, price: 7n });
    await (await here.era.approve(here.subscriptions, 714n * UNIT)).wait();
    await (await here.subscriptions.fund(paying, await filterOf(undefined, by), 714n)).wait();
    await publishOften(by, 102);
    const service = await newService(2, 7n);
    expect((await service.serve()) + (await service.serve())).to.equal(50);
    expect([await poor.received(), await paying.received()]).to.deep.equal([0n, 50n]);
  });
});
