import type { Address, Hex } from "../bytes.ts";
import { factoryDeployment, networkIdOf, predictAddresses, type Addresses } from "./addresses.ts";
import type { ArtifactSource } from "./artifacts.ts";
import { contractPlans, type ContractPlan } from "./contracts.ts";
import { normalised, rollupOf, type NetworkParameters, type RollupParameters } from "./parameters.ts";

/** Everything about one rollup that follows from the parameters and the code, without looking at the chain. */
export interface RollupPlan {
  readonly parameters: NetworkParameters;
  readonly rollup: RollupParameters;
  readonly artifacts: ArtifactSource;
  readonly networkId: Hex;
  readonly addresses: Addresses;
  /** Data of the transaction to the CREATE2 deployer that creates the factory. */
  readonly factoryDeployment: Hex;
  readonly contracts: readonly ContractPlan[];
  /** Addresses of every rollup of the network by chain id. */
  readonly addressesOf: ReadonlyMap<bigint, Addresses>;
}

/** Plans one rollup. Throws `DEPLOYMENT_UNKNOWN_ROLLUP`. */
export function planRollup(given: NetworkParameters, chainId: bigint, artifacts: ArtifactSource): RollupPlan {
  const parameters = normalised(given);
  const networkId = networkIdOf(parameters, artifacts);
  const addressesOf = new Map(
    parameters.rollups.map((rollup) => [rollup.chainId, predictAddresses(parameters, rollup.chainId, artifacts)]),
  );
  const addresses = predictAddresses(parameters, chainId, artifacts);
  return {
    parameters,
    rollup: rollupOf(parameters, chainId),
    artifacts,
    networkId,
    addresses,
    factoryDeployment: factoryDeployment(artifacts),
    contracts: contractPlans(parameters, chainId, networkId, addresses, artifacts),
    addressesOf,
  };
}

/** A call that changes a setting, as the administrator makes it. */
export interface AdminCall {
  readonly target: Address;
  readonly data: Hex;
  /** Gas that the call takes at most, for splitting long lists into transactions. */
  readonly gas: bigint;
  /** Whether anybody may make this call. */
  readonly open?: boolean;
}
