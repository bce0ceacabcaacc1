import type { Interface, ParamType } from "ethers";
import { DaoGovernor__factory } from "../../../typechain-types/factories/contracts/dao/DaoGovernor__factory.js";
import { DaoToken__factory } from "../../../typechain-types/factories/contracts/dao/DaoToken__factory.js";
import { LeasedAccessManager__factory } from "../../../typechain-types/factories/contracts/roles/LeasedAccessManager__factory.js";
import { RoleDirectory__factory } from "../../../typechain-types/factories/contracts/roles/RoleDirectory__factory.js";
import { loadArtifacts } from "../../../deploy/artifacts.ts";
import type { Address } from "../../../sdk/src/bytes.ts";
import {
  CONTRACTS,
  HOME_CONTRACTS,
  SPOKE_CONTRACTS,
  type ContractName,
} from "../../../sdk/src/deployment/addresses.ts";
import { interfaceOf, type ArtifactSource } from "../../../sdk/src/deployment/artifacts.ts";
import type { GovernanceCall } from "../../../sdk/src/governance.ts";
import type { RollupDescription } from "../network.ts";

const NAMES = [...CONTRACTS, ...HOME_CONTRACTS, ...SPOKE_CONTRACTS].filter((name) => !name.endsWith("Code"));

/** What only a community's DAO has. */
const OF_DAO = {
  DaoGovernor: DaoGovernor__factory,
  DaoToken: DaoToken__factory,
  LeasedAccessManager: LeasedAccessManager__factory,
  RoleDirectory: RoleDirectory__factory,
};

/** Contracts of a rollup by their names, a DAO's own before the network's. */
function placesOf({ contracts, dao }: RollupDescription): [string, Address | undefined][] {
  return [...Object.entries(dao?.contracts ?? {}), ...Object.entries(contracts)];
}

/** The contracts of a network by name and address, and what they understand. */
export class Book {
  readonly #artifacts: ArtifactSource;
  readonly #rollups: readonly RollupDescription[];
  readonly #interfaces = new Map<ContractName, Interface>();
  /** Of contracts that are none of the deployment's, told apart by their functions. */
  readonly #strangers: Interface[] = [
    RoleDirectory__factory.createInterface(),
    LeasedAccessManager__factory.createInterface(),
  ];

  constructor(root: string, rollups: readonly RollupDescription[]) {
    this.#artifacts = loadArtifacts(root);
    this.#rollups = rollups;
  }

  /** Where a contract of the deployment stands on a rollup; undefined for names that no contract has there. */
  addressOf(rollup: RollupDescription, name: string): Address | undefined {
    return placesOf(rollup).find(([known]) => known === name)?.[1];
  }

  interfaceOf(name: string): Interface | undefined {
    const ofDao = Object.entries(OF_DAO).find(([known]) => known === name)?.[1];
    if (ofDao !== undefined) return ofDao.createInterface();
    const known = NAMES.find((each) => each === name);
    if (known === undefined) return undefined;
    const found = this.#interfaces.get(known) ?? interfaceOf(known, this.#artifacts);
    this.#interfaces.set(known, found);
    return found;
  }

  /** Makes calls of these functions readable at any address. */
  declare(functions: Interface): void {
    this.#strangers.push(functions);
  }

  /** Name of the deployment's contract at an address of a rollup. */
  nameOf(rollup: RollupDescription, account: string): string | undefined {
    return placesOf(rollup).find(([, at]) => at?.toLowerCase() === account.toLowerCase())?.[0];
  }

  /** A call as people read it: `FeeController.setPrices(dstChainId: 8102, …)`. */
  callText(rollup: RollupDescription, { target, data, value = 0n }: GovernanceCall): string {
    const name = this.nameOf(rollup, target);
    const candidates = name === undefined ? this.#strangers : [this.interfaceOf(name)];
    const known = candidates
      .map((each) => each?.parseTransaction({ data }) ?? undefined)
      .find((each) => each !== undefined);
    if (data === "0x") return `${value} wei to ${name ?? target}`;
    const sent = value === 0n ? "" : ` with ${value} wei`;
    if (known === undefined) return `${name ?? target}: ${data}${sent}`;
    const args = known.fragment.inputs.map((input, index) => this.#argument(input, known.args[index]));
    return `${name ?? target}.${known.name}(${args.join(", ")})${sent}`;
  }

  #argument(input: ParamType, value: unknown): string {
    const label = input.name === "" ? "" : `${input.name}: `;
    return label + this.#valueText(input, value);
  }

  #valueText(input: ParamType, value: unknown): string {
    if (input.baseType === "tuple" && Array.isArray(value)) {
      const parts: unknown[] = value;
      return `{${(input.components ?? []).map((part, index) => this.#argument(part, parts[index])).join(", ")}}`;
    }
    if (input.baseType === "array" && Array.isArray(value)) {
      const child = input.arrayChildren;
      return `[${value.map((each) => (child === null ? String(each) : this.#valueText(child, each))).join(", ")}]`;
    }
    if (input.baseType === "address") return this.#accountText(String(value));
    return String(value);
  }

  #accountText(account: string): string {
    for (const rollup of this.#rollups) {
      const name = this.nameOf(rollup, account);
      if (name !== undefined) return `${account} (${name} of ${rollup.name})`;
    }
    return account;
  }
}
