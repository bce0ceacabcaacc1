import { expect } from "chai";
import { HDNodeWallet, JsonRpcProvider, Mnemonic, toBeHex, type Provider, type Signer } from "ethers";
import hre from "hardhat";
import { DEV_MNEMONIC, startAnvil, type Anvil } from "../../scripts/devnet/anvil.ts";
import { fromHex, toHex, ZERO_HASH, type Address, type Hex } from "../../sdk/src/bytes.ts";
import { EMPTY_ROOT } from "../../sdk/src/proofs.ts";
import { proveState, slotProof } from "../../sdk/src/proofsPack.ts";
import { mappingSlot, nodeProof } from "../../sdk/src/proofsRead.ts";
import {
  StateProofHarness__factory,
  StorageMock__factory,
  type StateProofHarness,
} from "../../typechain-types/index.js";

const ENTRIES = 300;
const NOBODY: Address = "0x00000000000000000000000000000000000000AA";

interface Node {
  readonly provider: Provider;
  readonly signer: Signer;
  rpc(method: string, ...params: unknown[]): Promise<unknown>;
}

describe("proofs of real nodes", () => {
  let anvil: Anvil;
  let provider: JsonRpcProvider;
  let harness: StateProofHarness;

  before(async () => {
    const { ethers } = await hre.network.create("rollupC");
    harness = await new StateProofHarness__factory(await ethers.provider.getSigner(0)).deploy();
    anvil = await startAnvil({ name: "proofs", chainId: 8_101 });
    provider = new JsonRpcProvider(anvil.url, undefined, {
      staticNetwork: true,
      pollingInterval: 20,
      cacheTimeout: -1,
    });
  });

  after(async () => {
    provider.destroy();
    await anvil.stop();
  });

  it("anvil: every account and slot reads as the node itself says", async () => {
    const wallet = HDNodeWallet.fromMnemonic(Mnemonic.fromPhrase(DEV_MNEMONIC), "m/44'/60'/0'/0/0").connect(provider);
    await compare({ provider, signer: wallet, rpc: (method, ...params) => anvil.rpc(method, ...params) });
  });

  it("Hardhat's node: every account and slot reads as the node itself says", async () => {
    const { ethers, provider: raw } = await hre.network.create("rollupD");
    const [signer] = await ethers.getSigners();
    if (signer === undefined) throw new Error("no account");
    const rpc = (method: string, ...params: unknown[]): Promise<unknown> => raw.request({ method, params });
    await compare({ provider: ethers.provider, signer, rpc });
  });

  /** Fills storage, then proves everything against the state root of the newest block and compares it with what the node reads. */
  async function compare(node: Node): Promise<void> {
    const store = await new StorageMock__factory(node.signer).deploy();
    await store.waitForDeployment();
    for (let from = 0; from < ENTRIES; from += 100) await (await store.fill(from, 100)).wait();
    const account = (await store.getAddress()) as Address; // CAST: ethers returns an address
    const block = await header(node);
    const keys = [0n, 1n, 57n, 128n, 299n, 300n, 9_999n].map((key) => mappingSlot(key, 0n));
    const { values } = await check(node, account, keys, block);
    expect(values.map(BigInt)).to.deep.equal([1n, 2n, 58n, 129n, 300n, 0n, 0n]);
    const owner = (await node.signer.getAddress()) as Address; // CAST: ethers returns an address
    expect((await check(node, owner, [ZERO_HASH], block)).account.storageRoot).to.equal(EMPTY_ROOT);
    const nobody = await check(node, NOBODY, [ZERO_HASH, toBeHex(1, 32) as Hex], block); // CAST: ethers returns hex
    expect(nobody.account).to.deep.equal({ nonce: 0n, balance: 0n, storageRoot: EMPTY_ROOT, codeHash: ZERO_HASH });
  }

  async function check(node: Node, account: Address, keys: readonly Hex[], { number, stateRoot }: Block) {
    const proven = proveState(stateRoot, account, keys, await nodeProof(node.provider, account, keys, number));
    const at = Number(number);
    expect(proven.account.nonce).to.equal(BigInt(await node.provider.getTransactionCount(account, at)));
    expect(proven.account.balance).to.equal(await node.provider.getBalance(account, at));
    for (const [index, key] of keys.entries()) {
      expect(proven.values[index]).to.equal(await node.provider.getStorage(account, key, at));
      const proof = slotProof(proven.accountPart, [proven.slotParts[index] ?? "0x"]);
      expect(await harness.slotOf(stateRoot, account, key, proof)).to.deep.equal([true, proven.values[index]]);
    }
    return proven;
  }
});

interface Block {
  readonly number: bigint;
  readonly stateRoot: Hex;
}

async function header(node: Node): Promise<Block> {
  const block = await node.rpc("eth_getBlockByNumber", "latest", false);
  // CAST: what every node answers
  const { number, stateRoot } = block as { number: string; stateRoot: string };
  return { number: BigInt(number), stateRoot: toHex(fromHex(stateRoot)) };
}
