import { expect } from "chai";
import { encodeRlp, keccak256, toBeArray } from "ethers";
import hre from "hardhat";
import { fromHex, toHex, type Hex } from "../../sdk/src/bytes.ts";
import { StateProofHarness__factory, type StateProofHarness } from "../../typechain-types/index.js";
import { FUZZ_SEED } from "../helpers/fuzz.ts";
import { randomOf } from "../helpers/tries.ts";

const ROUNDS = 200;
const TIME = 11;
const REFUSED = [false, 0n];

describe(`times of block headers (seed ${FUZZ_SEED})`, () => {
  const random = randomOf("headers");
  let harness: StateProofHarness;

  before(async () => {
    const { ethers } = await hre.network.create("rollupA");
    harness = await new StateProofHarness__factory(await ethers.provider.getSigner(0)).deploy();
  });

  const encode = (fields: readonly (string | Uint8Array)[]): Hex => toHex(fromHex(encodeRlp([...fields])));
  const shown = async (header: Hex, behind: Hex = "0x") => {
    const [proven, time] = await harness.time(keccak256(header), header, behind);
    return [proven, time];
  };

  /** Twelve fields up to the time, whose numbers have any length, and what later forks put behind them. */
  function fields(time = random.uint(random.pick([1, 7, 8, 31, 32, 33, 63, 64]))): Uint8Array[] {
    const hash = (): Uint8Array => fromHex(random.hash());
    const bloom = Uint8Array.from(Array.from({ length: 8 }, hash).flatMap((word) => [...word]));
    const numbers = Array.from({ length: 4 }, () => toBeArray(random.uint(random.pick([1, 7, 8, 24, 64]))));
    const roots = [hash(), hash(), fromHex(random.address()), hash(), hash(), hash(), bloom];
    const later = Array.from({ length: 3 + random.between(0, 9) }, hash);
    return [...roots, ...numbers, toBeArray(time), ...later];
  }

  it("are those that stand in them, whatever the lengths of the numbers before", async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const time = random.uint(random.pick([1, 7, 8, 31, 32, 33, 63, 64]));
      const header = encode(fields(time));
      expect(await shown(header), header).to.deep.equal([true, time]);
    }
  });

  it("C11, EXPLOITS 21: are not read from other bytes than those of the hash", async () => {
    const header = encode(fields(1_767_225_600n));
    for (const other of ["0x", `${header}00`, header.slice(0, -2), `0xf9${header.slice(6)}`]) {
      expect(await harness.time(keccak256(header), other, "0x")).to.deep.equal(REFUSED);
    }
  });

  it("EXPLOITS 37: are not read from what is shaped otherwise, nor from behind the header's end", async () => {
    const good = fields(1_767_225_600n);
    // Other stacks' headers hash to their blocks' hashes as well.
    const ends = encode(good.slice(0, TIME));
    const longer = encode(good.map((field, place) => (place === TIME ? new Uint8Array(9).fill(7) : field)));
    const long = encode(good.map((field, place) => (place === 8 ? new Uint8Array(60).fill(7) : field)));
    const bloomless = encode(good.map((field, place) => (place === 6 ? new Uint8Array(255).fill(1) : field)));
    for (const header of [ends, longer, long, bloomless]) {
      expect(await shown(header, "0x8469568400846956840084695684008469568400"), header).to.deep.equal(REFUSED);
    }
  });
});
