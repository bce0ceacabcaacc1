import type { Check } from "./check.ts";
import { runAlone } from "./check.ts";
import { readSolidity } from "./solidity.ts";

/** Hardhat finds a contract by its name alone only while no other has it. */
export const names: Check = {
  name: "names",
  rule: "every contract, interface and library has a name of its own",
  run(root) {
    const places = new Map<string, string[]>();
    for (const { file, contracts } of readSolidity(root, "contracts", "test")) {
      for (const { name } of contracts) places.set(name, [...(places.get(name) ?? []), file]);
    }
    const problems = [...places]
      .filter(([, files]) => files.length > 1)
      .map(([name, files]) => `${name} is declared in ${files.join(" and ")}: rename one`);
    return { problems, note: `${places.size} names` };
  },
};

await runAlone(import.meta, names);
