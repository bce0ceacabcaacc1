import { expect } from "chai";
import { toBeHex, type BaseContract, type ContractTransactionResponse } from "ethers";
import { automationArgument, automationId, type Automation } from "../../sdk/src/automation.ts";
import type { Hex } from "../../sdk/src/bytes.ts";
import type { TestRollup } from "../../sdk/src/testkit/index.ts";
import { createAutomationService } from "../../scripts/upkeep/automations.ts";
import type { UpkeepSettings } from "../../scripts/upkeep/upkeep.ts";
import {
  AutomatedMock__factory,
  FaithlessMock__factory,
  Sentinel__factory,
  StorageMock__factory,
  type StorageMock,
} from "../../typechain-types/index.js";
import { startLocalNetwork, type LocalNetwork } from "../cli/localNetwork.ts";
import { until } from "../helpers/daemonNetwork.ts";
import { addressOf, MOOD, UNIT } from "../helpers/publications.ts";
import { openKeeper, openStations, type Keeper } from "../helpers/stations.ts";

const SLOT = toBeHex(7, 32) as Hex; // CAST: ethers returns hex
const LIMIT = 100n;
describe("executing automations on real nodes", function () {
  this.timeout(240_000);
  let local: LocalNetwork;
  let [here, source] = [] as unknown as [TestRollup, TestRollup]; // CAST: set before any test runs
  let store: StorageMock;
  const open: { close: () => Promise<void> }[] = [];

  before(async () => {
    local = await startLocalNetwork(2);
    [here, source] = [local.metalayer.rollup(8101n), local.metalayer.rollup(8102n)];
    store = await placed(new StorageMock__factory(source.signer).deploy());
  });

  after(async () => {
    for (const { close } of open) await close();
    await local.close();
  });

  async function placed<T extends BaseContract>(deploying: Promise<T>): Promise<T> {
    const contract = await deploying;
    await contract.waitForDeployment();
    return contract;
  }

  async function newKeeper(account: number, change: Partial<UpkeepSettings> = {}): Promise<Keeper> {
    const keeper = await openKeeper(local, account, { automations: true, ...change });
    open.push(keeper);
    return keeper;
  }

  const sent = async (transaction: Promise<ContractTransactionResponse>): Promise<void> => {
    await (await transaction).wait();
  };
  const write = (value: bigint): Promise<void> => sent(store.write(SLOT, toBeHex(value, 32)));
  const attest = () => local.metalayer.recordHead(source.chainId, here.chainId);

  async function termsOf(change: Partial<Automation> = {}): Promise<Automation> {
    return {
      ...{
        chainId: source.chainId,
        incarnation: 1n,
        account: await addressOf(store),
        slot: SLOT,
        mask: 2n ** 256n - 1n,
      },
      ...{ comparison: "atLeast", operand: LIMIT, maxAge: 3_600n, period: 0n, gasLimit: 200_000n, reward: 0n },
      ...change,
    };
  }

  /** A sentinel that watches, with ten rewards prepaid. */
  async function sentinel(change: Partial<Automation> = {}) {
    const { automations, era, signer } = here;
    const contract = await placed(new Sentinel__factory(signer).deploy(automations));
    const terms = await termsOf(change);
    await sent(contract.watch(automationArgument(terms)));
    const id = automationId(await addressOf(contract), terms);
    expect(id).to.equal(await automations.idOf(contract, automationArgument(terms)));
    if (terms.reward > 0n) {
      await sent(era.approve(automations, 10n * terms.reward * UNIT));
      await sent(automations.fund(id, 10n * terms.reward));
    }
    return contract;
  }

  it("executes once when a recorded head shows the condition, and earns the reward", async () => {
    const contract = await sentinel({ reward: 7n });
    const keeper = await newKeeper(1);
    await write(LIMIT - 1n);
    await attest();
    expect(await keeper.visit()).to.equal(0);
    await write(LIMIT);
    await attest();
    expect(await keeper.visit()).to.equal(1);
    expect([await contract.alarms(), await contract.value()]).to.deep.equal([1n, LIMIT]);
    expect(await here.automations.earned(keeper.account)).to.equal(7n);
    await write(LIMIT + 1n);
    await attest();
    expect(await keeper.visit()).to.equal(0);
    await sent(contract.stop(automationArgument(await termsOf({ reward: 7n }))));
  });

  it("has a head attested where the source alone shows the condition, for who pays for it and for nobody else", async () => {
    await write(0n);
    await attest();
    const anchors = await source.anchorLog.count();
    const free = await sentinel({ operand: 500n });
    const keeper = await newKeeper(2, { minFee: 5n });
    await write(500n);
    for (let turn = 0; turn < 3; turn++) expect(await keeper.visit()).to.equal(0);
    expect(await source.anchorLog.count()).to.equal(anchors);
    const paying = await sentinel({ operand: 500n, reward: 5n });
    let executed = 0;
    await until("both are executed", async () => (executed += await keeper.visit()) === 2);
    expect([await free.alarms(), await paying.alarms()]).to.deep.equal([1n, 1n]);
    expect(await source.anchorLog.count()).to.equal(anchors + 1n);
  });

  it("begins from the chains when it is started anew and shares the work: one call, whoever is first", async () => {
    await write(LIMIT);
    await attest();
    const contract = await sentinel({ period: 3_000n, reward: 1n });
    const keepers = [await newKeeper(1), await newKeeper(2)];
    await Promise.all(keepers.map(({ visit }) => visit()));
    await attest();
    for (const keeper of [...keepers, await newKeeper(1)]) expect(await keeper.visit()).to.equal(0);
    expect(await contract.alarms()).to.equal(1n);
    await here.passTime(3_001);
    await attest();
    expect(await (await newKeeper(1)).visit()).to.equal(1);
    expect(await contract.alarms()).to.equal(2n);
  });

  it("C16: leaves out who does not accept, spends nothing on it, and comes back later", async () => {
    await write(LIMIT);
    const [bad, good] = [
      await placed(new AutomatedMock__factory(here.signer).deploy()),
      await sentinel({ operand: LIMIT, reward: 2n }),
    ];
    const create = here.automations.interface.encodeFunctionData("create", [automationArgument(await termsOf())]);
    await sent(bad.call(here.automations, create));
    await sent(bad.setMode(MOOD.revert));
    await attest();
    const keeper = await newKeeper(1);
    expect(await keeper.visit()).to.equal(1);
    expect([await bad.received(), await good.alarms()]).to.deep.equal([0n, 1n]);
    expect(await here.automations.queryFilter(here.automations.filters.AutomationFailed())).to.deep.equal([]);
    await sent(bad.setMode(MOOD.accept));
    await until("it is called", async () => (await keeper.visit()) === 1);
    expect(await bad.received()).to.equal(1n);
  });

  it("C16: who fails when it is called though it accepted when it was asked wastes gas once, and waits then", async () => {
    const { automations, signer } = here;
    const faithless = await placed(new FaithlessMock__factory(signer).deploy());
    await write(LIMIT);
    await attest();
    const stations = await openStations(local, 1);
    open.push(stations);
    const [dst, ...others] = stations.all;
    if (dst === undefined) throw new Error("two rollups are there");
    let now = 0;
    const service = createAutomationService({
      ...{ sites: [dst, ...others], leastReward: 0n, leastForHead: 1n, now: () => now },
      bringHead: () => Promise.resolve(),
      onError: (where, error) => {
        throw new Error(`on ${where}`, { cause: error });
      },
    });
    for (let count = 1n; count <= 3n; count++) {
      const terms = automationArgument(await termsOf({ operand: LIMIT - count }));
      await sent(faithless.call(1n, automations, automations.interface.encodeFunctionData("create", [terms])));
      expect(await service.serve(dst)).to.equal(0);
      expect(await automations.queryFilter(automations.filters.AutomationFailed())).to.have.length(1);
    }
    await sent(faithless.mend());
    now = 4_000_000;
    expect(await service.serve(dst)).to.equal(3);
  });

  it("C16: leaves out who asks for more gas than a transaction is given, whatever it pays", async () => {
    await write(LIMIT);
    await attest();
    const [greedy, modest] = [
      await sentinel({ gasLimit: 10_000_001n, reward: 9n, operand: LIMIT - 5n }),
      await sentinel({ gasLimit: 10_000_000n, reward: 9n, operand: LIMIT - 5n }),
    ];
    const keeper = await newKeeper(1);
    expect(await keeper.visit()).to.equal(1);
    expect([await greedy.alarms(), await modest.alarms()]).to.deep.equal([0n, 1n]);
  });

  it("sends nothing once it is to stop, and nothing for less than its least reward", async () => {
    await write(LIMIT);
    const contract = await sentinel({ reward: 2n, operand: LIMIT - 3n });
    await attest();
    const strict = await newKeeper(3, { minFee: 3n, deliverUnfunded: false });
    expect(await strict.visit()).to.equal(0);
    const keeper = await newKeeper(1);
    const stopped = await keeper.visit(AbortSignal.abort()).catch((error: unknown) => error);
    expect(stopped).to.be.instanceOf(Error);
    expect(await contract.alarms()).to.equal(0n);
    expect(await keeper.visit()).to.equal(1);
  });
});
