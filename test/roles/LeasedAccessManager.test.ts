import { expect } from "chai";
import { AbiCoder, getAddress as checksummed, id, toBeHex, ZeroAddress } from "ethers";
import {
  LeasedAccessManager__factory,
  Noticeboard__factory,
  type LeasedAccessManager,
} from "../../typechain-types/index.js";
import { FUZZ_SEED } from "../helpers/fuzz.ts";
import { createTestNetwork, interop } from "../helpers/network.ts";

const EDITOR = 1n << 32n;
const LOCAL = EDITOR - 1n;
const PUBLIC = 2n ** 64n - 1n;
const TERM = 86_400n;
const account = (name: string): string => `0x${id(name).slice(26)}`;

/** Lists as home would send them, without home. */
async function alone() {
  const net = await createTestNetwork(["rollupA", "rollupB"]);
  const [, rollup] = net.rollups;
  if (rollup === undefined) throw new Error("two rollups");
  const { deployer, registry: gateway, user, relayer: other } = rollup;
  const directory = account("directory");
  const wiring = [await deployer.getAddress(), await gateway.getAddress(), 8101n, directory] as const;
  const manager = await new LeasedAccessManager__factory(deployer).deploy(...wiring);
  const now = async (): Promise<bigint> => BigInt(await rollup.connection.networkHelpers.time.latest());
  let count = 0;
  const receive = (payload: string, { from = gateway, chainId = 8101n, sender = directory } = {}) =>
    manager.connect(from).receiveMessage(toBeHex(++count, 32), interop({ chainId }, sender), payload);
  return { rollup, manager, wiring, gateway, user, other, now, receive };
}

function list(roleId: bigint, sequence: bigint, expiresAt: bigint, accounts: readonly string[]): string {
  return AbiCoder.defaultAbiCoder().encode(
    ["uint64", "uint64", "uint48", "address[]"],
    [roleId, sequence, expiresAt, accounts],
  );
}

