import { keccak256, toUtf8Bytes, type ContractTransactionResponse, type Signer } from "ethers";
import hre from "hardhat";
import { bitmapOf, attestationDigest, encodeAttestation } from "../../sdk/src/attestation.ts";
import { encodeBatches, type Batch, type BatchEntry } from "../../sdk/src/batch.ts";
import { ZERO_HASH, type Address, type Hex } from "../../sdk/src/bytes.ts";
import { CLASS_FINAL, factProof, networkRoot, type FactClass } from "../../sdk/src/fact.ts";
import { buildBatch, proveRange, type LaneRange, type ProvenRange } from "../../sdk/src/lane.ts";
import { chainHeads, messageHash, unpackHeader, type Message } from "../../sdk/src/message.ts";
import { provePossession } from "../../sdk/src/possession.ts";
import { laneId, type Lane } from "../../sdk/src/route.ts";
import { CHALLENGE_TAG, challenge, GROUP_ORDER, isEven, modN, publicKey, type Point } from "../../sdk/src/schnorr.ts";
import {
  AccessManager__factory,
  ERC1967Proxy__factory,
  GuardianSet__factory,
  StakeWeightsMock__factory,
  type AccessManager,
  type GuardianSet,
  type MetalayerGateway,
  type StakeWeightsMock,
} from "../../typechain-types/index.js";
import { deployGateway } from "./gatewayCode.ts";

type Connection = Awaited<ReturnType<typeof hre.network.create>>;

/** A guardian's key pair as tests hold it; `index` is its place in every table. */
export interface TestGuardian {
  readonly secret: bigint;
  readonly key: Point;
  readonly operator: Address;
}

/** One in-process rollup with the real gateway and guardian set; registry and fee controller are plain accounts. */
export interface TestRollup {
  readonly name: string;
  readonly connection: Connection;
  readonly chainId: bigint;
  readonly gateway: MetalayerGateway;
  readonly guardianSet: GuardianSet;
  readonly weights: StakeWeightsMock;
  readonly manager: AccessManager;
  readonly deployer: Signer;
  readonly registry: Signer;
  readonly feeController: Signer;
  readonly inbox: Signer;
  readonly executor: Signer;
  readonly pauser: Signer;
  readonly user: Signer;
  readonly relayer: Signer;
}

export interface TestNetwork {
  readonly networkId: Hex;
  readonly rollups: readonly TestRollup[];
  readonly guardians: readonly TestGuardian[];
}

export const NETWORK_ID = keccak256(toUtf8Bytes("test network")) as Hex; // CAST: ethers returns hex

export const PRICES = {
  basePrice: 2_000n,
  pricePerByte: 5_000n,
  pricePerKGas: 20_000n,
  fundShare: 100n,
  burnShare: 50n,
  maxGasLimit: 10_000_000n - (10_000_000n % 1024n),
};
export const TERMS = { guardianShare: 300n, feeCapacity: 1_000_000n * 10n ** 9n };
const PAUSER_ROLE = 7n;
const WEIGHT = 1_000n;
const DAY = 86_400n;

/** Guardians with fixed keys. */
export function testGuardians(count: number): TestGuardian[] {
  return Array.from({ length: count }, (_, index) => {
    const secret = modN(BigInt(keccak256(toUtf8Bytes(`test guardian ${index}`))));
    const operator: Address = `0x${keccak256(toUtf8Bytes(`test operator ${index}`)).slice(26)}`; // CAST: 20 bytes
    return { secret, key: publicKey(secret), operator };
  });
}

/** Deploys on fresh in-process rollups, at different addresses on each, and opens the lanes between all of them. */
export async function createTestNetwork(
  names: readonly string[] = ["rollupA", "rollupB"],
  guardianCount = 4,
): Promise<TestNetwork> {
  const guardians = testGuardians(guardianCount);
  const rollups: TestRollup[] = [];
  for (const [index, name] of names.entries()) rollups.push(await deployRollup(name, index, guardians));
  for (const rollup of rollups) {
    for (const other of rollups) if (other !== rollup) await openLanes(rollup, other);
    // The fee buckets fill up in a day.
    await rollup.connection.networkHelpers.time.increase(DAY);
  }
  return { networkId: NETWORK_ID, rollups, guardians };
}

