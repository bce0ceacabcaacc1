import type { Interface, ParamType } from "ethers";
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

/** The contracts of a network by name and address, and what they understand. */
export class Book {
  readonly #artifacts: ArtifactSource;
  readonly #rollups: readonly RollupDescription[];
  readonly #interfaces = new Map<ContractName, Interface>();

  constructor(root: string, rollups: readonly RollupDescription[]) {
    this.#artifacts = loadArtifacts(root);
    this.#rollups = rollups;
  }

  /** Where a contract of the deployment stands on a rollup; undefined for names that no contract has there. */
  addressOf({ contracts }: RollupDescription, name: string): Address | undefined {
    const entry = Object.entries(contracts).find(([known]) => known === name);
    return entry?.[1];
  }

  interfaceOf(name: string): Interface | undefined {
    const known = NAMES.find((each) => each === name);
    if (known === undefined) return undefined;
    const found = this.#interfaces.get(known) ?? interfaceOf(known, this.#artifacts);
    this.#interfaces.set(known, found);
    return found;
  }

  /** Name of the deployment's contract at an address of a rollup. */
  nameOf({ contracts }: RollupDescription, account: string): string | undefined {
    return Object.entries(contracts).find(([, at]) => at?.toLowerCase() === account.toLowerCase())?.[0];
  }

  /** A call as people read it: `FeeController.setPrices(dstChainId: 8102, …)`. */
  callText(rollup: RollupDescription, { target, data, value = 0n }: GovernanceCall): string {
    const name = this.nameOf(rollup, target);
    const known = name === undefined ? undefined : this.interfaceOf(name)?.parseTransaction({ data });
    const sent = value === 0n ? "" : ` with ${value} wei`;
    if (known === null || known === undefined) return `${name ?? target}: ${data}${sent}`;
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
