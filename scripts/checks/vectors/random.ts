import type { Address, Hex } from "../../../sdk/src/bytes.ts";
import { fixedBytes, hashText, toAddress } from "../../../sdk/src/bytes.ts";

/** A stream of values that is the same on every machine for the same seed: keccak over a counter. */
export class Random {
  #counter = 0;

  constructor(private readonly seed: string) {}

  hash(): Hex {
    return hashText(`${this.seed}/${this.#counter++}`);
  }

  uint(bits: number): bigint {
    return BigInt(this.hash()) >> BigInt(256 - bits);
  }

  /** A whole number from `from` up to and without `to`. */
  between(from: number, to: number): number {
    return from + Number(this.uint(48) % BigInt(to - from));
  }

  address(): Address {
    return toAddress(fixedBytes("hash", this.hash(), 32).subarray(12));
  }

  bytes(length: number): Hex {
    let digits = "";
    while (digits.length < 2 * length) digits += this.hash().slice(2);
    return `0x${digits.slice(0, 2 * length)}`;
  }

  pick<T>(values: readonly [T, ...T[]]): T {
    return values[this.between(0, values.length)] ?? values[0];
  }
}
