import { expect } from "chai";
import { AbiCoder, getAddress as checksummed, id, toBeHex, ZeroAddress } from "ethers";
import {
  AccessManager__factory,
  LeasedAccessManager__factory,
  Noticeboard__factory,
  RoleDirectory__factory,
  type LeasedAccessManager,
} from "../../typechain-types/index.js";
import { addressOf } from "../helpers/economy.ts";
import { FUZZ_SEED } from "../helpers/fuzz.ts";
import { createTestNetwork, interop, type TestRollup } from "../helpers/network.ts";
import { deliverAllPending } from "../helpers/pending.ts";

const EDITOR = 1n << 32n;
const LOCAL = EDITOR - 1n;
const PUBLIC = 2n ** 64n - 1n;
const TERM = 86_400n;
const account = (name: string): string => `0x${id(name).slice(26)}`;

/** A directory on A; a manager and a noticeboard on A, B and C, at different addresses. */
async function fixture() {
  const net = await createTestNetwork(["rollupA", "rollupB", "rollupC"]);
  const [home] = net.rollups;
  if (home === undefined) throw new Error("three rollups");
  const authority = await new AccessManager__factory(home.deployer).deploy(home.deployer);
  const directory = await new RoleDirectory__factory(home.deployer).deploy(authority, home.gateway, TERM);
  const sites = await Promise.all(
    net.rollups.map(async (rollup) => {
      const manager = await new LeasedAccessManager__factory(rollup.deployer).deploy(
        rollup.deployer,
        rollup.gateway,
        home.chainId,
        directory,
      );
      const board = await new Noticeboard__factory(rollup.deployer).deploy(manager);
      const post = board.interface.getFunction("post").selector;
      await manager.setTargetFunctionRole(board, [post], EDITOR);
      await directory.setManager(rollup.chainId, manager);
      return { rollup, manager, board, editor: rollup.user, chainId: rollup.chainId };
    }),
  );
  const everywhere = async () =>
    Promise.all(sites.map(async ({ chainId, editor }) => ({ chainId, accounts: [await editor.getAddress()] })));
  const holding = async (): Promise<boolean[]> =>
    Promise.all(sites.map(async ({ manager, editor }) => (await manager.hasRole(EDITOR, editor)).isMember));
  const [a, b, c] = sites;
  if (a === undefined || b === undefined || c === undefined) throw new Error("three rollups");
  return { net, home, authority, directory, sites, a, b, c, everywhere, holding };
}

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

async function pass({ rollup }: { readonly rollup: TestRollup }, seconds: bigint): Promise<void> {
  await rollup.connection.networkHelpers.time.increase(seconds);
}

