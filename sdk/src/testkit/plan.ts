import { getCreate2Address, Interface, toUtf8Bytes, type InterfaceAbi } from "ethers";
import { concatBytes, fixedBytes, fromHex, hashText, hashWords, keccak, toAddress, toHex } from "../bytes.ts";
import type { Address, Hex } from "../bytes.ts";
import type { Prices } from "../fees.ts";

/** Hash of the code that OpenZeppelin's Create3 places first; the contract is what that code creates. */
const CREATE3_PROXY_HASH = "0x57a34f6e879358dd76825d6700df87013ad6a3fb43c0d0c602f70a8772c153bd";

/** The protocol's contracts on one rollup, with the artifact behind each. */
const CORE = {
  accessManager: "AccessManager",
  stack: "EvmStack",
  anchorLog: "AnchorLog",
  guardianSet: "GuardianSet",
  guardianStaking: "GuardianStaking",
  feeController: "FeeController",
  era: "Era",
  rollupRegistry: "RollupRegistry",
  stateRootInbox: "StateRootInbox",
  gateway: "MetalayerGateway",
} as const;

/** Name of one of the protocol's contracts. */
export type CoreName = keyof typeof CORE;

/** Where the protocol's contracts of one rollup stand. */
export type CoreAddresses = Readonly<Record<CoreName, Address>>;

/** What decides the addresses, and nothing else does: the CREATE3 factory, who calls it, and a salt. */
export interface CorePlace {
  readonly factory: Address;
  readonly deployer: Address;
  readonly salt: Hex;
}

/** Everything that the contracts of one rollup are built with. Times in seconds. */
export interface CoreParameters {
  readonly place: CorePlace;
  readonly networkId: Hex;
  readonly homeChainId: bigint;
  /** First administrator of the AccessManager. */
  readonly administrator: Address;
  /** The one recipient whose deliveries no pause stops. */
  readonly governanceExecutor: Address;
  /** Receives the whole supply on home. */
  readonly genesisHolder: Address;
  /** Receives the fund share of fees. */
  readonly fund: Address;
  readonly incarnation: bigint;
  readonly stack: "EvmStack" | "ArbitrumStack";
  readonly heartbeat: bigint;
  readonly epochLength: bigint;
  readonly grace: bigint;
  readonly unbonding: bigint;
  readonly evidenceWindow: bigint;
}

/** One contract to create through the factory: artifact, salt, constructor arguments, and the address that results. */
export interface CoreDeployment {
  readonly id: string;
  readonly contract: string;
  readonly salt: Hex;
  readonly address: Address;
  readonly args: readonly unknown[];
}

/** One call of the administrator. */
export interface CoreCall {
  readonly id: string;
  readonly contract: string;
  readonly address: Address;
  readonly method: string;
  readonly args: readonly unknown[];
}

/** Address that the factory gives to a contract of `deployer` with `salt`, whatever its code. */
export function create3Address(factory: Address, deployer: Address, salt: Hex): Address {
  const creator = fromHex(getCreate2Address(factory, hashWords([deployer, salt]), CREATE3_PROXY_HASH));
  // RLP of [creator, 1]: what a contract creates first.
  const created = keccak(concatBytes([Uint8Array.of(0xd6, 0x94), creator, Uint8Array.of(0x01)]));
  return toAddress(fixedBytes("hash", created, 32).subarray(12));
}

/** Where the contracts of a rollup will stand; the same place gives the same addresses on every rollup. */
export function coreAddresses(place: CorePlace): CoreAddresses {
  const at = (name: CoreName): Address => create3Address(place.factory, place.deployer, saltOf(place, name));
  return {
    accessManager: at("accessManager"),
    stack: at("stack"),
    anchorLog: at("anchorLog"),
    guardianSet: at("guardianSet"),
    guardianStaking: at("guardianStaking"),
    feeController: at("feeController"),
    era: at("era"),
    rollupRegistry: at("rollupRegistry"),
    stateRootInbox: at("stateRootInbox"),
    gateway: at("gateway"),
  };
}

/**
 * The contracts of one rollup in the order in which they must be created. Each depends only on earlier ones, on addresses known beforehand
 * and on its own arguments, so a deployment that was cut off goes on with the first address that has no code.
 */
export function coreDeployments(parameters: CoreParameters): CoreDeployment[] {
  const { place, networkId: id, homeChainId, administrator, governanceExecutor } = parameters;
  const core = coreAddresses(place);
  const { accessManager, guardianSet, guardianStaking: staking, feeController, era, gateway } = core;
  const { rollupRegistry: registry, stateRootInbox: inbox } = core;
  const plain = (name: CoreName, args: readonly unknown[], contract: string = CORE[name]): CoreDeployment => ({
    id: name,
    contract,
    salt: saltOf(place, name),
    address: core[name],
    args,
  });
  const proxied = (name: CoreName, args: readonly unknown[], ...setup: readonly unknown[]): CoreDeployment[] =>
    behindProxy(place, name, args, setup);
  const wiring = {
    networkId: id,
    inbox,
    guardianSet,
    staking,
    feeController,
    registry,
    accessManager,
    governanceExecutor,
  };
  return [
    plain("accessManager", [administrator]),
    plain("stack", [], parameters.stack),
    plain("anchorLog", [core.stack, parameters.heartbeat]),
    ...proxied("guardianSet", [id, staking], accessManager, parameters.epochLength, parameters.grace),
    ...proxied(
      "guardianStaking",
      [era, guardianSet, feeController],
      accessManager,
      parameters.unbonding,
      parameters.evidenceWindow,
    ),
    ...proxied("feeController", [era, gateway], accessManager, parameters.fund, staking),
    plain("era", [accessManager, gateway, registry, feeController, homeChainId, parameters.genesisHolder]),
    ...proxied("rollupRegistry", [gateway, era, parameters.incarnation], accessManager),
    ...proxied("stateRootInbox", [id, guardianSet, registry], accessManager),
    ...proxied("gateway", [wiring], accessManager),
  ];
}

