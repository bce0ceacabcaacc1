import {
  AbiCoder,
  encodeBytes32String,
  getCreateAddress,
  type BaseContract,
  type ContractTransactionResponse,
  type ErrorDescription,
  type Signer,
} from "ethers";
import hre from "hardhat";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import type { FactClass } from "../../sdk/src/fact.ts";
import { feeUnitsToWei } from "../../sdk/src/fees.ts";
import { KIND_MESSAGE, type Message } from "../../sdk/src/message.ts";
import { provePossession } from "../../sdk/src/possession.ts";
import {
  AccessManager__factory,
  Era__factory,
  ERC1967Proxy__factory,
  FeeController__factory,
  GuardianRewards__factory,
  GuardianSet__factory,
  GuardianStaking__factory,
  MetalayerGateway__factory,
  RollupRegistry__factory,
  StakeWeightsMock__factory,
  type AccessManager,
  type Era,
  type FeeController,
  type GuardianRewards,
  type GuardianSet,
  type GuardianStaking,
  type RollupRegistry,
} from "../../typechain-types/index.js";
import { invent } from "./invented.ts";
import {
  deliver,
  interop,
  NETWORK_ID,
  PRICES,
  TERMS,
  testGuardians,
  type TestGuardian,
  type TestRollup,
} from "./network.ts";

export const ETHER = 10n ** 18n;
export const SUPPLY = 1_000_000_000n * ETHER;
export const DAY = 86_400;
export const EPOCH = 3_600;
export const GRACE = 600;
export const UNBONDING = 14 * DAY;
export const EVIDENCE_WINDOW = 7 * DAY;
/** Limits that every rollup has for every other one. */
export const CAPACITY = 1_000_000n * ETHER;
export const SHARE = 3_000_000n * ETHER;

/** A rollup with all real contracts of the economy; `registry` and `feeController` are accounts without any right. */
export interface EconomyRollup extends TestRollup {
  readonly rollupRegistry: RollupRegistry;
  readonly era: Era;
  readonly fees: FeeController;
  readonly staking: GuardianStaking;
  readonly rewards: GuardianRewards;
  readonly fund: Signer;
  /** The account that the guardians' contracts take for the slashing contract. */
  readonly slashing: Signer;
  /** Holder of the whole supply, on home. */
  readonly holder: Signer;
}

export interface Economy {
  readonly networkId: typeof NETWORK_ID;
  readonly rollups: readonly EconomyRollup[];
  readonly guardians: readonly TestGuardian[];
}

export interface EconomyOptions {
  /** Equal addresses on all rollups, as a deployment has them. Default: different ones. */
  readonly sameAddresses?: boolean;
}

/** Deploys the economy on fresh rollups, the first of which is home, and joins all of them. */
export async function createEconomy(names: readonly string[], options: EconomyOptions = {}): Promise<Economy> {
  const guardians = testGuardians(4);
  const rollups: EconomyRollup[] = [];
  for (const [index, name] of names.entries()) {
    const connection = await hre.network.create(name);
    const homeChainId = rollups[0]?.chainId ?? (await connection.ethers.provider.getNetwork()).chainId;
    rollups.push(await deployEconomy(name, connection, options.sameAddresses ? 0 : index, homeChainId, guardians));
  }
  for (const rollup of rollups) for (const other of rollups) if (other !== rollup) await join(rollup, other);
  return { networkId: NETWORK_ID, rollups, guardians };
}

