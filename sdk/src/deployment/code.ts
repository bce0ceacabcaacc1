import { TypedDataEncoder } from "ethers";
import type { Address, Hex } from "../bytes.ts";
import type { ContractArtifact } from "./artifacts.ts";
import { CODE_OF, word, type ContractPlan } from "./contracts.ts";
import type { RollupPlan } from "./plan.ts";
import type { Difference } from "./settings.ts";
import type { ChainReader } from "./view.ts";

/** `keccak256("eip1967.proxy.implementation") - 1`. */
export const IMPLEMENTATION_SLOT: Hex = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc";
const EMPTY = "0x";
/** Any account that is no deployer: what it creates stands elsewhere. */
const ANOTHER: Address = "0x000000000000000000000000000000000000dEaD";

export type CodeVerdict = "same" | "missing" | "different";

/** Compares runtime code with a build, immutables left out. Needs no node and no explorer. */
export function compareCode(artifact: ContractArtifact, onChain: string): CodeVerdict {
  if (onChain === EMPTY || onChain === "") return "missing";
  return mask(artifact, onChain) === mask(artifact, artifact.deployedBytecode) ? "same" : "different";
}

/** Immutables of runtime code, in the order in which they lie in it. */
export function immutablesOf(artifact: ContractArtifact, code: string): Hex[] {
  return places(artifact).map(
    ({ start, length }) => `0x${code.slice(2 + 2 * start, 2 + 2 * (start + length))}` as const,
  );
}

/** Which contracts of the plan have no code yet. */
export async function missingContracts(plan: RollupPlan, reader: ChainReader): Promise<ContractPlan[]> {
  const codes = await Promise.all(plan.contracts.map(({ address }) => reader.code(address)));
  return plan.contracts.filter((_, index) => codes[index] === EMPTY);
}

/** Code, immutables and implementation slots of all contracts. */
export async function inspectCode(plan: RollupPlan, reader: ChainReader): Promise<Difference[]> {
  const found = await Promise.all(plan.contracts.map((contract) => inspectContract(plan, contract, reader)));
  return found.flat();
}

async function inspectContract(plan: RollupPlan, contract: ContractPlan, reader: ChainReader): Promise<Difference[]> {
  const artifact = plan.artifacts(contract.artifact);
  const { name, address } = contract;
  const onChain = await reader.code(address);
  const verdict = compareCode(artifact, onChain);
  const code = { contract: name, name: `${name}.code`, expected: `${artifact.contractName} as built`, actual: verdict };
  if (verdict !== "same") return [code];
  const slot = await inspectSlot(plan, contract, reader);
  const immutables = await wrongImmutables(plan, contract, onChain, reader);
  if (immutables.length === 0) return slot;
  return [...slot, { ...code, name: `${name}.immutables`, actual: immutables.join(", ") }];
}

async function inspectSlot(
  plan: RollupPlan,
  { name, address }: ContractPlan,
  reader: ChainReader,
): Promise<Difference[]> {
  if (!(name in CODE_OF)) return [];
  // CAST: just checked
  const implementation = plan.addresses[CODE_OF[name as keyof typeof CODE_OF]];
  const actual = BigInt(await reader.storage(address, IMPLEMENTATION_SLOT));
  if (actual === BigInt(implementation)) return [];
  const text = `0x${actual.toString(16).padStart(40, "0")}`;
  return [{ contract: name, name: `${name}.implementation`, expected: implementation, actual: text }];
}

/**
 * Immutables on chain that are neither those of the same constructor call nor, where two calls from different accounts differ as well, the
 * contract's own address or domain.
 */
async function wrongImmutables(
  plan: RollupPlan,
  contract: ContractPlan,
  onChain: Hex,
  reader: ChainReader,
): Promise<Hex[]> {
  const artifact = plan.artifacts(contract.artifact);
  const actual = immutablesOf(artifact, onChain);
  if (actual.length === 0) return [];
  const trials = [plan.parameters.deployer, ANOTHER].map((from) => reader.create(from, contract.initCode));
  const [expected = [], elsewhere = []] = (await Promise.all(trials)).map((code) => immutablesOf(artifact, code));
  const own = new Set<string>([word("address", contract.address), ...domainsOf(plan, contract)]);
  return actual.filter((value, index) => {
    return value !== expected[index] && !(expected[index] !== elsewhere[index] && own.has(value));
  });
}

/** EIP-712 names of contracts that cache their domain: it holds their own address, which a trial construction elsewhere does not have. */
const DOMAINS = ["Metalayer ERA", "Metalayer ERA votes", "EraGovernor", "Metalayer Feeds"];

function domainsOf(plan: RollupPlan, { address }: { readonly address: Address }): string[] {
  const domain = { version: "1", chainId: plan.rollup.chainId, verifyingContract: address };
  return DOMAINS.map((name) => TypedDataEncoder.hashDomain({ name, ...domain }));
}

function places({ immutableReferences = {} }: ContractArtifact): { readonly start: number; readonly length: number }[] {
  return Object.values(immutableReferences)
    .flat()
    .sort((a, b) => a.start - b.start);
}

function mask(artifact: ContractArtifact, code: string): string {
  let masked = code.toLowerCase();
  for (const { start, length } of places(artifact)) {
    const [from, to] = [2 + 2 * start, 2 + 2 * (start + length)];
    masked = masked.slice(0, from) + "0".repeat(Math.max(0, Math.min(to, masked.length) - from)) + masked.slice(to);
  }
  return masked;
}
