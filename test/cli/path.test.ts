import { expect } from "chai";
import { concat, parseEther, toBeHex, toQuantity, ZeroAddress, ZeroHash } from "ethers";
import hre from "hardhat";
import type { Hex } from "../../sdk/src/bytes.ts";
import { CHECKPOINT_INTERVAL } from "../../sdk/src/message.ts";
import { outputRoot } from "../../sdk/src/rootProofs.ts";
import type { TestRollup } from "../../sdk/src/testkit/index.ts";
import { AccessManager__factory } from "../../typechain-types/factories/@openzeppelin/contracts/access/manager/AccessManager__factory.js";
import {
  EvmStack__factory,
  L1BlockMock__factory,
  OpParentBlocks__factory,
  OpStackRoots__factory,
  ParentChainMock__factory,
  StateRootSourceMock__factory,
  Strongbox__factory,
  type ParentChainMock,
  type StateRootSourceMock,
  type Strongbox,
} from "../../typechain-types/index.js";
import type { LocalNetwork } from "./localNetwork.ts";
import { startLocalNetwork } from "./localNetwork.ts";
import { failureOf, onNetwork, resultOf, run } from "./run.ts";

const L1_BLOCK = "0x4200000000000000000000000000000000000015";
const DAY = 86_400;
const NOBODY = "0x00000000000000000000000000000000000000AA";
/** Creator, root claim, parent's block hash, the rollup's block, and the two bytes that count them. */
const GAME_ARGUMENTS = 20 + 32 + 32 + 32 + 2;
/** A game created in second 2, where all up to second 1 are retired. */
const [CREATED, RETIRED] = [toBeHex(2, 32), toBeHex(1n << 32n, 32)];

interface Delivered {
  readonly outcome: "executed" | "held" | "dry run";
  readonly paths: string[];
  readonly calls: { readonly contract: string; readonly method: string; readonly hash?: string }[];
}

interface Shown {
  readonly places: {
    readonly rollup: string;
    readonly demands: {
      readonly rollup: string;
      readonly source?: { readonly family: string };
      readonly proven?: string;
    }[];
    readonly held: { readonly receiveId: string; readonly has: string[]; readonly next: string }[];
  }[];
}