describe("LeasedAccessManager", () => {
  const holds = async (manager: LeasedAccessManager, who: string): Promise<boolean> =>
    (await manager.hasRole(EDITOR, who)).isMember;

  describe("lists", () => {
    it("replace each other by number, in whatever order they arrive (EXPLOITS 28)", async () => {
      const { manager, now, receive } = await alone();
      const later = (await now()) + TERM;
      await expect(receive(list(EDITOR, 2n, later, [account("x")])))
        .to.emit(manager, "RoleLeased")
        .withArgs(EDITOR, 2n, later, [checksummed(account("x"))]);
      await expect(receive(list(EDITOR, 1n, later + 5n, [account("y")])))
        .to.emit(manager, "LeaseOutdated")
        .withArgs(EDITOR, 1n, 2n);
      await expect(receive(list(EDITOR, 2n, later + 5n, [account("y")])))
        .to.emit(manager, "LeaseOutdated")
        .withArgs(EDITOR, 2n, 2n);
      expect([await holds(manager, account("x")), await holds(manager, account("y"))]).to.deep.equal([true, false]);
      await receive(list(EDITOR, 7n, later, [account("y")]));
      expect([await holds(manager, account("x")), await holds(manager, account("y"))]).to.deep.equal([false, true]);
    });

    it("hold until their time and not a second longer, and never beyond 30 days", async () => {
      const { rollup, manager, now, receive } = await alone();
      const { time } = rollup.connection.networkHelpers;
      const until = (await now()) + 1_000n;
      await receive(list(EDITOR, 1n, until, [account("x")]));
      await time.increaseTo(until - 1n);
      expect(await holds(manager, account("x"))).to.equal(true);
      await time.increaseTo(until);
      expect(await holds(manager, account("x"))).to.equal(false);
      await receive(list(EDITOR, 2n, 2n ** 48n - 1n, [account("x")]));
      expect((await manager.leaseOf(EDITOR)).expiresAt).to.equal((await now()) + 30n * 86_400n);
    });

    it("come from the directory on home, over the gateway, and from nobody else (C13, I7)", async () => {
      const { manager, user, now, receive, wiring } = await alone();
      const payload = list(EDITOR, 1n, (await now()) + TERM, [account("x")]);
      for (const wrong of [{ from: user }, { chainId: 8103n }, { sender: account("other") }]) {
        await expect(receive(payload, wrong)).to.be.revertedWithCustomError(
          manager,
          "ERC7786RecipientUnauthorizedGateway",
        );
      }
      await expect(manager.connect(user).lease(EDITOR, 1n, 1n, []))
        .to.be.revertedWithCustomError(manager, "LeaseUnauthorized")
        .withArgs(await user.getAddress());
      expect(await manager.source()).to.deep.equal([wiring[1], wiring[2], checksummed(wiring[3])]);
    });

    it("are refused for roles that are not leased, for zero, for too many, and cut short", async () => {
      const { rollup, manager, now, receive } = await alone();
      const later = (await now()) + TERM;
      for (const role of [0n, LOCAL, PUBLIC]) {
        await expect(receive(list(role, 1n, later, [account("x")])))
          .to.be.revertedWithCustomError(manager, "LeaseForbiddenRole")
          .withArgs(role);
      }
      await expect(receive(list(EDITOR, 1n, later, [ZeroAddress]))).to.be.revertedWithCustomError(
        manager,
        "LeaseZeroAccount",
      );
      const many = Array.from({ length: 33 }, (_, index) => account(`holder ${index}`));
      await expect(receive(list(EDITOR, 1n, later, many)))
        .to.be.revertedWithCustomError(manager, "LeaseTooManyHolders")
        .withArgs(33n, 32n);
      await expect(receive(list(EDITOR, 1n, later, [account("x")]).slice(0, -64))).to.be.revertedWithoutReason(
        rollup.connection.ethers,
      );
      expect((await manager.leaseOf(EDITOR)).generation).to.equal(0n);
    });

    it(`agree with a plain model through random lists, times and ends (seed ${FUZZ_SEED})`, async () => {
      const { rollup, manager, now, receive } = await alone();
      const names = ["x", "y", "z"].map(account);
      let random = FUZZ_SEED % 2_147_483_647 || 1;
      const next = (bound: number): number => (random = (random * 48_271) % 2_147_483_647) % bound;
      const model: { sequence: bigint; expiresAt: bigint; holders: string[] } = {
        sequence: 0n,
        expiresAt: 0n,
        holders: [],
      };
      for (let step = 0; step < 60; step++) {
        if (next(8) === 0) {
          const sequence = BigInt(next(4));
          await manager.endLease(EDITOR, sequence);
          Object.assign(model, { sequence, expiresAt: 0n, holders: [] });
        } else {
          const sequence = BigInt(next(12));
          const expiresAt = (await now()) + BigInt(next(200));
          const accounts = names.filter(() => next(2) === 0);
          await receive(list(EDITOR, sequence, expiresAt, accounts));
          if (sequence > model.sequence) Object.assign(model, { sequence, expiresAt, holders: accounts });
        }
        await rollup.connection.networkHelpers.time.increase(next(60) + 1);
        const at = await now();
        const expected = names.map((name) => at < model.expiresAt && model.holders.includes(name));
        expect(
          await Promise.all(names.map((name) => holds(manager, name))),
          `seed ${FUZZ_SEED}, step ${step}`,
        ).to.deep.equal(expected);
      }
    });
  });

  describe("endLease", () => {
    it("takes a role from everybody and takes home's next list, but no older one that never arrived (EXPLOITS 28)", async () => {
      const { manager, now, receive } = await alone();
      const later = (await now()) + TERM;
      const holders = () => Promise.all(["thief", "revoked", "x"].map((name) => holds(manager, account(name))));
      // Home has sent three lists; the first, which names who was revoked since, waits for somebody to deliver it.
      await receive(list(EDITOR, 3n, later, [account("x")]));
      await receive(list(EDITOR, 2n ** 64n - 1n, later, [account("thief")]));
      await expect(manager.endLease(EDITOR, 3)).to.emit(manager, "LeaseEnded").withArgs(EDITOR, 3n);
      expect(await holders()).to.deep.equal([false, false, false]);
      await receive(list(EDITOR, 1n, later, [account("revoked")]));
      expect(await holders()).to.deep.equal([false, false, false]);
      await receive(list(EDITOR, 4n, later, [account("x")]));
      expect(await holders()).to.deep.equal([false, false, true]);
      await expect(manager.endLease(LOCAL, 0))
        .to.be.revertedWithCustomError(manager, "LeaseForbiddenRole")
        .withArgs(LOCAL);
    });
  });

  describe("setLeaseDelay", () => {
    it("lets holders act only after an announcement", async () => {
      const { rollup, manager, now, receive, user } = await alone();
      const board = await new Noticeboard__factory(user).deploy(manager);
      await manager.setTargetFunctionRole(board, [board.interface.getFunction("post").selector], EDITOR);
      await receive(list(EDITOR, 1n, (await now()) + TERM, [await user.getAddress()]));
      await expect(manager.setLeaseDelay(EDITOR, 600)).to.emit(manager, "LeaseDelayChanged").withArgs(EDITOR, 600);
      await expect(board.post("now")).to.be.revertedWithCustomError(manager, "AccessManagerNotScheduled");
      const call = board.interface.encodeFunctionData("post", ["later"]);
      await manager.connect(user).schedule(board, call, 0);
      await rollup.connection.networkHelpers.time.increase(600);
      await board.post("later");
      expect(await board.notice()).to.equal("later");
      await expect(manager.setLeaseDelay(LOCAL, 1))
        .to.be.revertedWithCustomError(manager, "LeaseForbiddenRole")
        .withArgs(LOCAL);
    });
  });

  it("grants leased roles to nobody here, and other roles as OpenZeppelin's does", async () => {
    const { manager } = await alone();
    for (const role of [EDITOR, PUBLIC - 1n]) {
      await expect(manager.grantRole(role, account("x"), 0))
        .to.be.revertedWithCustomError(manager, "LeaseLocalGrant")
        .withArgs(role);
    }
    await manager.grantRole(LOCAL, account("x"), 5);
    expect(await manager.hasRole(LOCAL, account("x"))).to.deep.equal([true, 5n]);
    expect(await manager.hasRole(PUBLIC, account("anyone"))).to.deep.equal([true, 0n]);
  });

  it("is administered by its own rollup's administrator alone", async () => {
    const { manager, user } = await alone();
    const stranger = manager.connect(user);
    for (const call of [() => stranger.endLease(EDITOR, 0), () => stranger.setLeaseDelay(EDITOR, 1)]) {
      await expect(call())
        .to.be.revertedWithCustomError(manager, "AccessManagerUnauthorizedAccount")
        .withArgs(await user.getAddress(), 0n);
    }
  });

  it("refuses a missing part of its wiring", async () => {
    const { rollup, manager, wiring } = await alone();
    const [admin, gateway, chainId, directory] = wiring;
    const factory = new LeasedAccessManager__factory(rollup.deployer);
    for (const [wrongGateway, wrongChainId, wrongDirectory] of [
      [ZeroAddress, chainId, directory],
      [gateway, 0n, directory],
      [gateway, chainId, ZeroAddress],
    ] as const) {
      await expect(factory.deploy(admin, wrongGateway, wrongChainId, wrongDirectory)).to.be.revertedWithCustomError(
        manager,
        "LeaseInvalidWiring",
      );
    }
  });
});
