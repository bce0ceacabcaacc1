import { expect } from "chai";
import { JsonRpcProvider, toBeHex, toQuantity, ZeroAddress, type Signer } from "ethers";
import hre from "hardhat";
import { startAnvil, type Anvil } from "../../scripts/devnet/anvil.ts";
import { fixedBytes, hashText, hashWords, toAddress, ZERO_HASH, type Address, type Hex } from "../../sdk/src/bytes.ts";
import { laneHeadProof } from "../../sdk/src/paths.ts";
import {
  arbitrumRootProof,
  assertionHash,
  opStackRootProof,
  outputRoot,
  type Assertion,
  type PostedAt,
} from "../../sdk/src/rootProofs.ts";
import {
  ArbitrumRoots__factory,
  L1BlockMock__factory,
  OpParentBlocks__factory,
  OpStackRoots__factory,
  ParentChainMock__factory,
  type ArbitrumRoots,
  type OpParentBlocks,
  type OpStackRoots,
  type ParentChainMock,
} from "../../typechain-types/index.js";
import { A, DAY, PathWorld } from "../paths/world.ts";
import { CREATED, FIRST_SLOT, gameCode, noneOf, outdated, refused, type Clock } from "./sources.ts";

const L1_BLOCK = "0x4200000000000000000000000000000000000015";

