import { id } from "ethers";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import { networkIdOf } from "../../sdk/src/deployment/addresses.ts";
import type { ArtifactSource } from "../../sdk/src/deployment/artifacts.ts";
import {
  WEI_PER_ERA,
  type FinalityPolicy,
  type GovernanceParameters,
  type NetworkParameters,
} from "../../sdk/src/deployment/parameters.ts";
import { provePossession } from "../../sdk/src/possession.ts";
import { publicKey } from "../../sdk/src/schnorr.ts";
import { DEFAULT_BOUNDS, DEFAULT_LIMITS, DEFAULT_PRICES, DEFAULT_STATE_PRICES, oneHolder } from "./defaults.ts";

export interface DevelopmentRollup {
  readonly name: string;
  readonly chainId: bigint;
  readonly finality: FinalityPolicy;
}

export interface DevelopmentGuardian {
  readonly operator: Address;
  readonly secretKey: bigint;
  /** In whole ERA. Default 100,000. */
  readonly weight?: bigint;
}

/** Who plays which part. None may be the deployer, apart from holder and fund. */
export interface DevelopmentAccounts {
  readonly deployer: Address;
  readonly genesisHolder: Address;
  readonly canceller: Address;
  readonly pauser: Address;
  readonly priceKeeper: Address;
  readonly fund: Address;
}

export interface DevelopmentNetwork {
  /** The first one is home. */
  readonly rollups: readonly DevelopmentRollup[];
  readonly homeGenesisHash: Hex;
  readonly accounts: DevelopmentAccounts;
  readonly guardians: readonly DevelopmentGuardian[];
  /** Default "development". */
  readonly salt?: string;
  /** Seconds; default 30. A table is accepted for two epochs, so somebody has to rotate. */
  readonly epochLength?: bigint;
  /** Seconds; default 40, of which 20 are for voting and 20 for tallies to arrive: enough for a program, not for people. */
  readonly votingPeriod?: bigint;
}

/** By default a decision within a minute. */
function developmentGovernance(votingPeriod: bigint): GovernanceParameters {
  return {
    votingDelay: 5n,
    votingPeriod,
    tallyWindow: 20n,
    proposalThreshold: WEI_PER_ERA,
    quorum: 100n,
    notice: votingPeriod + 20n,
    lockPeriod: 60n,
  };
}

const BOOTSTRAP_WEIGHT = 100_000n;
const FAR_FUTURE = 2n ** 40n;

/** Parameters of a network whose every key is in one hand: short epochs and delays, guardians that prove their keys here. */
export function developmentParameters(network: DevelopmentNetwork, artifacts: ArtifactSource): NetworkParameters {
  const { rollups, homeGenesisHash, accounts, guardians, salt = "development", epochLength = 30n } = network;
  const { votingPeriod = 40n } = network;
  const { pauser, genesisHolder, ...named } = accounts;
  const parameters: NetworkParameters = {
    ...named,
    pausers: [pauser],
    genesis: oneHolder(genesisHolder),
    governance: developmentGovernance(votingPeriod),
    salt: id(salt) as Hex, // CAST: a hash
    home: rollups[0]?.chainId ?? 0n,
    homeGenesisHash,
    timelockDelay: 5n,
    anchorHeartbeat: 10n,
    staking: {
      unbonding: 120n,
      evidenceWindow: 60n,
      challenge: { bond: 10n * WEI_PER_ERA, window: 60n, jailTime: 60n },
    },
    slashing: {
      fraction: 1_000_000n,
      reporterShare: 50_000n,
      incidentDelay: 10n,
      foreignFreeze: 120n,
      fastSuspension: 120n,
    },
    guardians: { epochLength, grace: epochLength / 3n, minimumWeight: 1_000n, floor: 1_000n, bootstrap: [] },
    rollups: rollups.map((rollup) => ({
      ...rollup,
      incarnation: 1n,
      stack: "evm",
      stackKind: "evm",
      prices: DEFAULT_PRICES,
      priceBounds: { ...DEFAULT_BOUNDS, interval: 10n },
      statePrices: DEFAULT_STATE_PRICES,
      limits: DEFAULT_LIMITS,
    })),
  };
  const networkId = networkIdOf(parameters, artifacts);
  const bootstrap = guardians.map(({ operator, secretKey, weight = BOOTSTRAP_WEIGHT }) => ({
    operator,
    key: publicKey(secretKey),
    proof: provePossession(secretKey, networkId, operator),
    weight,
    expiry: FAR_FUTURE,
  }));
  return { ...parameters, guardians: { ...parameters.guardians, bootstrap } };
}
