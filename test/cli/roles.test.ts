import { writeFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { LeasedAccessManager__factory, RoleDirectory__factory } from "../../typechain-types/index.js";
import { devKey } from "../helpers/anvilNetwork.ts";
import type { LocalNetwork } from "./localNetwork.ts";
import { startLocalNetwork } from "./localNetwork.ts";
import { failureOf, resultOf, run, runJson } from "./run.ts";

const EDITOR = "4294967296";
const DAY = 86_400;
const [HOLDER, OTHER, OWNER] = [devKey(5).address, devKey(6).address, devKey(7).address];

interface Created {
  readonly directory: string;
  readonly authority: string;
  readonly managers: readonly { readonly rollup: string; readonly manager: string }[];
}

interface Line {
  readonly rollup: string;
  readonly state: string;
  readonly holders: readonly string[];
  readonly next: string;
}

describe("command line: roles on a local network", () => {
  let network: LocalNetwork;
  let created: Created;

  before(async () => {
    network = await startLocalNetwork(3);
  });

  after(async () => network.close());

  const at = (...argv: readonly string[]): readonly string[] => [...argv, "--network", network.file];
  const roles = (...argv: readonly string[]): readonly string[] => {
    return at("roles", ...argv, "--directory", created.directory);
  };
  const fine = <T>(argv: readonly string[]): Promise<T> => resultOf<T>(...argv);
  const list = async (): Promise<readonly Line[]> => {
    return (await fine<{ roles: readonly Line[] }>(roles("list", EDITOR))).roles;
  };
  const states = async (): Promise<string[]> => (await list()).map(({ state }) => state);
  const pass = async (seconds: number): Promise<void> => {
    for (const rollup of network.metalayer.rollups) await rollup.passTime(seconds);
  };
  /** On which rollups the account holds the role, as their own contracts see it. */
  const holding = async (account: string): Promise<boolean[]> => {
    return Promise.all(
      network.metalayer.rollups.map(async ({ signer }, index) => {
        const manager = LeasedAccessManager__factory.connect(created.managers[index]?.manager ?? "", signer);
        return (await manager.hasRole(EDITOR, account)).isMember;
      }),
    );
  };

  it("create: a directory on home and a manager on every rollup, connected; a dry run sends nothing", async () => {
    const before = await network.nodes[0]?.rpc("eth_blockNumber");
    expect((await run(...at("roles", "create", "--dry-run"))).out).to.contain("Nothing was sent");
    expect(await network.nodes[0]?.rpc("eth_blockNumber")).to.equal(before);
    created = await fine<Created>(at("roles", "create", "--term", "4d"));
    expect(created.managers.map(({ rollup }) => rollup)).to.deep.equal(["rollupA", "rollupB", "rollupC"]);
    const { out } = await run(...roles("list"));
    expect(out).to.contain("it reaches rollupA, rollupB, rollupC").and.to.contain("No role was ever granted");
    const { result } = await runJson<{ term: string }>(...roles("list"));
    expect(result.term).to.equal(String(4 * DAY));
  });

  it("grant: asks first with --dry-run and shows the call; then one list goes to every rollup and holds when it arrives", async () => {
    const grant = ["grant", EDITOR, HOLDER, `rollupB=${OTHER}`];
    interface Granted {
      readonly rollups: readonly string[];
      readonly call: { readonly to: string; readonly data: string };
    }
    const { call } = await fine<Granted>(roles(...grant, "--dry-run"));
    const read = RoleDirectory__factory.createInterface().parseTransaction({ data: call.data });
    expect([read?.name, call.to.toLowerCase()]).to.deep.equal(["grant", created.directory.toLowerCase()]);
    expect(await states()).to.deep.equal(["never sent", "never sent", "never sent"]);
    const granted = await fine<Granted>(roles(...grant));
    expect([granted.rollups, granted.call]).to.deep.equal([["rollupA", "rollupB", "rollupC"], call]);
    expect(await states()).to.deep.equal(["in force", "on its way", "on its way"]);
    await network.metalayer.deliverAll();
    expect(await states()).to.deep.equal(["in force", "in force", "in force"]);
    expect((await list()).map(({ holders }) => holders.length)).to.deep.equal([1, 2, 1]);
    expect([await holding(HOLDER), await holding(OTHER)]).to.deep.equal([
      [true, true, true],
      [false, true, false],
    ]);
    const { out } = await run(...roles("list"));
    expect(out).to.contain(`./metalayer roles renew ${EDITOR}`);
  });

  it("revoke: takes the role from one on one rollup, and says when nobody of those named holds it", async () => {
    await fine(roles("revoke", EDITOR, OTHER));
    await network.metalayer.deliverAll();
    expect([await holding(HOLDER), await holding(OTHER)]).to.deep.equal([
      [true, true, true],
      [false, false, false],
    ]);
    expect((await failureOf(...roles("revoke", EDITOR, OTHER))).code).to.equal("CLI_ROLE_NOT_HELD");
  });

  it("renew: not before a quarter of the term has passed, then what is due; without it the role runs out everywhere", async () => {
    const early = await failureOf(...roles("renew", EDITOR));
    expect(early.code).to.equal("CLI_NOTHING_DUE");
    const named = await failureOf(...roles("renew", EDITOR, "rollupB"));
    expect([named.code, named.sentence.includes("DirectoryTooEarly")]).to.deep.equal(["CLI_REFUSED", true]);
    await pass(DAY + 60);
    const { rollups } = await fine<{ rollups: readonly string[] }>(roles("renew", EDITOR));
    expect(rollups).to.deep.equal(["rollupA", "rollupB", "rollupC"]);
    await network.metalayer.deliverAll();
    await pass(3 * DAY + 120);
    expect([await states(), await holding(HOLDER)]).to.deep.equal([
      ["in force", "in force", "in force"],
      [true, true, true],
    ]);
    await pass(DAY);
    expect([await states(), await holding(HOLDER)]).to.deep.equal([
      ["run out", "run out", "run out"],
      [false, false, false],
    ]);
    expect((await list()).map(({ next }) => next)).to.deep.equal(
      Array.from({ length: 3 }, () => `./metalayer roles renew ${EDITOR} --directory ${created.directory}`),
    );
  });

  it("revoke without holders: takes the role from everybody everywhere", async () => {
    await fine(roles("renew", EDITOR));
    await network.metalayer.deliverAll();
    expect(await holding(HOLDER)).to.deep.equal([true, true, true]);
    await fine(roles("revoke", EDITOR));
    expect(await states()).to.deep.equal(["revoked", "on its way", "on its way"]);
    await network.metalayer.deliverAll();
    expect([await states(), await holding(HOLDER)]).to.deep.equal([
      ["revoked", "revoked", "revoked"],
      [false, false, false],
    ]);
  });

  it("shows other rollups while one does not answer, and what was ended on a rollup by its administrator", async () => {
    const cut = network.describe(({ rollups }) => {
      const [, second] = rollups;
      if (second === undefined) throw new Error("three rollups");
      second.rpc = ["http://127.0.0.1:1"];
      return { rollups };
    });
    const argv = ["roles", "list", EDITOR, "--directory", created.directory, "--network", cut];
    const { roles: lines } = await fine<{ roles: readonly Line[] }>(argv);
    expect(lines.map(({ state }) => state)).to.deep.equal(["revoked", "unreachable", "revoked"]);
    const third = network.metalayer.rollup(8103n);
    const manager = LeasedAccessManager__factory.connect(created.managers[2]?.manager ?? "", third.signer);
    await (await manager.endLease(EDITOR, 1n)).wait();
    expect(await states()).to.deep.equal(["revoked", "revoked", "ended there"]);
  });

  it("refuses whom the directory does not obey, rollups that it does not reach, and addresses without a directory", async () => {
    const stranger = await failureOf(...roles("grant", EDITOR, HOLDER, "--account", "3"));
    expect([stranger.code, stranger.sentence.includes("AccessManagedUnauthorized")]).to.deep.equal([
      "CLI_REFUSED",
      true,
    ]);
    const unknown = await failureOf(...roles("grant", EDITOR, `rollupX=${HOLDER}`));
    expect(unknown.code).to.equal("CLI_UNKNOWN_ROLLUP");
    const nowhere = await failureOf(...at("roles", "list", "--directory", created.authority));
    expect(nowhere.code).to.equal("CLI_NO_DIRECTORY");
    const elsewhere = await failureOf(...roles("list", "--on", "rollupB"));
    expect(elsewhere.code).to.equal("CLI_NO_DIRECTORY");
  });

  it("needs credit for its messages where they cost something, which anybody buys for it", async () => {
    const buy = ["credit", "buy", "--on", "rollupA", "--for", created.directory, "--amount", "3"];
    await fine(at(...buy));
    const { balance } = await network.metalayer.rollup(8101n).gateway.credit(created.directory);
    expect(balance).to.equal(3n * 10n ** 9n);
  });

  it("by vote: propose shows a directory's calls decoded, and a stranger's by what the file declares", async () => {
    await fine(at("lock", "deposit", "--on", "rollupA", "--amount", "100"));
    await pass(10);
    const shown = async (contract: string, declaration: string, args: readonly unknown[]): Promise<string> => {
      const file = path.join(network.folder, "proposal.json");
      const calls = [{ contract, function: declaration, args }];
      writeFileSync(file, JSON.stringify({ title: "Elsewhere", legs: [{ rollup: "rollupA", calls }] }));
      const { out, err } = await run(...at("propose", file, "--dry-run"));
      expect(err).to.equal("");
      return out;
    };
    const grant = "function grant(uint64 roleId, (uint256 chainId, address[] accounts)[] placements)";
    const placements = [{ chainId: "@rollupB", accounts: [HOLDER] }];
    expect(await shown(created.directory, grant, [EDITOR, placements])).to.contain(
      `.grant(roleId: ${EDITOR}, placements: [{chainId: 8102, accounts: [${HOLDER}]}])`,
    );
    const era = await network.metalayer.rollup(8101n).era.getAddress();
    expect(await shown(HOLDER, "function pay(address to, uint256 amount)", [era, "5"])).to.contain(
      `${HOLDER}.pay(to: ${era} (Era of rollupA), amount: 5)`,
    );
  });

  it("create --owner: hands all of it over; who made it can do nothing any more", async () => {
    created = await fine<Created>(at("roles", "create", "--owner", OWNER));
    expect((await failureOf(...roles("grant", EDITOR, HOLDER))).code).to.equal("CLI_REFUSED");
    await fine(roles("grant", EDITOR, HOLDER, "--account", "7", "--dry-run"));
    for (const [index, { signer }] of network.metalayer.rollups.entries()) {
      const manager = LeasedAccessManager__factory.connect(created.managers[index]?.manager ?? "", signer);
      const members = await Promise.all([OWNER, await signer.getAddress()].map((who) => manager.hasRole(0n, who)));
      expect(members.map(({ isMember }) => isMember)).to.deep.equal([true, false]);
    }
  });
});
