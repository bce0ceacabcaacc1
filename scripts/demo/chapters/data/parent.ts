import { concat, JsonRpcProvider, toBeHex, ZeroAddress } from "ethers";
import { L1BlockMock__factory } from "../../../../typechain-types/factories/contracts/mocks/L1BlockMock__factory.js";
import { ParentChainMock__factory } from "../../../../typechain-types/factories/contracts/mocks/ParentChainMock__factory.js";
import { OpParentBlocks__factory } from "../../../../typechain-types/factories/contracts/rollups/OpParentBlocks__factory.js";
import { OpStackRoots__factory } from "../../../../typechain-types/factories/contracts/rollups/OpStackRoots__factory.js";
import type { ParentChainMock } from "../../../../typechain-types/contracts/mocks/ParentChainMock.js";
import type { Address, Hex } from "../../../../sdk/src/bytes.ts";
import { fixedBytes, toAddress, ZERO_HASH } from "../../../../sdk/src/bytes.ts";
import { opStackRootProof, outputRoot } from "../../../../sdk/src/rootProofs.ts";
import type { Receipt } from "../../../chain/blocks.ts";
import { devWallet } from "../../../cli/wallet.ts";
import { startAnvil } from "../../../devnet/anvil.ts";
import { processFolder } from "../../../devnet/state.ts";
import { place } from "../../place.ts";
import type { Site, World } from "../../world.ts";
import { ACTORS } from "../../world.ts";

const CHAIN_ID = 8_100;
/** Where rollups of the OP Stack are told about their parent's blocks. */
const L1_BLOCK: Address = "0x4200000000000000000000000000000000000015";
const ANCHOR_GAME_SLOT = 2;
const RETIREMENT_SLOT = 6;
/** A game created in second 2, where all up to second 1 are retired. */
const [CREATED, RETIRED] = [toBeHex(2, 32), toBeHex(1n << 32n, 32)];
/** Of the arguments at the end of a dispute game's code: creator, claim, parent's block hash, the rollup's block, and their length. */
const ARGUMENTS_LENGTH = 20 + 32 + 32 + 32 + 2;

/** A state of the source that was posted on the parent chain, and how the destination learns of it. */
export interface Posted {
  readonly rootProof: Hex;
  /** Of the transaction in which the destination keeps the parent's block. */
  readonly kept: readonly Receipt[];
}

/**
 * What stands in for the chain on which a rollup posts its state: a node of its own, a contract with the storage layout of the OP Stack's
 * AnchorStateRegistry that believes what it is told, and on the destination the predeploy that names the parent's newest block.
 */
export interface Parent {
  /** `OpStackRoots` on the destination: the product's own part. */
  readonly source: Address;
  post(block: bigint): Promise<Posted>;
  stop(): Promise<void>;
}

export async function openParent(world: World, src: Site, dst: Site): Promise<Parent> {
  const folder = processFolder(world.devnet.options.folder);
  const node = await startAnvil({ name: "parent", chainId: CHAIN_ID, processFolder: folder });
  const provider = new JsonRpcProvider(node.url, CHAIN_ID, {
    staticNetwork: true,
    pollingInterval: 20,
    cacheTimeout: -1,
  });
  const stop = async (): Promise<void> => {
    provider.destroy();
    await node.stop();
  };
  try {
    const registry = await new ParentChainMock__factory(devWallet(ACTORS.courier).connect(provider)).deploy();
    await registry.waitForDeployment();
    const contract = toAddress(fixedBytes("registry", await registry.getAddress(), 20));
    const owner = dst.account(ACTORS.courier);
    const l1Block = await place(owner, new L1BlockMock__factory(), [], world.signal);
    await dst.node.rpc("anvil_setCode", L1_BLOCK, await dst.connection.provider.getCode(l1Block));
    const blocks = await place(owner, new OpParentBlocks__factory(), [], world.signal);
    const source = await place(owner, new OpStackRoots__factory(), [src.chainId, blocks, contract], world.signal);
    return {
      source,
      stop,
      async post(rollupBlock) {
        await settle(registry, await outputRoot(src.connection.provider, rollupBlock));
        const block = await provider.getBlock("latest");
        const number = block?.number ?? 0;
        const seen = L1BlockMock__factory.createInterface().encodeFunctionData("set", [
          number,
          block?.hash ?? ZERO_HASH,
        ]);
        await owner.execute([{ to: L1_BLOCK, data: seen }], world.signal);
        const keep = OpParentBlocks__factory.createInterface().encodeFunctionData("keep");
        const kept = await owner.execute([{ to: blocks, data: keep }], world.signal);
        const at = { parent: provider, block: BigInt(number), contract };
        return { rootProof: await opStackRootProof(at, src.connection.provider, rollupBlock), kept };
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The registry's anchor game is from now on one with this claim, as the factory of the stack clones games. */
async function settle(registry: ParentChainMock, claim: Hex): Promise<void> {
  const code = concat(["0xfe", ZeroAddress, claim, ZERO_HASH, ZERO_HASH, toBeHex(ARGUMENTS_LENGTH, 2)]);
  const game = await registry.place.staticCall(code, CREATED);
  await (await registry.place(code, CREATED)).wait();
  await (await registry.write(ANCHOR_GAME_SLOT, toBeHex(game, 32))).wait();
  await (await registry.write(RETIREMENT_SLOT, RETIRED)).wait();
}