async function deployEconomy(
  name: string,
  connection: TestRollup["connection"],
  shift: number,
  homeChainId: bigint,
  guardians: readonly TestGuardian[],
): Promise<EconomyRollup> {
  const signers = await connection.ethers.getSigners();
  const at = (place: number): Signer => signers[place] as Signer; // CAST: twenty accounts exist
  const [deployer, inbox, executor, pauser] = [at(0), at(3), at(4), at(5)];
  for (let i = 0; i < shift; i++) await deployer.sendTransaction({ to: deployer });
  const first = await deployer.getNonce();
  const from = await deployer.getAddress();
  const predicted = (place: number): string => getCreateAddress({ from, nonce: first + place });
  const [registry, feeController, staking, rewards] = [predicted(7), predicted(9), predicted(11), predicted(13)];
  const manager = await new AccessManager__factory(deployer).deploy(deployer);
  const set = await new GuardianSet__factory(deployer).deploy(NETWORK_ID, staking, at(10));
  const guardianSet = GuardianSet__factory.connect(await proxy(deployer, set, [manager, EPOCH, GRACE]), deployer);
  const gatewayCode = await new MetalayerGateway__factory(deployer).deploy({
    networkId: NETWORK_ID,
    inbox,
    guardianSet,
    staking,
    feeController,
    registry,
    accessManager: manager,
    governanceExecutor: executor,
  });
  const gateway = MetalayerGateway__factory.connect(await proxy(deployer, gatewayCode, [manager]), deployer);
  const era = await new Era__factory(deployer).deploy(manager, gateway, registry, feeController, homeChainId, at(8));
  const registryCode = await new RollupRegistry__factory(deployer).deploy(gateway, era, 1n);
  const rollupRegistry = RollupRegistry__factory.connect(await proxy(deployer, registryCode, [manager]), deployer);
  const feesCode = await new FeeController__factory(deployer).deploy(era, gateway);
  const fees = FeeController__factory.connect(await proxy(deployer, feesCode, [manager, at(9), staking]), deployer);
  const wiring = { era, guardianSet, feeController, slashing: at(10), rewards };
  const staked = await deployStake(deployer, manager, staking, wiring);
  for (const [contract, address] of [
    [rollupRegistry, registry],
    [fees, feeController],
    [staked.staking, staking],
    [staked.rewards, rewards],
  ] as const) {
    if ((await contract.getAddress()) !== address) throw new Error(`${address} was predicted wrongly`);
  }

  await formTable(guardianSet, guardians);
  const { chainId } = await connection.ethers.provider.getNetwork();
  const weights = StakeWeightsMock__factory.connect(staking, deployer);
  const accounts = { registry: at(1), feeController: at(2), inbox, executor, pauser, user: at(6), relayer: at(7) };
  const contracts = { gateway, guardianSet, weights, manager, rollupRegistry, era, fees, ...staked };
  const others = { holder: at(8), fund: at(9), slashing: at(10) };
  return { name, connection, chainId, deployer, ...accounts, ...contracts, ...others };
}

/** Staking and rewards, four transactions of the deployer. */
async function deployStake(
  deployer: Signer,
  manager: AccessManager,
  stakingAddress: string,
  wiring: Parameters<GuardianStaking__factory["deploy"]>[0],
): Promise<Pick<EconomyRollup, "staking" | "rewards">> {
  const stakingCode = await new GuardianStaking__factory(deployer).deploy(wiring);
  const stakingProxy = await proxy(deployer, stakingCode, [manager, UNBONDING, EVIDENCE_WINDOW]);
  const rewardsCode = await new GuardianRewards__factory(deployer).deploy(
    wiring.era,
    stakingAddress,
    wiring.guardianSet,
  );
  return {
    staking: GuardianStaking__factory.connect(stakingProxy, deployer),
    rewards: GuardianRewards__factory.connect(await proxy(deployer, rewardsCode, [manager]), deployer),
  };
}

/** What an implementation of staking on this rollup is built with. */
export function stakingWiring({ era, guardianSet, fees, slashing, rewards }: EconomyRollup) {
  return { era, guardianSet, feeController: fees, slashing, rewards };
}

/** Admits the guardians with equal weights and forms the first table from them. */
async function formTable(guardianSet: GuardianSet, guardians: readonly TestGuardian[]): Promise<void> {
  for (const guardian of guardians) {
    const proof = provePossession(guardian.secret, NETWORK_ID, guardian.operator);
    await guardianSet.register(guardian.operator, guardian.key, proof);
    await guardianSet.admit(guardian.operator, 1_000n, 2n ** 40n);
  }
  await guardianSet.rotate();
}

/** Puts an implementation behind a proxy that is initialised in its creation. */
export async function proxy(deployer: Signer, implementation: BaseContract, args: readonly unknown[]): Promise<string> {
  const resolved = await Promise.all(args.map((arg) => (isAddressable(arg) ? arg.getAddress() : arg)));
  const call = implementation.interface.encodeFunctionData("initialize", resolved);
  return (await new ERC1967Proxy__factory(deployer).deploy(implementation, call)).getAddress();
}

function isAddressable(value: unknown): value is { getAddress(): Promise<string> } {
  return typeof value === "object" && value !== null && "getAddress" in value;
}

