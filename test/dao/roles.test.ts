import { expect } from "chai";
import type { Hex } from "../../sdk/src/bytes.ts";
import {
  LeasedAccessManager__factory,
  Noticeboard__factory,
  RoleDirectory__factory,
  type LeasedAccessManager,
  type Noticeboard,
} from "../../typechain-types/index.js";
import {
  decide,
  decisionOf,
  executeLeg,
  openGround,
  pass,
  standingDao,
  TIMELOCK_DELAY,
  type DaoSite,
} from "../helpers/dao.ts";
import { DAY } from "../helpers/votes.ts";

const EDITOR = 1n << 32n;
const TERM = 7n * DAY;
const asHex = (data: string): Hex => data as Hex; // CAST: ethers returns hex

interface Post {
  readonly site: DaoSite;
  readonly manager: LeasedAccessManager;
  readonly board: Noticeboard;
}

/** A DAO with a directory, and on each rollup a board on which editors write. */
async function fixture() {
  const dao = await standingDao(await openGround(["rollupA", "rollupB"]), { roleTerm: TERM });
  const posts: Post[] = [];
  for (const site of dao.sites) {
    const manager = LeasedAccessManager__factory.connect(site.place.accessManager ?? "", site.rollup.signer);
    const board = await new Noticeboard__factory(site.rollup.signer).deploy(manager);
    posts.push({ site, manager, board });
  }
  const directory = dao.plan.roleDirectory;
  if (directory === undefined) throw new Error("a directory was asked for");
  return { dao, posts, directory };
}

describe("roles of a community's DAO", () => {
  it("one vote connects every rollup, names an editor everywhere, and maps the function that needs one", async () => {
    const { dao, posts, directory } = await fixture();
    const [home] = posts as [Post, Post]; // CAST: two rollups
    const abi = RoleDirectory__factory.createInterface();
    const placements = await Promise.all(
      posts.map(async ({ site }) => ({ chainId: site.rollup.chainId, accounts: [await site.stranger.getAddress()] })),
    );
    const onHome = [
      ...posts.map(({ site }) =>
        abi.encodeFunctionData("setManager", [site.rollup.chainId, site.place.accessManager ?? ""]),
      ),
      abi.encodeFunctionData("grant", [EDITOR, placements]),
    ].map((data) => ({ target: directory, data: asHex(data) }));
    const parts = await Promise.all(
      posts.map(async ({ site, manager, board }) => {
        const selectors = [board.interface.getFunction("post").selector];
        const args = [await board.getAddress(), selectors, EDITOR] as const;
        const data = asHex(manager.interface.encodeFunctionData("setTargetFunctionRole", [...args]));
        const map = { target: asHex(await manager.getAddress()), data };
        return { site, calls: site === home.site ? [map, ...onHome] : [map] };
      }),
    );
    const decision = await decisionOf(dao, parts);
    await decide(dao, decision);
    await dao.net.deliverAll();
    await pass(dao, TIMELOCK_DELAY);
    const [leg] = decision.legs;
    const [, elsewhere] = posts;
    if (leg === undefined || elsewhere === undefined) throw new Error("one leg");
    await executeLeg(elsewhere.site, leg);
    for (const { board, site } of posts) {
      await expect(board.connect(site.stranger).post("hello")).to.emit(board, "NoticeChanged");
      await expect(board.connect(site.canceller).post("mine")).to.be.revertedWithCustomError(
        board,
        "AccessManagedUnauthorized",
      );
    }
    await pass(dao, TERM);
    for (const { board, site } of posts)
      await expect(board.connect(site.stranger).post("late"), "the lease has ended").to.be.revertedWithCustomError(
        board,
        "AccessManagedUnauthorized",
      );
  });

  it("EXPLOITS 33 obey nobody but the community's treasuries: not who placed them, not the network's own governance", async () => {
    const { posts, directory } = await fixture();
    for (const { site, manager } of posts) {
      const admin = await manager.ADMIN_ROLE();
      const held = async (account: string) => (await manager.hasRole(admin, account))[0];
      expect([
        await held(site.place.timelock),
        await held(await site.rollup.signer.getAddress()),
        await held(await site.rollup.rollupTimelock.getAddress()),
      ]).to.deep.equal([true, false, false]);
    }
    const [home] = posts as [Post, Post]; // CAST: two rollups
    const contract = RoleDirectory__factory.connect(directory, home.site.rollup.signer);
    await expect(contract.setManager(1n, directory)).to.be.revertedWithCustomError(
      contract,
      "AccessManagedUnauthorized",
    );
    expect(await contract.authority()).to.equal(home.manager.target);
  });
});
