import { expect } from "chai";
import { toBeHex, type BaseContract } from "ethers";
import { automationArgument, automationId, type Automation } from "../../sdk/src/automation.ts";
import { filterArgument } from "../../sdk/src/subscription.ts";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import type { TestRollup } from "../../sdk/src/testkit/index.ts";
import {
  Mailbox__factory,
  Pinboard__factory,
  Sentinel__factory,
  StorageMock__factory,
} from "../../typechain-types/index.js";
import { until } from "../helpers/daemonNetwork.ts";
import { addressOf, UNIT } from "../helpers/publications.ts";
import { openKeeper, type Keeper } from "../helpers/stations.ts";
import type { LocalNetwork } from "./localNetwork.ts";
import { startLocalNetwork } from "./localNetwork.ts";
import { failureOf, onNetwork, run } from "./run.ts";

const SLOT = toBeHex(7, 32) as Hex; // CAST: ethers returns hex
const TOPIC = toBeHex(1, 32) as Hex; // CAST: ethers returns hex
const DAY = 86_400;

interface Shown {
  readonly account: string;
  readonly rollups: Record<"rollup" | "deliveries" | "queued" | "subscriptions" | "automations", string>[];
  readonly calls?: { readonly rollup: string; readonly method: string; readonly gas: string; readonly hash?: string }[];
}

