import { JsonRpcProvider, NonceManager, HDNodeWallet, keccak256, toUtf8Bytes } from "ethers";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import { formatEvmAccount } from "../../sdk/src/interop.ts";
import { provePossession } from "../../sdk/src/possession.ts";
import { modN, publicKey } from "../../sdk/src/schnorr.ts";
import type { Anvil } from "../../scripts/devnet/anvil.ts";
import { DEV_MNEMONIC, startAnvil } from "../../scripts/devnet/anvil.ts";
import type { FaultyProxy } from "../../scripts/devnet/faulty-proxy.ts";
import { startFaultyProxy } from "../../scripts/devnet/faulty-proxy.ts";
import type { MetalayerGateway, GuardianSet, RecipientMock } from "../../typechain-types/index.js";
import {
  AccessManager__factory,
  ERC1967Proxy__factory,
  GuardianSet__factory,
  MetalayerGateway__factory,
  RecipientMock__factory,
  StakeWeightsMock__factory,
} from "../../typechain-types/index.js";

/** Several rollups as real node processes with the real gateway and guardian set, each behind three endpoints that can fail. */
export interface AnvilNetwork {
  readonly networkId: Hex;
  readonly rollups: readonly AnvilRollup[];
  readonly guardians: readonly GuardianSeat[];
  close(): Promise<void>;
}

export interface GuardianSeat {
  readonly secret: bigint;
  /** Sends its operator's transactions. */
  readonly operator: HDNodeWallet;
}

export interface AnvilRollup {
  readonly name: string;
  readonly chainId: bigint;
  readonly anvil: Anvil;
  readonly proxies: readonly FaultyProxy[];
  readonly provider: JsonRpcProvider;
  readonly gateway: MetalayerGateway;
  readonly guardianSet: GuardianSet;
  /** Accepts everything at first; opted in to `fast` from everywhere. */
  readonly recipient: RecipientMock;
  /** Its settings as guardians and relayers get them, except the URLs. */
  readonly settings: RollupSettings;
  /** Mines one block, or several. */
  mine(blocks?: number): Promise<void>;
  /** Mines a block every so many milliseconds; 0 stops it. */
  mineEvery(ms: number): void;
}

export interface RollupSettings {
  readonly name: string;
  readonly chainId: number;
  readonly rpc: readonly string[];
  readonly blockTimeMs: number;
  readonly finality:
    { readonly kind: "tag"; readonly tag: "finalized" } | { readonly kind: "depth"; readonly blocks: number };
  readonly contracts: { readonly gateway: string; readonly guardianSet: string; readonly guardianSlashing?: string };
}

export interface NetworkOptions {
  readonly rollups?: number;
  readonly guardians?: number;
  readonly blockTimeMs?: number;
  /** Blocks below the newest that are final. */
  readonly finalityBlocks?: number;
  readonly epochLength?: bigint;
  readonly payFees?: boolean;
}

const FIRST_CHAIN_ID = 9_101;
const PRICES = {
  basePrice: 2_000n,
  pricePerByte: 5_000n,
  pricePerKGas: 20_000n,
  fundShare: 100n,
  burnShare: 50n,
  maxGasLimit: 9_999_360n,
};

export const TEST_NETWORK_ID: Hex = `0x${keccak256(toUtf8Bytes("anvil test network")).slice(2)}`;

/** Accounts of the development mnemonic. 0 deploys, 1 relays, 2 relays too, 3 sends, 10 and up are the guardians' operators. */
export function devWallet(index: number, provider?: JsonRpcProvider): HDNodeWallet {
  const wallet = HDNodeWallet.fromPhrase(DEV_MNEMONIC, "", `m/44'/60'/0'/0/${index}`);
  return provider === undefined ? wallet : wallet.connect(provider);
}

export function guardianSecret(index: number): bigint {
  return modN(BigInt(keccak256(toUtf8Bytes(`anvil guardian ${index}`))));
}

export async function startAnvilNetwork(options: NetworkOptions = {}): Promise<AnvilNetwork> {
  const count = options.guardians ?? 5;
  const guardians = Array.from({ length: count }, (_, index) => ({
    secret: guardianSecret(index),
    operator: devWallet(10 + index),
  }));
  const rollups = await Promise.all(
    Array.from({ length: options.rollups ?? 2 }, (_, index) => startRollup(index, guardians, options)),
  );
  for (const rollup of rollups) {
    for (const other of rollups) if (other !== rollup) await openLanes(rollup, other);
  }
  for (const { anvil } of rollups) await anvil.rpc("evm_setAutomine", false);
  return {
    networkId: TEST_NETWORK_ID,
    rollups,
    guardians,
    async close() {
      for (const rollup of rollups) rollup.mineEvery(0);
      await Promise.all(
        rollups.map(async ({ anvil, proxies, provider }) => {
          provider.destroy();
          await Promise.all(proxies.map((proxy) => proxy.close()));
          await anvil.stop();
        }),
      );
    },
  };
}

