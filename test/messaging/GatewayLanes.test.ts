import { expect } from "chai";
import { AbiCoder, keccak256, toBeHex, ZeroAddress } from "ethers";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import { CLASS_FAST } from "../../sdk/src/fact.ts";
import { KIND_BOUNTY } from "../../sdk/src/message.ts";
import { gatewayFixture, type GatewayFixture } from "../helpers/gateway.ts";
import { invent } from "../helpers/invented.ts";
import { TERMS } from "../helpers/network.ts";

const UNKNOWN = 999n;
const ERA_UNITS = 10n ** 9n;
const LARGEST_NONCE = 2n ** 48n - 1n;
const FULLEST_LINE = 2n ** 40n - 1n;
/** `erc7201:metalayer.gateway`: where the lanes to other rollups begin. */
const STATE_SLOT = 0x97d6765343459adc36598cae8850670a2f1a00e3ee5f00d249e4f9ce89affa00n;

describe("MetalayerGateway, terms", () => {
  describe("openLane and closeLane", () => {
    it("are the registry's, and close nothing that is not open", async () => {
      const { A, B } = await gatewayFixture();
      const user = await A.user.getAddress();
      await expect(A.gateway.connect(A.user).closeLane(B.chainId))
        .to.be.revertedWithCustomError(A.gateway, "GatewayUnauthorized")
        .withArgs(user);
      const asRegistry = A.gateway.connect(A.registry);
      await expect(asRegistry.closeLane(UNKNOWN))
        .to.be.revertedWithCustomError(A.gateway, "GatewayUnknownRollup")
        .withArgs(UNKNOWN);
      await asRegistry.closeLane(B.chainId);
      await expect(asRegistry.closeLane(B.chainId))
        .to.be.revertedWithCustomError(A.gateway, "GatewayUnknownRollup")
        .withArgs(B.chainId);
    });
  });

  describe("setInboundTerms", () => {
    it("refuses an unknown source, shares above the whole, and capacities that are no whole ERA or do not fit", async () => {
      const { A, B } = await gatewayFixture();
      const asController = B.gateway.connect(B.feeController);
      await expect(asController.setInboundTerms(UNKNOWN, 0, 0))
        .to.be.revertedWithCustomError(B.gateway, "GatewayUnknownRollup")
        .withArgs(UNKNOWN);
      const bad = [
        [1_001n, ERA_UNITS],
        [300n, ERA_UNITS + 1n],
        [300n, 72_000_001n * ERA_UNITS],
      ] as const;
      for (const terms of bad) {
        await expect(asController.setInboundTerms(A.chainId, ...terms))
          .to.be.revertedWithCustomError(B.gateway, "GatewayInvalidTerms")
          .withArgs(...terms);
      }
      const { guardianShare, feeCapacity } = await B.gateway.inLane(A.chainId);
      expect([guardianShare, feeCapacity]).to.deep.equal([TERMS.guardianShare, TERMS.feeCapacity]);
    });

    it("I22 a change of capacity never fills the bucket, and takes off what is above the new one", async () => {
      const { A, B } = await gatewayFixture();
      const asController = B.gateway.connect(B.feeController);
      const level = async () => (await B.gateway.inLane(A.chainId)).feeLevel;
      await asController.setInboundTerms(A.chainId, 0, 10n * ERA_UNITS);
      expect(await level()).to.equal(10n * ERA_UNITS);
      await asController.setInboundTerms(A.chainId, 0, 86_400n * ERA_UNITS);
      expect(await level()).to.equal(10n * ERA_UNITS);
      await B.connection.networkHelpers.time.increase(3);
      expect(await level()).to.equal(13n * ERA_UNITS);
    });
  });

  describe("setFastLimit", () => {
    it("is the recipient's or its administrator's, and fits 32 bits", async () => {
      const { A, B } = await gatewayFixture();
      const [user, relayer] = [await B.user.getAddress(), await B.relayer.getAddress()];
      const asUser = B.gateway.connect(B.user);
      const asRelayer = B.gateway.connect(B.relayer);
      await expect(asUser.setFastLimit(user, A.chainId, 2n ** 32n))
        .to.be.revertedWithCustomError(B.gateway, "GatewayInvalidAmount")
        .withArgs(2n ** 32n);
      await expect(asRelayer.setFastLimit(user, A.chainId, 5))
        .to.be.revertedWithCustomError(B.gateway, "GatewayUnauthorized")
        .withArgs(relayer);
      await expect(asUser.setFastAdmin(relayer)).to.emit(B.gateway, "FastAdminChanged").withArgs(user, relayer);
      await expect(asRelayer.setFastLimit(user, A.chainId, 5))
        .to.emit(B.gateway, "FastLimitChanged")
        .withArgs(user, A.chainId, 5);
      expect(await B.gateway.fastPolicy(user, A.chainId)).to.deep.equal([5n, 5n, relayer]);
    });
  });

  describe("sponsor", () => {
    it("refuses limits and periods that do not fit, and keeps the agreement", async () => {
      const { A } = await gatewayFixture();
      const [user, sponsor] = [await A.user.getAddress(), await A.executor.getAddress()];
      const asSponsor = A.gateway.connect(A.executor);
      await asSponsor.sponsor(user, 7, 60);
      for (const [limit, period] of [
        [2n ** 64n, 60n],
        [7n, 2n ** 32n],
      ] as const) {
        await expect(asSponsor.sponsor(user, limit, period))
          .to.be.revertedWithCustomError(A.gateway, "GatewayInvalidAmount")
          .withArgs(limit);
      }
      expect(await A.gateway.sponsorship(sponsor, user)).to.deep.equal([7n, 60n, 7n]);
    });
  });

  describe("bounties of a captured source", () => {
    const bounty = async (f: GatewayFixture, payload: string, recipient: string) => {
      const sender = (await f.A.user.getAddress()) as Address; // CAST: an address
      const nonce = 4n;
      const fields = { kind: KIND_BOUNTY, nonce, gasLimit: 0n, fee: 0n, sender } as const;
      const message = { ...fields, recipient: recipient as Address, payload: payload as Hex }; // CAST: callers pass hex
      const { attestation, batches } = await invent(f.net, f.A, f.B, [message]);
      return f.B.gateway.relay(attestation, batches);
    };
    const encode = (nonce: bigint, amount: bigint) =>
      AbiCoder.defaultAbiCoder().encode(["uint256", "bytes32", "uint256"], [nonce, `0x${"11".repeat(32)}`, amount]);

    it("R12 C20 that are cut, padded, empty or beyond their types book nothing and fail alone", async () => {
      const f = await gatewayFixture();
      const refundTo = await f.B.user.getAddress();
      const good = encode(1n, 5_000n);
      const bad: (readonly [payload: string, refundTo: string])[] = [
        [good.slice(0, -2), refundTo],
        [`${good}00`, refundTo],
        ["0x", refundTo],
        [encode(2n ** 64n, 5_000n), refundTo],
        [encode(1n, 0n), refundTo],
        [encode(1n, 2n ** 64n), refundTo],
        [good, ZeroAddress],
      ];
      for (const [payload, account] of bad) {
        await expect(bounty(f, payload, account)).to.emit(f.B.gateway, "MessageFailed");
        expect((await f.B.gateway.bounty(f.A.chainId, 1, `0x${"11".repeat(32)}`)).amount).to.equal(0);
      }
      await expect(bounty(f, good, refundTo)).to.emit(f.B.gateway, "BountyBooked");
    });
  });

  describe("counters", () => {
    it("C20 I19 a lane whose counter is full accepts nothing more and charges nothing: no counter runs over", async () => {
      const { A, B, send } = await gatewayFixture();
      await send(1);
      const encoded = AbiCoder.defaultAbiCoder().encode(["uint256", "uint256"], [B.chainId, STATE_SLOT]);
      const slot = BigInt(keccak256(encoded));
      const { provider } = A.connection.ethers;
      const gateway = await A.gateway.getAddress();
      expect(await provider.getStorage(gateway, slot)).to.equal((await A.gateway.outLane(B.chainId)).head);
      const word = BigInt(await provider.getStorage(gateway, slot + 1n));
      const full = toBeHex((word & ~LARGEST_NONCE) | LARGEST_NONCE, 32);
      await A.connection.networkHelpers.setStorageAt(gateway, slot + 1n, full);
      const { nonce, accrued } = await A.gateway.outLane(B.chainId);
      expect(nonce).to.equal(LARGEST_NONCE);
      await A.gateway.connect(A.feeController).addCredit(await A.user.getAddress(), 10n ** 15n);
      await expect(send(1))
        .to.be.revertedWithCustomError(A.gateway, "GatewayInvalidAmount")
        .withArgs(await A.gateway.quote(B.chainId, 20, 200_000));
      expect((await A.gateway.credit(await A.user.getAddress()))[0]).to.equal(10n ** 15n);
      expect((await A.gateway.outLane(B.chainId)).accrued).to.equal(accrued);
    });

    it("R8 fast fees have a line of their own that never takes more than the bucket's upper half", async () => {
      const f = await gatewayFixture();
      await f.A.gateway.connect(f.A.feeController).addCredit(await f.A.user.getAddress(), 10n ** 15n);
      const limit = f.B.gateway.interface.encodeFunctionData("setFastLimit", [
        await f.recipient.getAddress(),
        f.A.chainId,
        100,
      ]);
      await f.recipient.call(f.B.gateway, limit);
      const quote = await f.A.gateway.quote(f.B.chainId, 20, 200_000);
      await f.B.gateway.connect(f.B.feeController).setInboundTerms(f.A.chainId, 0, ERA_UNITS);
      const count = Number(ERA_UNITS / quote) + 2;
      await f.send(count);
      await f.relay({ class: CLASS_FAST });
      const { fastCredited, feeLevel } = await f.B.gateway.inLane(f.A.chainId);
      expect(fastCredited).to.be.lessThanOrEqual(ERA_UNITS / 2n);
      expect(feeLevel).to.be.greaterThanOrEqual(ERA_UNITS / 2n);
      expect(await f.B.gateway.queued(f.A.chainId, await f.B.relayer.getAddress())).to.be.greaterThan(0n);
    });

    it("C20 a fast line that is full counts no further, and keeps no fee back", async () => {
      const f = await gatewayFixture();
      await f.A.gateway.connect(f.A.feeController).addCredit(await f.A.user.getAddress(), 10n ** 15n);
      const limit = [await f.recipient.getAddress(), f.A.chainId, 100] as const;
      await f.recipient.call(f.B.gateway, f.B.gateway.interface.encodeFunctionData("setFastLimit", [...limit]));
      const encoded = AbiCoder.defaultAbiCoder().encode(["uint256", "uint256"], [f.A.chainId, STATE_SLOT + 3n]);
      const [gateway, slot] = [await f.B.gateway.getAddress(), BigInt(keccak256(encoded))];
      const word = BigInt(await f.B.connection.ethers.provider.getStorage(gateway, slot));
      const full = toBeHex(word | (FULLEST_LINE << 214n), 32);
      await f.B.connection.networkHelpers.setStorageAt(gateway, slot, full);
      expect((await f.B.gateway.inLane(f.A.chainId)).fastCredited).to.equal(FULLEST_LINE * 1_000n);
      await f.send(1);
      await f.relay({ class: CLASS_FAST });
      const relayer = await f.B.relayer.getAddress();
      expect(await f.B.gateway.queued(f.A.chainId, relayer)).to.equal(0n);
      expect((await f.B.gateway.earnings(1, relayer)).forDeliverer).to.be.greaterThan(0n);
      const lane = await f.B.gateway.inLane(f.A.chainId);
      expect(lane.fastCredited).to.equal(FULLEST_LINE * 1_000n);
      expect(lane.incarnation).to.equal(1n);
    });
  });
});
