import { expect } from "chai";
import { encodeRlp, keccak256, toBeHex, type BytesLike } from "ethers";
import hre from "hardhat";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { MetalayerError } from "../../sdk/src/errors.ts";
import { fromHex, toHex, type Address, type Hex } from "../../sdk/src/bytes.ts";
import { headerStateRoot } from "../../sdk/src/proofs.ts";
import { proveState, slotProof, type NodeProof } from "../../sdk/src/proofsPack.ts";
import { StateProofHarness__factory, type StateProofHarness } from "../../typechain-types/index.js";
import { expectGas } from "../helpers/gas.ts";

/** A block of Ethereum's mainnet and what a node said about the deposit contract in its state. Where from: the file itself. */
interface Mainnet extends NodeProof {
  readonly blockHash: Hex;
  readonly header: readonly string[];
  readonly address: Address;
  readonly nonce: string;
  readonly balance: string;
  readonly codeHash: Hex;
  readonly storageHash: Hex;
  readonly storageProof: readonly [{ readonly key: Hex; readonly value: Hex; readonly proof: readonly string[] }];
}

const OTHER = "0x00000000219ab540356cbb839cbe05303d7705fb";

describe("proofs of Ethereum's mainnet", () => {
  // CAST: a file of this folder
  const mainnet = JSON.parse(readFileSync(join(import.meta.dirname, "mainnet.json"), "utf8")) as Mainnet;
  const [{ key, value }] = mainnet.storageProof;
  const header = encode(mainnet.header);
  let harness: StateProofHarness;

  before(async () => {
    const { ethers } = await hre.network.create("rollupA");
    harness = await new StateProofHarness__factory(await ethers.provider.getSigner(0)).deploy();
  });

  it("from a block's hash to the state root: header with all fields of Cancun", async () => {
    expect(mainnet.header).to.have.length(20);
    expect(keccak256(header)).to.equal(mainnet.blockHash);
    const [proven, stateRoot] = await harness.header(mainnet.blockHash, header);
    expect([proven, stateRoot]).to.deep.equal([true, mainnet.header[3]]);
    expect(headerStateRoot(mainnet.blockHash, header)).to.equal(stateRoot);
    const [, time] = await harness.time(mainnet.blockHash, header, "0x");
    expect(time).to.equal(BigInt(mainnet.header[11] ?? ""));
  });

  it("from the state root to an account and a slot of it, out of all of mainnet's", async () => {
    const stateRoot = headerStateRoot(mainnet.blockHash, header);
    const proven = proveState(stateRoot, mainnet.address, [key], mainnet);
    const account = [BigInt(mainnet.nonce), BigInt(mainnet.balance), mainnet.storageHash, mainnet.codeHash];
    expect(Object.values(proven.account)).to.deep.equal(account);
    expect(await harness.account(stateRoot, mainnet.address, proven.accountPart)).to.deep.equal([true, account]);
    const proof = slotProof(proven.accountPart, proven.slotParts);
    expect(await harness.slotOf(stateRoot, mainnet.address, key, proof)).to.deep.equal([true, value]);
    const { used } = await harness.gasOf(stateRoot, mainnet.address, key, proof);
    console.log(`      ${fromHex(proof).length} bytes of proof, ${used} gas without calldata`);
    // Seven full levels of accounts: 10,000 accounts have three or four.
    expectGas(used, 20_000n);
  });

  it("EXPLOITS 21, C11: none of them for another slot, another account, or with a bit flipped in any byte", async function () {
    this.timeout(60_000);
    const stateRoot = headerStateRoot(mainnet.blockHash, header);
    const { accountPart, slotParts } = proveState(stateRoot, mainnet.address, [key], mainnet);
    const proof = slotProof(accountPart, slotParts);
    const next = toHex(fromHex(toBeHex(2, 32)));
    expect((await harness.slotOf(stateRoot, mainnet.address, next, proof))[0]).to.equal(false);
    expect((await harness.slotOf(stateRoot, OTHER, key, proof))[0]).to.equal(false);
    expect(() => proveState(stateRoot, mainnet.address, [next], mainnet)).to.throw(MetalayerError);
    const bytes = fromHex(proof);
    const accepted: number[] = [];
    for (let at = 0; at < bytes.length; at++) {
      const changed = Uint8Array.from(bytes);
      changed[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
      const [proven] = await harness.slotOf(stateRoot, mainnet.address, key, changed);
      if (proven) accepted.push(at);
    }
    expect(accepted).to.deep.equal([]);
  });
});

function encode(fields: readonly string[]): Hex {
  return toHex(fromHex(encodeRlp([...fields] satisfies BytesLike[])));
}
