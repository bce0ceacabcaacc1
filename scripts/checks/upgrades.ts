import path from "node:path";
import type { SolcInput, SolcOutput } from "@openzeppelin/upgrades-core";
import type { Artifact } from "./artifacts.ts";
import { deployables, filesBelow, readJson } from "./artifacts.ts";
import type { Check } from "./check.ts";
import { runAlone } from "./check.ts";

const BUILD_INFO = "artifacts/build-info";

/** What OpenZeppelin's validator says of proxied contracts, and that nobody can initialise an implementation. */
export const upgrades: Check = {
  name: "upgrades",
  rule: "upgradeable contracts are safe to upgrade and their implementations are closed",
  async run(root) {
    const upgradeable = deployables(root).filter(({ abi }) => JSON.stringify(abi).includes('"upgradeToAndCall"'));
    const open = upgradeable.filter((artifact) => !closesImplementation(root, artifact));
    const problems = [
      ...open.map(({ contractName }) => `${contractName}'s constructor does not call _disableInitializers()`),
      ...(await unsafeUpgrades(root)),
    ];
    return { problems, note: `${upgradeable.length} upgradeable contracts` };
  },
};

/** Wiring is immutable here, set by constructors that also close the implementation: those two findings are meant. */
const MEANT: readonly string[] = ["constructor", "state-variable-immutable"];

async function unsafeUpgrades(root: string): Promise<string[]> {
  if (filesBelow(root, BUILD_INFO, ".output.json").length === 0) return [];
  const { validateUpgradeSafety } = await import("@openzeppelin/upgrades-core");
  const exclude = ["**/mocks/**", "npm/**", "**/test/**"];
  const report = await validateUpgradeSafety(path.join(root, BUILD_INFO), undefined, undefined, {}, undefined, exclude);
  return report.upgradeableContractReports.flatMap(({ contract, standaloneReport }) =>
    standaloneReport.errors
      .filter(({ kind }) => !MEANT.includes(kind))
      .map(({ kind, src }) => `${contract}: ${kind} at ${src} (docs.openzeppelin.com/upgrades-plugins/faq)`),
  );
}

/** True if the constructor of the contract or of one of its bases calls `_disableInitializers()`. */
function closesImplementation(root: string, { buildInfoId, inputSourceName, contractName }: Artifact): boolean {
  const file = path.join(root, BUILD_INFO, buildInfoId);
  // CAST: Hardhat wrote both files; their form is the compiler's standard JSON.
  const { input } = readJson(`${file}.json`) as { readonly input: SolcInput };
  // CAST: as above.
  const { output } = readJson(`${file}.output.json`) as { readonly output: SolcOutput };
  const contracts = Object.entries(output.sources).flatMap(([source, { ast }]) =>
    ast.nodes.flatMap((node) => (node.nodeType === "ContractDefinition" ? [{ source, node }] : [])),
  );
  const own = contracts.find(({ source, node }) => source === inputSourceName && node.name === contractName);
  const bases = contracts.filter(({ node }) => own?.node.linearizedBaseContracts.includes(node.id));
  return bases.some(({ source, node }) =>
    node.nodes.some((member) => {
      if (member.nodeType !== "FunctionDefinition" || member.kind !== "constructor") return false;
      const [start = 0, length = 0] = member.src.split(":").map(Number);
      const content = Buffer.from(input.sources[source]?.content ?? "");
      return content.subarray(start, start + length).includes("_disableInitializers()");
    }),
  );
}

await runAlone(import.meta, upgrades);
