import { expect } from "chai";
import { toBeHex } from "ethers";
import { automationArgument } from "../../sdk/src/automation.ts";
import type { Hex } from "../../sdk/src/bytes.ts";
import { Sentinel__factory } from "../../typechain-types/index.js";
import { PublishingNetwork, UNIT } from "../helpers/publications.ts";

describe("Sentinel", () => {
  it("is called by nobody but Automations, told by nobody but its owner, and gives back what is prepaid", async () => {
    const { here, source, broadcaster, ethers } = await PublishingNetwork.open();
    const [owner, stranger] = await ethers.getSigners();
    if (owner === undefined || stranger === undefined) throw new Error("twenty accounts exist");
    const sentinel = await new Sentinel__factory(owner).deploy(here.automations);
    const terms = automationArgument({
      ...{ chainId: source.chainId, incarnation: 1n, account: broadcaster, mask: 255n, operand: 1n, maxAge: 600n },
      ...{ comparison: "equal", period: 0n, gasLimit: 100_000n, reward: 1n },
      slot: toBeHex(0, 32) as Hex, // CAST: ethers returns hex
    });
    await sentinel.watch(terms);
    const id = await here.automations.idOf(sentinel, terms);
    await here.era.approve(here.automations, 3n * UNIT);
    await here.automations.fund(id, 3n);
    const by = sentinel.connect(stranger);
    await expect(by.onCondition(id, 1n)).to.be.revertedWithCustomError(sentinel, "SentinelUnauthorized");
    for (const call of [by.watch(terms), by.stop(terms)]) {
      await expect(call).to.be.revertedWithCustomError(sentinel, "OwnableUnauthorizedAccount");
    }
    await expect(sentinel.stop(terms))
      .to.emit(here.era, "Transfer")
      .withArgs(here.automations, owner, 3n * UNIT);
    expect(await sentinel.alarms()).to.equal(0n);
  });
});
