import { expect } from "chai";
import hre from "hardhat";

/** Gas limit for the largest deliveries: less than an in-process rollup's block. */
export const MOST_OF_A_BLOCK = 50_000_000n;

/** Expects less than `limit`, except under coverage: what instrumented code uses says nothing about the code. */
export function expectGas(used: bigint, limit: bigint): void {
  if (hre.globalOptions.coverage) expect(used > 0n).to.equal(true);
  else expect(Number(used)).to.be.lessThan(Number(limit));
}

/** The least gas with which a call succeeds, to within 64; `from` is too little and `to` is enough. */
export async function leastGas(from: bigint, to: bigint, call: (gas: bigint) => Promise<unknown>): Promise<bigint> {
  let [little, enough] = [from, to];
  while (enough - little > 64n) {
    const middle = (little + enough) / 2n;
    const succeeds = await call(middle).then(
      () => true,
      () => false,
    );
    if (succeeds) enough = middle;
    else little = middle;
  }
  return enough;
}
