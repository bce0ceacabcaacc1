import path from "node:path";
import { expect } from "chai";
import { parseEther } from "ethers";
import type { LocalNetwork } from "./localNetwork.ts";
import { startLocalNetwork } from "./localNetwork.ts";
import { failureOf, resultOf, run, runJson, type JsonError } from "./run.ts";

const NOBODY = "0x00000000000000000000000000000000000000AA";
/** Development account 4. */
const OPERATOR = "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65";
const AS_OPERATOR = ["--account", "4"] as const;
const ON_A = ["--on", "rollupA"] as const;
const DAY = 86_400;

interface Call {
  readonly contract: string;
  readonly method: string;
  readonly args: readonly unknown[];
  readonly gas?: string;
  readonly hash?: string;
}

interface Change {
  readonly dryRun: boolean;
  readonly signer: string;
  readonly rollups: readonly { readonly rollup: string; readonly transactions: readonly Call[] }[];
}

type Standing = Readonly<Record<string, string>>;

describe("command line of guardians' operators", () => {
  let network: LocalNetwork;
  let proofs = "";

  before(async () => {
    network = await startLocalNetwork(2);
    proofs = await prove("guardian", network.metalayer.networkId, OPERATOR);
  });

  after(async () => network.close());

  const at = (...argv: readonly string[]): readonly string[] => [...argv, "--network", network.file];
  const guardian = (...argv: readonly string[]): readonly string[] => at("guardian", ...argv);
  const fails = (...argv: readonly string[]): Promise<JsonError["error"]> => failureOf(...at(...argv));
  const change = (...argv: readonly string[]): Promise<Change> => resultOf<Change>(...guardian(...argv));
  const methods = ({ rollups }: Change): string[][] =>
    rollups.map(({ transactions }) => transactions.map(({ method }) => method));
  const standing = async (operator: string): Promise<Standing> => {
    const { result } = await runJson<{ readonly rollups: readonly Standing[] }>(
      ...guardian("status", "--operator", operator, ...ON_A),
    );
    return result.rollups[0] ?? {};
  };
  const pass = async (node: number, seconds: number): Promise<void> => {
    await network.nodes[node]?.rpc("evm_increaseTime", seconds);
    await network.nodes[node]?.rpc("evm_mine");
  };
  const blocks = async (): Promise<unknown[]> => Promise.all(network.nodes.map((node) => node.rpc("eth_blockNumber")));

  /** Proves a new key and returns the file with the proof. */
  async function prove(name: string, networkId: string, operator: string): Promise<string> {
    const file = path.join(network.folder, `${name}.json`);
    const key = ["--key-file", path.join(network.folder, `${name}.key.json`), "--into", file];
    expect((await run("prove", ...key, "--network-id", networkId, "--operator", operator)).code).to.equal(0);
    return file;
  }

  describe("guardian register", () => {
    it("says with --dry-run what it would send and what gas that takes, and sends nothing", async () => {
      const before = await blocks();
      const planned = await change("register", proofs, ...AS_OPERATOR, "--dry-run");
      expect(planned.dryRun).to.equal(true);
      for (const { transactions } of planned.rollups) {
        const [call, ...more] = transactions;
        expect([call?.contract, call?.method, call?.args[0]]).to.deep.equal(["GuardianSet", "register", OPERATOR]);
        expect(more).to.deep.equal([]);
        expect(Number(call?.gas)).to.be.within(60_000, 300_000);
        expect(call?.hash).to.equal(undefined);
      }
      const { out } = await run(...guardian("register", proofs, ...AS_OPERATOR, "--dry-run"));
      expect(out)
        .to.contain("would send")
        .and.to.match(/GuardianSet 0x\w{40}.*register\(0x15d34A/);
      expect(await blocks()).to.deep.equal(before);
    });

    it("imports a key that was proven once to every rollup, whoever pays, and binds it to the operator that signs", async () => {
      expect(methods(await change("register", proofs))).to.deep.equal([["importKey"], ["importKey"]]);
      const known = await run(...guardian("register", proofs));
      expect([known.code, known.out.match(/knew all of them/g)?.length]).to.deep.equal([0, 2]);
      expect((await standing(OPERATOR))["state"]).to.equal("unknown");
      const registering = await change("register", proofs, ...AS_OPERATOR);
      expect(methods(registering)).to.deep.equal([["register"], ["register"]]);
      const again = await run(...guardian("register", proofs, ...AS_OPERATOR));
      expect([again.code, again.out.match(/knew all of them/g)?.length]).to.deep.equal([0, 2]);
      expect((await standing(OPERATOR))["state"]).to.equal("registered");
    });

    it("refuses a proof for another network, a file without proofs, and another key for a known operator", async () => {
      const other = await prove("other", `0x${"99".repeat(32)}`, NOBODY);
      for (const more of [[], ["--dry-run"]]) {
        const error = await fails("guardian", "register", other, ...more);
        expect(error.sentence).to.contain("GuardianSetInvalidPossession").and.to.contain("./metalayer prove");
      }
      expect((await fails("guardian", "register", network.file)).code).to.equal("CLI_NO_PROOF");
      const second = await prove("second", network.metalayer.networkId, OPERATOR);
      const known = await fails("guardian", "register", second, ...AS_OPERATOR);
      expect(known.sentence).to.contain("GuardianSetOperatorKnown").and.to.contain("guardian rotate-key");
    });
  });

  describe("guardian rotate-key", () => {
    it("replaces the key of the operator that signs, on every rollup, and of nobody else", async () => {
      const next = path.join(network.folder, "second.json");
      const stranger = await fails("guardian", "rotate-key", next);
      expect(stranger.code).to.equal("CLI_NO_PROOF");
      const set = network.metalayer.rollup(8102n).guardianSet;
      const before = await set.operatorInfo(OPERATOR);
      const planned = await change("rotate-key", next, ...AS_OPERATOR, "--dry-run");
      expect((await set.operatorInfo(OPERATOR)).key.x).to.equal(before.key.x);
      const done = await change("rotate-key", next, ...AS_OPERATOR);
      expect([methods(planned), methods(done)]).to.deep.equal(Array(2).fill([["replaceKey"], ["replaceKey"]]));
      expect((await set.operatorInfo(OPERATOR)).key.x).to.not.equal(before.key.x);
      const again = await run(...guardian("rotate-key", next, ...AS_OPERATOR));
      expect([again.code, again.out.match(/has this key already/g)?.length]).to.deep.equal([0, 2]);
    });
  });

  describe("guardian announce", () => {
    const url = "https://guardian.example.org";

    it("tells every rollup where the operator's guardian answers", async () => {
      expect(methods(await change("announce", url, ...AS_OPERATOR, "--dry-run"))).to.deep.equal([
        ["announce"],
        ["announce"],
      ]);
      expect(methods(await change("announce", url, ...AS_OPERATOR))).to.deep.equal([["announce"], ["announce"]]);
      const known = await network.metalayer.rollup(8102n).guardianSet.operatorInfo(OPERATOR);
      expect(known.url).to.equal(url);
      const again = await run(...guardian("announce", url, "--on", "rollupB", ...AS_OPERATOR));
      expect(again.out).to.contain("rollupB: knew it already");
    });

    it("tells what it did on one rollup where another one fails", async () => {
      const [node, { target }] = [network.nodes[1], network.metalayer.rollup(8102n).guardianSet];
      const real = await node?.rpc("eth_getCode", target, "latest");
      await node?.rpc("anvil_setCode", target, "0x63deadbeef6000526004601cfd");
      const { sentence } = await fails("guardian", "announce", `${url}/moved`, ...AS_OPERATOR);
      await node?.rpc("anvil_setCode", target, real);
      expect(sentence).to.match(/1 transaction before it stands: 0x[0-9a-f]{64} on rollupA/);
      expect((await network.metalayer.rollup(8101n).guardianSet.operatorInfo(OPERATOR)).url).to.equal(`${url}/moved`);
    });

    it("refuses whoever is no operator, and an address that is too long", async () => {
      const error = await fails("guardian", "announce", url, "--account", "5");
      expect(error.sentence).to.contain("GuardianSetOperatorUnknown").and.to.contain("./metalayer guardian register");
      const long = await fails("guardian", "announce", `${url}/${"x".repeat(256)}`, ...AS_OPERATOR);
      expect(long.sentence).to.contain("GuardianSetUrlTooLong");
    });
  });

  describe("guardian stake, delegate, join", () => {
    before(async () => {
      await (await network.metalayer.rollup(8101n).era.transfer(OPERATOR, parseEther("9000"))).wait();
    });

    it("rehearses allowance and stake together, the second after the first", async () => {
      const before = await blocks();
      const planned = await change("stake", "--amount", "5000", ...ON_A, ...AS_OPERATOR, "--dry-run");
      expect(planned.signer).to.equal(OPERATOR);
      const calls = planned.rollups[0]?.transactions ?? [];
      expect(calls.map(({ contract, method }) => `${contract}.${method}`)).to.deep.equal([
        "Era.approve",
        "GuardianStaking.stake",
      ]);
      expect(calls[1]?.args).to.deep.equal([OPERATOR, String(parseEther("5000"))]);
      for (const { gas } of calls) expect(Number(gas)).to.be.within(20_000, 400_000);
      expect(await blocks()).to.deep.equal(before);
    });

    it("stakes, becomes a candidate, and counts after the rotation", async () => {
      const done = await change("stake", "--amount", "5000", ...ON_A, ...AS_OPERATOR);
      expect(methods(done)).to.deep.equal([["approve", "stake"]]);
      // Stake of the same second has no weight yet.
      await pass(0, 60);
      expect(methods(await change("join", ...ON_A, ...AS_OPERATOR))).to.deep.equal([["join"]]);
      const waiting = await standing(OPERATOR);
      expect([waiting["state"], waiting["stake"], waiting["weight"]]).to.deep.equal([
        ...["candidate", String(parseEther("5000"))],
        "0",
      ]);
      await pass(0, 31 * DAY);
      expect((await run(...at("rotate", ...ON_A))).code).to.equal(0);
      const counted = await standing(OPERATOR);
      expect(counted["state"]).to.equal("active");
      expect(Number(counted["weight"])).to.be.greaterThan(0);
    });

    it("lets others stake with an operator that there is, and not with nobody", async () => {
      const done = await change("delegate", "--operator", OPERATOR, "--amount", "1000", ...ON_A);
      expect(methods(done)).to.deep.equal([["approve", "stake"]]);
      expect((await standing(OPERATOR))["stake"]).to.equal(String(parseEther("6000")));
      const nobody = await fails("guardian", "delegate", "--operator", NOBODY, "--amount", "1000", ...ON_A);
      expect(nobody.code).to.equal("CLI_NO_OPERATOR");
      const poor = await fails("guardian", "stake", "--amount", "100000", ...ON_A, ...AS_OPERATOR);
      expect([poor.code, poor.sentence.includes("has 4000 ERA on rollupA")]).to.deep.equal([
        "CLI_NOT_ENOUGH_ERA",
        true,
      ]);
    });
  });

  describe("guardian claim", () => {
    it("refuses while nothing was earned, pays what was, and stakes it on request", async () => {
      for (const more of [[], ["--dry-run"]]) {
        const early = await fails("guardian", "claim", ...ON_A, ...AS_OPERATOR, ...more);
        expect(early.sentence).to.contain("RewardsNothing");
      }
      const { era, guardianRewards } = network.metalayer.rollup(8101n);
      await (await era.approve(guardianRewards, parseEther("1000"))).wait();
      await (await guardianRewards.fund(parseEther("1000"))).wait();
      await pass(0, 10 * DAY);
      const earned = BigInt((await standing(OPERATOR))["rewards"] ?? "0");
      expect(earned > parseEther("1")).to.equal(true);
      expect(methods(await change("claim", ...ON_A, ...AS_OPERATOR, "--dry-run"))).to.deep.equal([["claim"]]);
      const before = await era.balanceOf(OPERATOR);
      expect(methods(await change("claim", ...ON_A, ...AS_OPERATOR))).to.deep.equal([["claim"]]);
      expect((await era.balanceOf(OPERATOR)) - before >= earned).to.equal(true);
      await pass(0, 10 * DAY);
      const delegator = ["claim", "--operator", OPERATOR, "--compound", ...ON_A];
      expect(methods(await change(...delegator))).to.deep.equal([["compound"]]);
      expect(BigInt((await standing(OPERATOR))["stake"] ?? "0") > parseEther("6001")).to.equal(true);
    });
  });

  describe("guardian unbond and withdraw", () => {
    it("refuses an exit of more than is there, and one of nothing there", async () => {
      const more = await fails("guardian", "unbond", "--amount", "9000", ...ON_A, ...AS_OPERATOR);
      expect(more.code).to.equal("CLI_NOT_ENOUGH_STAKE");
      const unknown = await fails("guardian", "withdraw", "--exit-id", "77", ...ON_A);
      expect(unknown.sentence).to.contain("StakingUnknownExit");
    });

    it("starts an exit, says when it is paid, pays it then and not before", async () => {
      const unbond = ["unbond", "--amount", "1000", ...ON_A, ...AS_OPERATOR];
      expect(methods(await change(...unbond, "--dry-run"))).to.deep.equal([["unstake"]]);
      expect((await standing(OPERATOR))["leaving"]).to.equal("0");
      const { code, out } = await run(...guardian(...unbond));
      expect(code).to.equal(0);
      expect(out).to.match(
        /exit 1 of 1000 ERA: from .* UTC on, \.\/metalayer guardian withdraw --on rollupA --exit-id 1 pays it out/,
      );
      expect(BigInt((await standing(OPERATOR))["leaving"] ?? "0")).to.be.closeTo(
        parseEther("1000"),
        parseEther("0.001"),
      );
      const status = await run(...guardian("status", "--operator", OPERATOR, ...ON_A));
      expect(status.out).to.match(/rollupA: exit 1 of 1000 ERA for 0x15d34AAf\w+, payable from .* UTC\./);
      for (const last of [[], ["--dry-run"]]) {
        const early = await fails("guardian", "withdraw", "--exit-id", "1", ...ON_A, ...last);
        expect(early.sentence).to.contain("StakingNotReleased");
      }
      await pass(0, 80 * DAY);
      const { era } = network.metalayer.rollup(8101n);
      const before = await era.balanceOf(OPERATOR);
      expect(methods(await change("withdraw", "--exit-id", "1", ...ON_A))).to.deep.equal([["withdraw"]]);
      expect((await run(...guardian("status", "--operator", OPERATOR, ...ON_A))).out).to.not.contain("exit 1");
      expect((await era.balanceOf(OPERATOR)) - before).to.be.closeTo(parseEther("1000"), parseEther("0.001"));
    });

    it("leaves the candidates", async () => {
      expect(methods(await change("resign", ...ON_A, ...AS_OPERATOR))).to.deep.equal([["resign"]]);
      const error = await fails("guardian", "unjail", ...ON_A, ...AS_OPERATOR);
      expect(error.sentence).to.contain("GuardianSetNotJailed");
    });
  });

  describe("guardian status", () => {
    it("tells how an operator stands on every rollup", async () => {
      const { code, out } = await run(...guardian("status", "--operator", OPERATOR));
      expect(code).to.equal(0);
      expect(out)
        .to.contain(OPERATOR)
        .and.to.match(/rollupB .*registered/);
      expect((await standing(NOBODY))["state"]).to.equal("unknown");
    });
  });

  describe("rotate", () => {
    it("rotates where the time has come, and says when it has not", async () => {
      const everywhere = await runJson<{ rotated: string[] }>(...at("rotate", "--on", "rollupA"));
      expect([everywhere.code, everywhere.result.rotated]).to.deep.equal([0, ["rollupA"]]);
      const early = await fails("rotate", ...ON_A);
      expect(early.sentence).to.contain("GuardianSetTooEarly");
      await pass(1, 31 * DAY);
      const { result } = await runJson<{ rotated: string[] }>(...at("rotate"));
      expect(result.rotated).to.deep.equal(["rollupB"]);
    });
  });
});
