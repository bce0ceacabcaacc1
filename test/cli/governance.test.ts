import { writeFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { AbiCoder, getAddress, id, keccak256, parseEther, toBeHex, ZeroHash } from "ethers";
import type { TestRollup } from "../../sdk/src/testkit/index.ts";
import type { LocalNetwork } from "./localNetwork.ts";
import { startLocalNetwork } from "./localNetwork.ts";
import { failureOf, onNetwork, run } from "./run.ts";

const DAY = 86_400;
const PRICES = {
  basePrice: "4321",
  pricePerByte: "1",
  pricePerKGas: "1",
  fundShare: "100",
  burnShare: "50",
  maxGasLimit: "1024000",
};

interface Proposed {
  readonly proposed: boolean;
  readonly proposalId: string;
  readonly operationId: string;
  readonly description: string;
  readonly descriptionHash: string;
  readonly targets: string[];
  readonly values: string[];
  readonly payloads: string[];
  readonly home: { readonly calls: { readonly text: string }[] };
  readonly legs: {
    readonly rollup: string;
    readonly operation: string;
    readonly predecessor: string;
    readonly salt: string;
    readonly targets: string[];
    readonly values: string[];
    readonly payloads: string[];
    readonly calls: { readonly text: string; readonly data: string; readonly hash: string; readonly target: string }[];
    readonly timelock: string;
    readonly chainId: string;
    readonly expiry: string;
  }[];
}

interface Shown {
  readonly state: string;
  readonly next: string;
  readonly votes: { readonly forVotes: string };
  readonly tallies: { readonly rollup: string; readonly cast: string; readonly counted: string }[];
  readonly legStates: { readonly rollup: string; readonly state: string; readonly next: string }[];
}

describe("command line: governance on a local network", () => {
  let network: LocalNetwork;
  let home: TestRollup;
  let spokes: readonly TestRollup[];
  let proposal = "";

  before(async () => {
    network = await startLocalNetwork(3);
    const { rollups } = network.metalayer;
    home = network.metalayer.rollup(8101n);
    spokes = rollups.filter((rollup) => rollup !== home);
    for (const spoke of spokes) {
      const recipient = await spoke.interop(await home.signer.getAddress());
      await (await home.era.crosschainTransfer(recipient, parseEther("2000000"))).wait();
    }
    await network.metalayer.deliverAll();
  });

  after(async () => network.close());

  const { at, fine } = onNetwork(() => network);
  const pass = async (seconds: number): Promise<void> => {
    for (const rollup of network.metalayer.rollups) await rollup.passTime(seconds);
  };
  const shown = (): Promise<Shown> => fine<Shown>("proposal", "latest");
  const write = (value: unknown): string => {
    const file = path.join(network.folder, `proposal-${id(JSON.stringify(value)).slice(2, 10)}.json`);
    writeFileSync(file, JSON.stringify(value));
    return file;
  };
  const setPrices = (rollup: string, to: string): object => ({
    rollup,
    calls: [{ contract: "FeeController", function: "setPrices", args: [`@${to}`, PRICES] }],
  });

  it("lock: deposits, and puts under a term what then votes twice", async () => {
    await fine("lock", "deposit", "--on", "rollupA", "--amount", "8000000");
    await fine("lock", "deposit", "--on", "rollupB", "--amount", "2000000");
    await fine("lock", "term", "--on", "rollupC", "--amount", "2000000", "--for", "90d");
    interface Holdings {
      readonly rollups: {
        readonly rollup: string;
        readonly free: string;
        readonly locked: string;
        readonly votes: string;
      }[];
    }
    const { rollups } = await fine<Holdings>("lock", "show");
    const whole = (wei: string): number => Number(BigInt(wei) / 10n ** 18n);
    expect(rollups.map(({ free, locked, votes }) => [free, locked, votes].map(whole))).to.deep.equal([
      [8_000_000, 0, 8_000_000],
      [2_000_000, 0, 2_000_000],
      [0, 2_000_000, 4_000_000],
    ]);
  });

  it("delegate: names another voter, and back", async () => {
    const other = `0x${"00".repeat(19)}aa`;
    interface Holdings {
      readonly rollups: { readonly delegate: string }[];
    }
    const own = await home.signer.getAddress();
    for (const to of [other, own]) {
      const { rollups } = await fine<Holdings>("delegate", "--on", "rollupA", "--to", to);
      expect(rollups[0]?.delegate.toLowerCase()).to.equal(to.toLowerCase());
    }
  });

  /** The first call of a leg, read by nothing of ours, says what is shown: rollup, expiry, and the code that stands there now. */
  const expectConditions = async (leg: Proposed["legs"][number], target: string): Promise<void> => {
    const [first = "0x"] = leg.payloads;
    const types = ["uint256", "uint256", "address[]", "bytes32[]"];
    const read = AbiCoder.defaultAbiCoder()
      .decode(types, `0x${first.slice(10)}`)
      .toArray(true);
    expect(first.slice(0, 10)).to.equal(id("requireConditions(uint256,uint256,address[],bytes32[])").slice(0, 10));
    const { provider } = network.metalayer.rollup(BigInt(leg.chainId));
    const code = keccak256(await provider.getCode(target));
    expect(read).to.deep.equal([BigInt(leg.chainId), BigInt(leg.expiry), [getAddress(target)], [code]]);
    expect(leg.targets[0]?.toLowerCase()).to.equal(leg.timelock.toLowerCase());
  };

  it("EXPLOITS 30 propose: shows every leg decoded from its calldata, with hashes that another tool computes alike", async () => {
    const file = write({
      title: "New prices",
      description: "The same price everywhere.",
      legs: [setPrices("rollupA", "rollupB"), setPrices("rollupB", "rollupA"), setPrices("rollupC", "rollupA")],
    });
    // What was deposited a second ago counts.
    await pass(10);
    const { err, out } = await run(...at("propose", file, "--dry-run"));
    expect(err).to.equal("");
    expect(out)
      .to.contain("FeeController.setPrices(")
      .and.to.contain("basePrice: 4321")
      .and.to.contain("Nothing was sent");
    const result = await fine<Proposed>("propose", file);
    expect(result.proposed).to.equal(true);
    proposal = result.proposalId;

    const coder = AbiCoder.defaultAbiCoder();
    const lists = ["address[]", "uint256[]", "bytes[]"];
    const { targets, values, payloads, description, legs } = result;
    expect(description).to.equal("# New prices\n\nThe same price everywhere.");
    const hashed = coder.encode([...lists, "bytes32"], [targets, values, payloads, id(description)]);
    expect(BigInt(proposal)).to.equal(BigInt(keccak256(hashed)));
    // Home's operation, as home's own timelock computes it: the governor's salt is its address xor the description's hash.
    const salt = toBeHex((BigInt(await home.eraGovernor.getAddress()) << 96n) ^ BigInt(id(description)), 32);
    const asOnChain = await home.rollupTimelock.hashOperationBatch(targets, values, payloads, ZeroHash, salt);
    expect(result.operationId).to.equal(asOnChain);
    expect(out).to.contain("only while the code of").and.to.contain("(FeeController) has the hash");
    expect(legs.map(({ rollup }) => rollup)).to.deep.equal(["rollupB", "rollupC"]);
    for (const leg of legs) {
      const batch = [leg.targets, leg.values, leg.payloads, leg.predecessor, leg.salt];
      expect(leg.operation).to.equal(keccak256(coder.encode([...lists, "bytes32", "bytes32"], batch)));
      // What is sent home contains exactly this leg, and what is shown is read from it.
      const [call] = leg.calls;
      expect(payloads.some((payload) => payload.includes(leg.payloads[1]?.slice(2) ?? "missing"))).to.equal(true);
      expect([call?.data, call?.hash]).to.deep.equal([leg.payloads[1], keccak256(leg.payloads[1] ?? "0x")]);
      await expectConditions(leg, call?.target ?? "");
      expect(call?.text).to.equal(
        "FeeController.setPrices(dstChainId: 8101, prices: {basePrice: 4321, pricePerByte: 1, pricePerKGas: 1, " +
          "fundShare: 100, burnShare: 50, maxGasLimit: 1024000})",
      );
    }
  });

  it("refuses to vote, queue or execute before the time, and says what is next", async () => {
    const { state, next } = await shown();
    expect([state, next.includes("wait until")]).to.deep.equal(["pending", true]);
    const codes = [];
    for (const argv of [
      ["vote", "latest", "--support", "for"],
      ["queue", "latest"],
      ["execute", "latest"],
    ]) {
      codes.push((await failureOf(...at(...argv))).code);
    }
    expect(codes).to.deep.equal(["CLI_REFUSED", "CLI_WRONG_STATE", "CLI_WRONG_STATE"]);
    expect((await failureOf(...at("vote", "1", "--support", "for"))).code).to.equal("CLI_UNKNOWN_PROPOSAL");
  });

  it("vote, tally: three rollups vote, one tally comes home as a message, one as a storage proof", async () => {
    await pass(DAY + 10);
    expect((await shown()).next).to.contain(`./metalayer vote ${proposal}`);
    for (const rollup of ["rollupA", "rollupB", "rollupC"]) {
      const way = ["vote", proposal, "--support", "for", "--on", rollup];
      await fine(...way, "--dry-run");
      await fine(...way);
      expect((await failureOf(...at(...way))).code).to.equal("CLI_REFUSED");
    }
    expect((await failureOf(...at("tally", proposal, "--of", "rollupC", "--by", "proof"))).code).to.equal(
      "CLI_NO_HEAD",
    );
    await fine("tally", proposal, "--of", "rollupB");
    await network.metalayer.deliverAll();
    await network.metalayer.recordHead(8103n, 8101n);
    const proven = await fine<{ forVotes: string; isIgnored: boolean }>(
      "tally",
      proposal,
      "--of",
      "rollupC",
      "--by",
      "proof",
    );
    expect([BigInt(proven.forVotes), proven.isIgnored]).to.deep.equal([4_000_000n * 10n ** 9n, false]);
    const { out } = await run(...at("tally", proposal, "--of", "rollupC", "--by", "proof"));
    expect(out).to.contain("it changes nothing");
    const { tallies, votes } = await shown();
    expect(
      tallies.map(({ rollup, cast, counted }) => [
        rollup,
        Number(BigInt(cast) / 10n ** 18n),
        Number(BigInt(counted) / 10n ** 18n),
      ]),
    ).to.deep.equal([
      ["rollupB", 2_000_000, 2_000_000],
      ["rollupC", 4_000_000, 3_333_000],
    ]);
    expect(BigInt(votes.forVotes)).to.equal(parseEther("13333000"));
  });

  it("queue, execute: home first, then each leg after its delay, and the change stands everywhere", async () => {
    await pass(5 * DAY);
    expect((await shown()).next).to.equal(`./metalayer queue ${proposal}`);
    await fine("queue", proposal);
    expect((await failureOf(...at("execute", proposal))).code).to.equal("CLI_REFUSED");
    await pass(2 * DAY);
    await fine("execute", proposal, "--dry-run");
    await fine("execute", proposal);
    expect((await shown()).legStates.map(({ state }) => state)).to.deep.equal(["on its way", "on its way"]);
    await network.metalayer.deliverAll();
    expect((await shown()).legStates.map(({ state }) => state)).to.deep.equal(["waiting", "waiting"]);
    expect((await failureOf(...at("execute", proposal))).code).to.equal("CLI_NOTHING_READY");
    await pass(2 * DAY);
    await fine("execute", proposal, "--on", "rollupC");
    expect((await shown()).legStates.map(({ state }) => state)).to.deep.equal(["ready", "done"]);
    await fine("execute", proposal);
    const { state, next, legStates } = await shown();
    expect([state, next]).to.deep.equal(["executed", "nothing: it is in effect on every rollup"]);
    expect(legStates.map((leg) => leg.state)).to.deep.equal(["done", "done"]);
    const prices = await Promise.all([
      home.gateway.outLane(8102n),
      ...spokes.map((spoke) => spoke.gateway.outLane(8101n)),
    ]);
    expect(prices.map((lane) => lane.prices.basePrice)).to.deep.equal([4_321n, 4_321n, 4_321n]);
  });

  it("refuses a proposal file that does not fit the network, and sends nothing", async () => {
    const call = { contract: "FeeController", function: "setPrices", args: ["@rollupB", PRICES] };
    const wrong: readonly (readonly [string, object])[] = [
      ["title", { legs: [setPrices("rollupA", "rollupB")] }],
      [
        "has no such function",
        { title: "x", legs: [{ rollup: "rollupA", calls: [{ ...call, function: "setPrice" }] }] },
      ],
      ["do not fit", { title: "x", legs: [{ rollup: "rollupA", calls: [{ ...call, args: ["@rollupB"] }] }] }],
      ["neither a contract", { title: "x", legs: [{ rollup: "rollupA", calls: [{ ...call, contract: "Nothing" }] }] }],
      [
        "no contract of this name",
        { title: "x", legs: [{ rollup: "rollupA", calls: [{ ...call, args: ["@rollupB.X", PRICES] }] }] },
      ],
    ];
    const before = await network.nodes[0]?.rpc("eth_blockNumber");
    for (const [said, file] of wrong) {
      const { code, sentence } = await failureOf(...at("propose", write(file)));
      expect([code, sentence.includes(said)], sentence).to.deep.equal(["CLI_PROPOSAL_INVALID", true]);
    }
    expect((await failureOf(...at("propose", "missing.json"))).code).to.equal("CLI_PROPOSAL_UNREADABLE");
    expect(await network.nodes[0]?.rpc("eth_blockNumber")).to.equal(before);
  });
});
