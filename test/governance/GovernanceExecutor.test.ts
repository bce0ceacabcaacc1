import { expect } from "chai";
import { ethers, getCreateAddress, keccak256 } from "ethers";
import type { Hex } from "../../sdk/src/bytes.ts";
import { buildLeg, type GovernanceCall, type LegInput } from "../../sdk/src/governance.ts";
import { addressOf } from "../helpers/economy.ts";
import { interop } from "../helpers/network.ts";
import { openRollup } from "../helpers/rollup.ts";

const DELAY = 172_800n;
const HOME = { chainId: 8101n };

/** A spoke's timelock whose proposer is the executor; gateway and home's timelock are accounts. */
async function fixture() {
  const rollup = await openRollup("rollupB");
  const [deployer, gateway, home, canceller, stranger] = await rollup.ethers.getSigners();
  if (!deployer || !gateway || !home || !canceller || !stranger) throw new Error("not enough accounts");
  const predicted = getCreateAddress({ from: deployer.address, nonce: (await deployer.getNonce()) + 1 });
  const timelock = await rollup.ethers.deployContract("RollupTimelock", [DELAY, predicted, canceller.address]);
  const args = [gateway.address, await timelock.getAddress(), HOME.chainId, home.address] as const;
  const executor = await rollup.ethers.deployContract("GovernanceExecutor", [...args]);
  const manager = await rollup.ethers.deployContract("AccessManager", [await timelock.getAddress()]);
  const { chainId } = await rollup.ethers.provider.getNetwork();
  const now = BigInt(await rollup.networkHelpers.time.latest());
  const call: GovernanceCall = {
    target: await addressOf(manager),
    data: manager.interface.encodeFunctionData("labelRole", [7, "seven"]) as Hex, // CAST: ethers returns hex
  };
  const codeHash = keccak256(await rollup.ethers.provider.getCode(call.target)) as Hex; // CAST: a hash
  const leg = (change: Partial<LegInput> = {}) =>
    buildLeg({
      chainId,
      timelock: args[1] as Hex, // CAST: an address
      calls: [call],
      bindings: [{ account: call.target, codeHash }],
      expiry: now + 30n * 86_400n,
      delay: DELAY,
      ...change,
    });
  let count = 0;
  const receive = (payload: string, { from = gateway, sender = home.address, chain = HOME } = {}) =>
    executor.connect(from).receiveMessage(ethers.toBeHex(++count, 32), interop(chain, sender), payload);
  return { rollup, timelock, executor, manager, gateway, home, canceller, stranger, leg, receive, args, codeHash };
}