describe("command line: earnings of a relayer on a local network", function () {
  this.timeout(120_000);
  let network: LocalNetwork;
  /** Account 0 delivers a message from A to B; account 1 makes calls on A for what happens on B. */
  let [a, b] = [] as unknown as [TestRollup, TestRollup]; // CAST: set before any test runs
  let keeper: Keeper;
  let deliverer = "";

  before(async () => {
    network = await startLocalNetwork(2, { prices: { basePrice: 1_000n, pricePerByte: 1n, pricePerKGas: 1n } });
    [a, b] = network.metalayer.rollups as [TestRollup, TestRollup]; // CAST: two were asked for
    deliverer = await b.signer.getAddress();
    keeper = await openKeeper(network, 1, { publications: true, automations: true });
  });

  after(async () => {
    await keeper.close();
    await network.close();
  });

  const { at, fine } = onNetwork(() => network);
  const mined = async (sending: Promise<{ wait(): Promise<unknown> }>): Promise<void> => {
    await (await sending).wait();
  };
  const placed = async <T extends BaseContract>(deploying: Promise<T>): Promise<T> => {
    const contract = await deploying;
    await contract.waitForDeployment();
    return contract;
  };
  const blocks = () => Promise.all(network.nodes.map((node) => node.rpc("eth_blockNumber")));
  const attest = () => network.metalayer.recordHead(b.chainId, a.chainId);
  /** What a command tells of a rollup, and the calls that it made or would make, by name. */
  const toldOf = async (rollup: string, ...argv: readonly string[]) => {
    const { rollups, calls } = await fine<Shown>("earnings", ...argv);
    const row = rollups.find((each) => each.rollup === rollup);
    if (row === undefined) throw new Error(`nothing about ${rollup}`);
    const { deliveries, queued, subscriptions, automations } = row;
    return {
      amounts: { deliveries, queued, subscriptions, automations },
      calls: (calls ?? []).map(
        ({ rollup: where, method, hash }) => `${where} ${method} ${hash === undefined ? "asked" : "sent"}`,
      ),
    };
  };
  const NOTHING = { deliveries: "0", queued: "0", subscriptions: "0", automations: "0" };

  /** A contract on A subscribes to what account 0 publishes on B, and another watches a slot there; both pay. */
  async function earnByCalls(price: bigint, reward: bigint): Promise<void> {
    const publisher = (await b.signer.getAddress()) as Address; // CAST: ethers returns an address
    const board = await placed(new Pinboard__factory(a.signer).deploy(a.subscriptions));
    const source = { chainId: b.chainId, incarnation: 1n };
    const broadcaster = await addressOf(b.broadcaster);
    const filter = filterArgument({ ...source, broadcaster, publisher, topic: TOPIC });
    await mined(board.subscribe(filter, { gasLimit: 150_000n, start: 1n, price }));
    await mined(a.era.approve(a.subscriptions, price * UNIT));
    await mined(a.subscriptions.fund(board, filter, price));
    await mined(b.broadcaster.publish(TOPIC, "0x01"));

    const store = await placed(new StorageMock__factory(b.signer).deploy());
    const sentinel = await placed(new Sentinel__factory(a.signer).deploy(a.automations));
    const automation: Automation = {
      ...{ ...source, account: await addressOf(store), slot: SLOT, mask: 2n ** 256n - 1n },
      ...{ comparison: "atLeast", operand: 1n, maxAge: 3_600n, period: 0n, gasLimit: 200_000n, reward },
    };
    await mined(sentinel.watch(automationArgument(automation)));
    await mined(a.era.approve(a.automations, reward * UNIT));
    await mined(a.automations.fund(automationId(await addressOf(sentinel), automation), reward));
    await mined(store.write(SLOT, toBeHex(1, 32)));
    await attest();
    await until("both calls are made", async () => {
      await keeper.visit();
      return (await a.subscriptions.earned(keeper.account)) > 0n && (await a.automations.earned(keeper.account)) > 0n;
    });
  }

  it("pays for calls to who made them, and nothing before it is told to", async () => {
    await earnByCalls(3n, 5n);
    const own = { ...NOTHING, subscriptions: "3", automations: "5" };
    expect((await toldOf("rollupA", "--account", "1")).amounts).to.deep.equal(own);
    const before = await blocks();
    const dry = await toldOf("rollupA", "withdraw", "--account", "1", "--dry-run");
    expect(dry).to.deep.equal({ amounts: own, calls: ["rollupA claim asked", "rollupA claim asked"] });
    const foreign = await toldOf("rollupA", "withdraw", "--for", keeper.account);
    expect([foreign, await blocks()]).to.deep.equal([{ amounts: own, calls: [] }, before]);
    const held = await a.era.balanceOf(keeper.account);
    const paid = await toldOf("rollupA", "withdraw", "--account", "1");
    expect(paid).to.deep.equal({ amounts: NOTHING, calls: ["rollupA claim sent", "rollupA claim sent"] });
    expect((await a.era.balanceOf(keeper.account)) - held).to.equal(8n * UNIT);
  });

  it("has deliveries paid to who made them by anybody, once their source's limit lets them through", async () => {
    await fine("credit", "buy", "--on", "rollupA", "--amount", "10");
    const mailbox = await addressOf(await placed(new Mailbox__factory(b.signer).deploy(b.gateway)));
    await fine("send", "--from", "rollupA", "--to", "rollupB", "--recipient", mailbox, "--text", "paid");
    await network.metalayer.deliverAll();
    const booked = await toldOf("rollupB");
    const all = BigInt(booked.amounts.deliveries) + BigInt(booked.amounts.queued);
    expect(all > 0n).to.equal(true);
    for (const rollup of [a, b]) await rollup.passTime(DAY);
    await b.acceptedSerial();
    const held = await b.era.balanceOf(deliverer);
    await fine("earnings", "withdraw", "--on", "rollupB", "--for", deliverer, "--account", "1");
    expect((await toldOf("rollupB")).amounts).to.deep.equal(NOTHING);
    const got = (await b.era.balanceOf(deliverer)) - held;
    expect(got > 0n && got % UNIT === 0n && got <= all * UNIT, String(got)).to.equal(true);
    // The other half is the guardians'.
    expect(await b.feeController.minted()).to.equal(2n * got);
  });

  it("says in a sentence what is to be had and what was paid", async () => {
    const { out } = await run(...at("earnings", "withdraw", "--account", "2"));
    expect(out).to.match(/Nothing is to be paid to 0x\w{40}\./);
    expect((await run(...at("earnings", "--for", deliverer))).out).to.contain(
      `Earned by ${deliverer} and not paid out:`,
    );
    expect((await run("earnings", "steal")).code).to.equal(2);
    expect((await failureOf(...at("earnings", "--on", "rollupZ"))).code).to.equal("CLI_UNKNOWN_ROLLUP");
  });
});
