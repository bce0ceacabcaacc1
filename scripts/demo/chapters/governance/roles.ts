import { isError, parseEther } from "ethers";
import { AccessManager__factory } from "../../../../typechain-types/factories/@openzeppelin/contracts/access/manager/AccessManager__factory.js";
import { Noticeboard__factory } from "../../../../typechain-types/factories/contracts/examples/Noticeboard__factory.js";
import { LeasedAccessManager__factory } from "../../../../typechain-types/factories/contracts/roles/LeasedAccessManager__factory.js";
import { RoleDirectory__factory } from "../../../../typechain-types/factories/contracts/roles/RoleDirectory__factory.js";
import type { Address } from "../../../../sdk/src/bytes.ts";
import type { Account, Call } from "../../account.ts";
import { place } from "../../place.ts";
import type { Site, World } from "../../world.ts";
import { ACTORS, siteAt, until } from "../../world.ts";
import type { Watch } from "../../watch.ts";

const EDITOR = 1n << 32n;
const TERM = 86_400n;
const CREDIT = parseEther("10");
const LIMIT_MS = 60_000;
const GAS = 4_000_000n;

const DIRECTORY = RoleDirectory__factory.createInterface();
const MANAGER = LeasedAccessManager__factory.createInterface();
const BOARD = Noticeboard__factory.createInterface();

/** A board on one rollup, which its editor may write on as long as home says so. */
interface Post {
  readonly site: Site;
  readonly manager: Address;
  readonly board: Address;
  /** Another account on each rollup. */
  readonly editor: Account;
}

/** A role granted once on home works on every rollup, for contracts that know only AccessManaged, and ends on all by one revocation. */
export async function roles(world: World, watch: Watch): Promise<void> {
  const home = siteAt(world, 0);
  const owner = home.account(ACTORS.treasurer);
  const directory = await placeDirectory(world, home, owner);
  const posts = await Promise.all(world.sites.map((site, index) => placePost(world, site, index, home, directory)));
  const managers = posts.map(({ site, manager }): Call => {
    return { to: directory, data: DIRECTORY.encodeFunctionData("setManager", [site.chainId, manager]) };
  });
  await owner.execute(managers, world.signal);
  watch.mark(world, "roles", `a directory on ${home.name}, and a board with its manager on ${posts.length} rollups`);

  const placements = posts.map(({ site, editor }) => ({ chainId: site.chainId, accounts: [editor.address] }));
  await decide(world, owner, directory, DIRECTORY.encodeFunctionData("grant", [EDITOR, placements]));
  await until(world, "every editor may write", LIMIT_MS, async () => (await holding(posts)) === posts.length);
  watch.mark(world, "roles", "granted once on home, held on every rollup");
  await Promise.all(
    posts.map(({ board, editor }) => editor.execute([{ to: board, data: note("hello") }], world.signal)),
  );
  const written = await Promise.all(
    posts.map(({ site, board }) => Noticeboard__factory.connect(board, site.connection.provider).notice()),
  );
  world.check(
    "roles",
    "who was named on home writes on every rollup",
    written.every((notice) => notice === "hello"),
    `${written.length} boards`,
  );

  await decide(world, owner, directory, DIRECTORY.encodeFunctionData("revokeAll", [EDITOR]));
  await until(world, "no editor may write", LIMIT_MS, async () => (await holding(posts)) === 0);
  watch.mark(world, "roles", "revoked once on home, gone on every rollup");
  const refused = await Promise.all(posts.map(isRefused));
  world.check(
    "roles",
    "after one revocation nobody writes anywhere",
    refused.every(Boolean),
    `${refused.length} boards`,
  );
}

/** Obeys the treasurer here; with home's AccessManager as its authority it would obey the vote. */
async function placeDirectory(world: World, home: Site, owner: Account): Promise<Address> {
  const { description, contracts } = home.connection;
  const { Era, FeeController, MetalayerGateway } = description.contracts;
  const authority = await place(owner, new AccessManager__factory(), [owner.address], world.signal);
  const directory = await place(owner, new RoleDirectory__factory(), [authority, MetalayerGateway, TERM], world.signal);
  const approval = contracts.era.interface.encodeFunctionData("approve", [FeeController, CREDIT]);
  const purchase = contracts.feeController.interface.encodeFunctionData("buyCredit", [directory, CREDIT]);
  await owner.execute(
    [
      { to: Era, data: approval },
      { to: FeeController, data: purchase },
    ],
    world.signal,
  );
  return directory;
}

async function placePost(world: World, site: Site, index: number, home: Site, directory: Address): Promise<Post> {
  const owner = site.account(ACTORS.treasurer);
  const gateway = site.connection.description.contracts.MetalayerGateway;
  const wiring = [owner.address, gateway, home.chainId, directory];
  const manager = await place(owner, new LeasedAccessManager__factory(), wiring, world.signal);
  const board = await place(owner, new Noticeboard__factory(), [manager], world.signal);
  const selector = BOARD.getFunction("post").selector;
  const data = MANAGER.encodeFunctionData("setTargetFunctionRole", [board, [selector], EDITOR]);
  await owner.execute([{ to: manager, data }], world.signal);
  return { site, manager, board, editor: site.account(EDITORS[index % EDITORS.length] ?? ACTORS.traveller) };
}

const EDITORS = [ACTORS.traveller, ACTORS.faults, ACTORS.unlucky, ACTORS.stubborn];

async function decide(world: World, owner: Account, directory: Address, data: string): Promise<void> {
  await owner.execute([{ to: directory, data, gas: GAS }], world.signal);
}

async function holding(posts: readonly Post[]): Promise<number> {
  const held = await Promise.all(
    posts.map(async ({ site, manager, editor }) => {
      const answer = await LeasedAccessManager__factory.connect(manager, site.connection.provider).hasRole(
        EDITOR,
        editor.address,
      );
      return answer.isMember;
    }),
  );
  return held.filter(Boolean).length;
}

async function isRefused({ site, board, editor }: Post): Promise<boolean> {
  const contract = Noticeboard__factory.connect(board, site.connection.provider);
  return contract.post.staticCall("still here", { from: editor.address }).then(
    () => false,
    (error: unknown) => isError(error, "CALL_EXCEPTION"),
  );
}

const note = (text: string): string => BOARD.encodeFunctionData("post", [text]);
