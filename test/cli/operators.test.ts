import path from "node:path";
import { expect } from "chai";
import { parseEther } from "ethers";
import type { LocalNetwork } from "./localNetwork.ts";
import { startLocalNetwork } from "./localNetwork.ts";
import { failureOf, run, runJson, type JsonError } from "./run.ts";

const NOBODY = "0x00000000000000000000000000000000000000AA";

describe("command line of guardians' operators", () => {
  let network: LocalNetwork;

  before(async () => {
    network = await startLocalNetwork(2);
  });

  after(async () => network.close());

  const at = (...argv: readonly string[]): readonly string[] => [...argv, "--network", network.file];
  const fails = (...argv: readonly string[]): Promise<JsonError["error"]> => failureOf(...at(...argv));

  describe("stake and rotate", () => {
    it("adds stake and starts its exit", async () => {
      await run(...at("stake", "add", "--on", "rollupA", "--amount", "5000", "--operator", NOBODY));
      const { code, out } = await run(
        ...at("stake", "exit", "--on", "rollupA", "--amount", "1000", "--operator", NOBODY),
      );
      expect(code).to.equal(0);
      expect(out).to.match(/Exit 1 of 1000 ERA: from .* UTC on, \.\/metalayer stake withdraw --on rollupA --exit-id 1/);
      const shown = await runJson<{ rollups: { stake: string; leaving: string }[] }>(
        ...at("stake", "show", "--operator", NOBODY, "--on", "rollupA"),
      );
      const [row] = shown.result.rollups;
      expect([row?.stake, row?.leaving]).to.deep.equal([String(parseEther("5000")), String(parseEther("1000"))]);
    });

    it("refuses an exit of more than is there, and a payment before its time", async () => {
      const more = await fails("stake", "exit", "--on", "rollupA", "--amount", "9000", "--operator", NOBODY);
      expect(more.code).to.equal("CLI_NOT_ENOUGH_STAKE");
      const early = await fails("stake", "withdraw", "--on", "rollupA", "--exit-id", "1");
      expect(early.sentence).to.contain("StakingNotReleased");
    });

    it("rotates where the time has come, and says when it has not", async () => {
      const early = await fails("rotate", "--on", "rollupA");
      expect(early.sentence).to.contain("GuardianSetTooEarly");
      const everywhere = await runJson<{ rotated: string[] }>(...at("rotate"));
      expect([everywhere.code, everywhere.result.rotated]).to.deep.equal([0, []]);
      await network.nodes[1]?.rpc("evm_increaseTime", 31 * 86_400);
      await network.nodes[1]?.rpc("evm_mine");
      const { result } = await runJson<{ rotated: string[] }>(...at("rotate"));
      expect(result.rotated).to.deep.equal(["rollupB"]);
    });
  });

  describe("prove, register and announce", () => {
    const operator = "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65";
    const url = "https://guardian.example.org";
    let file = "";

    it("a key proven once becomes known on every rollup, whoever pays", async () => {
      file = path.join(network.folder, "guardians.json");
      const key = ["--key-file", path.join(network.folder, "guardian.key.json"), "--into", file];
      const subject = ["--network-id", network.metalayer.networkId, "--operator", operator];
      expect((await run("prove", ...key, ...subject)).code).to.equal(0);
      const first = await runJson<{ rollups: unknown[] }>(...at("register", file));
      expect(first.result.rollups).to.deep.equal([
        { rollup: "rollupA", registered: [operator] },
        { rollup: "rollupB", registered: [operator] },
      ]);
      const again = await run(...at("register", file));
      expect([again.code, again.out.match(/knew all of them/g)?.length]).to.deep.equal([0, 2]);
    });

    it("another key for a known operator: only the operator itself replaces it", async () => {
      const next = path.join(network.folder, "next.json");
      const key = ["--key-file", path.join(network.folder, "next.key.json"), "--into", next];
      await run("prove", ...key, "--network-id", network.metalayer.networkId, "--operator", operator);
      const error = await fails("register", next);
      expect(error.sentence).to.contain("GuardianSetOperatorKnown").and.to.contain("sign as that operator");
      const before = await network.metalayer.rollup(8102n).guardianSet.operatorInfo(operator);
      expect((await run(...at("register", next, "--account", "4"))).code).to.equal(0);
      const after = await network.metalayer.rollup(8102n).guardianSet.operatorInfo(operator);
      expect(after.key.x).to.not.equal(before.key.x);
    });

    it("refuses a proof for another network, and a file without proofs", async () => {
      const other = path.join(network.folder, "other.json");
      const key = ["--key-file", path.join(network.folder, "other.key.json"), "--into", other];
      await run("prove", ...key, "--network-id", `0x${"99".repeat(32)}`, "--operator", NOBODY);
      const error = await fails("register", other);
      expect(error.sentence).to.contain("GuardianSetInvalidPossession").and.to.contain("./metalayer prove");
      expect((await fails("register", network.file)).code).to.equal("CLI_NO_PROOF");
    });

    it("only the operator announces where its guardian answers", async () => {
      const { code, result } = await runJson<{ rollups: { changed: boolean }[] }>(
        ...at("announce", url, "--account", "4"),
      );
      expect([code, result.rollups.map(({ changed }) => changed)]).to.deep.equal([0, [true, true]]);
      const known = await network.metalayer.rollup(8102n).guardianSet.operatorInfo(operator);
      expect(known.url).to.equal(url);
      const again = await run(...at("announce", url, "--on", "rollupB", "--account", "4"));
      expect(again.out).to.contain("rollupB: knew it already");
      const error = await fails("announce", url, "--account", "5");
      expect(error.sentence).to.contain("GuardianSetOperatorUnknown").and.to.contain("./metalayer register");
      const long = await fails("announce", `${url}/${"x".repeat(256)}`, "--account", "4");
      expect(long.sentence).to.contain("GuardianSetUrlTooLong");
    });
  });
});
