import path from "node:path";
import type { SolcInput, SolcOutput, StorageLayout } from "@openzeppelin/upgrades-core";
import type { Artifact } from "./artifacts.ts";
import { deployables, filesBelow, readJson } from "./artifacts.ts";
import type { Check } from "./check.ts";
import { runAlone } from "./check.ts";
import { asText, compareSnapshots } from "./snapshots.ts";

const BUILD_INFO = "artifacts/build-info";
const SNAPSHOTS = "snapshots/storage";

/** Where every deployable contract keeps what, ERC-7201 namespaces included, is on record. */
export const storage: Check = {
  name: "storage",
  rule: "every contract keeps its storage where the record says",
  async run(root, { write }) {
    const contracts = deployables(root);
    const wanted = new Map<string, string>();
    for (const id of new Set(contracts.map(({ buildInfoId }) => buildInfoId))) {
      const layouts = await readLayouts(root, id);
      for (const artifact of contracts.filter(({ buildInfoId }) => buildInfoId === id)) {
        const content = describeLayout(layouts(artifact));
        if (content !== undefined) wanted.set(`${SNAPSHOTS}/${artifact.contractName}.json`, asText(content));
      }
    }
    const problems = compareSnapshots(root, filesBelow(root, SNAPSHOTS, ".json"), wanted, write);
    return { problems, note: `${wanted.size} contracts with storage` };
  },
};

interface Compiler {
  readonly solcVersion: string;
  readonly input: SolcInput;
}

/** The compiler says nothing about namespaces, so OpenZeppelin's tool turns them into variables and asks it again. */
async function readLayouts(root: string, id: string): Promise<(artifact: Artifact) => StorageLayout> {
  const { makeNamespacedInput, solcInputOutputDecoder, trySanitizeNatSpec, validate, ...query } =
    await import("@openzeppelin/upgrades-core");
  const file = path.join(root, BUILD_INFO, id);
  // CAST: Hardhat wrote both files; their form is the compiler's standard JSON.
  const { input, solcVersion } = readJson(`${file}.json`) as Compiler;
  // CAST: as above.
  const { output } = readJson(`${file}.output.json`) as { readonly output: SolcOutput };
  const namespaced = await compile(
    await trySanitizeNatSpec(makeNamespacedInput(input, output, solcVersion), solcVersion),
  );
  const run = validate(output, solcInputOutputDecoder(input, output), solcVersion, input, namespaced);
  const data = query.concatRunData(run);
  return ({ inputSourceName, contractName }) =>
    query.getStorageLayout(data, query.getContractVersion(run, `${inputSourceName}:${contractName}`));
}

async function compile(input: SolcInput): Promise<SolcOutput> {
  const { default: solc } = await import("solc");
  // CAST: solc's bindings are untyped; standard JSON in, standard JSON out.
  const run = solc.compile as (input: string) => string;
  // CAST: as above.
  const output = JSON.parse(run(JSON.stringify(input))) as SolcOutput;
  const error = output.errors?.find(({ severity }) => severity === "error");
  if (error !== undefined) throw new Error(`the storage layout cannot be read: ${error.formattedMessage}`);
  return output;
}

/** Slot, offset, type and name of every variable; nothing for a contract that keeps nothing. */
function describeLayout({ storage, types, namespaces = {} }: StorageLayout): unknown {
  const label = (type: string): string => types[type]?.label ?? type;
  const lines = (items: StorageLayout["storage"]): string[] =>
    items.map((item) => `${item.slot ?? "?"}:${item.offset ?? 0} ${label(item.type)} ${item.label} (${item.contract})`);
  const kept = Object.entries(namespaces).filter(([, items]) => items.length > 0);
  if (storage.length === 0 && kept.length === 0) return undefined;
  const structs = Object.values(types)
    .filter(({ label: name, members }) => name.startsWith("struct ") && members !== undefined)
    .map(({ label: name, members = [] }) => [name, members.map((member) => describeMember(member, label))] as const);
  return {
    slots: lines(storage),
    namespaces: Object.fromEntries(kept.map(([name, items]) => [name, lines(items)] as const).sort(byName)),
    structs: Object.fromEntries(structs.sort(byName)),
  };
}

type Member = NonNullable<StorageLayout["types"][string]["members"]>[number];

function describeMember(member: Member, label: (type: string) => string): string {
  if (typeof member === "string") return member;
  return `${member.slot ?? "?"}:${member.offset ?? 0} ${label(member.type)} ${member.label}`;
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => a.localeCompare(b);

await runAlone(import.meta, storage);
