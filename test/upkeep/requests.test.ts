import { expect } from "chai";
import type { TestRollup } from "../../sdk/src/testkit/index.ts";
import type { UpkeepSettings } from "../../scripts/upkeep/upkeep.ts";
import { startLocalNetwork, type LocalNetwork } from "../cli/localNetwork.ts";
import { failureOf, run, runJson } from "../cli/run.ts";
import { until } from "../helpers/daemonNetwork.ts";
import { openKeeper, type Keeper } from "../helpers/stations.ts";

interface Asked {
  readonly anchorIndex: string;
  readonly paid: string;
  readonly recorded: boolean;
}

describe("./metalayer request and who answers, on real nodes", function () {
  this.timeout(240_000);
  let local: LocalNetwork;
  let [here, source] = [] as unknown as [TestRollup, TestRollup]; // CAST: set before any test runs
  const open: Keeper[] = [];

  before(async () => {
    local = await startLocalNetwork(2);
    [here, source] = [local.metalayer.rollup(8101n), local.metalayer.rollup(8102n)];
    expect((await runJson(...at("credit", "buy", "--on", "rollupA", "--amount", "1"))).code).to.equal(0);
  });

  after(async () => {
    for (const keeper of open) await keeper.close();
    await local.close();
  });

  const at = (...argv: readonly string[]): readonly string[] => [...argv, "--network", local.file, "--account", "0"];
  const ask = async (...argv: readonly string[]): Promise<Asked> => {
    const { code, result } = await runJson<Asked>(...at("request", "head", "rollupB", "--on", "rollupA", ...argv));
    expect(code).to.equal(0);
    return result;
  };
  const recordedAt = async (index: bigint) => (await here.stateRootInbox.head(source.chainId, index)).recordedAt;

  async function newKeeper(account: number, change: Partial<UpkeepSettings> = {}): Promise<Keeper> {
    const keeper = await openKeeper(local, account, { requests: true, ...change });
    open.push(keeper);
    return keeper;
  }

  it("asks for the newest anchor, pays its price, and an operator brings the head and earns", async () => {
    await (await source.anchorLog.anchor()).wait();
    const newest = (await source.anchorLog.count()) - 1n;
    const asked = await ask();
    const { headPrice } = await here.stateRequests.termsOf(source.chainId);
    expect(asked).to.include({ anchorIndex: String(newest), paid: String(headPrice * 1_000n), recorded: false });
    const keeper = await newKeeper(1);
    await until("it is recorded", async () => {
      await keeper.visit();
      return (await recordedAt(newest)) > 0n;
    });
    const [event] = await here.stateRequests.queryFilter(here.stateRequests.filters.StateAnswered());
    expect(event?.args.answerer).to.equal(keeper.account);
    expect(await here.era.balanceOf(keeper.account)).to.equal(event?.args.reward);
    expect(event?.args.reward).to.be.greaterThan(0n);
  });

  it("asks for the next anchor when the newest is recorded, and an operator anchors it first", async () => {
    const next = await source.anchorLog.count();
    const stingy = await newKeeper(2, { minFee: 10n ** 12n, deliverUnfunded: false });
    expect((await ask()).anchorIndex).to.equal(String(next));
    await stingy.visit();
    expect(await source.anchorLog.count()).to.equal(next);
    const keeper = await newKeeper(1);
    await until("it is recorded", async () => {
      await keeper.visit();
      return (await recordedAt(next)) > 0n;
    });
  });

  it("asks for nothing that is known, and says what it cannot ask for", async () => {
    const [known] = await here.stateRootInbox.latestHead(source.chainId);
    expect(await ask("--anchor", String(known))).to.include({ recorded: true, paid: "0" });
    const own = await run(...at("request", "head", "rollupA", "--on", "rollupA"));
    expect([own.code, own.err.includes("holds no heads of its own")]).to.deep.equal([2, true]);
    const unpaid = await failureOf(
      "request",
      "head",
      "rollupB",
      "--on",
      "rollupA",
      "--network",
      local.file,
      "--account",
      "5",
    );
    expect(unpaid.code).to.equal("CLI_REFUSED");
  });
});