/** Admits `other` on `rollup` with prices, terms and ERA limits. */
async function join(rollup: EconomyRollup, other: EconomyRollup): Promise<void> {
  await rollup.rollupRegistry.admit({
    chainId: other.chainId,
    incarnation: 1n,
    gateway: other.gateway,
    anchorLog: other.deployer,
    stack: encodeBytes32String("evm"),
    finality: 2n,
    finalityDepth: 10n,
    era: other.era,
    ceiling: SHARE,
    eraCapacity: CAPACITY,
    status: 0n,
  });
  await rollup.fees.setPrices(other.chainId, PRICES);
  await rollup.fees.setInboundTerms(other.chainId, TERMS.guardianShare, TERMS.feeCapacity);
}

/** Sends ERA to an account on another rollup. */
export async function transfer(
  src: EconomyRollup,
  dst: EconomyRollup,
  sender: Signer,
  to: Signer,
  amount: bigint,
): Promise<ContractTransactionResponse> {
  const recipient = interop(dst, await to.getAddress());
  return src.era.connect(sender).crosschainTransfer(recipient, amount);
}

/** Buys credit in fee units for an account; the payer must hold the ERA. */
export async function buyCredit(rollup: EconomyRollup, payer: Signer, account: string, units: bigint): Promise<void> {
  await rollup.era.connect(payer).approve(rollup.fees, feeUnitsToWei(units));
  await rollup.fees.connect(payer).buyCredit(account, feeUnitsToWei(units));
}

/** Remembers the state of all rollups; the function that it returns goes back there, as often as wanted. */
export async function remember(net: Economy): Promise<() => Promise<void>> {
  const take = async () => Promise.all(net.rollups.map(({ connection }) => connection.networkHelpers.takeSnapshot()));
  const snapshots = await take();
  return async () => {
    for (const snapshot of snapshots) await snapshot.restore();
  };
}

/** The newest messages of a lane, delivered: all from `from` on. */
export async function deliverFrom(net: Economy, src: EconomyRollup, dst: EconomyRollup, from = 0n, serial = 1) {
  return deliver(net, src, dst, { from, serial });
}

/** Decoded reasons of all messages that failed in a delivery to Era. */
export async function failures(dst: EconomyRollup, tx: ContractTransactionResponse): Promise<ErrorDescription[]> {
  const receipt = await tx.wait();
  const events = await dst.gateway.queryFilter(dst.gateway.filters.MessageFailed(), receipt?.blockNumber);
  return events.flatMap((event) => dst.era.interface.parseError(event.args.reason) ?? []);
}

/** What an ERA transfer carries, as OpenZeppelin's bridge encodes it. */
export function eraPayload(src: EconomyRollup, from: string, to: string, amount: bigint): Hex {
  const values = [interop(src, from), to, amount];
  return AbiCoder.defaultAbiCoder().encode(["bytes", "bytes", "uint256"], values) as Hex; // CAST: ethers returns hex
}

/** A message as a captured source invents it. */
export type Invented = Pick<Message, "sender" | "recipient" | "payload">;

export interface ForgeOptions {
  /** Net fee of every message, in fee units. */
  readonly fee?: bigint;
  readonly serial?: number;
  /** Default: `final`. */
  readonly class?: FactClass;
  /** The same nonces as the last time. */
  readonly repeat?: boolean;
}

const forged = new WeakMap<EconomyRollup, { from: bigint; to: bigint }>();

/** Delivers messages that the source's gateway never sent: what a captured source makes honest guardians sign. */
export async function forge(
  net: Economy,
  src: EconomyRollup,
  dst: EconomyRollup,
  invented: readonly Invented[],
  { fee = 0n, repeat = false, ...options }: ForgeOptions = {},
): Promise<ContractTransactionResponse> {
  const last = forged.get(dst) ?? { from: 10_000n, to: 10_000n };
  const from = repeat ? last.from : last.to;
  forged.set(dst, { from, to: from + BigInt(invented.length) });
  const rest = { kind: KIND_MESSAGE, gasLimit: 200_000n, fee } as const;
  const messages = invented.map((message, index) => ({ ...message, ...rest, nonce: from + BigInt(index) }));
  const { attestation, batches } = await invent(net, src, dst, messages, options);
  return dst.gateway.connect(dst.relayer).relay(attestation, batches, { gasLimit: 16_000_000n });
}

/** Address of an account or a contract, as the sdk types it. */
export async function addressOf(account: { getAddress(): Promise<string> }): Promise<Address> {
  return (await account.getAddress()).toLowerCase() as Address; // CAST: ethers returns an address
}