describe("GovernanceExecutor", () => {
  it("knows its wiring and refuses a missing part of it", async () => {
    const { rollup, executor, args } = await fixture();
    expect([await executor.gateway(), await executor.timelock(), ...(await executor.controller())]).to.deep.equal([
      ...args,
    ]);
    for (let missing = 0; missing < args.length; missing++) {
      const wrong = args.map((arg, index) =>
        index !== missing ? arg : typeof arg === "bigint" ? 0n : ethers.ZeroAddress,
      );
      await expect(rollup.ethers.deployContract("GovernanceExecutor", wrong))
        .to.be.revertedWithCustomError(executor, "ExecutorInvalidWiring")
        .withArgs(...wrong);
    }
  });

  it("puts a leg into the timelock, where it waits, and anyone executes it once", async () => {
    const { rollup, timelock, manager, executor, stranger, leg, receive } = await fixture();
    const bound = leg();
    await expect(receive(bound.schedule))
      .to.emit(executor, "LegReceived")
      .withArgs(ethers.toBeHex(1, 32), bound.schedule.slice(0, 10));
    expect(await timelock.isOperationPending(bound.id)).to.equal(true);
    const execute = () => stranger.sendTransaction({ to: timelock, data: bound.execute });
    await expect(execute()).to.be.revertedWithCustomError(timelock, "TimelockUnexpectedOperationState");
    await rollup.networkHelpers.time.increase(DELAY);
    await expect(execute()).to.emit(manager, "RoleLabel").withArgs(7n, "seven");
    await expect(execute()).to.be.revertedWithCustomError(timelock, "TimelockUnexpectedOperationState");
    await expect(receive(bound.schedule)).to.be.revertedWithCustomError(timelock, "TimelockUnexpectedOperationState");
  });

  it("keeps the order that predecessors give", async () => {
    const { rollup, timelock, stranger, leg, receive } = await fixture();
    const first = leg({ salt: ethers.id("first") as Hex }); // CAST: a hash
    const second = leg({ predecessor: first.id });
    await receive(second.schedule);
    await rollup.networkHelpers.time.increase(DELAY);
    const execute = (data: Hex) => stranger.sendTransaction({ to: timelock, data });
    await expect(execute(second.execute))
      .to.be.revertedWithCustomError(timelock, "TimelockUnexecutedPredecessor")
      .withArgs(first.id);
    await receive(first.schedule);
    await rollup.networkHelpers.time.increase(DELAY);
    await execute(first.execute);
    await execute(second.execute);
    expect(await timelock.isOperationDone(second.id)).to.equal(true);
  });

  it("takes back what it scheduled when home says so, also what the canceller may not cancel", async () => {
    const { timelock, canceller, leg, receive, args } = await fixture();
    const role = await timelock.CANCELLER_ROLE();
    const data = timelock.interface.encodeFunctionData("revokeRole", [role, canceller.address]) as Hex; // CAST: hex
    const address = args[1] as Hex; // CAST: an address
    const provider = timelock.runner?.provider;
    const codeHash = keccak256((await provider?.getCode(address)) ?? "0x") as Hex; // CAST: a hash
    const bound = leg({ calls: [{ target: address, data }], bindings: [{ account: address, codeHash }] });
    await receive(bound.schedule);
    await expect(timelock.connect(canceller).cancel(bound.id))
      .to.be.revertedWithCustomError(timelock, "TimelockProtectedOperation")
      .withArgs(bound.id);
    await expect(receive(timelock.interface.encodeFunctionData("cancel", [bound.id])))
      .to.emit(timelock, "Cancelled")
      .withArgs(bound.id);
  });

  it("R3 a leg, forged or not, can be cancelled by the local canceller in its delay", async () => {
    const { rollup, timelock, canceller, stranger, leg, receive } = await fixture();
    const bound = leg();
    await receive(bound.schedule);
    await timelock.connect(canceller).cancel(bound.id);
    await rollup.networkHelpers.time.increase(DELAY);
    await expect(stranger.sendTransaction({ to: timelock, data: bound.execute })).to.be.revertedWithCustomError(
      timelock,
      "TimelockUnexpectedOperationState",
    );
  });

  it("EXPLOITS 33 obeys nobody but home's timelock through the gateway", async () => {
    const { executor, gateway, home, stranger, leg, receive } = await fixture();
    const { schedule } = leg();
    for (const [options, from, sender, chain] of [
      [{ from: stranger }, stranger, home.address, HOME],
      [{ sender: stranger.address }, gateway, stranger.address, HOME],
      [{ chain: { chainId: 8103n } }, gateway, home.address, { chainId: 8103n }],
    ] as const) {
      await expect(receive(schedule, options))
        .to.be.revertedWithCustomError(executor, "ERC7786RecipientUnauthorizedGateway")
        .withArgs(from, interop(chain, sender));
    }
  });

  it("R3 R23 does nothing at once: no call but scheduling and cancelling, no execution mode, nothing on itself", async () => {
    const { executor, timelock, manager, receive, leg } = await fixture();
    const remote = new ethers.Interface(["function reconfigure(address gateway, bytes controller)"]);
    const { execute } = leg();
    for (const payload of [
      "0x",
      "0x8f2a0b",
      execute,
      timelock.interface.encodeFunctionData("grantRole", [ethers.ZeroHash, await executor.getAddress()]),
      timelock.interface.encodeFunctionData("updateDelay", [0]),
      timelock.interface.encodeFunctionData("schedule", [
        await manager.getAddress(),
        0,
        "0x",
        ethers.ZeroHash,
        ethers.ZeroHash,
        DELAY,
      ]),
      remote.encodeFunctionData("reconfigure", [await executor.getAddress(), "0x"]),
      // A batch in OpenZeppelin's TRY mode, as its own executor would take it.
      ethers.concat([ethers.zeroPadBytes("0x0101", 32), "0x00"]),
    ]) {
      const selector = payload.length < 10 ? "0x00000000" : payload.slice(0, 10);
      await expect(receive(payload))
        .to.be.revertedWithCustomError(executor, "ExecutorForbiddenCall")
        .withArgs(selector);
    }
  });

  it("C17 a leg does the same whoever executes it with whatever value and gas, or nothing at all", async () => {
    const { rollup, timelock, manager, stranger, canceller, leg, receive } = await fixture();
    const [first, second] = [leg(), leg({ salt: ethers.id("second") as Hex })]; // CAST: a hash
    for (const { schedule } of [first, second]) await receive(schedule);
    await rollup.networkHelpers.time.increase(DELAY);
    const execute = (by: typeof stranger, data: Hex, more: object) =>
      by.sendTransaction({ to: timelock, data, ...more });
    const effect = (sent: ReturnType<typeof execute>) =>
      expect(sent).to.emit(manager, "RoleLabel").withArgs(7n, "seven");
    // Between too little for the transaction itself and enough: all of it or none of it, and it stays executable.
    const enough = await rollup.ethers.provider.estimateGas({ from: stranger, to: timelock, data: first.execute });
    for (let gasLimit = enough - 1_000n; gasLimit > 60_000n; gasLimit = (gasLimit * 9n) / 10n) {
      await execute(stranger, first.execute, { gasLimit }).catch(() => undefined);
      expect(await timelock.isOperationDone(first.id), `${gasLimit} gas`).to.equal(false);
    }
    // Value sent along goes nowhere: the leg's calls carry what was decided, none.
    await effect(execute(stranger, first.execute, { value: 5n, gasLimit: 5_000_000n }));
    await effect(execute(canceller, second.execute, {}));
    expect(await rollup.ethers.provider.getBalance(manager)).to.equal(0n);
    // Another value or another call is another operation, which nobody has decided.
    const { targets, values, payloads, predecessor, salt } = first;
    const ones = values.map(() => 1n);
    const other = timelock.interface.encodeFunctionData("executeBatch", [
      [...targets],
      ones,
      [...payloads],
      predecessor,
      salt,
    ]);
    await expect(stranger.sendTransaction({ to: timelock, data: other, value: 5n })).to.be.revertedWithCustomError(
      timelock,
      "TimelockUnexpectedOperationState",
    );
  });

  it("EXPLOITS 24 C17 refuses a leg without conditions, for another rollup, expired, or with a target whose code is not bound", async () => {
    const { executor, timelock, manager, receive, leg, codeHash } = await fixture();
    const target = await addressOf(manager);
    const bare = timelock.interface.encodeFunctionData("scheduleBatch", [
      [target],
      [0],
      ["0x"],
      ethers.ZeroHash,
      ethers.ZeroHash,
      DELAY,
    ]);
    await expect(receive(bare)).to.be.revertedWithCustomError(executor, "ConditionsMissing");
    await expect(receive(leg({ chainId: 8103n }).schedule))
      .to.be.revertedWithCustomError(executor, "ConditionsWrongRollup")
      .withArgs(8103n);
    await expect(receive(leg({ expiry: 1n }).schedule)).to.be.revertedWithCustomError(
      executor,
      "ConditionsInvalidExpiry",
    );
    await expect(receive(leg({ timelock: target }).schedule)).to.be.revertedWithCustomError(
      executor,
      "ConditionsMissing",
    );
    const { targets, values, payloads } = leg({
      calls: [{ target, data: "0x" }],
      bindings: [{ account: target, codeHash }],
    });
    const uncovered = timelock.interface.encodeFunctionData("scheduleBatch", [
      [...targets, target],
      [...values, 0n],
      [...payloads, "0x"],
      ethers.ZeroHash,
      ethers.ZeroHash,
      DELAY,
    ]);
    await expect(receive(uncovered))
      .to.be.revertedWithCustomError(executor, "ConditionsUncovered")
      .withArgs(2n, await manager.getAddress());
    expect(() => leg({ bindings: [] })).to.throw("is not bound");
    expect(() => leg({ calls: [] })).to.throw("without calls");
  });
});