describe("command line: paths on a local network", function () {
  this.timeout(120_000);
  let network: LocalNetwork;
  let [a, b] = [] as unknown as [TestRollup, TestRollup]; // CAST: set before any test runs
  let box: Strongbox;
  let recipient = "";
  let opStack = "";
  /** B is A's parent chain as well: here A's AnchorStateRegistry stands. */
  let registry: ParentChainMock;
  let named: StateRootSourceMock;

  before(async () => {
    network = await startLocalNetwork(2);
    [a, b] = network.metalayer.rollups as [TestRollup, TestRollup]; // CAST: two were asked for
    const { signer } = b;
    const manager = await (await new AccessManager__factory(signer).deploy(signer)).waitForDeployment();
    box = await (await new Strongbox__factory(signer).deploy(b.laneHeads, manager)).waitForDeployment();
    recipient = await box.getAddress();
    registry = await (await new ParentChainMock__factory(signer).deploy()).waitForDeployment();
    const blocks = await (await new EvmStack__factory(signer).deploy()).waitForDeployment();
    const source = await new OpStackRoots__factory(signer).deploy(a.chainId, blocks, registry);
    opStack = await (await source.waitForDeployment()).getAddress();
    named = await (await new StateRootSourceMock__factory(signer).deploy(a.chainId)).waitForDeployment();
  });

  after(async () => network.close());

  const { at, fine } = onNetwork(() => network);
  const deliver = (sendId: string, ...argv: readonly string[]): Promise<Delivered> =>
    fine<Delivered>("path", "deliver", sendId, ...argv);
  const shown = async (): Promise<Shown["places"][number]> => {
    const { places } = await fine<Shown>("path", "show", recipient);
    expect(places.length).to.equal(1);
    return places[0] as Shown["places"][number]; // CAST: counted in the line before
  };
  const blocks = () => Promise.all(network.nodes.map((node) => node.rpc("eth_blockNumber")));
  const send = async (): Promise<string> => {
    const way = ["send", "--from", "rollupA", "--to", "rollupB", "--recipient", recipient, "--text", "hello"];
    return (await fine<{ sendId: string }>(...way)).sendId;
  };
  const demand = async (needed: bigint, rootSource: string, delay = 0): Promise<void> => {
    const vetoer = delay === 0 ? ZeroAddress : await b.signer.getAddress();
    await (await box.setDemand(a.chainId, { needed, quorum: true, delay, rootSource, vetoer })).wait();
  };
  /** A's newest state, as its anchor game on the parent claims it. */
  const post = async (registry: ParentChainMock, parent: TestRollup): Promise<void> => {
    const block = BigInt(await a.provider.getBlockNumber());
    const claim = await outputRoot(a.provider, block);
    const code = concat(["0xfe", ZeroAddress, claim, ZeroHash, toBeHex(block, 32), toBeHex(GAME_ARGUMENTS, 2)]);
    const game = await registry.place.staticCall(code, CREATED);
    await (await registry.place(code, CREATED)).wait();
    await (await registry.write(2, toBeHex(game, 32))).wait();
    await (await registry.write(6, RETIRED)).wait();
    await parent.passTime(1);
  };

  it("show: the default, and who states no paths at all", async () => {
    const { out } = await run(...at("path", "show", recipient, "--on", "rollupB"));
    expect(out).to.contain(`${recipient} on rollupB demands`).and.to.contain("1 of quorum");
    expect((await failureOf(...at("path", "show", NOBODY))).code).to.equal("CLI_NO_PATHS");
    expect((await failureOf(...at("path", "show", await b.era.getAddress()))).code).to.equal("CLI_NO_PATHS");
  });

  it("deliver: without any guardian, from the state that the parent chain holds for final", async () => {
    await demand(1n, opStack);
    const [first, second] = [await send(), await send()];
    const early = await failureOf(...at("path", "deliver", first));
    expect([early.code, early.sentence.includes("for final yet")]).to.deep.equal(["CLI_NO_ROOT", true]);
    await post(registry, b);
    const third = await send();
    expect((await failureOf(...at("path", "deliver", third))).code).to.equal("CLI_NOT_PROVABLE");
    const before = await blocks();
    const dry = await deliver(first, "--dry-run");
    expect([dry.outcome, await blocks()]).to.deep.equal(["dry run", before]);
    const { outcome, paths, calls } = await deliver(first);
    expect([outcome, paths]).to.deep.equal(["executed", ["proof"]]);
    expect(calls.map(({ method }) => method)).to.deep.equal(["recordHead", "executeMessage"]);
    const again = await deliver(second);
    expect(
      again.calls.map(({ method }) => method),
      "one head serves all before it",
    ).to.deep.equal(["executeMessage"]);
    expect(await box.count()).to.equal(2n);
    const [fromA] = (await shown()).demands;
    expect([fromA?.source?.family, fromA?.proven]).to.deep.equal(["OpStackRoots", "2"]);
    await network.metalayer.deliverAll();
    expect(await box.count(), "what the quorum brings later changes nothing").to.equal(3n);
    expect((await failureOf(...at("path", "deliver", first))).code).to.equal("CLI_DELIVERED");
  });

  it("deliver: by both paths where both are demanded, whichever comes first", async () => {
    await demand(2n, opStack);
    const sendId = await send();
    await post(registry, b);
    expect((await deliver(sendId)).outcome).to.equal("held");
    const [held] = (await shown()).held;
    expect([held?.receiveId, held?.has, held?.next]).to.deep.equal([sendId, ["proof"], `./metalayer retry ${sendId}`]);
    const missing = await failureOf(...at("path", "deliver", sendId));
    expect([missing.code, missing.next?.includes(`./metalayer retry ${sendId}`)]).to.deep.equal([
      "CLI_PATHS_MISSING",
      true,
    ]);
    await network.metalayer.deliverAll();
    expect((await shown()).held.map(({ next }) => next)).to.deep.equal([`./metalayer path deliver ${sendId}`]);
    const { outcome, paths } = await deliver(sendId);
    expect([outcome, paths]).to.deep.equal(["executed", ["quorum", "proof"]]);
    expect((await shown()).held).to.deep.equal([]);
  });

  it("veto: the vetoer stops what is held; lifted and late enough, anybody executes it", async () => {
    await demand(2n, ZeroAddress, DAY);
    const sendId = await send();
    await network.metalayer.deliverAll();
    const early = await failureOf(...at("path", "deliver", sendId));
    expect([early.code, early.next?.includes("wait until")]).to.deep.equal(["CLI_PATHS_MISSING", true]);
    const stranger = await failureOf(...at("path", "veto", sendId, "--account", "1"));
    expect([stranger.code, stranger.next?.includes("as the vetoer")]).to.deep.equal(["CLI_REFUSED", true]);
    const before = await blocks();
    await fine("path", "veto", sendId, "--dry-run");
    expect(await blocks()).to.deep.equal(before);
    await fine("path", "veto", sendId);
    expect((await failureOf(...at("path", "deliver", sendId))).code).to.equal("CLI_VETOED");
    expect((await shown()).held[0]?.next).to.contain("stopped by the vetoer");
    await (await box.liftVeto(sendId)).wait();
    await b.passTime(DAY);
    const { outcome, paths } = await deliver(sendId);
    expect([outcome, paths]).to.deep.equal(["executed", ["quorum", "delay"]]);
  });

  it("veto: stops what no rollup has sent too, where it is held", async () => {
    await demand(2n, ZeroAddress, DAY);
    const sendId = await send();
    await network.metalayer.deliver();
    // Nobody in this network knows the message: it has no rollupA.
    const file = network.describe(({ rollups }) => ({ rollups: rollups.filter(({ name }) => name !== "rollupA") }));
    const inIt = (...argv: readonly string[]): readonly string[] => ["path", ...argv, "--network", file];
    const unknown = await failureOf(...inIt("veto", sendId));
    expect([unknown.code, unknown.next?.includes("--recipient")]).to.deep.equal(["CLI_UNKNOWN_MESSAGE", true]);
    const { out } = await run(...inIt("show", recipient, "--on", "rollupB"), "--json");
    const holder = ["--on", "rollupB", "--recipient", recipient];
    expect(out).to.contain(`./metalayer path veto ${sendId} ${holder.join(" ")}`);
    const other = await failureOf(...inIt("veto", sendId, "--on", "rollupB", "--recipient", NOBODY));
    expect(other.code).to.equal("CLI_NO_PATHS");
    await resultOf(...inIt("veto", sendId, ...holder));
    expect((await failureOf(...at("path", "deliver", sendId))).code).to.equal("CLI_VETOED");
    await (await box.liftVeto(sendId)).wait();
    for (const rollup of [a, b]) await rollup.passTime(DAY);
    expect((await deliver(sendId)).outcome).to.equal("executed");
  });

  it("deliver: a source that this build does not know, by the proof that is given", async () => {
    await demand(1n, await named.getAddress());
    const sendId = await send();
    const block = await a.provider.getBlockNumber();
    const root = await a.stateRootOf(await a.latestBlockHash());
    const unknown = await failureOf(...at("path", "deliver", sendId));
    expect([unknown.code, unknown.next?.includes("--root-proof")]).to.deep.equal(["CLI_NO_ROOT", true]);
    const given = (proof: Hex, number: number): readonly string[] => ["--root-proof", proof, "--block", String(number)];
    const refused = await failureOf(...at("path", "deliver", sendId, ...given(root, block)));
    expect([refused.code, refused.sentence.includes("RootSourceRefused(0)")]).to.deep.equal(["CLI_REFUSED", true]);
    await (await named.add(root)).wait();
    const other = await failureOf(...at("path", "deliver", sendId, ...given(root, block - 1)));
    expect([other.code, other.next]).to.deep.equal(["CLI_NO_ROOT", "correct --block"]);
    expect((await deliver(sendId, ...given(root, block))).outcome).to.equal("executed");
  });

  it("deliver: where the destination sees its parent by L1Block, whose block it has kept first", async () => {
    const { signer } = b;
    const { deployedBytecode } = await hre.artifacts.readArtifact("L1BlockMock");
    await network.nodes[1]?.rpc("anvil_setCode", L1_BLOCK, deployedBytecode);
    // A's own node stands for the parent's; its clock goes as B's does, or its blocks would be too old there.
    await a.passTime(DAY);
    const far = await (await new ParentChainMock__factory(a.signer).deploy()).waitForDeployment();
    const kept = await (await new OpParentBlocks__factory(signer).deploy()).waitForDeployment();
    const source = await (await new OpStackRoots__factory(signer).deploy(a.chainId, kept, far)).waitForDeployment();
    await demand(1n, await source.getAddress());
    const sendId = await send();
    await post(far, a);
    const seen = await a.provider.getBlock("latest");
    await (await L1BlockMock__factory.connect(L1_BLOCK, signer).set(seen?.number ?? 0, seen?.hash ?? ZeroHash)).wait();
    const blind = await failureOf(...at("path", "deliver", sendId));
    expect([blind.code, blind.next?.includes("--parent")]).to.deep.equal(["CLI_NO_PARENT", true]);
    const parent = ["--parent", network.nodes[0]?.url ?? ""];
    expect((await failureOf(...at("path", "deliver", sendId, ...parent, "--dry-run"))).code).to.equal("CLI_NO_PARENT");
    expect((await deliver(sendId, ...parent)).outcome).to.equal("executed");
    expect(await kept.blockHash(seen?.number ?? 0)).to.equal(seen?.hash);
  });

  it("deliver: a message long ago by the checkpoint next to it", async () => {
    const source = await (await new StateRootSourceMock__factory(b.signer).deploy(a.chainId)).waitForDeployment();
    await demand(1n, await source.getAddress());
    const sendId = await send();
    const { nonce } = await a.gateway.outLane(b.chainId);
    for (let count = nonce; count <= CHECKPOINT_INTERVAL; count++) {
      const payload = toBeHex(count);
      await network.metalayer.client.send({ from: a.chainId, to: b.chainId, recipient: NOBODY, payload });
    }
    const root = await a.stateRootOf(await a.latestBlockHash());
    await (await source.add(root)).wait();
    const block = String(await a.provider.getBlockNumber());
    const { outcome, calls } = await deliver(sendId, "--root-proof", root, "--block", block);
    expect([outcome, calls[0]?.method]).to.deep.equal(["executed", "recordCheckpoint"]);
  });

  it("refuses what is no message, and recipients without paths, and changes nothing", async () => {
    const before = await blocks();
    const nothing = await failureOf(...at("path", "deliver", ZeroHash));
    expect(nothing.code).to.equal("CLI_UNKNOWN_MESSAGE");
    expect(await blocks()).to.deep.equal(before);
    const way = ["--from", "rollupA", "--to", "rollupB", "--recipient", NOBODY];
    const { sendId } = await fine<{ sendId: string }>("send", ...way);
    for (const action of ["deliver", "veto"]) {
      const error = await failureOf(...at("path", action, sendId));
      expect([error.code, error.next]).to.deep.equal(["CLI_NO_PATHS", `./metalayer retry ${sendId}`]);
    }
  });

  it("R10: says of what was held when the sender was removed that nothing brings it any more", async () => {
    await demand(2n, ZeroAddress, DAY);
    const sendId = await send();
    // Messages to nobody, of the tests before, fail.
    await network.metalayer.deliver();
    await b.passTime(DAY);
    await deliver(sendId, "--dry-run");
    const [from, to] = await Promise.all([b.rollupTimelock.getAddress(), b.rollupRegistry.getAddress()]);
    const data = b.rollupRegistry.interface.encodeFunctionData("remove", [a.chainId]);
    await network.nodes[1]?.rpc("anvil_setBalance", from, toQuantity(parseEther("1")));
    await network.nodes[1]?.rpc("anvil_impersonateAccount", from);
    const removal = await network.nodes[1]?.rpc("eth_sendTransaction", { from, to, data });
    await b.provider.waitForTransaction(String(removal));
    const before = await blocks();
    const closed = await failureOf(...at("path", "deliver", sendId));
    expect([closed.code, closed.sentence.includes("rollupB has no open lane")]).to.deep.equal([
      "CLI_LANE_CLOSED",
      true,
    ]);
    expect(await blocks()).to.deep.equal(before);
    const held = (await shown()).held.find(({ receiveId }) => receiveId === sendId);
    expect(held?.next).to.contain("its lane is open no more");
  });
});
