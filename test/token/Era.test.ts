import { expect } from "chai";
import { ZeroAddress, type Signer } from "ethers";
import { Era__factory } from "../../typechain-types/index.js";
import {
  addressOf,
  deliverFrom,
  eraPayload,
  ETHER,
  SUPPLY,
  transfer,
  type Economy,
  type EconomyRollup,
} from "../helpers/economy.ts";
import { interop } from "../helpers/network.ts";
import { createPair } from "./limited.ts";

const UNKNOWN_CHAIN = 999n;

describe("Era", () => {
  let net: Economy;
  let a: EconomyRollup;
  let b: EconomyRollup;

  let restore: () => Promise<void>;

  before(async () => ({ net, a, b, restore } = await createPair()));

  afterEach(async () => restore());

  describe("constructor", () => {
    it("mints one billion on home and nothing elsewhere, with the same arguments", async () => {
      expect(await a.era.totalSupply()).to.equal(SUPPLY);
      expect(await a.era.balanceOf(a.holder)).to.equal(SUPPLY);
      expect(await b.era.totalSupply()).to.equal(0n);
    });

    it("has different addresses here, so that local and remote cannot be mixed up", async () => {
      expect(await a.era.getAddress()).not.to.equal(await b.era.getAddress());
    });

    it("names itself, its decimals and its wiring", async () => {
      expect(await b.era.name()).to.equal("Metalayer ERA");
      expect(await b.era.symbol()).to.equal("ERA");
      expect(await b.era.decimals()).to.equal(18n);
      expect(await b.era.homeChainId()).to.equal(a.chainId);
      expect(await b.era.gateway()).to.equal(await b.gateway.getAddress());
      expect(await b.era.registry()).to.equal(await b.rollupRegistry.getAddress());
      expect(await b.era.feeController()).to.equal(await b.fees.getAddress());
      expect(await b.era.authority()).to.equal(await b.manager.getAddress());
    });

    it("refuses any part of the wiring that is zero", async () => {
      const account = await addressOf(a.deployer);
      const good = [account, account, account, 1n, account] as const;
      for (let missing = 0; missing < good.length; missing++) {
        const wiring = good.map((part, index) => (index === missing ? (index === 3 ? 0n : ZeroAddress) : part));
        // CAST: five values of the types of `good`
        const [gateway, registry, fees, home, holder] = wiring as [string, string, string, bigint, string];
        const deployment = new Era__factory(a.deployer).deploy(a.manager, gateway, registry, fees, home, holder);
        await expect(deployment).to.be.revertedWithCustomError(a.era, "EraInvalidWiring");
      }
    });
  });

  describe("crosschainTransfer", () => {
    it("burns here, mints there, in both directions", async () => {
      const out = await transfer(a, b, a.holder, b.user, 5n * ETHER);
      await expect(out)
        .to.emit(a.era, "Transfer")
        .withArgs(await addressOfChecksum(a.holder), ZeroAddress, 5n * ETHER);
      await expect(out).to.emit(a.era, "CrosschainFungibleTransferSent");
      expect(await a.era.totalSupply()).to.equal(SUPPLY - 5n * ETHER);
      await deliverFrom(net, a, b);
      expect(await b.era.balanceOf(b.user)).to.equal(5n * ETHER);

      await transfer(b, a, b.user, a.user, 2n * ETHER);
      await deliverFrom(net, b, a);
      expect(await a.era.balanceOf(a.user)).to.equal(2n * ETHER);
      expect(await b.era.totalSupply()).to.equal(3n * ETHER);
      expect(await a.era.totalSupply()).to.equal(SUPPLY - 3n * ETHER);
    });

    it("has the same id at both ends", async () => {
      const sent = await (await transfer(a, b, a.holder, b.user, ETHER)).wait();
      const [event] = await a.era.queryFilter(a.era.filters.CrosschainFungibleTransferSent(), sent?.blockNumber);
      const delivery = await deliverFrom(net, a, b);
      await expect(delivery)
        .to.emit(b.era, "CrosschainFungibleTransferReceived")
        .withArgs(event?.args.sendId, interop(a, await a.holder.getAddress()), await b.user.getAddress(), ETHER);
    });

    it("keeps every wei of an amount that no fee unit divides", async () => {
      const amount = 123_456_789_012_345_678n;
      await transfer(a, b, a.holder, b.user, amount);
      await deliverFrom(net, a, b);
      expect(await b.era.balanceOf(b.user)).to.equal(amount);
    });

    it("works from an allowance", async () => {
      await a.era.connect(a.holder).approve(a.user, ETHER);
      const to = interop(b, await b.user.getAddress());
      await a.era.connect(a.user).crosschainTransferFrom(a.holder, to, ETHER);
      await deliverFrom(net, a, b);
      expect(await b.era.balanceOf(b.user)).to.equal(ETHER);
      await expect(a.era.connect(a.user).crosschainTransferFrom(a.holder, to, 1n))
        .to.be.revertedWithCustomError(a.era, "ERC20InsufficientAllowance")
        .withArgs(await a.user.getAddress(), 0n, 1n);
    });

    it("refuses more than the balance", async () => {
      await expect(transfer(a, b, a.user, b.user, 1n))
        .to.be.revertedWithCustomError(a.era, "ERC20InsufficientBalance")
        .withArgs(await a.user.getAddress(), 0n, 1n);
    });

    it("C26 refuses at the source what could never be delivered: unknown rollup, own rollup, undecodable recipient", async () => {
      const era = a.era.connect(a.holder);
      const user = await b.user.getAddress();
      await expect(era.crosschainTransfer(interop({ chainId: UNKNOWN_CHAIN }, user), ETHER))
        .to.be.revertedWithCustomError(era, "EraUnknownRollup")
        .withArgs(UNKNOWN_CHAIN);
      await expect(era.crosschainTransfer(interop(a, user), ETHER))
        .to.be.revertedWithCustomError(era, "EraUnknownRollup")
        .withArgs(a.chainId);
      const good = interop(b, user);
      const bad = [
        "0x",
        good.slice(0, -2),
        `${good}00`,
        good.replace("0x0001", "0x0002"),
        good.replace("0x00010000", "0x00010001"),
        good.replace("00021f", "0003001f"),
        interop(b, ZeroAddress),
        `${good.slice(0, 16)}00`,
        `${good.slice(0, 16)}15${user.slice(2)}00`,
      ];
      for (const to of bad) {
        await expect(era.crosschainTransfer(to, ETHER), to)
          .to.be.revertedWithCustomError(era, "EraInvalidRecipient")
          .withArgs(to.toLowerCase());
      }
      expect(await a.era.balanceOf(a.holder)).to.equal(SUPPLY);
    });

    it("goes nowhere after the destination was removed", async () => {
      await a.rollupRegistry.remove(b.chainId);
      await expect(transfer(a, b, a.holder, b.user, 1n))
        .to.be.revertedWithCustomError(a.gateway, "GatewayUnknownRollup")
        .withArgs(b.chainId);
    });
  });

  describe("receiveMessage", () => {
    it("EXPLOITS 40 a payload like a transfer's, sent by anyone else through the same gateway, mints nothing", async () => {
      const thief = await b.user.getAddress();
      const payload = eraPayload(a, await a.user.getAddress(), thief, 1_000n * ETHER);
      await a.gateway.connect(a.user).sendMessage(interop(b, await b.era.getAddress()), payload, []);
      const delivery = await deliverFrom(net, a, b);
      await expect(delivery).to.emit(b.gateway, "MessageFailed");
      expect(await b.era.totalSupply()).to.equal(0n);
    });

    it("EXPLOITS 40 nobody but the gateway may bring a message, whoever it claims to be from", async () => {
      const sender = interop(a, await a.era.getAddress());
      const payload = eraPayload(a, await a.user.getAddress(), await b.user.getAddress(), ETHER);
      await expect(b.era.connect(b.user).receiveMessage("0x" + "11".repeat(32), sender, payload))
        .to.be.revertedWithCustomError(b.era, "ERC7786RecipientUnauthorizedGateway")
        .withArgs(await b.user.getAddress(), sender);
    });

    it("EXPLOITS 32 a fake counterpart mints nothing: only the registry and the administrator set one", async () => {
      const fake = await addressOf(b.user);
      for (const caller of [b.user, b.relayer, b.registry]) {
        await expect(b.era.connect(caller).setSource(a.chainId, b.gateway, fake, SUPPLY, SUPPLY))
          .to.be.revertedWithCustomError(b.era, "AccessManagedUnauthorized")
          .withArgs(await caller.getAddress());
      }
    });
  });

  const addressOfChecksum = async (account: Signer): Promise<string> => account.getAddress();
});
