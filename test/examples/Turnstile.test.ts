import { expect } from "chai";
import { network } from "hardhat";
import { mappingSlot, slotProof, type Hex } from "../../sdk/src/index.ts";
import { createNetwork, type TestNetwork } from "../../sdk/src/testkit/index.ts";
import { Turnstile__factory, type Turnstile } from "../../typechain-types/index.js";

type RollupConnection = Awaited<ReturnType<typeof network.create>>;

const [A, B] = [8101n, 8102n];
/** Where OpenZeppelin's ERC-20 keeps balances. */
const POSITION = 0n;
const LEAST = 100n;
const LAG = 1n;

describe("Turnstile", () => {
  let here: RollupConnection;
  let metalayer: TestNetwork;
  let turnstile: Turnstile;
  let token: Hex;
  /** Has nothing on any rollup but coins. */
  let poor: Awaited<ReturnType<RollupConnection["ethers"]["getSigners"]>>[number];

  before(async () => {
    here = await network.create("rollupB");
    metalayer = await createNetwork({ rollups: [await network.create("rollupA"), here] });
    const [, second] = await here.ethers.getSigners();
    if (second === undefined) throw new Error("twenty accounts exist");
    poor = second;
    const { signer, rollupRegistry, stateReader, stateRootInbox } = metalayer.rollup(B);
    token = (await metalayer.rollup(A).era.getAddress()) as Hex; // CAST: ethers returns hex
    const ticket = { chainId: A, incarnation: 1n, token, position: POSITION, least: LEAST, maxLag: LAG };
    const factory = new Turnstile__factory(signer);
    turnstile = await factory.deploy(rollupRegistry, stateReader, stateRootInbox, ticket);
  });

  /** The balance of an account of A, proven under the newest head on B. */
  async function ticketOf(holder: Hex) {
    const slots = [mappingSlot(holder, POSITION)];
    const query = { of: A, attestedOn: B, account: token, slots };
    const { head, accountPart, slotParts } = await metalayer.client.readState(query);
    return [head.anchorIndex, slotProof(accountPart, slotParts)] as const;
  }

  it("lets in who holds enough on another rollup, and nobody else", async () => {
    await metalayer.recordHead(A, B);
    const { signer } = metalayer.rollup(A);
    const holder = (await signer.getAddress()) as Hex; // CAST: ethers returns hex
    const balance = await metalayer.rollup(A).era.balanceOf(holder);
    const proven = await ticketOf(holder);
    await expect(turnstile.pass(...proven))
      .to.emit(turnstile, "Passed")
      .withArgs(holder, balance);
    expect(await turnstile.passed(holder)).to.equal(true);
    const asPoor = turnstile.connect(poor);
    const nothing = await ticketOf(poor.address as Hex); // CAST: ethers returns hex
    await expect(asPoor.pass(...nothing))
      .to.be.revertedWithCustomError(turnstile, "TurnstileTooLittle")
      .withArgs(0n, LEAST);
    const { stateReader } = metalayer.rollup(B);
    await expect(asPoor.pass(...proven)).to.be.revertedWithCustomError(stateReader, "ReaderProofRefused");
    expect(await turnstile.passed(poor)).to.equal(false);
  });

  it("refuses heads that newer ones have overtaken", async () => {
    const { signer } = metalayer.rollup(A);
    const holder = (await signer.getAddress()) as Hex; // CAST: ethers returns hex
    const old = await ticketOf(holder);
    for (let count = 0n; count <= LAG; count++) await metalayer.recordHead(A, B);
    await expect(turnstile.pass(...old))
      .to.be.revertedWithCustomError(turnstile, "TurnstileTooOld")
      .withArgs(old[0], old[0] + LAG + 1n);
  });

  it("C12, EXPLOITS 10: lets nobody in by a rollup that was removed, nor by its next incarnation", async () => {
    await metalayer.recordHead(A, B);
    const { signer } = metalayer.rollup(A);
    const holder = (await signer.getAddress()) as Hex; // CAST: ethers returns hex
    const proven = await ticketOf(holder);
    const { rollupRegistry, rollupTimelock, stateReader } = metalayer.rollup(B);
    const timelock = await rollupTimelock.getAddress();
    await here.networkHelpers.impersonateAccount(timelock);
    await here.networkHelpers.setBalance(timelock, 10n ** 20n);
    const registry = rollupRegistry.connect(await here.ethers.getSigner(timelock));
    await registry.remove(A);
    // Its heads are read as before.
    const [anchorIndex, proof] = proven;
    expect(await stateReader.slotAt(A, anchorIndex, token, mappingSlot(holder, POSITION), proof)).to.not.equal(0n);
    await expect(turnstile.pass(...proven))
      .to.be.revertedWithCustomError(turnstile, "TurnstileClosed")
      .withArgs(A, 1n);
    const { chainId, gateway, anchorLog, stack, finality, finalityDepth, era, ceiling, eraCapacity } =
      await rollupRegistry.rollup(A);
    const again = { chainId, gateway, anchorLog, stack, finality, finalityDepth, era, ceiling, eraCapacity };
    await registry.admit({ ...again, incarnation: 2n, status: 0n });
    await expect(turnstile.pass(...proven))
      .to.be.revertedWithCustomError(turnstile, "TurnstileClosed")
      .withArgs(A, 1n);
  });
});
