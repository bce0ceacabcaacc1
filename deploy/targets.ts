import { FetchRequest, JsonRpcProvider, Network, Wallet, type TransactionRequest } from "ethers";
import type { Address, Hex } from "../sdk/src/bytes.ts";
import { providerReader, type ChainReader } from "../sdk/src/deployment/view.ts";
import { MetalayerError } from "../sdk/src/errors.ts";

/** EIP-1193, as Ignition and Hardhat speak it. */
export interface Eip1193 {
  request(request: { readonly method: string; readonly params?: readonly unknown[] }): Promise<unknown>;
}

/** One rollup that can be reached, with or without the deployer's key. */
export interface Target {
  readonly name: string;
  readonly chainId: bigint;
  readonly url: string;
  readonly provider: Eip1193;
  /** Reads without a signer; logs from this block on. */
  reader(fromBlock: number): ChainReader;
  close(): Promise<void>;
}

export interface UrlTarget {
  readonly name: string;
  readonly chainId: bigint;
  readonly url: string;
  /** The deployer's private key; without it the target can only be read. */
  readonly key?: Hex;
}

const REQUEST_TIMEOUT_MS = 30_000;
const MOST_READS_AT_ONCE = 32;

/** A rollup by its node's URL. Throws `DEPLOYMENT_WRONG_CHAIN`, or `DEPLOYMENT_UNREACHABLE` if the node does not answer. */
export async function openUrl({ name, chainId, url, key }: UrlTarget): Promise<Target> {
  const request = new FetchRequest(url);
  request.timeout = REQUEST_TIMEOUT_MS;
  const network = Network.from(chainId);
  const options = { staticNetwork: network, cacheTimeout: -1, batchStallTime: 1, polling: true, pollingInterval: 100 };
  const rpc = new JsonRpcProvider(request, network, options);
  const wallet = key === undefined ? undefined : new Wallet(key, rpc);
  const provider: Eip1193 = {
    async request({ method, params = [] }): Promise<unknown> {
      if (method === "eth_accounts") return wallet === undefined ? [] : [wallet.address];
      if (method !== "eth_sendTransaction" || wallet === undefined) return rpc.send(method, [...params]);
      const signed = await wallet.signTransaction(transactionOf(params[0], chainId));
      return rpc.send("eth_sendRawTransaction", [signed]);
    },
  };
  await checkChain(name, chainId, provider, url);
  const reader = (fromBlock: number): ChainReader => bounded(providerReader(rpc, { fromBlock }));
  return { name, chainId, url, provider, reader, close: async () => rpc.destroy() };
}

/** The account that signs for a target. Throws `DEPLOYMENT_NO_KEY`. */
export async function signerOf(target: Target): Promise<Address> {
  const accounts = await target.provider.request({ method: "eth_accounts" });
  // CAST: JSON-RPC returns a list of addresses
  const [first] = accounts as Address[];
  if (first !== undefined) return first;
  throw new MetalayerError("DEPLOYMENT_NO_KEY", `no key to sign with on ${target.name}`, { rollup: target.name });
}

/**
 * Block before which a contract had no code, by halving; 0 if the node does not know old states. Nothing that the contract says lies before it.
 */
export async function birthBlock({ provider }: Target, address: Address): Promise<number> {
  const hasCode = async (block: number): Promise<boolean> => {
    const code = await provider.request({ method: "eth_getCode", params: [address, `0x${block.toString(16)}`] });
    return code !== "0x";
  };
  let [without, having] = [0, Number(await provider.request({ method: "eth_blockNumber" }))];
  try {
    if (!(await hasCode(having))) return having;
    while (having - without > 1) {
      const middle = Math.floor((without + having) / 2);
      if (await hasCode(middle)) having = middle;
      else without = middle;
    }
    return without;
  } catch {
    return 0;
  }
}

async function checkChain(name: string, chainId: bigint, provider: Eip1193, where: string): Promise<void> {
  const answer = await provider.request({ method: "eth_chainId" }).catch((cause: unknown) => {
    const info = { rollup: name, where };
    throw new MetalayerError("DEPLOYMENT_UNREACHABLE", `${name} does not answer at ${where}`, info, { cause });
  });
  const actual = BigInt(String(answer));
  if (actual === chainId) return;
  const message = `${where} is chain ${actual}, but ${name} has chain id ${chainId} in the parameters`;
  throw new MetalayerError("DEPLOYMENT_WRONG_CHAIN", message, { rollup: name, expected: chainId, actual });
}

/** JSON-RPC's transaction as ethers signs it: `gas` is `gasLimit` there, `from` is who signs. */
function transactionOf(given: unknown, chainId: bigint): TransactionRequest {
  // CAST: Ignition sends JSON-RPC transactions
  const { gas, from: _, ...rest } = given as Record<string, string>;
  return { ...rest, gasLimit: BigInt(gas ?? 0), nonce: Number(rest["nonce"]), chainId };
}

/** At most so many reads at once: public nodes turn away who asks hundreds of questions in one moment. */
function bounded(reader: ChainReader): ChainReader {
  let free = MOST_READS_AT_ONCE;
  const waiting: (() => void)[] = [];
  const limit = async <T>(work: () => Promise<T>): Promise<T> => {
    if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve));
    else free -= 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
  return {
    call: (to, data) => limit(() => reader.call(to, data)),
    create: (from, initCode) => limit(() => reader.create(from, initCode)),
    code: (address) => limit(() => reader.code(address)),
    storage: (address, slot) => limit(() => reader.storage(address, slot)),
    logs: (address, topic) => limit(() => reader.logs(address, topic)),
    time: () => limit(() => reader.time()),
  };
}
