import { expect } from "chai";
import { toBeHex, Wallet, ZeroAddress, type ContractTransactionResponse } from "ethers";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import { slotProof } from "../../sdk/src/proofsPack.ts";
import {
  Automations__factory,
  AutomatedMock__factory,
  StorageMock__factory,
  type AutomatedMock,
  type Automations,
  type StorageMock,
} from "../../typechain-types/index.js";
import { addressOf, MOOD, PublishingNetwork, UNIT } from "../helpers/publications.ts";

const SLOT = toBeHex(7, 32) as Hex; // CAST: ethers returns hex
const ALL = 2n ** 256n - 1n;
const COMPARISON = { none: 0n, equal: 1n, notEqual: 2n, atLeast: 3n, atMost: 4n };
const NOBODY = "0x00000000000000000000000000000000000000AA";

describe("Automations", () => {
  let net: PublishingNetwork;
  let automations: Automations;
  let store: StorageMock;
  let account: Address;

  before(async () => {
    net = await PublishingNetwork.open();
    automations = net.here.automations;
    store = await new StorageMock__factory(net.source.signer).deploy();
    account = await addressOf(store);
  });

  type Wish = Partial<Awaited<ReturnType<typeof wish>>>;
  const wish = async () => ({
    ...{ chainId: net.source.chainId, incarnation: 1n, account, slot: SLOT, mask: ALL },
    ...{ comparison: COMPARISON.atLeast, operand: 100n, maxAge: 3_600n, period: 0n, gasLimit: 200_000n, reward: 0n },
  });

  /** A new contract that is automated, with prepaid ERA. */
  async function automated(change: Wish = {}, balance = 0n) {
    const owner = await new AutomatedMock__factory(net.here.signer).deploy();
    const automation = { ...(await wish()), ...change };
    await owner.call(automations, automations.interface.encodeFunctionData("create", [automation]));
    const id = await automations.idOf(owner, automation);
    if (balance > 0n) {
      await net.here.era.approve(automations, balance * UNIT);
      await automations.fund(id, balance);
    }
    return { owner, automation, id };
  }

  const write = async (value: bigint): Promise<void> => {
    await (await store.write(SLOT, toBeHex(value, 32))).wait();
  };
  const attest = () => net.network.recordHead(net.source.chainId, net.here.chainId);

  async function proofAt(anchorIndex: bigint): Promise<Hex> {
    const place = { of: net.source.chainId, attestedOn: net.here.chainId, anchorIndex };
    const state = await net.network.client.readState({ ...place, account, slots: [SLOT] });
    return slotProof(state.accountPart, state.slotParts);
  }

  /** Executes by the source's present state, or by a head that is known. */
  async function execute(
    { owner, automation }: { owner: AutomatedMock; automation: Awaited<ReturnType<typeof wish>> },
    index?: bigint,
    gas?: { gasLimit: bigint },
  ): Promise<ContractTransactionResponse> {
    const at = index ?? (await attest()).anchorIndex;
    return automations.execute(owner, automation, at, await proofAt(at), gas ?? {});
  }

  describe("create", () => {
    it("EXPLOITS 18: takes no zero for a comparison, mask, age or gas, and no unknown rollup", async () => {
      const good = await wish();
      for (const change of [{ comparison: COMPARISON.none }, { mask: 0n }, { maxAge: 0n }, { gasLimit: 0n }]) {
        await expect(automations.create({ ...good, ...change })).to.be.revertedWithCustomError(
          automations,
          "AutomationsInvalid",
        );
      }
      for (const [chainId, incarnation] of [
        [0n, 0n],
        [4_711n, 1n],
        [net.source.chainId, 2n],
      ] as const) {
        await expect(automations.create({ ...good, chainId, incarnation }))
          .to.be.revertedWithCustomError(automations, "AutomationsUnknownRollup")
          .withArgs(chainId, incarnation);
      }
      const deploy = new Automations__factory(net.here.signer).deploy(ZeroAddress, account, account);
      await expect(deploy).to.be.revertedWithCustomError(automations, "AutomationsInvalidWiring");
    });

    it("automates the caller alone, once", async () => {
      const { owner, automation, id } = await automated();
      expect((await automations.state(id)).active).to.equal(true);
      const again = automations.connect(net.here.provider).create.staticCall(automation, { from: owner });
      await expect(again).to.be.revertedWithCustomError(automations, "AutomationsKnown").withArgs(id);
      await write(100n);
      const { anchorIndex } = await attest();
      // EXPLOITS 3, EXPLOITS 13: no other contract can be named as the owner.
      for (const other of [net.here.era, net.here.gateway, automations]) {
        await expect(
          automations.execute(other, automation, anchorIndex, await proofAt(anchorIndex)),
        ).to.be.revertedWithCustomError(automations, "AutomationsUnknown");
      }
    });
  });

  describe("execute", () => {
    it("calls when the proven value satisfies the condition, and not when it does not", async () => {
      const cases = [
        [COMPARISON.atLeast, 100n, 99n],
        [COMPARISON.atMost, 100n, 101n],
        [COMPARISON.equal, 100n, 101n],
        [COMPARISON.notEqual, 99n, 100n],
      ] as const;
      for (const [comparison, good, bad] of cases) {
        const one = await automated({ comparison });
        await write(bad);
        await expect(execute(one))
          .to.be.revertedWithCustomError(automations, "AutomationsNotSatisfied")
          .withArgs(one.id, bad);
        await write(good);
        await expect(execute(one))
          .to.emit(one.owner, "ConditionMet")
          .withArgs(automations, one.id, good, (gas: bigint) => gas < 200_000n && gas > 150_000n);
      }
    });

    it("compares the bits under the mask", async () => {
      const one = await automated({ mask: 0xffffn, comparison: COMPARISON.equal, operand: 5n });
      await write((77n << 16n) | 5n);
      await expect(execute(one)).to.emit(automations, "AutomationExecuted").withArgs(one.id, net.here.signer, 5n, 0n);
    });

    it("happens once without a period, whatever is proven later", async () => {
      const one = await automated();
      await write(200n);
      await execute(one);
      await write(201n);
      await expect(execute(one)).to.be.revertedWithCustomError(automations, "AutomationsUnknown").withArgs(one.id);
      expect(await one.owner.received()).to.equal(1n);
    });

    it("EXPLOITS 5: happens again with a period, after it, and by a newer head each time", async () => {
      const one = await automated({ period: 600n });
      await write(200n);
      const { anchorIndex } = await attest();
      await execute(one, anchorIndex);
      await expect(execute(one)).to.be.revertedWithCustomError(automations, "AutomationsTooEarly");
      await net.here.passTime(601);
      await expect(execute(one, anchorIndex)).to.be.revertedWithCustomError(automations, "AutomationsOldHead");
      await execute(one);
      expect(await one.owner.received()).to.equal(2n);
    });

    it("goes by no head that is older than the automation allows, and by none that was not attested", async () => {
      const one = await automated({ maxAge: 100n });
      await write(200n);
      const { anchorIndex } = await attest();
      await net.here.passTime(102);
      await expect(execute(one, anchorIndex)).to.be.revertedWithCustomError(automations, "AutomationsOldHead");
      const call = automations.execute(one.owner, one.automation, anchorIndex + 9n, await proofAt(anchorIndex));
      await expect(call).to.be.revertedWithCustomError(automations, "AutomationsOldHead").withArgs(0n, 0n);
    });

    it("EXPLOITS 21, EXPLOITS 22, EXPLOITS 34: takes nothing for a proof but the one there is", async () => {
      const one = await automated();
      await write(200n);
      const { anchorIndex } = await attest();
      const proof = await proofAt(anchorIndex);
      for (const other of ["0x", "0x01000100", `${proof}00`, proof.slice(0, -2), `0x01${proof.slice(4)}`]) {
        await expect(automations.execute(one.owner, one.automation, anchorIndex, other)).to.be.revert(net.ethers);
      }
      expect(await one.owner.received()).to.equal(0n);
    });

    it("C15, C16: a failing owner keeps its automation and its ERA, and costs what it asked for", async () => {
      const one = await automated({ reward: 5n, gasLimit: 100_000n }, 5n);
      await write(300n);
      for (const mood of [MOOD.revert, MOOD.wrongSelector, MOOD.shortReturn, MOOD.returnBomb, MOOD.revertBomb]) {
        await one.owner.setMode(mood);
        await expect(execute(one)).to.emit(automations, "AutomationFailed");
        expect(await automations.state(one.id)).to.deep.equal([true, 5n, 0n, 0n]);
      }
      await one.owner.setMode(MOOD.accept);
      await execute(one);
      expect(await one.owner.received()).to.equal(1n);
    });

    it("C14: gives the owner all of its gas or changes nothing", async () => {
      const one = await automated({ gasLimit: 400_000n });
      await write(200n);
      const { anchorIndex } = await attest();
      await expect(execute(one, anchorIndex, { gasLimit: 400_000n })).to.be.revert(net.ethers);
      await execute(one, anchorIndex, { gasLimit: 5_000_000n });
      expect(await one.owner.received()).to.equal(1n);
    });

    it("EXPLOITS 27: from inside the call it is not executed again, ended twice or paid twice", async () => {
      const one = await automated({ period: 1n, reward: 4n, gasLimit: 2_000_000n }, 10n);
      await write(200n);
      const { anchorIndex } = await attest();
      const { interface: codec } = automations;
      const again = [one.owner.target, one.automation, anchorIndex, await proofAt(anchorIndex)] as const;
      // CAST: ethers checks the values against the ABI
      await one.owner.setCall(automations, codec.encodeFunctionData("execute", again as never));
      await one.owner.setMode(MOOD.reenter);
      const before = await automations.earned(net.here.signer);
      await execute(one, anchorIndex);
      expect(await one.owner.reentrySucceeded()).to.equal(false);
      expect(await one.owner.received()).to.equal(1n);
      await net.here.passTime(2);
      await one.owner.setCall(automations, codec.encodeFunctionData("end", [one.id, one.automation, NOBODY]));
      await execute(one);
      expect(await one.owner.reentrySucceeded()).to.equal(true);
      expect(await net.here.era.balanceOf(NOBODY)).to.equal(2n * UNIT);
      expect((await automations.earned(net.here.signer)) - before).to.equal(8n);
    });
  });

  describe("fund, end and claim", () => {
    it("EXPLOITS 27: who takes its ERA out in a call that it then refuses gets no more than it had", async () => {
      const { era, signer } = net.here;
      await automated({}, 50n);
      for (const period of [0n, 1n]) {
        const one = await automated({ period, reward: 3n, gasLimit: 2_000_000n }, 10n);
        const payee = new Wallet(toBeHex(0x7a0n + period, 32)).address;
        const held = await era.balanceOf(automations);
        const earned = await automations.earned(signer);
        const end = automations.interface.encodeFunctionData("end", [one.id, one.automation, payee]);
        await one.owner.setCall(automations, end);
        await one.owner.setMode(MOOD.reenterAndRefuse);
        await write(200n);
        for (let turn = 0; turn < 3; turn++) {
          await expect(execute(one)).to.emit(automations, "AutomationFailed");
          expect(await era.balanceOf(payee)).to.equal(7n * UNIT);
          expect(await automations.state(one.id)).to.deep.equal([true, 3n, 0n, 0n]);
        }
        expect(await era.balanceOf(automations)).to.equal(held - 7n * UNIT);
        expect(await automations.earned(signer)).to.equal(earned);
      }
    });

    it("EXPLOITS 27: what is prepaid in a call that is then refused is there after it", async () => {
      const one = await automated({ period: 1n, reward: 3n, gasLimit: 2_000_000n }, 10n);
      await net.here.era.transfer(one.owner, 5n * UNIT);
      await one.owner.call(
        net.here.era,
        net.here.era.interface.encodeFunctionData("approve", [await automations.getAddress(), 5n * UNIT]),
      );
      await one.owner.setCall(automations, automations.interface.encodeFunctionData("fund", [one.id, 5n]));
      await one.owner.setMode(MOOD.reenterAndRefuse);
      await write(200n);
      await expect(execute(one)).to.emit(automations, "AutomationFailed");
      expect(await one.owner.reentrySucceeded()).to.equal(true);
      expect(await automations.state(one.id)).to.deep.equal([true, 15n, 0n, 0n]);
    });

    it("hold exactly what is prepaid and earned, and pay it to whom it belongs", async () => {
      const { era, signer } = net.here;
      const one = await automated({ reward: 6n }, 10n);
      await expect(automations.fund(one.id, 0n)).to.be.revertedWithCustomError(automations, "PaidCallsInvalidAmount");
      await expect(automations.end(one.id, one.automation, account)).to.be.revertedWithCustomError(
        automations,
        "AutomationsUnknown",
      );
      await write(200n);
      await execute(one);
      const earned = await automations.earned(signer);
      await expect(automations.claim(net.publisher))
        .to.emit(era, "Transfer")
        .withArgs(automations, net.publisher, earned * UNIT);
      const ending = one.owner.call(
        automations,
        automations.interface.encodeFunctionData("end", [one.id, one.automation, net.broadcaster]),
      );
      await expect(ending)
        .to.emit(era, "Transfer")
        .withArgs(automations, net.broadcaster, 4n * UNIT);
      await expect(automations.claim(ZeroAddress)).to.be.revertedWithCustomError(
        automations,
        "PaidCallsInvalidAccount",
      );
      await expect(automations.claim(account)).to.be.revertedWithCustomError(automations, "PaidCallsInvalidAmount");
    });

    it("nobody is called who cannot pay what it promised", async () => {
      const one = await automated({ reward: 6n }, 5n);
      await write(200n);
      await expect(execute(one)).to.be.revertedWithCustomError(automations, "AutomationsUnpaid").withArgs(one.id, 5n);
    });
  });
});
