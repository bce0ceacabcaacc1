import { expect } from "chai";
import { getAddress as checksummed, id, ZeroAddress } from "ethers";
import {
  AccessManager__factory,
  LeasedAccessManager__factory,
  Noticeboard__factory,
  RoleDirectory__factory,
} from "../../typechain-types/index.js";
import { addressOf } from "../helpers/economy.ts";
import { createTestNetwork, type TestRollup } from "../helpers/network.ts";
import { deliverAllPending } from "../helpers/pending.ts";

const EDITOR = 1n << 32n;
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
