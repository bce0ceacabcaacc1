import { keccak256, toUtf8Bytes, type Signer } from "ethers";
import hre from "hardhat";
import { attestationDigest, bitmapOf, encodeAttestation } from "../../sdk/src/attestation.ts";
import type { Hex } from "../../sdk/src/bytes.ts";
import { provePossession } from "../../sdk/src/possession.ts";
import {
  AccessManager__factory,
  ERC1967Proxy__factory,
  GuardianSet__factory,
  StakeWeightsMock__factory,
  type AccessManager,
  type GuardianSet,
  type StakeWeightsMock,
} from "../../typechain-types/index.js";
import { NETWORK_ID, signAs, testGuardians, type TestGuardian } from "./network.ts";

export type Connection = Awaited<ReturnType<typeof hre.network.create>>;

/** A guardian set alone on a rollup of its own, governed by `governor` through an AccessManager. */
export interface GuardianSetFixture {
  readonly connection: Connection;
  readonly networkId: Hex;
  readonly set: GuardianSet;
  readonly weights: StakeWeightsMock;
  readonly manager: AccessManager;
  readonly governor: Signer;
  /** The account that the set takes for its slashing contract. */
  readonly slashing: Signer;
  readonly anyone: Signer;
  readonly epochLength: number;
  readonly grace: number;
}

export interface GuardianSetOptions {
  readonly rollup?: string;
  readonly networkId?: Hex;
  readonly epochLength?: number;
  readonly grace?: number;
}

/** Expiry of bootstrap weights that is never reached. */
export const NEVER = 2n ** 40n;

/** An empty guardian set: no operator, no table. */
export async function deployGuardianSet(options: GuardianSetOptions = {}): Promise<GuardianSetFixture> {
  const { rollup = "rollupA", networkId = NETWORK_ID, epochLength = 3_600, grace = 600 } = options;
  const connection = await hre.network.create(rollup);
  const [governor, anyone, slashing] = await connection.ethers.getSigners();
  if (!governor || !anyone || !slashing) throw new Error("no accounts");
  // Another nonce on every rollup: no contract has the same address on two.
  for (let i = 0; i <= rollup.charCodeAt(rollup.length - 1) - 65; i++) await governor.sendTransaction({ to: governor });
  const manager = await new AccessManager__factory(governor).deploy(governor);
  const weights = await new StakeWeightsMock__factory(governor).deploy();
  const code = await new GuardianSet__factory(governor).deploy(networkId, weights, slashing);
  const call = code.interface.encodeFunctionData("initialize", [await manager.getAddress(), epochLength, grace]);
  const proxy = await new ERC1967Proxy__factory(governor).deploy(code, call);
  const set = GuardianSet__factory.connect(await proxy.getAddress(), governor);
  return { connection, networkId, set, weights, manager, governor, slashing, anyone, epochLength, grace };
}

/** Registers and admits guardians with these bootstrap weights. */
export async function admitAll(
  fixture: GuardianSetFixture,
  guardians: readonly TestGuardian[],
  bootstrapWeights: readonly bigint[],
): Promise<void> {
  for (const [index, guardian] of guardians.entries()) {
    await registerKey(fixture, guardian);
    await fixture.set.admit(guardian.operator, bootstrapWeights[index] ?? 0n, NEVER);
  }
}

/** Registers one guardian's key with its proof. */
export async function registerKey({ set, networkId }: GuardianSetFixture, guardian: TestGuardian): Promise<void> {
  await set.register(guardian.operator, guardian.key, provePossession(guardian.secret, networkId, guardian.operator));
}

/** A guardian set whose table 1 has guardians of these weights. */
export async function deployWithTable(
  bootstrapWeights: readonly bigint[],
  options: GuardianSetOptions = {},
): Promise<GuardianSetFixture & { readonly guardians: readonly TestGuardian[] }> {
  const fixture = await deployGuardianSet(options);
  const guardians = testGuardians(bootstrapWeights.length);
  await admitAll(fixture, guardians, bootstrapWeights);
  await fixture.set.rotate();
  return { ...fixture, guardians };
}

/** A guardian with a chosen secret key. */
export function guardianOf(secret: bigint, key: TestGuardian["key"], name: string): TestGuardian {
  return { secret, key, operator: `0x${keccak256(toUtf8Bytes(name)).slice(26)}` };
}

/** A root by name. */
export function rootOf(name: string): Hex {
  return `0x${keccak256(toUtf8Bytes(name)).slice(2)}`;
}

/** Attestation over a root by the guardians at these positions of the table. */
export function attestAs(
  guardians: readonly TestGuardian[],
  indexes: readonly number[],
  options: { readonly root?: Hex; readonly serial?: number; readonly networkId?: Hex } = {},
): Hex {
  const { root = rootOf("root"), serial = 1, networkId = NETWORK_ID } = options;
  const signers = indexes.map((index) => {
    const guardian = guardians[index];
    if (!guardian) throw new Error(`no guardian ${index}`);
    return guardian;
  });
  const signature = signAs(signers, attestationDigest(networkId, root));
  return encodeAttestation({ root, serial, signature, bitmap: bitmapOf(indexes) });
}

/** Moves time so that the next transaction has exactly this timestamp. */
export async function nextAt({ connection }: GuardianSetFixture, timestamp: bigint): Promise<void> {
  await connection.networkHelpers.time.setNextBlockTimestamp(timestamp);
}

/** Mines a block with this timestamp, in which views are then evaluated. */
export async function moveTo({ connection }: GuardianSetFixture, timestamp: bigint): Promise<void> {
  await connection.networkHelpers.time.increaseTo(timestamp);
}