describe("RoleDirectory", () => {
  describe("grant", () => {
    it("once gives the role on all rollups, to another address on each, and contracts that know only AccessManaged obey it", async () => {
      const { net, directory, sites, everywhere, holding, a } = await fixture();
      await expect(a.board.connect(a.editor).post("hi")).to.be.revertedWithCustomError(
        a.board,
        "AccessManagedUnauthorized",
      );
      await directory.grant(EDITOR, await everywhere());
      expect(await holding()).to.deep.equal([true, false, false]);
      await deliverAllPending(net);
      expect(await holding()).to.deep.equal([true, true, true]);
      for (const { board, editor, chainId, rollup } of sites) {
        await expect(board.connect(editor).post(`on ${chainId}`))
          .to.emit(board, "NoticeChanged")
          .withArgs(`on ${chainId}`, await editor.getAddress());
        await expect(board.connect(rollup.relayer).post("no")).to.be.revertedWithCustomError(
          board,
          "AccessManagedUnauthorized",
        );
        expect(await directory.holders(EDITOR, chainId)).to.deep.equal([await editor.getAddress()]);
      }
    });

    it("tells what it sends, numbered per role and rollup", async () => {
      const { directory, b, c } = await fixture();
      const two = [account("x"), account("y")];
      const first = await directory.grant(EDITOR, [{ chainId: b.chainId, accounts: two }]);
      const at = BigInt((await first.getBlock())?.timestamp ?? 0);
      await expect(first)
        .to.emit(directory, "RoleSent")
        .withArgs(EDITOR, b.chainId, 1n, at + TERM, two.map(checksummed));
      expect(await directory.sent(EDITOR, b.chainId)).to.deep.equal([1n, at, at + TERM]);
      expect(await directory.sent(EDITOR, c.chainId)).to.deep.equal([0n, 0n, 0n]);
      await expect(directory.grant(EDITOR, [{ chainId: b.chainId, accounts: [account("z")] }]))
        .to.emit(directory, "RoleSent")
        .withArgs(EDITOR, b.chainId, 2n, (value: bigint) => value > at, [...two, account("z")].map(checksummed));
    });

    it("refuses rollups that are not connected, zero, and more holders than a rollup takes", async () => {
      const { directory, b } = await fixture();
      await expect(directory.grant(EDITOR, [{ chainId: 999n, accounts: [account("x")] }]))
        .to.be.revertedWithCustomError(directory, "DirectoryUnknownRollup")
        .withArgs(999n);
      await expect(
        directory.grant(EDITOR, [{ chainId: b.chainId, accounts: [ZeroAddress] }]),
      ).to.be.revertedWithCustomError(directory, "DirectoryZeroAccount");
      const many = Array.from({ length: 33 }, (_, index) => account(`holder ${index}`));
      await expect(directory.grant(EDITOR, [{ chainId: b.chainId, accounts: many }]))
        .to.be.revertedWithCustomError(directory, "DirectoryTooManyHolders")
        .withArgs(EDITOR, b.chainId, 33n);
    });
  });

  describe("revoke", () => {
    it("takes the role from one and leaves it to others", async () => {
      const { net, directory, b } = await fixture();
      await directory.grant(EDITOR, [{ chainId: b.chainId, accounts: [account("x"), account("y")] }]);
      await directory.revoke(EDITOR, [{ chainId: b.chainId, accounts: [account("x"), account("nobody")] }]);
      await deliverAllPending(net);
      expect([
        (await b.manager.hasRole(EDITOR, account("x"))).isMember,
        (await b.manager.hasRole(EDITOR, account("y"))).isMember,
      ]).to.deep.equal([false, true]);
    });

    it("of all once takes it on all rollups", async () => {
      const { net, directory, sites, everywhere, holding } = await fixture();
      await directory.grant(EDITOR, await everywhere());
      await deliverAllPending(net);
      await directory.revokeAll(EDITOR);
      expect((await holding())[0]).to.equal(false);
      await deliverAllPending(net);
      expect(await holding()).to.deep.equal([false, false, false]);
      for (const { board, editor } of sites) {
        await expect(board.connect(editor).post("no")).to.be.revertedWithCustomError(
          board,
          "AccessManagedUnauthorized",
        );
      }
    });

    it("sends nothing for a role that a rollup never heard of", async () => {
      const { directory } = await fixture();
      await expect(directory.revokeAll(EDITOR + 1n)).not.to.emit(directory, "RoleSent");
    });
  });

  describe("renew", () => {
    it("silence revokes: without it a lease ends by itself; with it, by anyone, it goes on", async () => {
      const { net, home, directory, sites, everywhere, holding, b } = await fixture();
      await directory.grant(EDITOR, await everywhere());
      await deliverAllPending(net);
      await Promise.all(sites.map((site) => pass(site, TERM / 2n)));
      await directory.connect(home.relayer).renew(EDITOR, [b.chainId]);
      await deliverAllPending(net);
      // The clocks of rollups differ by seconds.
      await Promise.all(sites.map((site) => pass(site, TERM / 2n + 60n)));
      expect(await holding()).to.deep.equal([false, true, false]);
    });

    it("is not possible so often that it uses up the directory's credit, nor for what was never sent", async () => {
      const { home, directory, b, a } = await fixture();
      const renew = () => directory.connect(home.relayer).renew(EDITOR, [b.chainId]);
      await expect(renew()).to.be.revertedWithCustomError(directory, "DirectoryNeverSent").withArgs(EDITOR, b.chainId);
      const sent = await directory.grant(EDITOR, [{ chainId: b.chainId, accounts: [account("x")] }]);
      const notBefore = BigInt((await sent.getBlock())?.timestamp ?? 0) + TERM / 4n;
      await expect(renew())
        .to.be.revertedWithCustomError(directory, "DirectoryTooEarly")
        .withArgs(EDITOR, b.chainId, notBefore);
      await pass(a, TERM / 4n);
      await expect(renew()).to.emit(directory, "RoleSent");
    });
  });

  describe("setManager", () => {
    it("moves a rollup to another manager, or leaves it, and says so", async () => {
      const { directory, b } = await fixture();
      expect(await directory.rollups()).to.have.length(3);
      await expect(directory.setManager(b.chainId, ZeroAddress))
        .to.emit(directory, "ManagerChanged")
        .withArgs(b.chainId, ZeroAddress);
      expect(await directory.rollups()).to.have.length(2);
      expect(await directory.managerOf(b.chainId)).to.equal(ZeroAddress);
      await expect(
        directory.grant(EDITOR, [{ chainId: b.chainId, accounts: [account("x")] }]),
      ).to.be.revertedWithCustomError(directory, "DirectoryUnknownRollup");
      await expect(directory.revoke(EDITOR, [{ chainId: b.chainId, accounts: [] }])).to.be.revertedWithCustomError(
        directory,
        "DirectoryUnknownRollup",
      );
    });

    it("takes at most 64 rollups", async () => {
      const { directory } = await fixture();
      for (let chainId = 1n; chainId <= 61n; chainId++) await directory.setManager(chainId, account("manager"));
      await expect(directory.setManager(62n, account("manager")))
        .to.be.revertedWithCustomError(directory, "DirectoryTooManyRollups")
        .withArgs(65n, 64n);
    });
  });

  it("obeys its authority alone (I18)", async () => {
    const { home, directory, b } = await fixture();
    const stranger = directory.connect(home.user);
    const placements = [{ chainId: b.chainId, accounts: [account("x")] }];
    for (const call of [
      () => stranger.setManager(b.chainId, account("m")),
      () => stranger.grant(EDITOR, placements),
      () => stranger.revoke(EDITOR, placements),
      () => stranger.revokeAll(EDITOR),
    ]) {
      await expect(call())
        .to.be.revertedWithCustomError(directory, "AccessManagedUnauthorized")
        .withArgs(await home.user.getAddress());
    }
  });

  it("knows its wiring and refuses a wrong one", async () => {
    const { home, directory, authority } = await fixture();
    expect([await directory.gateway(), await directory.term()]).to.deep.equal([await addressOf(home.gateway), TERM]);
    const factory = new RoleDirectory__factory(home.deployer);
    for (const [gateway, term] of [
      [ZeroAddress, TERM],
      [account("gateway"), 599n],
      [account("gateway"), 30n * 86_400n + 1n],
    ] as const) {
      await expect(factory.deploy(authority, gateway, term))
        .to.be.revertedWithCustomError(directory, "DirectoryInvalidWiring")
        .withArgs(checksummed(gateway), term);
    }
  });
});

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
          await manager.endLease(EDITOR);
          Object.assign(model, { sequence: 0n, expiresAt: 0n, holders: [] });
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
    it("takes a role from everybody and takes any next list, without bringing earlier holders back", async () => {
      const { manager, now, receive } = await alone();
      const later = (await now()) + TERM;
      await receive(list(EDITOR, 2n ** 64n - 1n, later, [account("thief")]));
      await expect(manager.endLease(EDITOR)).to.emit(manager, "LeaseEnded").withArgs(EDITOR);
      expect(await holds(manager, account("thief"))).to.equal(false);
      await receive(list(EDITOR, 1n, later, [account("x")]));
      expect([await holds(manager, account("thief")), await holds(manager, account("x"))]).to.deep.equal([false, true]);
      await expect(manager.endLease(LOCAL))
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
    for (const call of [() => stranger.endLease(EDITOR), () => stranger.setLeaseDelay(EDITOR, 1)]) {
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