async function deployRollup(name: string, index: number, guardians: readonly TestGuardian[]): Promise<TestRollup> {
  const connection = await hre.network.create(name);
  const signers = await connection.ethers.getSigners();
  const at = (place: number): Signer => signers[place] as Signer; // CAST: twenty accounts exist
  const deployer = at(0);
  // Different deployer nonces: no contract has the same address on two rollups.
  for (let i = 0; i <= index; i++) await deployer.sendTransaction({ to: deployer });
  const manager = await new AccessManager__factory(deployer).deploy(deployer);
  const weights = await new StakeWeightsMock__factory(deployer).deploy();
  const code = await new GuardianSet__factory(deployer).deploy(NETWORK_ID, weights, at(8));
  const initialize = code.interface.encodeFunctionData("initialize", [await manager.getAddress(), 30n * DAY, DAY]);
  const proxy = await new ERC1967Proxy__factory(deployer).deploy(code, initialize);
  const guardianSet = GuardianSet__factory.connect(await proxy.getAddress(), deployer);
  const [registry, feeController, inbox, executor] = [at(1), at(2), at(3), at(4)];
  const wiring = { deployer, manager, guardianSet, weights, registry, feeController, inbox, executor };
  const gateway = await deployGateway(wiring);
  const pauser = at(5);
  await manager.setTargetFunctionRole(gateway, [gateway.interface.getFunction("pause").selector], PAUSER_ROLE);
  await manager.grantRole(PAUSER_ROLE, pauser, 0);
  for (const guardian of guardians) {
    const proof = provePossession(guardian.secret, NETWORK_ID, guardian.operator);
    await guardianSet.register(guardian.operator, guardian.key, proof);
    await guardianSet.admit(guardian.operator, WEIGHT, 2n ** 40n);
  }
  await guardianSet.rotate();
  const { chainId } = await connection.ethers.provider.getNetwork();
  return { name, connection, chainId, ...wiring, gateway, pauser, user: at(6), relayer: at(7) };
}

/** Admits `other` on `rollup` in the given incarnations, with prices and terms. */
export async function openLanes(rollup: TestRollup, other: TestRollup, own = 1n, incarnation = 1n): Promise<void> {
  const gateway = await other.gateway.getAddress();
  const admission = { chainId: other.chainId, ownIncarnation: own, incarnation, gateway };
  await rollup.gateway.connect(rollup.registry).openLane(admission);
  const asFeeController = rollup.gateway.connect(rollup.feeController);
  await asFeeController.setPrices(other.chainId, PRICES);
  await asFeeController.setInboundTerms(other.chainId, TERMS.guardianShare, TERMS.feeCapacity);
}

/** The lane between two rollups as the sdk sees it. */
export async function laneOf(src: TestRollup, dst: TestRollup): Promise<Lane> {
  const out = await src.gateway.outLane(dst.chainId);
  return {
    networkId: NETWORK_ID,
    srcChainId: src.chainId,
    dstChainId: dst.chainId,
    srcIncarnation: out.ownIncarnation,
    dstIncarnation: out.incarnation,
    srcGateway: (await src.gateway.getAddress()) as Address, // CAST: ethers returns an address
    dstGateway: (await dst.gateway.getAddress()) as Address, // CAST: ethers returns an address
  };
}

/** All messages of the running lane, from the gateway's own events. */
export async function sentMessages(src: TestRollup, dst: TestRollup): Promise<Message[]> {
  const { gateway } = src;
  const lane = await laneOf(src, dst);
  const accepted = await gateway.queryFilter(gateway.filters.MessageAccepted(undefined, dst.chainId));
  const messages: Message[] = [];
  for (const event of accepted) {
    const [sent] = await gateway.queryFilter(gateway.filters.MessageSent(event.args.sendId), event.blockNumber);
    if (sent === undefined) throw new Error(`no MessageSent for ${event.args.sendId}`);
    const message: Message = {
      ...unpackHeader(event.args.header),
      sender: `0x${sent.args.sender.slice(-40)}`,
      recipient: `0x${sent.args.recipient.slice(-40)}`,
      payload: sent.args.payload as Hex, // CAST: ethers returns hex
    };
    if (messageHash(NETWORK_ID, lane, message) === event.args.sendId) messages.push(message);
  }
  return messages;
}

export interface RangeOptions {
  readonly class?: FactClass;
  readonly from?: bigint;
  readonly to?: bigint;
  readonly srcBlockHash?: Hex;
}

