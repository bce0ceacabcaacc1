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

/** Least and highest of a price. */
export interface PriceRange {
  readonly floor: bigint;
  readonly cap: bigint;
}

/** How far a keeper may move prices of messages to a rollup between two decisions of governance. */
export interface PriceBounds {
  readonly basePrice: PriceRange;
  readonly pricePerByte: PriceRange;
  readonly pricePerKGas: PriceRange;
  /** Most that a price changes in one move, per mille of what it was. */
  readonly step: bigint;
  /** Least seconds between two moves. */
  readonly interval: bigint;
}

/** What others pay for validating a rollup's state on request, millionths of ERA; 0: not on offer. */
export interface StatePrices {
  readonly headPrice: bigint;
  readonly slotPrice: bigint;
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
  /** Most votes that count from it, basis points of the quorum; if left out an equal share of all but one, at most a third. */
  readonly voteCeiling?: bigint;
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
  /** Without them no keeper moves prices of messages to this rollup. */
  readonly priceBounds?: PriceBounds;
  /** Without them nobody can ask for this rollup's state for ERA. */
  readonly statePrices?: StatePrices;
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

/** Times in seconds. */
export interface GovernanceParameters {
  /** From a proposal to its snapshot. */
  readonly votingDelay: bigint;
  /** From the snapshot to the end, tally window included. */
  readonly votingPeriod: bigint;
  /** At the end of the period: tallies of other rollups arrive, nobody votes. */
  readonly tallyWindow: bigint;
  /** Votes that a proposer needs on home, wei. */
  readonly proposalThreshold: bigint;
  /** Basis points of all ERA. */
  readonly quorum: bigint;
  /** Between a withdrawal of deposited ERA and its payment. */
  readonly notice: bigint;
  /** Between two possible ends of term locks. */
  readonly lockPeriod: bigint;
}

/** A part of all ERA: an airdrop, a vesting wallet, paid into the pot of guardians' rewards on home, or paid at once. */
export interface GenesisPart {
  /** At most 31 bytes. */
  readonly name: string;
  /** Wei. */
  readonly amount: bigint;
  /** Who gets it, owns the vesting wallet, or gets what nobody claimed. Governance's own parts are held by home's timelock. */
  readonly to: Address | typeof GOVERNANCE | typeof GUARDIAN_REWARDS;
  /** Seconds since 1970, and seconds. */
  readonly vesting?: { readonly start: bigint; readonly duration: bigint };
  /** Root of an OpenZeppelin StandardMerkleTree over accounts and amounts; seconds since 1970. */
  readonly airdrop?: { readonly root: Hex; readonly deadline: bigint };
}

/** Stands for the timelock of the rollup. */
export const GOVERNANCE = "governance";
/** Stands for the pot of home's GuardianRewards. Other rollups' pots are filled from home, by governance. */
export const GUARDIAN_REWARDS = "guardian rewards";

/** What follows from a proven lie: docs/protocol/slashing.md §4. Parts are millionths, times are seconds. */
export interface SlashingParameters {
  /** Part of a guardian's stake that one conviction takes. */
  readonly fraction: bigint;
  /** Part of what is taken that belongs to the reporter. */
  readonly reporterShare: bigint;
  /** From a conviction to its burn. */
  readonly incidentDelay: bigint;
  /** How long another rollup's announcement freezes. */
  readonly foreignFreeze: bigint;
  /** How long a false `fast` fact costs the right to sign such. */
  readonly fastSuspension: bigint;
}

/** Everything that decides a deployment, apart from the code. */
export interface NetworkParameters {
  readonly salt: Hex;
  /** Account that deploys on every rollup. It decides the addresses and ends without any role. */
  readonly deployer: Address;
  /** Chain id of the rollup where all ERA is minted. */
  readonly home: bigint;
  readonly homeGenesisHash: Hex;
  /** Parts of all ERA; exactly 1,000,000,000 together. */
  readonly genesis: readonly GenesisPart[];
  readonly governance: GovernanceParameters;
  readonly canceller: Address;
  readonly pausers: readonly Address[];
  /** Who may move prices within their bounds; nobody if left out. */
  readonly priceKeeper?: Address;
  /** Receives the fund's share of fees; governance's is each rollup's timelock. */
  readonly fund: Address | typeof GOVERNANCE;
  /** Whose credit pays for transfers of ERA whose sender has none; nobody's if left out. */
  readonly eraSponsor?: Address;
  /** Seconds. */
  readonly timelockDelay: bigint;
  /** Seconds between two anchors of own blocks. */
  readonly anchorHeartbeat: bigint;
  readonly staking: StakingParameters;
  readonly slashing: SlashingParameters;
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

/** Most votes that count from a rollup other than home, basis points of the quorum: at most a third, all together less than the quorum. */
export function voteCeilingOf(parameters: NetworkParameters, rollup: RollupParameters): bigint {
  const spokes = BigInt(parameters.rollups.length - 1);
  const equal = spokes <= 3n ? 3_333n : 9_999n / spokes;
  return rollup.limits.voteCeiling ?? equal;
}

export const WEI_PER_ERA = 10n ** 18n;

/** The same parameters with every address in EIP-55 mixed case, as the chain's answers are read. */
export function normalised(parameters: NetworkParameters): NetworkParameters {
  const { guardians } = parameters;
  const bootstrap = guardians.bootstrap.map((guardian) => ({ ...guardian, operator: mixedCase(guardian.operator) }));
  return {
    ...parameters,
    deployer: mixedCase(parameters.deployer),
    genesis: parameters.genesis.map((part) => ({ ...part, to: mixedCaseOrName(part.to) })),
    canceller: mixedCase(parameters.canceller),
    pausers: parameters.pausers.map(mixedCase),
    fund: mixedCaseOrName(parameters.fund),
    ...(parameters.eraSponsor === undefined ? {} : { eraSponsor: mixedCase(parameters.eraSponsor) }),
    ...(parameters.priceKeeper === undefined ? {} : { priceKeeper: mixedCase(parameters.priceKeeper) }),
    ...(parameters.recovery === undefined
      ? {}
      : { recovery: { ...parameters.recovery, account: mixedCase(parameters.recovery.account) } }),
    guardians: { ...guardians, bootstrap, barred: (guardians.barred ?? []).map(mixedCase) },
  };
}

function mixedCaseOrName<Name extends string>(account: Address | Name): Address | Name {
  return isAddress(account) ? mixedCase(account) : account;
}

function isAddress(account: string): account is Address {
  return account.startsWith("0x");
}

function mixedCase(address: Address): Address {
  return getAddress(address) as Address; // CAST: getAddress returns 0x and 40 digits
}
