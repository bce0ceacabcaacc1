import path from "node:path";
import type { SolcOutput } from "@openzeppelin/upgrades-core";
import { deployables, filesBelow, readJson } from "./artifacts.ts";
import type { Check } from "./check.ts";
import { runAlone } from "./check.ts";

const BUILD_INFO = "artifacts/build-info";

/** The compiler prints a warning once, when it compiles; its output keeps it. */
export const warnings: Check = {
  name: "warnings",
  rule: "the compiler has nothing to say about our contracts",
  run(root) {
    const outputs = filesBelow(root, BUILD_INFO, ".output.json").map((file) => {
      // CAST: Hardhat wrote this file; its form is the compiler's standard JSON.
      return (readJson(path.join(root, file)) as { readonly output: SolcOutput }).output;
    });
    const said = outputs
      .flatMap(({ errors = [] }) => errors)
      .filter(({ sourceLocation }) => sourceLocation?.file.startsWith("project/contracts/"))
      .map(({ formattedMessage }) => formattedMessage.split("\n").slice(0, 2).join(" ").replace(/\s+/g, " "));
    return { problems: [...new Set(said)].sort(), note: `${deployables(root).length} deployable contracts` };
  },
};

await runAlone(import.meta, warnings);
