import { expect } from "chai";
import { toBeHex, Wallet, ZeroAddress } from "ethers";
import { automationId, readAutomations } from "../../sdk/src/automation.ts";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import { Automations__factory, type Automations } from "../../typechain-types/index.js";
import { AutomationGround, COMPARISON, timeOn } from "../helpers/automations.ts";
import { leastGas } from "../helpers/gas.ts";
import { addressOf, MOOD, UNIT, type PublishingNetwork } from "../helpers/publications.ts";

const NOBODY = "0x00000000000000000000000000000000000000AA";

describe("Automations", () => {
  let ground: AutomationGround;
  let net: PublishingNetwork;
  let automations: Automations;
  let account: Address;

  before(async () => {
    ground = await AutomationGround.open();
    ({ net, automations, account } = ground);
  });

  describe("create", () => {
    it("EXPLOITS 18: takes no zero for a comparison, mask, age or gas, and no unknown rollup", async () => {
      const good = ground.wish();
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
      const { owner, automation, id } = await ground.automated();
      expect((await automations.state(id)).active).to.equal(true);
      // Whoever executes knows the automation from its log alone.
      const logs = await automations.queryFilter(automations.filters.AutomationCreated(id));
      const told = readAutomations(logs).get(id as Hex); // CAST: ethers returns hex
      expect([told?.owner, told && automationId(told.owner, told.automation)]).to.deep.equal([
        await addressOf(owner),
        id,
      ]);
      const again = automations.connect(net.here.provider).create.staticCall(automation, { from: owner });
      await expect(again).to.be.revertedWithCustomError(automations, "AutomationsKnown").withArgs(id);
      await ground.write(100n);
      const { anchorIndex } = await ground.attest();
      // EXPLOITS 3, EXPLOITS 13: no other contract can be named as the owner.
      for (const other of [net.here.era, net.here.gateway, automations]) {
        await expect(
          automations.execute(other, automation, anchorIndex, ...(await ground.shownAt(anchorIndex))),
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
        const one = await ground.automated({ comparison });
        await ground.write(bad);
        await expect(ground.execute(one))
          .to.be.revertedWithCustomError(automations, "AutomationsNotSatisfied")
          .withArgs(one.id, bad);
        await ground.write(good);
        await expect(ground.execute(one))
          .to.emit(one.owner, "ConditionMet")
          .withArgs(automations, one.id, good, (gas: bigint) => gas < 200_000n && gas > 150_000n);
      }
    });

    it("compares the bits under the mask", async () => {
      const one = await ground.automated({ mask: 0xffffn, comparison: COMPARISON.equal, operand: 5n });
      await ground.write((77n << 16n) | 5n);
      await expect(ground.execute(one))
        .to.emit(automations, "AutomationExecuted")
        .withArgs(one.id, net.here.signer, 5n, 0n);
    });

    it("happens once without a period, whatever is proven later", async () => {
      const one = await ground.automated();
      await ground.write(200n);
      await ground.execute(one);
      await ground.write(201n);
      await expect(ground.execute(one))
        .to.be.revertedWithCustomError(automations, "AutomationsUnknown")
        .withArgs(one.id);
      expect(await one.owner.received()).to.equal(1n);
    });

    it("EXPLOITS 5: happens again with a period, after it, and by a newer head each time", async () => {
      const one = await ground.automated({ period: 600n });
      await ground.write(200n);
      const { anchorIndex } = await ground.attest();
      await ground.execute(one, anchorIndex);
      const from = (await timeOn(net.here)) + 600;
      const executeAt = async (time: number) => {
        await net.ethers.provider.send("evm_setNextBlockTimestamp", [time]);
        return ground.execute(one, anchorIndex, { gasLimit: 1_000_000n });
      };
      await expect(executeAt(from - 1))
        .to.be.revertedWithCustomError(automations, "AutomationsTooEarly")
        .withArgs(one.id, from);
      await expect(executeAt(from)).to.be.revertedWithCustomError(automations, "AutomationsOldBlock");
      await ground.execute(one);
      expect(await one.owner.received()).to.equal(2n);
    });

    it("C24: goes by no block that is older than the automation allows, however late its head was recorded", async () => {
      const behind = (await timeOn(net.here)) - (await timeOn(net.source));
      if (behind > 0) await net.source.passTime(behind);
      const one = await ground.automated({ maxAge: 100n });
      await ground.write(200n);
      await net.here.passTime(200);
      const { anchorIndex, number } = await ground.attest();
      const shown = await net.source.provider.getBlock(Number(number));
      await expect(ground.execute(one, anchorIndex))
        .to.be.revertedWithCustomError(automations, "AutomationsOldBlock")
        .withArgs(number, shown?.timestamp);
      await net.source.passTime(200);
      await ground.execute(one);
      expect(await one.owner.received()).to.equal(1n);
    });

    it("EXPLOITS 21: takes no header but that of the head's block, and no head that was not attested", async () => {
      const one = await ground.automated();
      await ground.write(200n);
      const before = await ground.attest();
      const { anchorIndex, number } = await ground.attest();
      const [header, proof] = await ground.shownAt(anchorIndex);
      const [other] = await ground.shownAt(before.anchorIndex);
      const time = toBeHex((await net.source.provider.getBlock(Number(number)))?.timestamp ?? 0).slice(2);
      const later = header.replace(time, "ffffffff");
      expect(later).to.not.equal(header);
      for (const false_ of ["0x", other, later, `${header}00`, header.slice(0, -2)]) {
        await expect(automations.execute(one.owner, one.automation, anchorIndex, false_, proof))
          .to.be.revertedWithCustomError(automations, "AutomationsHeaderRefused")
          .withArgs(anchorIndex);
      }
      const call = automations.execute(one.owner, one.automation, anchorIndex + 9n, header, proof);
      await expect(call)
        .to.be.revertedWithCustomError(automations, "AutomationsHeaderRefused")
        .withArgs(anchorIndex + 9n);
    });

    it("EXPLOITS 21, EXPLOITS 22, EXPLOITS 34: takes nothing for a proof but the one there is", async () => {
      const one = await ground.automated();
      await ground.write(200n);
      const { anchorIndex } = await ground.attest();
      const [header, proof] = await ground.shownAt(anchorIndex);
      for (const other of ["0x", "0x01000100", `${proof}00`, proof.slice(0, -2), `0x01${proof.slice(4)}`]) {
        await expect(automations.execute(one.owner, one.automation, anchorIndex, header, other)).to.be.revert(
          net.ethers,
        );
      }
      expect(await one.owner.received()).to.equal(0n);
    });

    it("C15, C16: a failing owner keeps its automation and its ERA, and costs what it asked for", async () => {
      const one = await ground.automated({ reward: 5n, gasLimit: 100_000n }, 5n);
      await ground.write(300n);
      for (const mood of [MOOD.revert, MOOD.wrongSelector, MOOD.shortReturn, MOOD.returnBomb, MOOD.revertBomb]) {
        await one.owner.setMode(mood);
        await expect(ground.execute(one)).to.emit(automations, "AutomationFailed");
        expect(await automations.state(one.id)).to.deep.equal([true, 5n, 0n, 0n]);
      }
      await one.owner.setMode(MOOD.accept);
      await ground.execute(one);
      expect(await one.owner.received()).to.equal(1n);
    });

    it("C14: gives the owner all of its gas or changes nothing", async () => {
      const gasLimit = 6_000_000n;
      const one = await ground.automated({ gasLimit });
      await ground.write(200n);
      const { anchorIndex } = await ground.attest();
      const shown = await ground.shownAt(anchorIndex);
      const least = await leastGas(gasLimit, gasLimit + 2_000_000n, (gas) =>
        automations.execute.staticCall(one.owner, one.automation, anchorIndex, ...shown, { gasLimit: gas }),
      );
      await expect(ground.execute(one, anchorIndex, { gasLimit: least - 64n })).to.be.revert(net.ethers);
      await expect(ground.execute(one, anchorIndex, { gasLimit: least }))
        .to.emit(one.owner, "ConditionMet")
        .withArgs(automations, one.id, 200n, (gas: bigint) => gas > gasLimit - 1_000n && gas <= gasLimit);
    });

    it("EXPLOITS 27: from inside the call it is not executed again, ended twice or paid twice", async () => {
      const one = await ground.automated({ period: 1n, reward: 4n, gasLimit: 2_000_000n }, 10n);
      await ground.write(200n);
      const { anchorIndex } = await ground.attest();
      const { interface: codec } = automations;
      const again = [one.owner.target, one.automation, anchorIndex, ...(await ground.shownAt(anchorIndex))] as const;
      // CAST: ethers checks the values against the ABI
      await one.owner.setCall(automations, codec.encodeFunctionData("execute", again as never));
      await one.owner.setMode(MOOD.reenter);
      const before = await automations.earned(net.here.signer);
      await ground.execute(one, anchorIndex);
      expect(await one.owner.reentrySucceeded()).to.equal(false);
      expect(await one.owner.received()).to.equal(1n);
      await net.here.passTime(2);
      await one.owner.setCall(automations, codec.encodeFunctionData("end", [one.id, one.automation, NOBODY]));
      await ground.execute(one);
      expect(await one.owner.reentrySucceeded()).to.equal(true);
      expect(await net.here.era.balanceOf(NOBODY)).to.equal(2n * UNIT);
      expect((await automations.earned(net.here.signer)) - before).to.equal(8n);
    });
  });

  describe("fund, end and claim", () => {
    it("EXPLOITS 27: who takes its ERA out in a call that it then refuses gets no more than it had", async () => {
      const { era, signer } = net.here;
      await ground.automated({}, 50n);
      for (const period of [0n, 1n]) {
        const one = await ground.automated({ period, reward: 3n, gasLimit: 2_000_000n }, 10n);
        const payee = new Wallet(toBeHex(0x7a0n + period, 32)).address;
        const held = await era.balanceOf(automations);
        const earned = await automations.earned(signer);
        const end = automations.interface.encodeFunctionData("end", [one.id, one.automation, payee]);
        await one.owner.setCall(automations, end);
        await one.owner.setMode(MOOD.reenterAndRefuse);
        await ground.write(200n);
        for (let turn = 0; turn < 3; turn++) {
          await expect(ground.execute(one)).to.emit(automations, "AutomationFailed");
          expect(await era.balanceOf(payee)).to.equal(7n * UNIT);
          expect(await automations.state(one.id)).to.deep.equal([true, 3n, 0n, 0n]);
        }
        expect(await era.balanceOf(automations)).to.equal(held - 7n * UNIT);
        expect(await automations.earned(signer)).to.equal(earned);
      }
    });

    it("EXPLOITS 27: what is prepaid in a call that is then refused is there after it", async () => {
      const one = await ground.automated({ period: 1n, reward: 3n, gasLimit: 2_000_000n }, 10n);
      await net.here.era.transfer(one.owner, 5n * UNIT);
      await one.owner.call(
        net.here.era,
        net.here.era.interface.encodeFunctionData("approve", [await automations.getAddress(), 5n * UNIT]),
      );
      await one.owner.setCall(automations, automations.interface.encodeFunctionData("fund", [one.id, 5n]));
      await one.owner.setMode(MOOD.reenterAndRefuse);
      await ground.write(200n);
      await expect(ground.execute(one)).to.emit(automations, "AutomationFailed");
      expect(await one.owner.reentrySucceeded()).to.equal(true);
      expect(await automations.state(one.id)).to.deep.equal([true, 15n, 0n, 0n]);
    });

    it("hold exactly what is prepaid and earned, and pay it to whom it belongs", async () => {
      const { era, signer } = net.here;
      const one = await ground.automated({ reward: 6n }, 10n);
      await expect(automations.fund(one.id, 0n)).to.be.revertedWithCustomError(automations, "PaidCallsInvalidAmount");
      await expect(automations.end(one.id, one.automation, account)).to.be.revertedWithCustomError(
        automations,
        "AutomationsUnknown",
      );
      await ground.write(200n);
      await ground.execute(one);
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
      const one = await ground.automated({ reward: 6n }, 5n);
      await ground.write(200n);
      await expect(ground.execute(one))
        .to.be.revertedWithCustomError(automations, "AutomationsUnpaid")
        .withArgs(one.id, 5n);
    });
  });
});
