import { expect } from "chai";
import fc from "fast-check";
import { addressCoder } from "interoperable-addresses";
import type { Hex } from "../../sdk/src/bytes.ts";
import { fromHex, toHex } from "../../sdk/src/bytes.ts";
import { formatEvmAccount, parseEvmAccount } from "../../sdk/src/interop.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import { forAll, FUZZ_SEED } from "../helpers/fuzz.ts";
import { address, example } from "./arbitraries.ts";
import { refusalCode } from "./refusal.ts";

const ZERO_ADDRESS = `0x${"00".repeat(20)}` as const;

const account = fc
  .record({ chainId: fc.bigInt({ min: 1n, max: (1n << 64n) - 1n }), address })
  .filter((value) => value.address !== ZERO_ADDRESS);

describe(`sdk interoperable addresses (seed ${FUZZ_SEED})`, () => {
  describe("formatEvmAccount", () => {
    it("writes what the authors' library writes", () => {
      forAll(account, (value) => {
        const { chainId: reference } = value;
        expect(formatEvmAccount(value)).to.equal(
          addressCoder.encode({ chainType: "eip155", reference, address: value.address }).toLowerCase(),
        );
      });
    });

    it("refuses zero and chain ids from 2^64", () => {
      const sample = example(account);
      expect(refusalCode(() => formatEvmAccount({ ...sample, chainId: 0n }))).to.equal("INTEROP_INVALID");
      expect(refusalCode(() => formatEvmAccount({ ...sample, address: ZERO_ADDRESS }))).to.equal("INTEROP_INVALID");
      expect(refusalCode(() => formatEvmAccount({ ...sample, chainId: 1n << 64n }))).to.equal("VALUE_OUT_OF_RANGE");
    });
  });

  describe("parseEvmAccount", () => {
    it("reads back what was written", () => {
      forAll(account, (value) => expect(parseEvmAccount(formatEvmAccount(value))).to.deep.equal(value));
    });

    it("is canonical: every changed byte, cut or surplus is refused or names another account in the same way", () => {
      forAll(
        fc.tuple(account, fc.nat(33), fc.integer({ min: 1, max: 255 })),
        ([value, at, change]) => {
          const bytes = fromHex(formatEvmAccount(value));
          const changed = bytes.map((byte, index) => (index === at % bytes.length ? byte ^ change : byte));
          for (const mutated of [changed, bytes.subarray(0, at % bytes.length), new Uint8Array([...bytes, change])]) {
            const parsed = tryParse(toHex(mutated));
            if (parsed === undefined) continue;
            expect(parsed).to.not.deep.equal(value);
            expect(formatEvmAccount(parsed)).to.equal(toHex(mutated));
          }
        },
        1_000,
      );
    });
  });
});

function tryParse(encoded: Hex) {
  try {
    return parseEvmAccount(encoded);
  } catch (error) {
    if (error instanceof MetalayerError && error.code === "INTEROP_INVALID") return undefined;
    throw error;
  }
}