async function startRollup(
  index: number,
  guardians: readonly GuardianSeat[],
  options: NetworkOptions,
): Promise<AnvilRollup> {
  const name = `rollup${"ABCDEFGH"[index]}`;
  const chainId = FIRST_CHAIN_ID + index;
  const anvil = await startAnvil({ name, chainId });
  const proxies = await Promise.all([1, 2, 3].map((seed) => startFaultyProxy({ upstream: anvil.url, seed })));
  const provider = new JsonRpcProvider(anvil.url, undefined, {
    staticNetwork: true,
    pollingInterval: 25,
    cacheTimeout: -1,
  });
  const deployer = devWallet(0, provider);
  // Other nonces, so other addresses, on every rollup.
  for (let i = 0; i <= index; i++) await (await deployer.sendTransaction({ to: deployer })).wait();
  const signer = new NonceManager(deployer);
  const manager = await new AccessManager__factory(signer).deploy(deployer);
  const weights = await new StakeWeightsMock__factory(signer).deploy();
  const setCode = await new GuardianSet__factory(signer).deploy(TEST_NETWORK_ID, weights, devWallet(27));
  const setCall = setCode.interface.encodeFunctionData("initialize", [
    await manager.getAddress(),
    options.epochLength ?? 86_400n,
    (options.epochLength ?? 86_400n) / 2n,
  ]);
  const setProxy = await new ERC1967Proxy__factory(signer).deploy(setCode, setCall);
  const guardianSet = GuardianSet__factory.connect(await setProxy.getAddress(), signer);
  const gatewayCode = await new MetalayerGateway__factory(signer).deploy({
    networkId: TEST_NETWORK_ID,
    inbox: devWallet(28),
    guardianSet,
    staking: weights,
    feeController: deployer,
    registry: deployer,
    accessManager: manager,
    governanceExecutor: devWallet(29),
  });
  const gatewayCall = gatewayCode.interface.encodeFunctionData("initialize", [await manager.getAddress()]);
  const gatewayProxy = await new ERC1967Proxy__factory(signer).deploy(gatewayCode, gatewayCall);
  const gateway = MetalayerGateway__factory.connect(await gatewayProxy.getAddress(), signer);
  for (const { secret, operator } of guardians) {
    const proof = provePossession(secret, TEST_NETWORK_ID, operator.address as Address); // CAST: ethers returns an address
    await guardianSet.register(operator, publicKey(secret), proof);
    await guardianSet.admit(operator, 1_000n, 2n ** 40n);
  }
  await (await guardianSet.rotate()).wait();
  const recipient = await new RecipientMock__factory(signer).deploy();
  const parts = { name, chainId: BigInt(chainId), anvil, proxies, provider, gateway, guardianSet, recipient };
  const settings = {
    name,
    chainId,
    rpc: proxies.map(({ url }) => url),
    blockTimeMs: options.blockTimeMs ?? 1_000,
    finality: { kind: "depth" as const, blocks: options.finalityBlocks ?? 2 },
    contracts: { gateway: await gateway.getAddress(), guardianSet: await guardianSet.getAddress() },
  };
  return { ...parts, settings, ...miner(anvil) };
}

function miner(anvil: Anvil): Pick<AnvilRollup, "mine" | "mineEvery"> {
  let timer: NodeJS.Timeout | undefined;
  const mine = async (blocks = 1): Promise<void> => {
    for (let i = 0; i < blocks; i++) await anvil.rpc("evm_mine");
  };
  return {
    mine,
    mineEvery(ms) {
      clearInterval(timer);
      if (ms > 0) timer = setInterval(() => void mine().catch(() => undefined), ms);
    },
  };
}

async function openLanes(rollup: AnvilRollup, other: AnvilRollup): Promise<void> {
  const { gateway, recipient } = rollup;
  const address = await other.gateway.getAddress();
  await gateway.openLane({ chainId: other.chainId, ownIncarnation: 1n, incarnation: 1n, gateway: address });
  await gateway.setPrices(other.chainId, PRICES);
  await gateway.setInboundTerms(other.chainId, 300n, 1_000_000n * 10n ** 9n);
  const optIn = gateway.interface.encodeFunctionData("setFastLimit", [
    await recipient.getAddress(),
    other.chainId,
    1_000_000n,
  ]);
  await (await recipient.call(await gateway.getAddress(), optIn)).wait();
}

/** Sends messages from one account, without waiting for blocks. Returns their transactions' hashes. */
export async function sendMessages(
  src: AnvilRollup,
  dst: AnvilRollup,
  payloads: readonly string[],
  options: { readonly account?: number; readonly recipient?: string; readonly attributes?: readonly string[] } = {},
): Promise<string[]> {
  const wallet = devWallet(options.account ?? 3, src.provider);
  let nonce = await src.provider.getTransactionCount(wallet.address, "pending");
  const recipient = options.recipient ?? (await dst.recipient.getAddress());
  const to = formatEvmAccount({ chainId: dst.chainId, address: recipient as Address }); // CAST: callers pass addresses
  const hashes: string[] = [];
  for (const payload of payloads) {
    const call = src.gateway.interface.encodeFunctionData("sendMessage", [
      to,
      payload,
      [...(options.attributes ?? [])],
    ]);
    const sent = await wallet.signTransaction({
      type: 2,
      chainId: src.chainId,
      nonce: nonce++,
      to: await src.gateway.getAddress(),
      data: call,
      gasLimit: 400_000n,
      maxFeePerGas: 10n ** 11n,
      maxPriorityFeePerGas: 10n ** 9n,
    });
    hashes.push(String(await src.anvil.rpc("eth_sendRawTransaction", sent)));
  }
  return hashes;
}

/** Replaces the newest blocks by others, the first of which holds a transfer, so that not one of them is the same again. */
export async function reorg({ anvil }: Pick<AnvilRollup, "anvil">, depth: number): Promise<void> {
  const { address } = devWallet(20);
  await anvil.rpc("anvil_reorg", depth, [[{ from: address, to: address, value: "0x1", gas: "0x5208" }, 0]]);
}

/** Looks again and again whether something has happened, so many times: looks take longer where everything else does. */
export async function until(what: string, condition: () => Promise<boolean> | boolean, looks = 2_000): Promise<void> {
  for (let left = looks; !(await condition()); left--) {
    if (left === 0) throw new Error(`did not happen in ${looks} looks: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
