import { expect } from "chai";
import { AbiCoder, concat, solidityPacked, toUtf8Bytes, keccak256, zeroPadBytes } from "ethers";
import {
  CrosschainGovernor__factory,
  Parameter__factory,
  RemoteExecutor__factory,
  VotesToken__factory,
} from "../../typechain-types/index.js";
import { createTestNetwork, deliver, interop, prepareDelivery, type TestRollup } from "../helpers/network.ts";
import { deliverAllPending } from "../helpers/pending.ts";

// ERC-7579 execution modes: call type (single 0x00, batch 0x01), exec type (default 0x00, try 0x01)
const SINGLE = zeroPadBytes("0x0000", 32);
const SINGLE_TRY = zeroPadBytes("0x0001", 32);
const BATCH = zeroPadBytes("0x0100", 32);

async function fixture() {
  const net = await createTestNetwork(["rollupA", "rollupB", "rollupC"]);
  const [A, B, C] = net.rollups as [TestRollup, TestRollup, TestRollup]; // CAST: three rollups were asked for
  const token = await new VotesToken__factory(A.user).deploy();
  const governor = await new CrosschainGovernor__factory(A.user).deploy(token);
  const voter = await A.user.getAddress();
  await token.mint(voter, 100);
  await token.delegate(voter);
  const remote = async (rollup: TestRollup) => {
    const controller = interop(A, await governor.getAddress());
    const executor = await new RemoteExecutor__factory(rollup.user).deploy(
      await rollup.gateway.getAddress(),
      controller,
    );
    const parameter = await new Parameter__factory(rollup.user).deploy(executor);
    return { rollup, executor, parameter, address: interop(rollup, await executor.getAddress()) };
  };
  const onB = await remote(B);
  const onC = await remote(C);
  const gateway = await A.gateway.getAddress();
  let proposals = 0;
  /** Proposes, votes and executes one proposal of cross-chain legs. */
  const decide = async (legs: readonly (readonly [executor: string, mode: string, data: string])[]) => {
    const calls = legs.map(([executor, mode, data]) =>
      governor.interface.encodeFunctionData("relayCrosschain", [gateway, executor, mode, data]),
    );
    const targets = calls.map(() => governor.getAddress());
    const values = calls.map(() => 0);
    const description = `proposal ${proposals++}`;
    const args = [await Promise.all(targets), values, calls] as const;
    await governor.propose(...args, description);
    const id = await governor.hashProposal(...args, keccak256(toUtf8Bytes(description)));
    await A.connection.networkHelpers.mine(2);
    await governor.castVote(id, 1);
    await A.connection.networkHelpers.mine(6);
    return governor.execute(...args, keccak256(toUtf8Bytes(description)));
  };
  return { net, A, B, C, governor, onB, onC, decide };
}

describe("OpenZeppelin's cross-chain governance over the gateway, unmodified", () => {
  it("one vote on A changes parameters on B and C, each leg on its own (G16, G22)", async () => {
    const { net, decide, onB, onC } = await fixture();
    const set = (value: number) => onB.parameter.interface.encodeFunctionData("set", [value]);
    const single = async (leg: typeof onB, value: number) =>
      solidityPacked(["address", "uint256", "bytes"], [await leg.parameter.getAddress(), 0, set(value)]);
    const batch = AbiCoder.defaultAbiCoder().encode(
      ["tuple(address,uint256,bytes)[]"],
      [
        [
          [await onC.parameter.getAddress(), 0, set(1)],
          [await onC.parameter.getAddress(), 0, set(9)],
        ],
      ],
    );
    await decide([
      [onB.address, SINGLE, await single(onB, 7)],
      [onC.address, BATCH, batch],
    ]);
    await deliverAllPending(net);
    expect(await onB.parameter.value()).to.equal(7);
    expect(await onC.parameter.value()).to.equal(9);
  });

  it("a failing leg does not block the others and is retried by anyone (G14, NEEDS 21)", async () => {
    const { net, A, B, decide, onB, onC } = await fixture();
    await onB.parameter.setLocked(true);
    const leg = async (target: typeof onB) =>
      solidityPacked(
        ["address", "uint256", "bytes"],
        [await target.parameter.getAddress(), 0, target.parameter.interface.encodeFunctionData("set", [5])],
      );
    await decide([
      [onB.address, SINGLE, await leg(onB)],
      [onC.address, SINGLE, await leg(onC)],
    ]);
    await expect(deliver(net, A, B)).to.emit(B.gateway, "MessageFailed");
    await deliverAllPending(net);
    expect(await onC.parameter.value()).to.equal(5);
    expect(await onB.parameter.value()).to.equal(0);
    await onB.parameter.setLocked(false);
    await deliver(net, A, B);
    expect(await onB.parameter.value()).to.equal(5);
  });

  it("R23 a TRY leg cannot be starved of gas by its deliverer (G19)", async () => {
    const { net, A, B, decide, onB } = await fixture();
    const call = onB.parameter.interface.encodeFunctionData("set", [5]);
    const data = solidityPacked(["address", "uint256", "bytes"], [await onB.parameter.getAddress(), 0, call]);
    await decide([[onB.address, SINGLE_TRY, data]]);
    const { attestation, batches } = await prepareDelivery(net, A, B);
    for (let gasLimit = 100_000n; ; gasLimit += 5_000n) {
      const tx = await B.gateway.relay(attestation, batches, { gasLimit }).catch(() => undefined);
      if (tx === undefined) expect(await onB.parameter.value()).to.equal(0);
      else break;
    }
    expect(await onB.parameter.value()).to.equal(5);
  });

  it("nobody but the governor reaches an executor, not even with its payload (C13, C17, I7)", async () => {
    const { net, A, B, onB } = await fixture();
    const call = onB.parameter.interface.encodeFunctionData("set", [5]);
    const data = solidityPacked(["address", "uint256", "bytes"], [await onB.parameter.getAddress(), 0, call]);
    await A.gateway.connect(A.user).sendMessage(onB.address, concat([SINGLE, data]), []);
    await expect(deliver(net, A, B)).to.emit(B.gateway, "MessageFailed");
    await expect(
      onB.executor.receiveMessage(
        `0x${"11".repeat(32)}`,
        interop(A, await A.user.getAddress()),
        concat([SINGLE, data]),
      ),
    ).to.be.revertedWithCustomError(onB.executor, "ERC7786RecipientUnauthorizedGateway");
    expect(await onB.parameter.value()).to.equal(0);
  });
});