/** A provable range of the lane; by default all its messages, class `final`. */
export async function rangeOf(src: TestRollup, dst: TestRollup, options: RangeOptions = {}): Promise<LaneRange> {
  const lane = await laneOf(src, dst);
  const all = await sentMessages(src, dst);
  const from = options.from ?? 0n;
  const before = all.slice(0, Number(from)).map((message) => messageHash(NETWORK_ID, lane, message));
  const latest = await src.connection.ethers.provider.getBlock("latest");
  const factClass = options.class ?? CLASS_FINAL;
  return {
    lane,
    class: factClass,
    headBefore: chainHeads(laneId(lane), before),
    messages: all.slice(Number(from), options.to === undefined ? undefined : Number(options.to)),
    srcBlockHash: factClass === CLASS_FINAL ? ZERO_HASH : (options.srcBlockHash ?? (latest?.hash as Hex) ?? ZERO_HASH), // CAST: block hash
  };
}

/** A BIP-340 signature under the sum of the signers' keys, as an honest session of all of them would end. */
export function signAs(signers: readonly TestGuardian[], digest: Hex): { rx: bigint; ry: bigint; s: bigint } {
  const sum = modN(signers.reduce((total, guardian) => total + guardian.secret, 0n));
  const point = publicKey(sum);
  const d = isEven(point) ? sum : GROUP_ORDER - sum;
  const k0 = modN(BigInt(keccak256(`0x${d.toString(16).padStart(64, "0")}${digest.slice(2)}`)));
  const R = publicKey(k0);
  const k = isEven(R) ? k0 : GROUP_ORDER - k0;
  const even = publicKey(k);
  return { rx: even.x, ry: even.y, s: modN(k + challenge(CHALLENGE_TAG, even.x, point.x, digest) * d) };
}

/** Attestation over facts by the guardians with these indexes (default: all). */
export function attest(net: TestNetwork, root: Hex, indexes?: readonly number[], serial = 1): Hex {
  const signers = indexes ?? net.guardians.map((_, index) => index);
  const keys = signers.map((index) => net.guardians[index] as TestGuardian); // CAST: callers name existing guardians
  const signature = signAs(keys, attestationDigest(net.networkId, root));
  return encodeAttestation({ root, serial, signature, bitmap: bitmapOf(signers) });
}

export interface Delivery {
  readonly attestation: Hex;
  readonly batches: Hex;
  readonly batch: Batch;
  readonly proven: ProvenRange;
}

export interface DeliveryOptions extends RangeOptions {
  readonly part?: { readonly from: bigint; readonly to: bigint };
  readonly gasBoost?: bigint;
  readonly signers?: readonly number[];
  readonly serial?: number;
  /** Facts about other lanes in the same tree. */
  readonly otherFacts?: readonly Hex[];
  /** Changes entries before encoding. */
  readonly edit?: (entry: BatchEntry, index: number) => BatchEntry;
}

/** Attestation and packed batch for a range of the lane. */
export async function prepareDelivery(
  net: TestNetwork,
  src: TestRollup,
  dst: TestRollup,
  options: DeliveryOptions = {},
): Promise<Delivery> {
  const range = await rangeOf(src, dst, options);
  const proven = proveRange(range);
  const facts = [proven.factHash, ...(options.otherFacts ?? [])];
  const built = buildBatch(range, proven, {
    factProof: factProof(facts, proven.factHash),
    ...(options.part ?? {}),
    ...(options.gasBoost === undefined ? {} : { gasBoost: options.gasBoost }),
  });
  const batch = options.edit === undefined ? built : { ...built, entries: built.entries.map(options.edit) };
  const attestation = attest(net, networkRoot(facts), options.signers, options.serial);
  return { attestation, batches: encodeBatches([batch]), batch, proven };
}

/** Prepares and relays. */
export async function deliver(
  net: TestNetwork,
  src: TestRollup,
  dst: TestRollup,
  options: DeliveryOptions = {},
): Promise<ContractTransactionResponse> {
  const { attestation, batches } = await prepareDelivery(net, src, dst, options);
  return dst.gateway.connect(dst.relayer).relay(attestation, batches, { gasLimit: 16_000_000n });
}

/** ERC-7930 bytes of an account on a rollup. */
export function interop(rollup: { readonly chainId: bigint }, account: string): Hex {
  const reference = rollup.chainId.toString(16);
  const even = reference.length % 2 === 0 ? reference : `0${reference}`;
  return `0x00010000${(even.length / 2).toString(16).padStart(2, "0")}${even}14${account.slice(2).toLowerCase()}`;
}
