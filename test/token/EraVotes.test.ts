import { expect } from "chai";
import { ethers, type Signer } from "ethers";
import { DAY, deployVotes, ERA, lockEnd, NOTICE, PERIOD } from "../helpers/votes.ts";

async function fixture() {
  const votes = await deployVotes("rollupA");
  const [alice, bob, carol] = votes.holders as [Signer, Signer, Signer]; // CAST: four were asked for
  const { time } = votes.rollup.networkHelpers;
  const as = (signer: Signer) => votes.votes.connect(signer);
  return { ...votes, alice, bob, carol, time, as };
}

describe("EraVotes", () => {
  describe("constructor", () => {
    it("refuses a missing currency, notice or period", async () => {
      const { rollup, era, votes } = await fixture();
      const currency = await era.getAddress();
      for (const args of [
        [ethers.ZeroAddress, 1n, 1n],
        [currency, 0n, 1n],
        [currency, 1n, 0n],
      ] as const) {
        await expect(rollup.ethers.deployContract("EraVotes", [...args]))
          .to.be.revertedWithCustomError(votes, "VotesInvalidSettings")
          .withArgs(...args);
      }
    });

    it("keeps time by timestamps (ERC-6372) and has no function that moves votes between accounts", async () => {
      const { votes, time, era } = await fixture();
      expect(await votes.clock()).to.equal(await time.latest());
      expect(await votes.CLOCK_MODE()).to.equal("mode=timestamp");
      expect([await votes.era(), await votes.notice(), await votes.period()]).to.deep.equal([
        await era.getAddress(),
        NOTICE,
        PERIOD,
      ]);
      for (const name of ["transfer", "transferFrom", "approve", "permit", "upgradeToAndCall"])
        expect(votes.interface.getFunction(name as "deposit"), name).to.equal(null); // CAST: names it must not have
    });
  });

  describe("deposit", () => {
    it("counts once, for the depositor, from that moment on", async () => {
      const { votes, era, alice, as, time } = await fixture();
      await expect(as(alice).deposit(5n * ERA))
        .to.emit(votes, "Deposited")
        .withArgs(alice, 5n * ERA);
      const at = await time.latest();
      expect(await votes.getVotes(alice)).to.equal(5n * ERA);
      expect(await era.balanceOf(votes)).to.equal(5n * ERA);
      await time.increase(10);
      expect(await votes.getPastVotes(alice, at - 1)).to.equal(0n);
      expect(await votes.getPastVotes(alice, at)).to.equal(5n * ERA);
      expect(await votes.getPastTotalSupply(at)).to.equal(5n * ERA);
    });

    it("refuses nothing at all, and what the caller does not have", async () => {
      const { votes, era, alice, as } = await fixture();
      await expect(as(alice).deposit(0)).to.be.revertedWithCustomError(votes, "VotesZeroAmount");
      await expect(as(alice).deposit(1_001n * ERA))
        .to.be.revertedWithCustomError(era, "ERC20InsufficientBalance")
        .withArgs(alice, 1_000n * ERA, 1_001n * ERA);
    });

    it("EXPLOITS 15: what is deposited and withdrawn in one block has no vote, and cannot be given back in it", async () => {
      const { votes, alice, as, time, rollup } = await fixture();
      const { provider } = rollup.ethers;
      await provider.send("evm_setAutomine", [false]);
      await as(alice).deposit(100n * ERA, { gasLimit: 500_000n });
      await as(alice).withdraw(100n * ERA, { gasLimit: 500_000n });
      await provider.send("evm_mine", []);
      await provider.send("evm_setAutomine", [true]);
      const at = await time.latest();
      expect((await votes.holding(alice)).leaving).to.equal(100n * ERA);
      await expect(votes.pay(alice))
        .to.be.revertedWithCustomError(votes, "VotesNothingPayable")
        .withArgs(alice, BigInt(at) + NOTICE);
      await time.increase(1);
      expect(await votes.getPastVotes(alice, at)).to.equal(0n);
    });
  });

  describe("lock", () => {
    it("counts twice until the end of the term, once from then on, without anybody's doing", async () => {
      const { votes, alice, as, time } = await fixture();
      await as(alice).deposit(10n * ERA);
      const end = lockEnd(await time.latest(), 2n);
      await expect(as(alice).lock(4n * ERA, end))
        .to.emit(votes, "Locked")
        .withArgs(alice, 4n * ERA, end);
      expect(await votes.getVotes(alice)).to.equal(14n * ERA);
      await time.increaseTo(end + 1n);
      expect(await votes.getPastVotes(alice, end - 1n)).to.equal(14n * ERA);
      expect(await votes.getPastVotes(alice, end)).to.equal(10n * ERA);
      expect(await votes.getVotes(alice)).to.equal(10n * ERA);
      expect(await votes.getPastTotalSupply(end)).to.equal(10n * ERA);
      expect((await votes.holding(alice)).free).to.equal(10n * ERA);
    });

    it("has no way out before the end, and withdraws like a free deposit after it", async () => {
      const { votes, alice, as, time } = await fixture();
      await as(alice).deposit(10n * ERA);
      const end = lockEnd(await time.latest(), 1n);
      await as(alice).lock(10n * ERA, end);
      await expect(as(alice).withdraw(1n))
        .to.be.revertedWithCustomError(votes, "VotesInsufficientDeposit")
        .withArgs(alice, 1n, 0n);
      await expect(as(alice).lock(0, end - PERIOD)).to.be.revertedWithCustomError(votes, "VotesInvalidLockEnd");
      await time.increaseTo(end);
      await as(alice).withdraw(10n * ERA);
      expect(await votes.getVotes(alice)).to.equal(0n);
    });

    it("can be extended and enlarged, and takes ends of periods up to 48 ahead", async () => {
      const { votes, alice, as, time } = await fixture();
      await as(alice).deposit(10n * ERA);
      const now = await time.latest();
      await as(alice).lock(1n * ERA, lockEnd(now, 1n));
      await as(alice).lock(2n * ERA, lockEnd(now, 3n));
      await as(alice).lock(0, lockEnd(now, 46n));
      const { free, locked, lockEnd: end } = await votes.holding(alice);
      expect([free, locked, end]).to.deep.equal([7n * ERA, 3n * ERA, lockEnd(now, 46n)]);
      for (const wrong of [lockEnd(now, 46n) + 1n, lockEnd(now, 49n), lockEnd(now, 2n), lockEnd(now, -1n)])
        await expect(as(alice).lock(1n, wrong)).to.be.revertedWithCustomError(votes, "VotesInvalidLockEnd");
      await time.increaseTo(lockEnd(now, 46n));
      expect(await votes.getVotes(alice)).to.equal(10n * ERA);
    });

    it("refuses to lock nothing, or more than is free", async () => {
      const { votes, alice, as, time } = await fixture();
      const end = lockEnd(await time.latest(), 1n);
      await expect(as(alice).lock(0, end)).to.be.revertedWithCustomError(votes, "VotesZeroAmount");
      await expect(as(alice).lock(1, end))
        .to.be.revertedWithCustomError(votes, "VotesInsufficientDeposit")
        .withArgs(alice, 1n, 0n);
    });
  });

  describe("withdraw and pay", () => {
    it("stops counting at once and pays to the account after the notice, whoever asks", async () => {
      const { votes, era, alice, bob, as, time } = await fixture();
      await as(alice).deposit(10n * ERA);
      await as(alice).withdraw(4n * ERA);
      const payableAt = BigInt(await time.latest()) + NOTICE;
      expect(await votes.getVotes(alice)).to.equal(6n * ERA);
      await time.increaseTo(payableAt - 2n);
      await expect(as(bob).pay(alice)).to.be.revertedWithCustomError(votes, "VotesNothingPayable");
      await time.increaseTo(payableAt);
      await expect(as(bob).pay(alice))
        .to.emit(votes, "Paid")
        .withArgs(alice, 4n * ERA);
      expect(await era.balanceOf(alice)).to.equal(994n * ERA);
      await expect(as(bob).pay(alice)).to.be.revertedWithCustomError(votes, "VotesNothingPayable").withArgs(alice, 0n);
    });

    it("begins the notice anew for all that leaves when more is withdrawn", async () => {
      const { votes, alice, as, time } = await fixture();
      await as(alice).deposit(10n * ERA);
      await as(alice).withdraw(4n * ERA);
      await time.increase(NOTICE - DAY);
      await as(alice).withdraw(1n * ERA);
      const payableAt = BigInt(await time.latest()) + NOTICE;
      const { leaving, payableAt: actual } = await votes.holding(alice);
      expect([leaving, actual]).to.deep.equal([5n * ERA, payableAt]);
      await expect(votes.pay(alice))
        .to.be.revertedWithCustomError(votes, "VotesNothingPayable")
        .withArgs(alice, payableAt);
    });
  });

  describe("delegation", () => {
    it("moves free and locked votes together with the end of the term", async () => {
      const { votes, alice, bob, as, time } = await fixture();
      await as(alice).deposit(10n * ERA);
      const end = lockEnd(await time.latest(), 2n);
      await as(alice).lock(4n * ERA, end);
      await expect(as(alice).delegate(bob))
        .to.emit(votes, "DelegateVotesChanged")
        .withArgs(bob, 0n, 14n * ERA);
      expect([await votes.getVotes(alice), await votes.getVotes(bob)]).to.deep.equal([0n, 14n * ERA]);
      await time.increaseTo(end);
      expect(await votes.getVotes(bob)).to.equal(10n * ERA);
      await as(alice).delegate(ethers.ZeroAddress);
      expect(await votes.getVotes(bob)).to.equal(0n);
      expect(await votes.getVotes(ethers.ZeroAddress)).to.equal(0n);
    });

    it("EXPLOITS 36: a signed delegation ends at its expiry and serves once", async () => {
      const { votes, alice, bob, as, time, rollup } = await fixture();
      await as(alice).deposit(10n * ERA);
      const { chainId } = await rollup.ethers.provider.getNetwork();
      const domain = {
        name: "Metalayer ERA votes",
        version: "1",
        chainId,
        verifyingContract: await votes.getAddress(),
      };
      const types = {
        Delegation: [
          { name: "delegatee", type: "address" },
          { name: "nonce", type: "uint256" },
          { name: "expiry", type: "uint256" },
        ],
      };
      const sign = async (expiry: number) => {
        const value = { delegatee: await bob.getAddress(), nonce: 0n, expiry };
        return ethers.Signature.from(await alice.signTypedData(domain, types, value));
      };
      const late = (await time.latest()) + 10;
      const old = await sign(late);
      await time.increase(20);
      await expect(votes.delegateBySig(bob, 0, late, old.v, old.r, old.s))
        .to.be.revertedWithCustomError(votes, "VotesExpiredSignature")
        .withArgs(late);
      const expiry = late + 1_000;
      const { v, r, s } = await sign(expiry);
      await votes.delegateBySig(bob, 0, expiry, v, r, s);
      expect(await votes.getVotes(bob)).to.equal(10n * ERA);
      await expect(votes.delegateBySig(bob, 0, expiry, v, r, s)).to.be.revertedWithCustomError(
        votes,
        "InvalidAccountNonce",
      );
    });
  });
});