/** Another rollup as one rollup admits it, with its prices and limits. */
export interface Admission {
  readonly chainId: bigint;
  readonly incarnation: bigint;
  readonly gateway: Address;
  readonly anchorLog: Address;
  readonly era: Address;
  /** Short name of its stack family. */
  readonly stack: string;
  /** Depth in blocks below the head at which its blocks are final; 0: its node's `finalized` tag. */
  readonly finalityDepth: bigint;
  /** Wei of ERA: this rollup's share of the other's ceiling, and what it accepts at once. */
  readonly ceiling: bigint;
  readonly eraCapacity: bigint;
  readonly prices: Prices;
  /** Per mille of delivered fees. */
  readonly guardianShare: bigint;
  /** Fee units a day, whole ERA. */
  readonly feeCapacity: bigint;
}

/** Registry's numbers for a finality policy. */
const FINALITY_TAG = 1n;
const FINALITY_DEPTH = 2n;

/** Calls by which a rollup admits another: lanes, ERA limits, prices and terms. */
export function admissionCalls(own: CoreAddresses, other: Admission): CoreCall[] {
  const { chainId, prices, guardianShare, feeCapacity, ...entry } = other;
  const rollup = {
    ...entry,
    chainId,
    stack: toHex(fixedBytes("stack", textWord(other.stack), 32)),
    finality: other.finalityDepth === 0n ? FINALITY_TAG : FINALITY_DEPTH,
    status: 0n,
  };
  const fees = (method: string, args: readonly unknown[]): CoreCall => ({
    id: `${method}_${chainId}`,
    contract: CORE.feeController,
    address: own.feeController,
    method,
    args: [chainId, ...args],
  });
  return [
    {
      id: `admit_${chainId}`,
      contract: CORE.rollupRegistry,
      address: own.rollupRegistry,
      method: "admit",
      args: [rollup],
    },
    fees("setPrices", [prices]),
    fees("setInboundTerms", [guardianShare, feeCapacity]),
  ];
}

/** A guardian as governance admits it on a rollup. */
export interface GuardianAdmission {
  readonly operator: Address;
  readonly key: { readonly x: bigint; readonly y: bigint };
  /** `provePossession(secretKey, networkId, operator)`. */
  readonly possession: Hex;
  /** Bootstrap weight in whole ERA, and the time at which it ends. */
  readonly weight: bigint;
  readonly expiry: bigint;
}

/** Calls by which a rollup gets its first table of guardians. */
export function guardianCalls(own: CoreAddresses, guardians: readonly GuardianAdmission[]): CoreCall[] {
  const call = (id: string, method: string, args: readonly unknown[]): CoreCall => ({
    id,
    contract: CORE.guardianSet,
    address: own.guardianSet,
    method,
    args,
  });
  return [
    ...guardians.flatMap(({ operator, key, possession, weight, expiry }) => [
      call(`register_${operator}`, "register", [operator, key, possession]),
      call(`admit_${operator}`, "admit", [operator, weight, expiry]),
    ]),
    call("rotate", "rotate", []),
  ];
}

/** Implementation and ERC-1967 proxy; the proxy's constructor calls `initialize`, so nobody else can. */
function behindProxy(
  place: CorePlace,
  name: CoreName,
  args: readonly unknown[],
  setup: readonly unknown[],
): CoreDeployment[] {
  const salt = saltOf(place, `${name}.implementation`);
  const implementation = create3Address(place.factory, place.deployer, salt);
  const types = setup.map((value) => (typeof value === "bigint" ? "uint32" : "address"));
  const abi: InterfaceAbi = [`function initialize(${types.join(",")})`];
  const data = new Interface(abi).encodeFunctionData("initialize", setup);
  return [
    { id: `${name}Implementation`, contract: CORE[name], salt, address: implementation, args },
    {
      id: name,
      contract: "ERC1967Proxy",
      salt: saltOf(place, name),
      address: create3Address(place.factory, place.deployer, saltOf(place, name)),
      args: [implementation, data],
    },
  ];
}

function saltOf(place: CorePlace, name: string): Hex {
  return hashWords([place.salt, hashText(`metalayer.${name}`)]);
}

/** Up to 31 characters of ASCII as Solidity's short string in a word. */
function textWord(text: string): Hex {
  return `0x${toHex(toUtf8Bytes(text)).slice(2).padEnd(64, "0")}`;
}
