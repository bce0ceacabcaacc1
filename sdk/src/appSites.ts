import type { IOmniDeployer } from "../../typechain-types/contracts/deployment/IOmniDeployer.js";
import { fixedBytes, toAddress, type Address, type Hex } from "./bytes.ts";
import { createdAt } from "./deployment/addresses.ts";
import { MetalayerError } from "./errors.ts";
import { formatEvmAccount } from "./interop.ts";
import { appAccount, type AppOwner } from "./omni.ts";
import type { RollupHandle } from "./rollup.ts";

/** A rollup by its chain id, or by the name under which the client was given it. */
export type RollupName = bigint | string;

/** One rollup as an application finds it there. */
export interface AppSite {
  readonly chainId: bigint;
  readonly name: string;
  /** Of the application, whether or not it stands. */
  readonly address: Address;
  /** Acts there for the owner: what the application should have as owner. */
  readonly account: Address;
  readonly gateway: Address;
  readonly deployer: Address;
  /** Gateway and application of every other rollup, as OpenZeppelin's `CrosschainLinked` takes them. */
  readonly links: readonly (readonly [gateway: Address, counterpart: Hex])[];
}

/** A rollup whose OmniDeployer is known. */
export interface OmniRollup {
  readonly rollup: RollupHandle;
  readonly omni: IOmniDeployer;
  readonly deployer: Address;
}

/** The rollups that were given with their OmniDeployer. Throws `CLIENT_NO_OMNI_DEPLOYER` if there is none. */
export async function omniRollups(rollups: Iterable<RollupHandle>): Promise<OmniRollup[]> {
  const found: OmniRollup[] = [];
  for (const rollup of rollups) {
    const omni = rollup.omniDeployer;
    if (omni === undefined) continue;
    found.push({ rollup, omni, deployer: toAddress(fixedBytes("deployer", await omni.getAddress(), 20)) });
  }
  if (found.length > 0) return found;
  throw new MetalayerError("CLIENT_NO_OMNI_DEPLOYER", "no rollup was given with its OmniDeployer");
}

/** One of them by name or chain id. Throws `CLIENT_UNKNOWN_ROLLUP`. */
export function omniRollup(rollups: readonly OmniRollup[], name: RollupName): OmniRollup {
  const found = rollups.find(({ rollup }) => rollup.name === name || String(rollup.chainId) === String(name));
  if (found !== undefined) return found;
  const known = rollups.map(({ rollup }) => rollup.name).join(", ");
  throw new MetalayerError("CLIENT_UNKNOWN_ROLLUP", `no rollup "${name}" with an OmniDeployer, only ${known}`, {
    name,
  });
}

/** Where an application with this id stands or would stand, and what is around it. */
export function appSites(rollups: readonly OmniRollup[], id: Hex, owner: AppOwner): AppSite[] {
  const places = rollups.map(({ rollup, deployer }) => ({ rollup, deployer, address: createdAt(deployer, id) }));
  return places.map(({ rollup, deployer, address }) => ({
    chainId: rollup.chainId,
    name: rollup.name,
    address,
    account: appAccount(deployer, owner),
    gateway: rollup.gatewayAddress,
    deployer,
    links: places
      .filter((other) => other.rollup !== rollup)
      .map((other) => [
        rollup.gatewayAddress,
        formatEvmAccount({ chainId: other.rollup.chainId, address: other.address }),
      ]),
  }));
}
