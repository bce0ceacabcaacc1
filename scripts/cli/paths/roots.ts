import { toQuantity, type Provider } from "ethers";
import { fixedBytes, fromHex, toHex, type Address, type Hex } from "../../../sdk/src/bytes.ts";
import {
  anchorGame,
  opStackRootProof,
  outputRoot,
  type AnchorGame,
  type PostedAt,
} from "../../../sdk/src/rootProofs.ts";
import { IStateRootSource__factory } from "../../../typechain-types/factories/contracts/rollups/IStateRootSource__factory.js";
import { OpParentBlocks__factory } from "../../../typechain-types/factories/contracts/rollups/OpParentBlocks__factory.js";
import { quantity } from "../../chain/blocks.ts";
import { createEndpoint } from "../../chain/endpoint.ts";
import { createPool } from "../../chain/pool.ts";
import { PoolProvider } from "../../chain/provider.ts";
import { codeOf } from "../../chain/rpc-errors.ts";
import { CommandError, UsageError } from "../command.ts";
import type { Connection } from "../connection.ts";
import { refusal, transact } from "../transactions.ts";
import type { Signing } from "../wallet.ts";
import { isBuilt, type RootSource } from "./recipient.ts";

/** A state root of the sending rollup, with the proof that its source takes. */
export interface ProvenRoot {
  readonly proof: Hex;
  readonly stateRoot: Hex;
  /** Block of the rollup that it belongs to. */
  readonly block: bigint;
}

/** What people give to find one. */
export interface RootChoice {
  /** RPC endpoint of the parent chain, if that is not the destination. */
  readonly parent: string | undefined;
  readonly rootProof: Hex | undefined;
  readonly block: number | undefined;
}

interface Wanted {
  readonly root: string;
  readonly src: Connection;
  readonly dst: Connection;
  readonly source: RootSource;
  readonly signing: Signing;
  readonly dryRun: boolean;
  readonly choice: RootChoice;
}

const NOTHING = "Nothing was delivered";

/**
 * A state root that the source takes now, by the proof that was given, or by one that is made from the parent chain. Throws CLI_NO_ROOT,
 * CLI_NO_PARENT, CLI_REFUSED.
 */
export async function findRoot(wanted: Wanted): Promise<ProvenRoot> {
  const { dst, source, choice } = wanted;
  const { proof, block } = await proofFor(wanted);
  const contract = IStateRootSource__factory.connect(source.address, dst.provider);
  try {
    const stateRoot = toHex(fixedBytes("state root", await contract.stateRootOf(proof), 32));
    await checkBlock(wanted.src, block, stateRoot, choice.rootProof !== undefined);
    return { proof, stateRoot, block };
  } catch (error) {
    throw refusal(dst.name, "take the proof of the state root", error) ?? error;
  }
}

async function proofFor(wanted: Wanted): Promise<{ readonly proof: Hex; readonly block: bigint }> {
  const { source, choice, src } = wanted;
  if (choice.rootProof !== undefined) {
    if (choice.block === undefined) throw new UsageError("--root-proof needs --block <number>: the rollup's block");
    return { proof: choice.rootProof, block: BigInt(choice.block) };
  }
  if (source.family !== "OpStackRoots" || source.posted === undefined) {
    const what = `how ${source.address} proves state roots of ${src.name} is not known to this command`;
    const next =
      "make its proof (arbitrumRootProof of the sdk for Arbitrum's) and give it with --root-proof and --block";
    throw new CommandError("CLI_NO_ROOT", what, NOTHING, next);
  }
  const contract = source.posted as Address; // CAST: ethers returns an address
  return withParent(wanted, async (parent, parentBlock) => {
    const at = { parent, block: parentBlock, contract };
    const { claim, block: claimed } = await postedGame(wanted, at);
    const block = choice.block === undefined ? claimed : BigInt(choice.block);
    if ((await outputRoot(src.provider, block)) !== claim) {
      const what = `the anchor game of ${src.name} does not claim what its node says of block ${block}`;
      throw new CommandError("CLI_NO_ROOT", what, NOTHING, "name the block that it is about with --block");
    }
    return { proof: await opStackRootProof(at, src.provider, block), block };
  });
}

