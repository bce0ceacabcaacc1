import { expect } from "chai";
import { encodeRlp, toBeArray, ZeroAddress, ZeroHash } from "ethers";
import { fromHex, hashText, type Address } from "../../sdk/src/bytes.ts";
import { packAccount, packSlot, slotProof } from "../../sdk/src/proofsPack.ts";
import { StateReader__factory } from "../../typechain-types/index.js";
import { attestedHead, headOf } from "../helpers/stateRequests.ts";
import { hashed, rawTrie, trieOf } from "../helpers/tries.ts";
import { createRequestNetwork, SLOT, type RequestNetwork } from "./requestNetwork.ts";

const READER = StateReader__factory.createInterface();

describe("StateRequests: slots", () => {
  // CAST: set before any test runs
  let { net, a, b, sender, desk, restore, creditOf, as, isBacked } = {} as RequestNetwork;

  before(async () => {
    ({ net, a, b, sender, desk, restore, creditOf, as, isBacked } = await createRequestNetwork());
  });

  afterEach(async () => restore());

  const account: Address = "0x00000000000000000000000000000000000000c0";
  const slot = hashText("slot");
  const VALUE = 123_456_789n;

  /** A state in which the account holds the value, and the proof of it. */
  async function state() {
    const storage = await trieOf(
      new Map([
        [hashed(slot), VALUE],
        [hashed(hashText("other")), 5n],
      ]),
    );
    const fields = [toBeArray(1), toBeArray(2), fromHex(storage.root), fromHex(hashText("code"))];
    const accounts = await rawTrie(new Map([[hashed(account), fields]]), (all) => fromHex(encodeRlp(all)));
    const accountPart = packAccount(accounts.root, account, await accounts.nodes(hashed(account)));
    const part = packSlot(storage.root, slot, await storage.nodes(hashed(slot)));
    return { root: accounts.root, proof: slotProof(accountPart, [part]) };
  }

  it("brings a proven value to everybody for one price, shared to the unit", async () => {
    const { root, proof } = await state();
    const credit = await creditOf(sender);
    await as(sender).requestSlot(b.chainId, 7n, account, slot);
    expect(await creditOf(sender)).to.equal(credit - SLOT.units);
    expect(await desk.requests.answerOf(b.chainId, 7n, account, slot)).to.deep.equal([false, ZeroHash]);
    const answer = () => as(a.relayer).answerSlot(b.chainId, 7n, account, slot, proof);
    await expect(answer()).to.be.revertedWithCustomError({ interface: READER }, "ReaderUnknownHead");
    await desk.inbox.recordHead(...(await attestedHead(net, a, headOf(b, 7n, root))));
    const before = await a.era.balanceOf(a.relayer);
    const value = `0x${VALUE.toString(16).padStart(64, "0")}`;
    await expect(answer())
      .to.emit(desk.requests, "StateAnswered")
      .withArgs(
        await desk.requests.idOf(b.chainId, 7n, account, slot),
        await a.relayer.getAddress(),
        value,
        SLOT.answerer,
      );
    expect((await a.era.balanceOf(a.relayer)) - before).to.equal(SLOT.answerer);
    expect(await desk.requests.due()).to.deep.equal([SLOT.fund, SLOT.burn, SLOT.guardians]);
    expect(await desk.requests.answerOf(b.chainId, 7n, account, slot)).to.deep.equal([true, value]);
    await expect(answer()).to.be.revertedWithCustomError(desk.requests, "RequestsNotOpen");
    await expect(as(sender).requestSlot(b.chainId, 7n, account, slot)).to.be.revertedWithCustomError(
      desk.requests,
      "RequestsAlreadyKnown",
    );
    await isBacked();
  });

  it("EXPLOITS 21 takes no proof of another slot, account or state, and no damaged one", async () => {
    const { root, proof } = await state();
    await desk.inbox.recordHead(...(await attestedHead(net, a, headOf(b, 7n, root))));
    await desk.inbox.recordHead(...(await attestedHead(net, a, headOf(b, 8n))));
    const other = hashText("other");
    const wrong: [bigint, string, string, string][] = [
      [7n, account, other, proof],
      [7n, await a.user.getAddress(), slot, proof],
      [8n, account, slot, proof],
      [7n, account, slot, `${proof.slice(0, -2)}00`],
    ];
    for (const [anchor, of, place, given] of wrong) {
      await as(sender).requestSlot(b.chainId, anchor, of, place);
      await expect(as(a.relayer).answerSlot(b.chainId, anchor, of, place, given)).to.be.revert(a.connection.ethers);
    }
    expect(await desk.requests.due()).to.deep.equal([0n, 0n, 0n]);
  });

  it("refuses account 0, which stands for a head", async () => {
    await expect(as(sender).requestSlot(b.chainId, 7n, ZeroAddress, slot))
      .to.be.revertedWithCustomError(desk.requests, "RequestsInvalidAccount")
      .withArgs(ZeroAddress);
  });
});
