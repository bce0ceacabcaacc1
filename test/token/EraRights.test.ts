import { expect } from "chai";
import { Signature, ZeroAddress, type Signer } from "ethers";
import type { Era } from "../../typechain-types/index.js";
import { CAPACITY, ETHER, SHARE, type EconomyRollup } from "../helpers/economy.ts";
import { interop } from "../helpers/network.ts";
import { createPair } from "./limited.ts";

const UNKNOWN_CHAIN = 999n;

describe("Era: rights and permits", () => {
  let a: EconomyRollup;
  let b: EconomyRollup;

  let restore: () => Promise<void>;

  before(async () => ({ a, b, restore } = await createPair()));

  afterEach(async () => restore());

  const asController = async (rollup: EconomyRollup): Promise<Era> => {
    const address = await rollup.fees.getAddress();
    const { ethers } = rollup.connection;
    await ethers.provider.send("hardhat_impersonateAccount", [address]);
    await ethers.provider.send("hardhat_setBalance", [address, "0xde0b6b3a7640000"]);
    return rollup.era.connect(await ethers.getSigner(address));
  };

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
});