describe("state roots without guardians", () => {
  let anvil: Anvil;
  let parent: JsonRpcProvider;
  let parentSigner: Signer;
  let world: PathWorld;
  let blocks: OpParentBlocks;
  let clock: Clock;

  before(async function () {
    this.timeout(120_000);
    anvil = await startAnvil({ name: "parent", chainId: 8_100 });
    const options = { staticNetwork: true, pollingInterval: 20, cacheTimeout: -1 };
    parent = new JsonRpcProvider(anvil.url, undefined, options);
    parentSigner = await parent.getSigner(0);
    const [origin, destination] = [await hre.network.create("rollupA"), await hre.network.create("rollupB")];
    world = await PathWorld.on([origin, destination]);
    clock = destination.networkHelpers.time;
    const { deployedBytecode } = await hre.artifacts.readArtifact("L1BlockMock");
    await destination.networkHelpers.setCode(L1_BLOCK, deployedBytecode);
    blocks = await new OpParentBlocks__factory(world.dst.signer).deploy();
    await world.send();
  });

  after(async () => {
    parent.destroy();
    await anvil.stop();
  });

  /** The parent's newest block, as `L1Block` names it on the destination from now on. */
  async function see(): Promise<bigint> {
    const block = await parent.getBlock("latest");
    await L1BlockMock__factory.connect(L1_BLOCK, world.dst.signer).set(block?.number ?? 0, block?.hash ?? ZERO_HASH);
    return BigInt(block?.number ?? 0);
  }

  const addressOf = async (contract: { getAddress(): Promise<string> }): Promise<Address> =>
    toAddress(fixedBytes("address", await contract.getAddress(), 20));

  async function newestOfSource(): Promise<bigint> {
    return BigInt(await world.src.provider.getBlockNumber());
  }

  /** Of a block of the source. */
  async function stateRootOf(block: bigint): Promise<Hex> {
    return world.src.stateRootOf((await world.src.provider.getBlock(Number(block)))?.hash ?? "");
  }

  /** The whole way: state root, lane's head, message, with no guardian anywhere. */
  async function delivers(source: OpStackRoots | ArbitrumRoots, rootProof: Hex, block: bigint): Promise<void> {
    const stateRoot = (await source.stateRootOf(rootProof)) as Hex; // CAST: ethers returns hex
    const proof = await laneHeadProof(world.src.provider, world.lane, stateRoot, block);
    await expect(world.dst.laneHeads.recordHead(source, rootProof, proof)).to.emit(
      world.dst.laneHeads,
      "LaneHeadProven",
    );
  }

  describe("OpParentBlocks", () => {
    it("keeps the parent's blocks that it is asked to keep, and knows no other", async () => {
      const number = await see();
      const hash = (await parent.getBlock(Number(number)))?.hash;
      expect(await blocks.blockHash(number)).to.equal(ZERO_HASH);
      await expect(blocks.keep()).to.emit(blocks, "ParentBlockKept").withArgs(number, hash);
      await expect(blocks.keep()).to.not.emit(blocks, "ParentBlockKept");
      expect(await blocks.blockHash(number)).to.equal(hash);
      expect(await blocks.blockHash(number + 1n)).to.equal(ZERO_HASH);
    });
  });

  describe("OpStackRoots", () => {
    let registry: ParentChainMock;
    let source: OpStackRoots;
    let at: PostedAt;
    let rollupBlock: bigint;
    let game: Address;

    async function place(claim: Hex, cut = 0): Promise<Address> {
      const code = gameCode(claim, cut);
      const created = await registry.place.staticCall(code, FIRST_SLOT);
      await (await registry.place(code, FIRST_SLOT)).wait();
      return toAddress(fixedBytes("game", created, 20));
    }

    async function anchor(at: Address): Promise<void> {
      await (await registry.write(2, toBeHex(at, 32))).wait();
    }

    /** All games created up to this second are retired; games of type 8 are respected. */
    async function retire(until: bigint): Promise<void> {
      await (await registry.write(6, toBeHex((until << 32n) | 8n, 32))).wait();
    }

    async function newBlock(): Promise<PostedAt> {
      const block = await see();
      await (await blocks.keep()).wait();
      return { parent, block, contract: await addressOf(registry) };
    }

    before(async () => {
      registry = await new ParentChainMock__factory(parentSigner).deploy();
      await registry.waitForDeployment();
      source = await new OpStackRoots__factory(world.dst.signer).deploy(A, blocks, registry);
      rollupBlock = await newestOfSource();
      game = await place(await outputRoot(world.src.provider, rollupBlock));
      await anchor(game);
      await retire(CREATED - 1n);
      at = await newBlock();
    });

    it("names its rollup, parent and registry, and refuses to be without one", async () => {
      expect([await source.chainId(), await source.parent(), await source.posted()]).to.deep.equal([
        A,
        await blocks.getAddress(),
        await registry.getAddress(),
      ]);
      const factory = new OpStackRoots__factory(world.dst.signer);
      for (const [chainId, knows, contract] of [
        [0n, blocks, registry],
        [A, ZeroAddress, registry],
        [A, blocks, ZeroAddress],
      ] as const) {
        await expect(factory.deploy(chainId, knows, contract)).to.be.revertedWithCustomError(
          source,
          "RootSourceInvalidWiring",
        );
      }
    });

    it("proves the state of the anchor game's output root from the parent's block, and a lane's head with it", async () => {
      const proof = await opStackRootProof(at, world.src.provider, rollupBlock);
      expect(await source.stateRootOf(proof)).to.equal(await stateRootOf(rollupBlock));
      await delivers(source, proof, rollupBlock);
    });

    it("refuses what the game does not claim, and parent's blocks that are not known", async () => {
      const other = await opStackRootProof(at, world.src.provider, rollupBlock - 1n);
      await refused(source, other, 7n);
      await anvil.rpc("anvil_mine", "0x1");
      const unseen = { ...at, block: BigInt(await parent.getBlockNumber()) };
      await refused(source, await opStackRootProof(unseen, world.src.provider, rollupBlock), 0n);
    });

    it("refuses a game that was retired after it became the anchor, and a registry that states no retirement", async () => {
      for (const until of [CREATED, CREATED + 1n, (1n << 64n) - 1n, 0n]) {
        await retire(until);
        await refused(source, await opStackRootProof(await newBlock(), world.src.provider, rollupBlock), 4n);
      }
      await retire(CREATED - 1n);
      const proof = await opStackRootProof(await newBlock(), world.src.provider, rollupBlock);
      expect(await source.stateRootOf(proof)).to.equal(await stateRootOf(rollupBlock));
    });

    it("refuses a game that was blacklisted after it became the anchor", async () => {
      const slot = hashWords([game, 5n]);
      await (await registry.write(slot, toBeHex(1, 32))).wait();
      const listed = await newBlock();
      await refused(source, await opStackRootProof(listed, world.src.provider, rollupBlock), 3n);
    });

    it("refuses a registry without an anchor game, and games whose code is no clone's", async () => {
      const empty = await new ParentChainMock__factory(parentSigner).deploy();
      await empty.waitForDeployment();
      const young = await new OpStackRoots__factory(world.dst.signer).deploy(A, blocks, empty);
      const atEmpty = { ...(await newBlock()), contract: await addressOf(empty) };
      await refused(young, await opStackRootProof(atEmpty, world.src.provider, rollupBlock), 2n);
      const claim = await outputRoot(world.src.provider, rollupBlock);
      for (const cut of [2, -40]) {
        await anchor(await place(claim, cut));
        await refused(source, await opStackRootProof(await newBlock(), world.src.provider, rollupBlock), 6n);
      }
    });

    it("EXPLOITS 21, C11: refuses a proof with any byte damaged", async () => {
      const proof = await opStackRootProof(at, world.src.provider, rollupBlock);
      await noneOf(source, proof, 11);
    });

    it("takes a parent's block for a day: what was blacklisted since is refused then, by a new source too", async () => {
      const proof = await opStackRootProof(at, world.src.provider, rollupBlock);
      await outdated(clock, source, proof, at);
      const fresh = await new OpStackRoots__factory(world.dst.signer).deploy(A, blocks, registry);
      await expect(fresh.stateRootOf(proof)).to.be.revertedWithCustomError(fresh, "RootSourceStale");
      const lane = await laneHeadProof(world.src.provider, world.lane, await stateRootOf(rollupBlock), rollupBlock);
      const recording = world.dst.laneHeads.recordHead(source, proof, lane);
      await expect(recording).to.be.revertedWithCustomError(source, "RootSourceStale");
      await anchor(await place(await outputRoot(world.src.provider, rollupBlock)));
      await anvil.rpc("evm_increaseTime", toQuantity(DAY));
      await anvil.rpc("anvil_mine", "0x1");
      const today = await opStackRootProof(await newBlock(), world.src.provider, rollupBlock);
      expect(await source.stateRootOf(today)).to.equal(await stateRootOf(rollupBlock));
    });
  });

  describe("ArbitrumRoots", () => {
    let rollup: ParentChainMock;
    let source: ArbitrumRoots;
    let at: PostedAt;
    let rollupBlock: bigint;
    let assertion: Assertion;

    async function confirm(of: Assertion): Promise<PostedAt> {
      await (await rollup.write(116, assertionHash(of))).wait();
      const block = BigInt(await world.dst.provider.getBlockNumber());
      await world.dst.passTime(1);
      return { parent: world.dst.provider, block, contract: await addressOf(rollup) };
    }

    /** Here the destination is the parent chain itself: its own stack knows its blocks. */
    before(async () => {
      rollup = await new ParentChainMock__factory(world.dst.signer).deploy();
      const stack = await world.dst.anchorLog.stack();
      source = await new ArbitrumRoots__factory(world.dst.signer).deploy(A, stack, rollup);
      rollupBlock = await newestOfSource();
      const blockHash = (await world.src.provider.getBlock(Number(rollupBlock)))?.hash as Hex; // CAST: ethers returns hex
      assertion = {
        ...{ previous: hashText("previous"), blockHash, sendRoot: hashText("sends"), inboxPosition: 9n },
        ...{
          positionInMessage: 0n,
          machineStatus: 1,
          endHistoryRoot: hashText("history"),
          inboxAccumulator: hashText("inbox"),
        },
      };
      at = await confirm(assertion);
    });

    it("proves the state of the last confirmed assertion's block from the parent's block, and a lane's head with it", async () => {
      const proof = await arbitrumRootProof(at, world.src.provider, rollupBlock, assertion);
      expect(await source.stateRootOf(proof)).to.equal(await world.src.stateRootOf(assertion.blockHash));
      await delivers(source, proof, rollupBlock);
    });

    it("refuses other assertions, machines that have not finished, other headers, and blocks that are not known", async () => {
      const proofOf = (of: Assertion, posted = at, block = rollupBlock): Promise<Hex> =>
        arbitrumRootProof(posted, world.src.provider, block, of);
      for (const change of [
        { previous: hashText("another") },
        { sendRoot: hashText("another") },
        { inboxPosition: 10n },
        { positionInMessage: 1n },
        { endHistoryRoot: ZERO_HASH },
        { inboxAccumulator: ZERO_HASH },
        { machineStatus: 0 },
      ]) {
        await refused(source, await proofOf({ ...assertion, ...change }), 3n);
      }
      await refused(source, await proofOf(assertion, at, rollupBlock - 1n), 4n);
      const errored = { ...assertion, machineStatus: 2 };
      const later = await confirm(errored);
      await refused(source, await proofOf(errored, later), 3n);
      await confirm(assertion);
    });

    it("EXPLOITS 21, C11: refuses a proof with any byte damaged", async () => {
      const proof = await arbitrumRootProof(at, world.src.provider, rollupBlock, assertion);
      await noneOf(source, proof, 11);
    });

    it("takes a parent's block for a day: what its rollup has confirmed may have been taken back since", async () => {
      const posted = await confirm(assertion);
      const proof = await arbitrumRootProof(posted, world.src.provider, rollupBlock, assertion);
      await outdated(clock, source, proof, posted);
    });
  });
});
