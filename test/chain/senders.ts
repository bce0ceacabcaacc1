import { bigQuantity, quantity, toQuantity } from "../../scripts/chain/blocks.ts";
import type { SenderOptions, TxRequest, TxSigner, UnsignedTx } from "../../scripts/chain/sender-state.ts";
import type { Sender } from "../../scripts/chain/sender.ts";
import { createSender } from "../../scripts/chain/sender.ts";
import { loop } from "../../scripts/chain/tasks.ts";
import type { TestRollup } from "./rollup.ts";
import { devWallet, mine, startRollup } from "./rollup.ts";

export const GWEI = 10n ** 9n;
export const FEES = { ceiling: 50n * GWEI, minTip: 1n, maxTip: 2n * GWEI };

/** Keeps each 32-byte key that it is called with; a second call with the same key reverts. */
export const KEEPER = "0x00000000000000000000000000000000000000ee";
const KEEPER_CODE = "0x5f358054600c5760019055005b5f5ffd";

export interface SenderFixture {
  readonly rollup: TestRollup;
  /** Index of an account that no other test uses. */
  newAccount(): number;
  /** A sender, of a new account if no signer is named, stopped after the test. */
  open(options?: Partial<SenderOptions>, on?: TestRollup): Sender;
  nonces(address: string): Promise<{ latest: number; pending: number }>;
  readonly isKept: (key: string) => Promise<boolean>;
}

/** Called in a `describe`: a rollup with 100 ms blocks and the keeper for all its tests. */
export function useSenders(): SenderFixture {
  let rollup: TestRollup | undefined;
  let nextAccount = 0;
  const senders: Sender[] = [];
  const get = (): TestRollup => {
    if (rollup === undefined) throw new Error("the rollup runs only during the tests");
    return rollup;
  };
  const count = async (address: string, tag: string): Promise<number> =>
    quantity(await get().node.rpc("eth_getTransactionCount", address, tag));

  before(async () => {
    rollup = await startRollup({ blockTime: 0.1, accounts: 40 });
    await rollup.node.rpc("anvil_setCode", KEEPER, KEEPER_CODE);
  });
  after(() => rollup?.close());
  afterEach(async () => {
    rollup?.heal();
    await Promise.all(senders.splice(0).map((sender) => sender.stop(0)));
  });
  return {
    get rollup() {
      return get();
    },
    newAccount: () => nextAccount++,
    open(options = {}, on = get()) {
      const signer = options.signer ?? devWallet(nextAccount++);
      const sender = createSender({ pool: on.pool(), fees: FEES, ...options, signer });
      senders.push(sender);
      return sender;
    },
    nonces: async (address) => ({ latest: await count(address, "latest"), pending: await count(address, "pending") }),
    isKept: async (key) => bigQuantity(await get().node.rpc("eth_getStorageAt", KEEPER, key, "latest")) === 1n,
  };
}

/** A key of the keeper, another for each test and index. */
export function keyOf(test: number, index: number): string {
  return toQuantity((BigInt(test) << 64n) + BigInt(index) + 1n);
}

export function keep(key: string): TxRequest & { readonly data: string } {
  return { to: KEEPER, data: `0x${key.slice(2).padStart(64, "0")}`, gasLimit: 60_000n };
}

/** An account that nobody has used, another for each test and index. */
export function receiver(test: number, index: number): string {
  return `0x${(BigInt(test) * 10_000n + BigInt(index) + 2n ** 152n).toString(16).padStart(40, "0")}`;
}

/** A signer that notes what it bids. */
export function recording(wallet: TxSigner): { signer: TxSigner; bids: bigint[] } {
  const bids: bigint[] = [];
  const signTransaction = (tx: UnsignedTx): Promise<string> => {
    bids.push(tx.maxFeePerGas);
    return wallet.signTransaction(tx);
  };
  return { signer: { address: wallet.address, signTransaction }, bids };
}

export async function setBaseFeeAndMine({ node }: TestRollup, baseFee: bigint): Promise<void> {
  await node.rpc("anvil_setNextBlockBaseFeePerGas", toQuantity(baseFee));
  await mine(node, 1);
}

/** Mines a block every 40 ms, all at this base fee, until the work is done. */
export async function mineAt<T>(rollup: TestRollup, baseFee: bigint, work: () => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const { signal } = controller;
  const mining = loop(() => setBaseFeeAndMine(rollup, baseFee), { everyMs: 40, signal, onError: () => undefined });
  try {
    return await work();
  } finally {
    controller.abort();
    await mining;
  }
}
