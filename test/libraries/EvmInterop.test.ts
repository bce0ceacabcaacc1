import { readFileSync } from "node:fs";
import { expect } from "chai";
import { getAddress, hexlify, ZeroAddress, type Signer } from "ethers";
import fc from "fast-check";
import hre from "hardhat";
import type { Address } from "../../sdk/src/bytes.ts";
import { formatEvmAccount } from "../../sdk/src/interop.ts";
import { EvmInteropHarness__factory, type EvmInteropHarness } from "../../typechain-types/index.js";
import { FUZZ_SEED } from "../helpers/fuzz.ts";

interface Vectors {
  readonly valid: readonly { readonly chainId: string; readonly address: Address; readonly encoded: string }[];
  readonly invalid: readonly { readonly name: string; readonly encoded: string }[];
}

// CAST: the vectors are the repository's own
const vectors = JSON.parse(readFileSync(new URL("../vectors/interop.json", import.meta.url), "utf8")) as Vectors;
const NOTHING = [0n, ZeroAddress];

const chainId = fc.oneof(fc.bigInt(1n, 300n), fc.bigInt(1n, 2n ** 64n - 1n));
const address = fc.uint8Array({ minLength: 20, maxLength: 20 }).filter((bytes) => bytes.some((byte) => byte !== 0));
const canonical = fc
  .tuple(chainId, address)
  .map(([id, bytes]) => formatEvmAccount({ chainId: id, address: hexlify(bytes) as Address })); // CAST: twenty bytes

/** Canonical bytes, possibly cut, extended or with one byte changed; or any bytes. */
const encoded = fc.oneof(
  canonical,
  fc.tuple(canonical, fc.nat(), fc.integer({ min: 0, max: 255 })).map(([text, at, byte]) => {
    const bytes = Uint8Array.from(Buffer.from(text.slice(2), "hex"));
    bytes[at % bytes.length] = byte;
    return hexlify(bytes);
  }),
  fc
    .tuple(canonical, fc.nat({ max: 70 }))
    .map(([text, digits]) => text.slice(0, Math.max(2, text.length - 2 * (digits % 34)))),
  fc.tuple(canonical, fc.uint8Array({ maxLength: 8 })).map(([text, more]) => text + hexlify(more).slice(2)),
  fc.uint8Array({ maxLength: 64 }).map((bytes) => hexlify(bytes)),
);

describe("EvmInterop", () => {
  let harness: EvmInteropHarness;

  before(async () => {
    const { ethers } = await hre.network.create("rollupA");
    const [deployer] = await ethers.getSigners();
    harness = await new EvmInteropHarness__factory(deployer as Signer).deploy(); // CAST: twenty accounts exist
  });

  const agree = async (bytes: string): Promise<unknown[]> => {
    const expected = [...(await harness.parseReference(bytes))];
    expect([...(await harness.parse(bytes))], bytes).to.deep.equal(expected);
    expect([...(await harness.parseMemory(bytes))], bytes).to.deep.equal(expected);
    if (expected[0] !== 0n) expect(await harness.chainIdOf(bytes)).to.equal(expected[0]);
    return expected;
  };

  it("reads and writes the shared vectors", async () => {
    for (const vector of vectors.valid) {
      expect(await agree(vector.encoded)).to.deep.equal([BigInt(vector.chainId), getAddress(vector.address)]);
      expect(await harness.format(vector.chainId, vector.address)).to.equal(vector.encoded.toLowerCase());
    }
  });

  it("G8 refuses every vector that is not canonical", async () => {
    for (const { name, encoded: bytes } of vectors.invalid) expect(await agree(bytes), name).to.deep.equal(NOTHING);
  });

  it(`G8 from calldata and from memory it accepts exactly what OpenZeppelin reads and would write (seed ${FUZZ_SEED})`, async () => {
    await fc.assert(
      fc.asyncProperty(encoded, async (bytes) => {
        await agree(bytes);
      }),
      { seed: FUZZ_SEED, numRuns: 400 },
    );
  });

  it(`writes what the sdk writes (seed ${FUZZ_SEED})`, async () => {
    await fc.assert(
      fc.asyncProperty(chainId, address, async (id, bytes) => {
        const account = hexlify(bytes) as Address; // CAST: twenty bytes
        expect(await harness.format(id, account)).to.equal(formatEvmAccount({ chainId: id, address: account }));
      }),
      { seed: FUZZ_SEED, numRuns: 200 },
    );
  });
});