async function postedGame({ src, source }: Wanted, at: PostedAt): Promise<AnchorGame> {
  try {
    return await anchorGame(at);
  } catch (error) {
    if (codeOf(error) !== "ROOT_UNAVAILABLE") throw error;
    const what = `${source.posted} holds no state of ${src.name} for final yet`;
    const next = "wait until the rollup's proposals on its parent chain are final";
    throw new CommandError("CLI_NO_ROOT", what, NOTHING, next, { cause: error });
  }
}

/** The parent chain and a block of it whose hash the destination knows. */
async function withParent<T>(wanted: Wanted, task: (parent: Provider, block: bigint) => Promise<T>): Promise<T> {
  const { root, dst, source, choice } = wanted;
  const knows = source.parent ?? "0x";
  const code = await dst.provider.getCode(knows);
  if (isBuilt(root, "EvmStack", code)) {
    // The destination is the parent itself: its newest block but one has a hash that the next one knows.
    return task(dst.provider, BigInt((await dst.provider.getBlockNumber()) - 1));
  }
  if (!isBuilt(root, "OpParentBlocks", code)) {
    const what = `how ${knows} knows blocks of the parent of ${wanted.src.name} is not known to this command`;
    throw new CommandError("CLI_NO_PARENT", what, NOTHING, "give a proof with --root-proof and --block");
  }
  if (choice.parent === undefined) {
    const what = `${dst.name} is not the parent of ${wanted.src.name}`;
    throw new CommandError("CLI_NO_PARENT", what, NOTHING, "name an RPC endpoint of the parent chain with --parent");
  }
  const block = await keepBlock(wanted, knows);
  return withProvider(choice.parent, (provider) => task(provider, block));
}

/** Has the newest block of the parent kept that the destination sees. */
async function keepBlock({ dst, signing, dryRun }: Wanted, address: string): Promise<bigint> {
  const blocks = OpParentBlocks__factory.connect(address, signing.wallet);
  if (dryRun) {
    const what = "a dry run cannot keep the parent's block, without which nothing can be proven";
    throw new CommandError("CLI_NO_PARENT", what, NOTHING, "run this without --dry-run");
  }
  const number = await blocks.keep.staticCall();
  const receipt = await transact(dst, "keep the parent's block", () => blocks.keep());
  const kept = receipt.logs.map((log) => blocks.interface.parseLog(log)).find((log) => log?.name === "ParentBlockKept");
  // CAST: the ABI says uint256.
  return kept === undefined || kept === null ? number : (kept.args.getValue("number") as bigint);
}

async function withProvider<T>(url: string, task: (provider: Provider) => Promise<T>): Promise<T> {
  const endpoint = createEndpoint({ url });
  let pool: ReturnType<typeof createPool> | undefined;
  let provider: PoolProvider | undefined;
  try {
    const chainId = BigInt(quantity(await endpoint.request("eth_chainId", [])));
    pool = createPool({ rollup: "the parent chain", chainId, blockTimeMs: 12_000, endpoints: [endpoint] });
    provider = new PoolProvider(pool);
    return await task(provider);
  } finally {
    provider?.destroy();
    if (pool === undefined) endpoint.close();
    else pool.close();
  }
}

/** The root must be that of the block, or the lane's proof would be made for another state. */
async function checkBlock(
  { name, provider }: Connection,
  block: bigint,
  stateRoot: Hex,
  given: boolean,
): Promise<void> {
  const answer: unknown = await provider.send("eth_getBlockByNumber", [toQuantity(block), false]);
  const own = typeof answer === "object" && answer !== null && "stateRoot" in answer ? String(answer.stateRoot) : "0x";
  if (toHex(fromHex(own)) === stateRoot) return;
  const what = `the state root that is proven is not that of block ${block} of ${name}`;
  const next = given ? "correct --block" : "use another endpoint: this one does not tell the rollup's own state";
  throw new CommandError("CLI_NO_ROOT", what, NOTHING, next);
}
