import { expect } from "chai";
import { HDNodeWallet, Mnemonic, type BaseContract } from "ethers";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import { filterArgument } from "../../sdk/src/subscription.ts";
import type { TestRollup } from "../../sdk/src/testkit/index.ts";
import { createEndpoint } from "../../scripts/chain/endpoint.ts";
import { createPool, type RpcPool } from "../../scripts/chain/pool.ts";
import { createSender, type Sender } from "../../scripts/chain/sender.ts";
import { DEV_MNEMONIC } from "../../scripts/devnet/anvil.ts";
import { rollupSchema } from "../../scripts/network/config.ts";
import type { PublicationSite } from "../../scripts/upkeep/publicationCall.ts";
import { createPublicationService, type PublicationService } from "../../scripts/upkeep/publications.ts";
import { SubscriberMock__factory, type SubscriberMock } from "../../typechain-types/index.js";
import { startLocalNetwork, type LocalNetwork } from "../cli/localNetwork.ts";
import { MOOD, NEWS, SPORT, UNIT } from "../helpers/publications.ts";

const GWEI = 10n ** 9n;
const FEES = { ceiling: 500n * GWEI, minTip: 1n, maxTip: 2n * GWEI };

describe("bringing publications to subscribers on real nodes", function () {
  this.timeout(240_000);
  let local: LocalNetwork;
  let [here, source] = [] as unknown as [TestRollup, TestRollup]; // CAST: set before any test runs
  const open: { pool: RpcPool; sender: Sender }[] = [];
  let now = 0;

  before(async () => {
    local = await startLocalNetwork(2);
    [here, source] = [local.metalayer.rollup(8101n), local.metalayer.rollup(8102n)];
  });

  after(async () => {
    for (const { pool, sender } of open) {
      await sender.stop();
      pool.close();
    }
    await local.close();
  });

  /** Both rollups as a deliverer of its own account sees them. */
  async function sitesOf(account: number): Promise<PublicationSite[]> {
    const wallet = HDNodeWallet.fromMnemonic(Mnemonic.fromPhrase(DEV_MNEMONIC), `m/44'/60'/0'/0/${account}`);
    return Promise.all(
      [here, source].map(async (rollup, index) => {
        const url = local.nodes[index]?.url ?? "";
        const addressOf = (contract: BaseContract): Promise<string> => contract.getAddress();
        const config = rollupSchema.parse({
          ...{ name: `rollup${"AB"[index]}`, chainId: Number(rollup.chainId), rpc: [url], blockTimeMs: 100 },
          finality: { kind: "depth", blocks: 0 },
          contracts: {
            gateway: await addressOf(rollup.gateway),
            guardianSet: await addressOf(rollup.guardianSet),
            inbox: await addressOf(rollup.stateRootInbox),
            broadcaster: await addressOf(rollup.broadcaster),
            subscriptions: await addressOf(rollup.subscriptions),
          },
        });
        const endpoints = [createEndpoint({ url })];
        const pool = createPool({ rollup: config.name, chainId: config.chainId, blockTimeMs: 100, endpoints });
        const sender = createSender({ pool, signer: wallet, fees: FEES });
        open.push({ pool, sender });
        return { rollup: config, pool, sender, account: wallet.address as Address }; // CAST: ethers returns an address
      }),
    );
  }

  async function newService(account: number, leastPrice = 0n): Promise<{ serve: () => Promise<number> }> {
    const sites = await sitesOf(account);
    const [dst] = sites;
    if (dst === undefined) throw new Error("two rollups are there");
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
  const filterOf = async (topic?: Hex) => {
    const [broadcaster, publisher] = [await source.broadcaster.getAddress(), await source.signer.getAddress()];
    // CAST: ethers returns addresses
    const filter = { chainId: source.chainId, incarnation: 1n, broadcaster, publisher } as {
      chainId: bigint;
      incarnation: bigint;
      broadcaster: Address;
      publisher: Address;
    };
    return filterArgument(topic === undefined ? filter : { ...filter, topic });
  };

  /** From the next publication on, unless it says otherwise. */
  async function subscriber(wish: { topic?: Hex; price?: bigint; start?: bigint } = {}): Promise<SubscriberMock> {
    const contract = await new SubscriberMock__factory(here.signer).deploy();
    await contract.waitForDeployment();
    const newest = await source.broadcaster.newestIndex(source.signer);
    const terms = { gasLimit: 200_000n, start: wish.start ?? newest + 1n, price: wish.price ?? 0n };
    const filter = await filterOf(wish.topic);
    const data = here.subscriptions.interface.encodeFunctionData("subscribe", [filter, terms]);
    await (await contract.call(here.subscriptions, data)).wait();
    return contract;
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
});
