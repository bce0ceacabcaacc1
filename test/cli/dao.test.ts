import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { getAddress, parseEther } from "ethers";
import type { TestRollup } from "../../sdk/src/testkit/index.ts";
import { MembershipMock__factory, Tollbooth__factory, type Tollbooth } from "../../typechain-types/index.js";
import type { LocalNetwork } from "./localNetwork.ts";
import { startLocalNetwork } from "./localNetwork.ts";
import { failureOf, onNetwork, run, runJson } from "./run.ts";

const HOUR = 3_600;
const TOLL = "25";
const FUNDS = "2";
const PAID = "0.5";
const PAYEE = getAddress(`0x${"00".repeat(18)}9a4d`);

interface Created {
  readonly created: boolean;
  readonly governor: string;
  readonly file?: string;
  readonly rollups: {
    readonly rollup: string;
    readonly treasury: string;
    readonly contracts: { readonly name: string; readonly stood: boolean }[];
  }[];
}

interface Shown {
  readonly state: string;
  readonly next: string;
  readonly legStates: { readonly rollup: string; readonly state: string }[];
}

interface Status {
  readonly rollups: { readonly rollup: string; readonly coins: string; readonly problems: string[] }[];
}

describe("command line: a community's DAO on a local network", () => {
  let network: LocalNetwork;
  let rollups: readonly TestRollup[];
  let holder = "";
  let proposal = "";
  const booths: Tollbooth[] = [];

  before(async () => {
    network = await startLocalNetwork(3);
    ({ rollups } = network.metalayer);
    holder = (await rollups[0]?.signer.getAddress()) ?? "";
  });

  after(async () => network.close());

  const { at, fine } = onNetwork(() => network);
  const write = (name: string, value: unknown): string => {
    const file = path.join(network.folder, name);
    writeFileSync(file, JSON.stringify(value));
    return file;
  };
  const garden = (others: readonly string[]): object => ({
    name: "Garden",
    home: "rollupA",
    rollups: others,
    token: {
      new: {
        name: "Garden",
        symbol: "GRDN",
        shares: [
          { to: holder, amount: "600" },
          { to: "treasury", amount: "400" },
        ],
      },
    },
    voting: { delay: "1h", period: "1d", threshold: "1", quorum: "4%" },
    timelock: { delay: "2h" },
    treasuries: others.includes("rollupB") ? { rollupB: FUNDS } : {},
  });
  const pass = async (seconds: number): Promise<void> => {
    for (const rollup of rollups) await rollup.passTime(seconds);
  };
  const shown = (): Promise<Shown> => fine<Shown>("proposal", "latest", "--dao", "Garden");
  const nonces = (): Promise<number[]> =>
    Promise.all(rollups.map(({ provider }) => provider.getTransactionCount(holder)));

  it("create: a dry run says what would stand where, and sends nothing", async () => {
    const file = write("garden.json", garden(["rollupB", "rollupC"]));
    const before = await nonces();
    const { out, err } = await run(...at("dao", "create", file, "--dry-run"));
    expect(err).to.equal("");
    expect(out).to.contain("DaoGovernor").and.to.contain("RollupTimelock (treasury)").and.to.contain("to be placed");
    expect((await fine<Created>("dao", "create", file, "--dry-run")).created).to.equal(false);
    expect(await nonces()).to.deep.equal(before);
  });

  it("create: goes on with more rollups where it stood with fewer, and does nothing twice", async () => {
    const half = await fine<Created>("dao", "create", write("half.json", garden(["rollupB"])));
    const whole = await fine<Created>("dao", "create", write("garden.json", garden(["rollupB", "rollupC"])));
    expect(whole.governor).to.equal(half.governor);
    const stood = whole.rollups.map(({ contracts }) => contracts.map((each) => each.stood));
    expect(stood).to.deep.equal([
      [true, true, true],
      [true, true],
      [false, false],
    ]);
    const before = await nonces();
    await fine<Created>("dao", "create", path.join(network.folder, "garden.json"));
    expect(await nonces(), "a third run").to.deep.equal(before);
    const { rollups: places } = await fine<Status>("dao", "status", "Garden");
    expect(places.map(({ problems }) => problems)).to.deep.equal([[], [], []]);
    expect(places.map(({ coins }) => BigInt(coins))).to.deep.equal([0n, parseEther(FUNDS), 0n]);
    const { daos } = await fine<{ daos: { name: string }[] }>("dao", "list");
    expect(daos.map(({ name }) => name)).to.deep.equal(["Garden"]);
    for (const [index, rollup] of rollups.entries()) {
      const treasury = whole.rollups[index]?.treasury ?? "";
      const booth = await new Tollbooth__factory(rollup.signer).deploy(treasury);
      booths.push(await booth.waitForDeployment());
    }
  });

  it("propose: calls of any contract, on home and on the others, with a payment from a treasury", async () => {
    const legs = await Promise.all(
      rollups.map(async (_, index) => ({
        rollup: `rollup${"ABC"[index]}`,
        calls: [
          { contract: await booths[index]?.getAddress(), function: "function setToll(uint256 toll)", args: [TOLL] },
          ...(index === 1 ? [{ contract: PAYEE, value: PAID }] : []),
        ],
      })),
    );
    const file = write("tolls.json", { title: "Tolls", legs });
    // What was given at birth counts a second later.
    await pass(10);
    const { out, err } = await run(...at("propose", file, "--dao", "garden", "--dry-run"));
    expect(err).to.equal("");
    expect(out)
      .to.contain("On rollupB, 2 h after its arrival")
      .and.to.contain(`${parseEther(PAID)} wei to ${PAYEE}`);
    expect(out).to.contain("Nothing was sent");
    const { proposalId } = await fine<{ proposalId: string }>("propose", file, "--dao", "Garden");
    proposal = proposalId;
    const { state, next } = await shown();
    expect([state, next.startsWith("wait until")]).to.deep.equal(["pending", true]);
    expect((await failureOf(...at("proposal", proposal))).code, "not the network's").to.equal("CLI_UNKNOWN_PROPOSAL");
  });

  it("vote, queue, execute: one vote on home takes effect on all rollups, each after its delay", async () => {
    await pass(HOUR + 10);
    expect((await shown()).next).to.contain(`./metalayer vote ${proposal} --support for --dao Garden`);
    const elsewhere = at("vote", proposal, "--support", "for", "--dao", "Garden", "--on", "rollupB");
    expect((await failureOf(...elsewhere)).code).to.equal("CLI_NO_GOVERNANCE");
    const { out } = await run(...at("vote", proposal, "--support", "for", "--dao", "Garden"));
    expect(out).to.contain("600 GRDN for");
    await pass(24 * HOUR);
    expect((await shown()).next).to.equal(`./metalayer queue ${proposal} --dao Garden`);
    await fine("queue", proposal, "--dao", "Garden");
    await pass(2 * HOUR);
    await fine("execute", proposal, "--dao", "Garden");
    await network.metalayer.deliverAll();
    expect((await shown()).legStates.map(({ state }) => state)).to.deep.equal(["waiting", "waiting"]);
    await pass(2 * HOUR);
    await fine("execute", proposal, "--dao", "Garden");
    expect((await shown()).next).to.equal("nothing: it is in effect on every rollup");
    const tolls = await Promise.all(booths.map((booth) => booth.toll()));
    expect(tolls).to.deep.equal([25n, 25n, 25n]);
    expect(await rollups[1]?.provider.getBalance(PAYEE)).to.equal(parseEther(PAID));
    await fine<Created>("dao", "create", path.join(network.folder, "garden.json"));
    const { rollups: places } = await fine<Status>("dao", "status", "Garden");
    expect(BigInt(places[1]?.coins ?? 0), "what was paid out is not paid in again").to.equal(
      parseEther(FUNDS) - parseEther(PAID),
    );
  });

  it("status: says what is wired otherwise, and ends with 1", async () => {
    const known = path.join(network.folder, "daos", "garden.json");
    // CAST: written by the command
    const record = JSON.parse(readFileSync(known, "utf8")) as { name: string; rollups: { timelock: string }[] };
    const [first, ...others] = record.rollups;
    const wrong = write("wrong.json", { ...record, rollups: [{ ...first, timelock: PAYEE }, ...others] });
    const { code, result } = await runJson<Status>(...at("dao", "status", wrong));
    expect(code).to.equal(1);
    expect(result.rollups[0]?.problems.join()).to.contain("nothing stands here");
    expect(result.rollups[1]?.problems).to.deep.equal(["the executor obeys somebody else"]);
  });

  it("status: names a stranger who may propose to the treasury, and code that is not the kit's", async () => {
    const [home] = rollups;
    if (home === undefined) throw new Error("a home");
    const known = path.join(network.folder, "daos", "garden.json");
    // CAST: written by the command
    const record = JSON.parse(readFileSync(known, "utf8")) as { rollups: { timelock: string; executor?: string }[] };
    const [first, second, third] = record.rollups;
    const foreign = await home.rollupTimelock.getAddress();
    const file = write("strange.json", {
      ...record,
      rollups: [{ ...first, timelock: foreign }, { ...second, executor: second?.timelock }, third],
    });
    const { code, result } = await runJson<Status>(...at("dao", "status", file));
    expect(code).to.equal(1);
    const said = result.rollups.map(({ problems }) => problems.join("; "));
    expect(said[0]).to.contain(`${await home.eraGovernor.getAddress()} may propose to the treasury too`);
    expect(said[1]).to.equal("its GovernanceExecutor is another contract");
  });

  it("delegate: a holder of a DAO's token names who votes", async () => {
    interface Votes {
      readonly rollups: { readonly delegate: string; readonly votes: string }[];
    }
    const way = ["delegate", "--on", "rollupA", "--dao", "Garden", "--to"];
    const away = await fine<Votes>(...way, PAYEE);
    expect(away.rollups[0]).to.deep.include({ delegate: PAYEE, votes: "0" });
    const back = await fine<Votes>(...way, holder);
    expect(BigInt(back.rollups[0]?.votes ?? 0)).to.equal(parseEther("600"));
  });

  it("create: an existing ERC-721 whose clock counts blocks", async () => {
    const [home] = rollups;
    if (home === undefined) throw new Error("a home");
    const token = await (await new MembershipMock__factory(home.signer).deploy()).waitForDeployment();
    await (await token.mint(holder, 1n)).wait();
    await (await token.delegate(holder)).wait();
    const club = (delay: string): object => ({
      name: "Club",
      home: "rollupA",
      token: { existing: token.target },
      voting: { delay, period: "50 blocks", threshold: "1", quorum: "50%" },
      timelock: { delay: "1s", canceller: holder },
    });
    const seconds = await failureOf(...at("dao", "create", write("seconds.json", club("1h"))));
    expect([seconds.code, seconds.sentence.includes("counts blocks")]).to.deep.equal(["CLI_DAO_INVALID", true]);
    await fine("dao", "create", write("club.json", club("1 block")));
    const call = { contract: "DaoGovernor", function: "setVotingPeriod", args: [60] };
    const file = write("period.json", { title: "Longer", legs: [{ rollup: "rollupA", calls: [call] }] });
    await fine("propose", file, "--dao", "Club");
    await home.passTime(1);
    await home.passTime(1);
    const { out } = await run(...at("vote", "latest", "--support", "for", "--dao", "Club"));
    expect(out).to.contain("1 MBR for");
    const { state, next } = await fine<Shown>("proposal", "latest", "--dao", "Club");
    expect([state, /until block \d+$/.test(next)]).to.deep.equal(["active", true]);
  });

  it("refuses a file that is no DAO, and a DAO that nobody created, and sends nothing", async () => {
    const before = await nonces();
    const good = garden(["rollupB"]);
    const wrong: readonly (readonly [string, string, object])[] = [
      ["CLI_DAO_INVALID", "quorum", { ...good, voting: { delay: "1h", period: "1d", quorum: "0%" } }],
      ["CLI_DAO_INVALID", "token", { ...good, token: {} }],
      ["CLI_DAO_INVALID", "shares", { ...good, token: { new: { name: "x", symbol: "X", shares: [] } } }],
      ["CLI_DAO_INVALID", "does not stand there", { ...good, treasuries: { rollupC: "1" } }],
      ["CLI_UNKNOWN_ROLLUP", "rollupX", { ...good, rollups: ["rollupX"] }],
      ["CLI_NO_VOTES", "no token with votes", { ...good, token: { existing: rollups[0]?.gateway.target } }],
    ];
    for (const [code, said, value] of wrong) {
      const found = await failureOf(...at("dao", "create", write("bad.json", value)));
      expect([found.code, found.sentence.includes(said)], found.sentence).to.deep.equal([code, true]);
    }
    expect((await failureOf(...at("dao", "create", "missing.json"))).code).to.equal("CLI_DAO_UNREADABLE");
    expect((await failureOf(...at("dao", "status", "Meadow"))).code).to.equal("CLI_UNKNOWN_DAO");
    expect((await failureOf(...at("proposal", "--dao", "Meadow"))).code).to.equal("CLI_UNKNOWN_DAO");
    expect(await nonces()).to.deep.equal(before);
  });
});
