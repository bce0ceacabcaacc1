import { getAddress } from "ethers";
import type { Address, Hex } from "../bytes.ts";
import { MetalayerError } from "../errors.ts";

/** How a rollup counts and hashes its blocks. */
export type StackKind = "evm" | "arbitrum";

/** When blocks of a rollup count as final: its node's `finalized` tag, or a number of blocks below the head. */
export type FinalityPolicy = "tag" | { readonly depth: bigint };

/** Prices of messages to a rollup; units as in docs/protocol/fees.md. */
export interface PriceParameters {
  readonly basePrice: bigint;
  readonly pricePerByte: bigint;
  readonly pricePerKGas: bigint;
  readonly fundShare: bigint;
  readonly burnShare: bigint;
  /** A multiple of 1,024. */
  readonly maxGasLimit: bigint;
}

/** What other rollups accept from a rollup. Amounts of ERA in wei and whole ERA. */
export interface LimitParameters {
  /** Most that a captured rollup may do to all others together; each of them holds an equal share. */
  readonly ceiling: bigint;
  /** Most ERA that each other rollup accepts from it at once. */
  readonly eraCapacity: bigint;
  /** Fee bucket at each other rollup, in fee units. */
  readonly feeCapacity: bigint;
  /** Per mille of fees from it that belong to the guardians. */
  readonly guardianShare: bigint;
}

export interface RollupParameters {
  readonly name: string;
  readonly chainId: bigint;
  readonly incarnation: bigint;
  /** Name of the stack family as the registry shows it: "op", "arbitrum", "evm", … */
  readonly stack: string;
  readonly stackKind: StackKind;
  readonly finality: FinalityPolicy;
  readonly prices: PriceParameters;
  readonly limits: LimitParameters;
  /** Replaces the network's salt in this rollup's addresses, which then differ from the others'. */
  readonly addressSalt?: Hex;
}

/** A guardian of the first table. */
export interface BootstrapGuardian {
  readonly operator: Address;
  readonly key: { readonly x: bigint; readonly y: bigint };
  /** Proof of possession, 96 bytes; it binds the network's id. */
  readonly proof: Hex;
  /** Whole ERA. */
  readonly weight: bigint;
  /** Seconds since 1970. */
  readonly expiry: bigint;
}

export interface GuardianParameters {
  readonly epochLength: bigint;
  readonly grace: bigint;
  /** Whole ERA. */
  readonly minimumWeight: bigint;
  /** Least counted weight of a table, whole ERA; none if left out. */
  readonly floor?: bigint;
  readonly bootstrap: readonly BootstrapGuardian[];
  /** Operators that governance has barred from joining. */
  readonly barred?: readonly Address[];
}

export interface StakingParameters {
  readonly unbonding: bigint;
  readonly evidenceWindow: bigint;
  /** Challenges of guardians that seem asleep: bond in wei, times in seconds; none if left out. */
  readonly challenge?: { readonly bond: bigint; readonly window: bigint; readonly jailTime: bigint };
}

/** Everything that decides a deployment, apart from the code. */
export interface NetworkParameters {
  readonly salt: Hex;
  /** Account that deploys on every rollup. It decides the addresses and ends without any role. */
  readonly deployer: Address;
  /** Chain id of the rollup where all ERA is minted. */
  readonly home: bigint;
  readonly homeGenesisHash: Hex;
  readonly genesisHolder: Address;
  /** Proposes to every rollup's timelock. */
  readonly governor: Address;
  readonly canceller: Address;
  readonly pausers: readonly Address[];
  readonly fund: Address;
  /** Whose credit pays for transfers of ERA whose sender has none; nobody's if left out. */
  readonly eraSponsor?: Address;
  /** Seconds. */
  readonly timelockDelay: bigint;
  /** Seconds between two anchors of own blocks. */
  readonly anchorHeartbeat: bigint;
  readonly staking: StakingParameters;
  /** Who may put a new table in place of a silent set, and how many seconds before that it must say so; nobody if left out. */
  readonly recovery?: { readonly account: Address; readonly delay: bigint };
  readonly guardians: GuardianParameters;
  readonly rollups: readonly RollupParameters[];
}

/** The rollup with this chain id. Throws `DEPLOYMENT_UNKNOWN_ROLLUP`. */
export function rollupOf(parameters: NetworkParameters, chainId: bigint): RollupParameters {
  const found = parameters.rollups.find((rollup) => rollup.chainId === chainId);
  if (found !== undefined) return found;
  throw new MetalayerError("DEPLOYMENT_UNKNOWN_ROLLUP", `no rollup with chain id ${chainId} in the parameters`, {
    chainId,
  });
}

/** The other rollups, in the order of the parameters. */
export function othersOf(parameters: NetworkParameters, chainId: bigint): readonly RollupParameters[] {
  return parameters.rollups.filter((rollup) => rollup.chainId !== chainId);
}

/** Each destination's share of a rollup's ceiling: whole ERA in wei, rounded down, so that the shares never exceed the ceiling. */
export function ceilingShare(parameters: NetworkParameters, source: RollupParameters): bigint {
  const destinations = BigInt(parameters.rollups.length - 1);
  if (destinations === 0n) return 0n;
  return (source.limits.ceiling / destinations / WEI_PER_ERA) * WEI_PER_ERA;
}

export const WEI_PER_ERA = 10n ** 18n;

/** The same parameters with every address in EIP-55 mixed case, as the chain's answers are read. */
export function normalised(parameters: NetworkParameters): NetworkParameters {
  const { guardians } = parameters;
  const bootstrap = guardians.bootstrap.map((guardian) => ({ ...guardian, operator: mixedCase(guardian.operator) }));
  return {
    ...parameters,
    deployer: mixedCase(parameters.deployer),
    genesisHolder: mixedCase(parameters.genesisHolder),
    governor: mixedCase(parameters.governor),
    canceller: mixedCase(parameters.canceller),
    pausers: parameters.pausers.map(mixedCase),
    fund: mixedCase(parameters.fund),
    ...(parameters.eraSponsor === undefined ? {} : { eraSponsor: mixedCase(parameters.eraSponsor) }),
    ...(parameters.recovery === undefined
      ? {}
      : { recovery: { ...parameters.recovery, account: mixedCase(parameters.recovery.account) } }),
    guardians: { ...guardians, bootstrap, barred: (guardians.barred ?? []).map(mixedCase) },
  };
}

function mixedCase(address: Address): Address {
  return getAddress(address) as Address; // CAST: getAddress returns 0x and 40 digits
}
