import { expect } from "chai";
import { Signature, ZeroAddress, type Signer } from "ethers";
import type { Era } from "../../typechain-types/index.js";
import { Era__factory } from "../../typechain-types/index.js";
import {
  addressOf,
  CAPACITY,
  createEconomy,
  deliverFrom,
  eraPayload,
  ETHER,
  remember,
  SHARE,
  SUPPLY,
  transfer,
  type Economy,
  type EconomyRollup,
} from "../helpers/economy.ts";
import { interop } from "../helpers/network.ts";

const UNKNOWN_CHAIN = 999n;

describe("Era", () => {
  let net: Economy;
  let a: EconomyRollup;
  let b: EconomyRollup;

  let restore: () => Promise<void>;

  before(async () => {
    net = await createEconomy(["rollupA", "rollupB"]);
    [a, b] = net.rollups as [EconomyRollup, EconomyRollup]; // CAST: two names, two rollups
    restore = await remember(net);
  });

  afterEach(async () => restore());

  const asController = async (rollup: EconomyRollup): Promise<Era> => {
    const address = await rollup.fees.getAddress();
    const { ethers } = rollup.connection;
    await ethers.provider.send("hardhat_impersonateAccount", [address]);
    await ethers.provider.send("hardhat_setBalance", [address, "0xde0b6b3a7640000"]);
    return rollup.era.connect(await ethers.getSigner(address));
  };

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

  describe("setSource", () => {
    it("is called at admission and tells what counts", async () => {
      const source = await b.era.source(a.chainId);
      expect(source.gateway).to.equal(await b.gateway.getAddress());
      expect(source.counterpart).to.equal(await a.era.getAddress());
      expect([source.capacity, source.share, source.level]).to.deep.equal([CAPACITY, SHARE, CAPACITY]);
      expect(await b.era.acceptable(a.chainId)).to.equal(CAPACITY);
      const [gateway, counterpart] = await b.era.getLink(`0x00010000021fa500`);
      expect([gateway, counterpart]).to.deep.equal([source.gateway, interop(a, await a.era.getAddress())]);
    });

    it("knows nothing of other rollups", async () => {
      expect(await b.era.source(UNKNOWN_CHAIN)).to.deep.equal([ZeroAddress, ZeroAddress, 0n, 0n, 0n, 0n]);
      expect(await b.era.acceptable(UNKNOWN_CHAIN)).to.equal(0n);
    });

    it("rounds down to whole ERA and takes the largest number as no limit", async () => {
      const most = (2n ** 32n - 1n) * ETHER;
      const call = b.era.setSource(a.chainId, b.gateway, a.era, 2n * ETHER - 1n, 2n ** 256n - 1n);
      await expect(call)
        .to.emit(b.era, "SourceChanged")
        .withArgs(a.chainId, await b.gateway.getAddress(), await a.era.getAddress(), ETHER, most);
    });

    it("may be called by the administrator, for a registry that is dead", async () => {
      const call = b.era.connect(b.deployer).setSource(UNKNOWN_CHAIN, b.gateway, a.era, ETHER, ETHER);
      await expect(call)
        .to.emit(b.era, "LinkRegistered")
        .withArgs(await b.gateway.getAddress(), interop({ chainId: UNKNOWN_CHAIN }, await a.era.getAddress()));
    });

    it("refuses this rollup, chain ids beyond the protocol's, a zero counterpart, and what is no gateway", async () => {
      const era = b.era.connect(b.deployer);
      const [gateway, counterpart] = [await b.gateway.getAddress(), await a.era.getAddress()];
      const bad = [
        [b.chainId, gateway, counterpart],
        [0n, gateway, counterpart],
        [2n ** 63n, gateway, counterpart],
        [UNKNOWN_CHAIN, gateway, ZeroAddress],
      ] as const;
      for (const [chainId, gateway_, counterpart_] of bad) {
        await expect(era.setSource(chainId, gateway_, counterpart_, ETHER, ETHER))
          .to.be.revertedWithCustomError(b.era, "EraInvalidSource")
          .withArgs(chainId, gateway_, counterpart_);
      }
      const wallet = await b.user.getAddress();
      await expect(era.setSource(UNKNOWN_CHAIN, wallet, counterpart, ETHER, ETHER)).to.be.revertedWithoutReason(
        b.connection.ethers,
      );
      expect((await b.era.source(UNKNOWN_CHAIN)).capacity).to.equal(0n);
    });
  });

  describe("mint and burn", () => {
    it("are the FeeController's alone", async () => {
      for (const caller of [b.user, b.deployer, b.registry]) {
        const account = await caller.getAddress();
        await expect(b.era.connect(caller).mint(caller, 1n))
          .to.be.revertedWithCustomError(b.era, "EraUnauthorized")
          .withArgs(account);
        await expect(b.era.connect(caller).burn(1n))
          .to.be.revertedWithCustomError(b.era, "EraUnauthorized")
          .withArgs(account);
      }
    });

    it("burns only what the FeeController itself holds", async () => {
      const era = await asController(b);
      await era.mint(b.fees, 5n);
      await era.burn(2n);
      expect(await b.era.totalSupply()).to.equal(3n);
      await expect(era.burn(4n)).to.be.revertedWithCustomError(b.era, "ERC20InsufficientBalance");
    });
  });

  describe("permit", () => {
    const permit = async (owner: Signer, signer: Signer) => {
      const [from, spender] = [await owner.getAddress(), await a.user.getAddress()];
      const deadline = 2n ** 40n;
      const domain = {
        name: "Metalayer ERA",
        version: "1",
        chainId: a.chainId,
        verifyingContract: await a.era.getAddress(),
      };
      const types = {
        Permit: ["owner address", "spender address", "value uint256", "nonce uint256", "deadline uint256"].map(
          (field) => {
            const [name = "", type = ""] = field.split(" ");
            return { name, type };
          },
        ),
      };
      const message = { owner: from, spender, value: 7n, nonce: await a.era.nonces(from), deadline };
      const { v, r, s } = Signature.from(await signer.signTypedData(domain, types, message));
      return { from, spender, deadline, v, r, s };
    };

    it("sets the allowance", async () => {
      const p = await permit(a.holder, a.holder);
      await a.era.permit(p.from, p.spender, 7n, p.deadline, p.v, p.r, p.s);
      expect(await a.era.allowance(p.from, p.spender)).to.equal(7n);
    });

    it("EXPLOITS 6 refuses a signature that recovers to nobody or to somebody else", async () => {
      const other = await permit(a.holder, a.user);
      await expect(
        a.era.permit(other.from, other.spender, 7n, other.deadline, other.v, other.r, other.s),
      ).to.be.revertedWithCustomError(a.era, "ERC2612InvalidSigner");
      await expect(
        a.era.permit(ZeroAddress, other.spender, 7n, other.deadline, 27, other.r, `0x${"0".repeat(63)}1`),
      ).to.be.revertedWithCustomError(a.era, "ERC2612InvalidSigner");
      await expect(
        a.era.permit(ZeroAddress, other.spender, 7n, other.deadline, 99, other.r, other.s),
      ).to.be.revertedWithCustomError(a.era, "ECDSAInvalidSignature");
    });
  });

  const addressOfChecksum = async (account: Signer): Promise<string> => account.getAddress();
});
