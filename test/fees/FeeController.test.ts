import { expect } from "chai";
import { Signature, ZeroAddress, type Signer } from "ethers";
import { FeeController__factory, type FeeController } from "../../typechain-types/index.js";
import { addressOf, ETHER, proxy } from "../helpers/economy.ts";
import { PRICES } from "../helpers/network.ts";
import type { FeeNetwork } from "./feeNetwork.ts";
import { createFeeNetwork, QUOTE, UNIT } from "./feeNetwork.ts";

describe("FeeController", () => {
  let { a, b, sender, restore, send, buy, creditOf } = {} as FeeNetwork; // CAST: set before any test runs

  before(async () => {
    ({ a, b, sender, restore, send, buy, creditOf } = await createFeeNetwork());
  });

  afterEach(async () => restore());

  describe("initialize", () => {
    it("happens once, with a fund and a pool, and never on the implementation", async () => {
      const [authority, fund, pool] = [await addressOf(a.manager), await addressOf(a.fund), await addressOf(a.staking)];
      await expect(a.fees.initialize(authority, fund, pool)).to.be.revertedWithCustomError(
        a.fees,
        "InvalidInitialization",
      );
      const code = await new FeeController__factory(a.deployer).deploy(a.era, a.gateway);
      await expect(code.initialize(authority, fund, pool)).to.be.revertedWithCustomError(code, "InvalidInitialization");
      await expect(proxy(a.deployer, code, [authority, ZeroAddress, pool]))
        .to.be.revertedWithCustomError(code, "FeesInvalidFund")
        .withArgs(ZeroAddress);
      await expect(proxy(a.deployer, code, [authority, fund, ZeroAddress]))
        .to.be.revertedWithCustomError(code, "FeesInvalidPool")
        .withArgs(ZeroAddress);
      for (const [era, gateway] of [
        [ZeroAddress, pool],
        [pool, ZeroAddress],
      ] as const) {
        await expect(new FeeController__factory(a.deployer).deploy(era, gateway)).to.be.revertedWithCustomError(
          code,
          "FeesInvalidWiring",
        );
      }
      expect(await a.fees.fund()).to.equal(await a.fund.getAddress());
      expect(await a.fees.guardianPool()).to.equal(await a.staking.getAddress());
    });

    it("only the administrator upgrades, sets prices, terms, fund and pool", async () => {
      const fees: FeeController = a.fees.connect(a.user);
      const account = await a.user.getAddress();
      const calls = [
        () => fees.upgradeToAndCall(account, "0x"),
        () => fees.setPrices(b.chainId, PRICES),
        () => fees.setInboundTerms(b.chainId, 0n, 0n),
        () => fees.setFund(account),
        () => fees.setGuardianPool(account),
      ];
      for (const call of calls) {
        await expect(call()).to.be.revertedWithCustomError(fees, "AccessManagedUnauthorized").withArgs(account);
      }
      const code = await new FeeController__factory(a.deployer).deploy(a.era, a.gateway);
      await a.fees.upgradeToAndCall(code, "0x");
      expect(await a.fees.fund()).to.equal(await a.fund.getAddress());
    });
  });

  describe("buyCredit", () => {
    it("EXPLOITS 12 credits exactly the ERA that it received", async () => {
      await a.era.connect(sender).approve(a.fees, 5n * UNIT);
      const [payer, account] = [await sender.getAddress(), await a.user.getAddress()];
      await expect(a.fees.connect(sender).buyCredit(account, 5n * UNIT))
        .to.emit(a.fees, "CreditBought")
        .withArgs(payer, account, 5n * UNIT);
      expect(await creditOf(a.user)).to.equal(5n);
      expect(await a.era.balanceOf(a.fees)).to.equal(5n * UNIT);
      expect(await a.fees.held()).to.equal(5n * UNIT);
    });

    it("C20 refuses nothing, and amounts with a remainder below a fee unit", async () => {
      await a.era.connect(sender).approve(a.fees, ETHER);
      for (const amount of [0n, 1n, UNIT - 1n, UNIT + 1n]) {
        await expect(a.fees.connect(sender).buyCredit(sender, amount))
          .to.be.revertedWithCustomError(a.fees, "FeesInvalidAmount")
          .withArgs(amount);
      }
      await expect(a.fees.connect(sender).buyCredit(ZeroAddress, UNIT))
        .to.be.revertedWithCustomError(a.fees, "FeesInvalidAccount")
        .withArgs(ZeroAddress);
    });

    it("refuses without allowance, and credits nothing", async () => {
      await expect(a.fees.connect(sender).buyCredit(sender, UNIT)).to.be.revertedWithCustomError(
        a.era,
        "ERC20InsufficientAllowance",
      );
      expect(await creditOf(sender)).to.equal(0n);
    });
  });

  describe("buyCreditWithPermit", () => {
    const permit = async (signer: Signer) => {
      const owner = await sender.getAddress();
      const domain = {
        name: "Metalayer ERA",
        version: "1",
        chainId: a.chainId,
        verifyingContract: await a.era.getAddress(),
      };
      const field = (name: string, type: string) => ({ name, type });
      const types = {
        Permit: [
          field("owner", "address"),
          field("spender", "address"),
          field("value", "uint256"),
          field("nonce", "uint256"),
          field("deadline", "uint256"),
        ],
      };
      const deadline = 2n ** 40n;
      const spender = await a.fees.getAddress();
      const message = { owner, spender, value: UNIT, nonce: await a.era.nonces(owner), deadline };
      const { v, r, s } = Signature.from(await signer.signTypedData(domain, types, message));
      return { owner, spender, deadline, v, r, s };
    };

    it("needs no approval before", async () => {
      const { deadline, v, r, s } = await permit(sender);
      await a.fees.connect(sender).buyCreditWithPermit(sender, UNIT, deadline, v, r, s);
      expect(await creditOf(sender)).to.equal(1n);
    });

    it("is not stopped by somebody who uses the permit first", async () => {
      const { owner, spender, deadline, v, r, s } = await permit(sender);
      await a.era.connect(a.relayer).permit(owner, spender, UNIT, deadline, v, r, s);
      await a.fees.connect(sender).buyCreditWithPermit(sender, UNIT, deadline, v, r, s);
      expect(await creditOf(sender)).to.equal(1n);
    });

    it("EXPLOITS 6 takes nothing with somebody else's signature", async () => {
      const { deadline, v, r, s } = await permit(a.user);
      await expect(
        a.fees.connect(sender).buyCreditWithPermit(sender, UNIT, deadline, v, r, s),
      ).to.be.revertedWithCustomError(a.era, "ERC20InsufficientAllowance");
    });
  });

  describe("withdrawCredit", () => {
    it("gives back what was not used, and not a unit more", async () => {
      await buy(QUOTE.gross + 7n);
      await send();
      expect(await creditOf(sender)).to.equal(7n);
      const before = await a.era.balanceOf(sender);
      await expect(a.fees.connect(sender).withdrawCredit(7n * UNIT))
        .to.emit(a.fees, "CreditWithdrawn")
        .withArgs(await sender.getAddress(), 7n * UNIT);
      expect((await a.era.balanceOf(sender)) - before).to.equal(7n * UNIT);
      expect(await a.fees.held()).to.equal(QUOTE.gross * UNIT);
      await expect(a.fees.connect(sender).withdrawCredit(UNIT))
        .to.be.revertedWithCustomError(a.gateway, "GatewayInsufficientCredit")
        .withArgs(await sender.getAddress(), 0n, 1n);
    });

    it("is the owner's of the credit alone", async () => {
      await buy();
      await expect(a.fees.connect(a.user).withdrawCredit(UNIT)).to.be.revertedWithCustomError(
        a.gateway,
        "GatewayInsufficientCredit",
      );
      await expect(a.fees.connect(sender).withdrawCredit(UNIT + 1n))
        .to.be.revertedWithCustomError(a.fees, "FeesInvalidAmount")
        .withArgs(UNIT + 1n);
    });
  });

  describe("setFund", () => {
    it("names who gets the next sweeps", async () => {
      const fund = await a.user.getAddress();
      await expect(a.fees.setFund(fund)).to.emit(a.fees, "FundChanged").withArgs(fund);
      await buy();
      await send();
      await a.fees.sweep(b.chainId);
      expect(await a.era.balanceOf(fund)).to.equal(QUOTE.fund * UNIT);
    });

    it("refuses nobody and itself", async () => {
      for (const fund of [ZeroAddress, await a.fees.getAddress()]) {
        await expect(a.fees.setFund(fund)).to.be.revertedWithCustomError(a.fees, "FeesInvalidFund").withArgs(fund);
      }
    });
  });
});
