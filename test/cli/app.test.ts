import { writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { parseEther, toQuantity } from "ethers";
import { parseJson, plainOf } from "../../scripts/cli/app/values.ts";
import type { TestRollup } from "../../sdk/src/testkit/index.ts";
import { OmniDeployer__factory } from "../../typechain-types/index.js";
import type { LocalNetwork } from "./localNetwork.ts";
import { startLocalNetwork } from "./localNetwork.ts";
import { failureOf, resultOf, run, runJson } from "./run.ts";

const NOBODY = "0x00000000000000000000000000000000000000AA";
const ZERO = `0x${"00".repeat(20)}`;
/** Of the mock: owner, value, and what its constructor calls. */
const MOCK_ARGS = JSON.stringify(["{account}", "{chainId}", ZERO, "0x"]);

interface Deployed {
  readonly sent: boolean;
  readonly address: string;
  readonly account: string;
  readonly fee: string;
  readonly paidBy?: string;
  readonly transaction: { readonly data?: string; readonly gas: string; readonly hash?: string };
  readonly rollups: { readonly rollup: string; readonly address: string; readonly fee: string; sendId?: string }[];
}

interface Status {
  readonly contract?: string;
  readonly owner: { readonly address: string };
  readonly rollups: { readonly rollup: string; readonly state: string; readonly next: string; reason?: string }[];
}

interface Values {
  readonly rollups: { readonly rollup: string; readonly value?: unknown; readonly problem?: string }[];
}

describe("command line: applications on a local network", () => {
  let network: LocalNetwork;
  let rollups: readonly TestRollup[];
  /** The counter on the owner's rollup. */
  let counter = "";
  let mock = "";

  before(async () => {
    network = await startLocalNetwork(3, { prices: { basePrice: 1_000n, pricePerByte: 1n, pricePerKGas: 1n } });
    ({ rollups } = network.metalayer);
  });

  after(async () => network.close());

  const at = (...argv: readonly string[]): readonly string[] => ["app", ...argv, "--network", network.file];
  const fine = async <T>(...argv: readonly string[]): Promise<T> => resultOf<T>(...at(...argv));
  const write = (name: string, value: unknown): string => {
    const file = path.join(network.folder, name);
    writeFileSync(file, JSON.stringify(value));
    return file;
  };
  const statesOf = async (address: string): Promise<string[]> =>
    (await fine<Status>("status", address)).rollups.map(({ state }) => state);
  const valuesOf = async (...argv: readonly string[]): Promise<unknown[]> =>
    (await fine<Values>("read", ...argv)).rollups.map(({ value }) => value);
  const nonces = (): Promise<number[]> =>
    Promise.all(rollups.map(async ({ provider, signer }) => provider.getTransactionCount(await signer.getAddress())));

  it("deploy: a dry run shows addresses, fee and transaction, and sends nothing", async () => {
    const argv = ["deploy", "OmniCounter", "--on", "all", "--args", '["{deployer}"]', "--dry-run"];
    const before = await nonces();
    const { out, err } = await run(...at(...argv));
    expect(err).to.equal("");
    expect(out).to.contain("by message").and.to.contain("in the transaction").and.to.contain("Nothing was sent.");
    expect(out).to.contain("does not cover").and.to.contain("Next: run this again without --dry-run");
    const dry = await fine<Deployed>(...argv);
    expect([dry.sent, BigInt(dry.fee) > 0n, BigInt(dry.transaction.gas) > 0n]).to.deep.equal([false, true, true]);
    expect(await nonces()).to.deep.equal(before);
    expect((await failureOf(...at("status", dry.address))).code).to.equal("APP_UNKNOWN");
    // What it said before is what comes.
    const [name, bytes] = [OmniDeployer__factory.createInterface(), dry.transaction.data ?? ""];
    expect(name.parseTransaction({ data: bytes })?.name).to.equal("deploy");
    const sent = await fine<Deployed>(...argv.slice(0, -1));
    expect(sent.rollups.map(({ address, fee }) => [address, fee])).to.deep.equal(
      dry.rollups.map(({ address, fee }) => [address, fee]),
    );
    counter = sent.address;
  });

  it("status: says where it has not arrived yet, and what can be done", async () => {
    const { out } = await run(...at("status", counter));
    expect(out).to.contain("OmniCounter of 0x").and.to.contain("pending").and.to.contain("./metalayer status 0x");
    expect(await statesOf(counter)).to.deep.equal(["deployed", "pending", "pending"]);
    const { code, result } = await runJson<Values>(...at("read", counter, "count"));
    expect(code, "not everything tells").to.equal(1);
    expect(result.rollups.map(({ value }) => value)).to.deep.equal(["0", undefined, undefined]);
    expect(result.rollups[1]?.problem).to.contain("does not stand there (pending)");
    const early = await failureOf(...at("call", counter, "increment", "[]", "--on", "rollupC"));
    expect([early.code, early.sentence.includes("rollupC (pending)")]).to.deep.equal(["CLI_APP_NOT_THERE", true]);
    await network.metalayer.deliverAll();
    expect(await statesOf(counter)).to.deep.equal(["deployed", "deployed", "deployed"]);
    expect((await run(...at("status", counter))).out).to.contain("It stands everywhere.");
  });

  it("call and read: lists as JSON, values of every rollup in one table, peers wired by the system", async () => {
    await fine("call", counter, "increment", "[8102, 8103]", "--on", "rollupA");
    await network.metalayer.deliverAll();
    expect(await valuesOf(counter, "count")).to.deep.equal(["1", "1", "1"]);
    const { out } = await run(...at("read", counter, "count()", "--on", "rollupA,8103", "--contract", "OmniCounter"));
    expect(out).to.contain("count is the same on rollupA, rollupC.").and.not.to.contain("rollupB");
  });

  it("deploy: arguments of its own on a rollup, a first call, paid from credit; tells what failed and how to go on", async () => {
    const file = write("mock.json", {
      args: parseJson(MOCK_ARGS),
      rollups: { rollupB: { initialCall: { method: "set", args: [70] } }, 8103: { gasLimit: 300_000 } },
    });
    const argv = ["deploy", "contracts/mocks/OmniAppMock.sol:OmniAppMock", "--on", "all", "--salt", "1"];
    const { account } = await fine<Deployed>(...argv, "--file", file, "--dry-run");
    const buy = ["credit", "buy", "--on", "rollupA", "--for", account, "--amount", "10", "--network", network.file];
    expect((await run(...buy)).err).to.equal("");
    const sent = await fine<Deployed>(...argv, "--file", file);
    expect([sent.paidBy, sent.sent]).to.deep.equal(["credit", true]);
    mock = sent.address;
    await network.metalayer.deliver();
    const { code, result } = await runJson<Status>(...at("status", mock));
    expect([code, ...result.rollups.map(({ state }) => state)]).to.deep.equal([1, "deployed", "deployed", "failed"]);
    expect(result.rollups[2]?.next).to.contain(`./metalayer retry ${sent.rollups[2]?.sendId}`);
    await network.metalayer.deliver({ gasBoost: 2_000_000n });
    expect(await valuesOf(mock, "value")).to.deep.equal(["8101", "70", "8103"]);
    const owners = await valuesOf(mock, "owner");
    expect(owners[0]).to.equal(account);
  });

  it("call: on all rollups with one transaction, waits for the deliveries; a dry run sends nothing", async () => {
    const before = await nonces();
    const dry = await fine<Deployed>("call", mock, "set", "9", "--on", "all", "--supersede", "--dry-run");
    const data = dry.transaction.data ?? "";
    const values = plainOf(OmniDeployer__factory.createInterface().decodeFunctionData("execute", data));
    expect(values).to.have.nested.property("[0].length", 3);
    expect(values).to.have.nested.property("[1]", true);
    expect(await nonces()).to.deep.equal(before);
    const call = run(...at("call", mock, "set", "9", "--on", "all", "--wait", "2m"));
    const isSent = async (): Promise<boolean> => (await network.metalayer.pending()).length === 2;
    for (let left = 1_000; left > 0 && !(await isSent()); left--) await delay(50);
    await network.metalayer.deliverAll();
    const { code, out } = await call;
    expect([code, out.includes("was called on rollupA, rollupB, rollupC.")], out).to.deep.equal([0, true]);
    expect(await valuesOf(mock, "value")).to.deep.equal(["9", "9", "9"]);
  });

  it("status: a rollup that cannot be reached hides no other", async () => {
    const file = network.describe((description) => {
      const last = description.rollups.at(-1);
      if (last !== undefined) last.rpc = ["http://127.0.0.1:1"];
      return description;
    });
    const { code, result } = await runJson<Status>("app", "status", mock, "--network", file);
    expect([code, ...result.rollups.map(({ state }) => state)]).to.deep.equal([
      0,
      "deployed",
      "deployed",
      "unreachable",
    ]);
  });

  it("refuses what cannot be done, says why and what to do, and sends nothing", async () => {
    const before = await nonces();
    const deploy = (...rest: readonly string[]): readonly string[] => ["deploy", "OmniAppMock", ...rest];
    const all = ["--on", "all", "--args"];
    const reserved = JSON.stringify(["{account}", 13, ZERO, "0x"]);
    const strange = write("strange.json", { args: [], rollups: { rollupB: { args: [] } } });
    const wrong: readonly (readonly [code: string, said: string, argv: readonly string[]])[] = [
      ["CLI_ARTIFACT_UNKNOWN", '"OmniCountr"', ["deploy", "OmniCountr", "--on", "all"]],
      ["CLI_ARTIFACT_UNREADABLE", "missing.json", ["deploy", "missing.json", "--on", "all"]],
      ["CLI_ARTIFACT_INVALID", "contractName", ["deploy", strange, "--on", "all"]],
      ["APP_BAD_CODE", "interface", ["deploy", "IOmniDeployer", "--on", "all"]],
      ["CLI_APP_ARGS", "and 1 value was given", deploy(...all, '["{account}"]')],
      ["CLI_APP_ARGS", '"{acount}" is no address', deploy(...all, MOCK_ARGS.replace("account", "acount"))],
      [
        "APP_REFUSED",
        "rollupA would not place it: OmniAppMockRefused(13)",
        deploy("--on", "rollupA", "--args", reserved),
      ],
      ["APP_STANDS", "stands on rollup", deploy(...all, MOCK_ARGS, "--salt", "1")],
      ["CLI_UNKNOWN_ROLLUP", "rollupX", deploy("--on", "rollupA,rollupX", "--args", MOCK_ARGS)],
      ["CLI_APP_FILE_ROLLUP", "rollupB", deploy("--on", "rollupA", "--file", strange)],
      ["CLI_APP_FILE_INVALID", "gas", deploy("--on", "rollupA", "--file", write("gas.json", { gas: 1 }))],
      ["CLI_APP_METHOD", "no function sett", ["call", mock, "sett", "1", "--on", "all"]],
      ["CLI_APP_METHOD", "changes nothing", ["call", mock, "value", "--on", "all"]],
      ["CLI_APP_METHOD", "changes something", ["read", mock, "set", "1"]],
      [
        "CLI_APP_ARGS",
        "takes (uint256 value_), and 2 values were given",
        ["call", mock, "set", "1", "2", "--on", "all"],
      ],
      ["CLI_APP_ARGS", '"x" is no uint256', ["call", mock, "set", "x", "--on", "all"]],
      ["APP_REFUSED", "OmniAppMockRefused(13)", ["call", mock, "set", "13", "--on", "rollupB"]],
      [
        "CLI_APP_NOT_OWNER",
        "is not the application's owner",
        ["call", mock, "set", "1", "--on", "all", "--account", "3"],
      ],
      ["CLI_APP_CONTRACT", "nothing was noted", ["read", NOBODY, "value"]],
      ["APP_UNKNOWN", NOBODY, ["read", NOBODY, "value", "--contract", "OmniAppMock"]],
      ["APP_UNKNOWN", NOBODY, ["status", NOBODY]],
    ];
    for (const [code, said, argv] of wrong) {
      const found = await failureOf(...at(...argv));
      expect([found.code, found.sentence.includes(said)], `${argv.join(" ")}: ${found.sentence}`).to.deep.equal([
        code,
        true,
      ]);
    }
    const without = network.describe((description) => {
      delete description.rollups[1]?.contracts["OmniDeployer"];
      return description;
    });
    const lacking = await failureOf("app", ...deploy("--on", "rollupB", "--args", MOCK_ARGS), "--network", without);
    expect(lacking.code).to.equal("CLI_NO_OMNI_DEPLOYER");
    expect(await nonces()).to.deep.equal(before);
  });

  it("deploy: not on a rollup that is not admitted; to all others, which it says", async () => {
    const [home] = rollups;
    const [node] = network.nodes;
    if (home === undefined || node === undefined) throw new Error("a home");
    const [from, to] = await Promise.all([home.rollupTimelock.getAddress(), home.rollupRegistry.getAddress()]);
    const data = home.rollupRegistry.interface.encodeFunctionData("remove", [8103n]);
    await node.rpc("anvil_setBalance", from, toQuantity(parseEther("1")));
    await node.rpc("anvil_impersonateAccount", from);
    await home.provider.waitForTransaction(String(await node.rpc("eth_sendTransaction", { from, to, data })));
    const named = await failureOf(...at("deploy", "OmniAppMock", "--on", "rollupC", "--args", MOCK_ARGS));
    expect([named.code, named.sentence.includes("has not admitted rollupC")]).to.deep.equal(["CLI_NO_LANE", true]);
    const { out } = await run(...at("deploy", "OmniAppMock", "--on", "all", "--args", MOCK_ARGS, "--dry-run"));
    expect(out).to.contain("Left out: rollupC, not admitted by rollupA.");
    const { rollups: placed } = await fine<Deployed>("deploy", "OmniAppMock", "--on", "all", "--args", MOCK_ARGS);
    expect(placed.map(({ rollup }) => rollup)).to.deep.equal(["rollupA", "rollupB"]);
    await network.metalayer.deliver();
    expect(await statesOf(placed[0]?.address ?? "")).to.deep.equal(["deployed", "deployed", "absent"]);
  });
});
