import { expect } from "chai";
import hre from "hardhat";

/** Gas limit for the largest deliveries: less than an in-process rollup's block. */
export const MOST_OF_A_BLOCK = 50_000_000n;

/** Expects less than `limit`, except under coverage: what instrumented code uses says nothing about the code. */
export function expectGas(used: bigint, limit: bigint): void {
  if (hre.globalOptions.coverage) expect(used > 0n).to.equal(true);
  else expect(Number(used)).to.be.lessThan(Number(limit));
}
