import { expect } from "chai";
import { concat, toBeHex, ZeroAddress } from "ethers";
import type hre from "hardhat";
import { hashText, ZERO_HASH, type Hex } from "../../sdk/src/bytes.ts";
import type { PostedAt } from "../../sdk/src/rootProofs.ts";
import type { ArbitrumRoots, OpStackRoots } from "../../typechain-types/index.js";
import { DAY } from "../paths/world.ts";

export type Clock = Awaited<ReturnType<typeof hre.network.create>>["networkHelpers"]["time"];
/** When the dispute games of these tests were created, seconds. */
export const CREATED = 1_700_000_000n;
/** Slot 0 of such a game, from the lowest bits: createdAt, resolvedAt, status (the defender won), initialized. */
export const FIRST_SLOT = toBeHex((1n << 136n) | (2n << 128n) | ((CREATED + 600_000n) << 64n) | CREATED, 32);

type Source = OpStackRoots | ArbitrumRoots;

/** A dispute game's code as the factory of the stack clones it: creator, root claim, parent's block hash, the rollup's block and their length. */
export function gameCode(claim: Hex, cut: number): string {
  const length = 20 + 32 + 32 + 32 + 2;
  return concat(["0xfe", ZeroAddress, claim, hashText("parent"), toBeHex(7, 32), toBeHex(length + cut, 2)]);
}

/** Is taken on the last second of the parent's block's day, and not on the next one. */
export async function outdated(clock: Clock, source: Source, proof: Hex, { parent, block }: PostedAt): Promise<void> {
  const time = (await parent.getBlock(Number(block)))?.timestamp ?? 0;
  await clock.increaseTo(time + DAY);
  expect(await source.stateRootOf(proof)).to.not.equal(ZERO_HASH);
  await clock.increaseTo(time + DAY + 1);
  await expect(source.stateRootOf(proof)).to.be.revertedWithCustomError(source, "RootSourceStale").withArgs(time, DAY);
}

export async function refused(source: Source, proof: Hex, step: bigint): Promise<void> {
  await expect(source.stateRootOf(proof)).to.be.revertedWithCustomError(source, "RootSourceRefused").withArgs(step);
}

/** Every `stride`th byte, changed, gives another outcome than the true one, or is padding that nothing reads. */
export async function noneOf(source: Source, proof: Hex, stride: number): Promise<void> {
  const truth = await source.stateRootOf(proof);
  const bytes = Buffer.from(proof.slice(2), "hex");
  let refusals = 0;
  for (let at = 0; at < bytes.length; at += stride) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    const outcome = await source.stateRootOf(`0x${changed.toString("hex")}`).catch(() => undefined);
    if (outcome === undefined) refusals++;
    else expect(outcome, `byte ${at}`).to.equal(truth);
  }
  expect(refusals).to.be.greaterThan(bytes.length / stride / 2);
}
