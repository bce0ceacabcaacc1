import path from "node:path";
import type { Check } from "./check.ts";
import { runAlone } from "./check.ts";
import type { SolidityFunction } from "./solidity.ts";
import { readSolidity } from "./solidity.ts";

/** An interface is what strangers read: it says what a function does and when it reverts, or that it never does. */
export const documented: Check = {
  name: "documented",
  rule: "every function of an interface says what it does, and when it reverts if it changes state",
  run(root) {
    const interfaces = readSolidity(root, "contracts").filter(
      ({ file }) => /^I[A-Z]/.test(path.basename(file)) && !file.startsWith("contracts/mocks/"),
    );
    let count = 0;
    const problems = interfaces.flatMap(({ file, contracts }) =>
      contracts.flatMap(({ name, functions }) => {
        const open = functions.filter(({ visibility }) => visibility === "external" || visibility === "public");
        count += open.length;
        return open.flatMap((inner) =>
          missing(inner).map((what) => `${file}:${inner.line} ${name}.${inner.name} ${what}`),
        );
      }),
    );
    return { problems, note: `${count} functions` };
  },
};

function missing({ documentation, changesState }: SolidityFunction): string[] {
  if (!/@(notice|dev|inheritdoc)\b/.test(documentation)) return ["has no @notice or @dev"];
  if (documentation.includes("@inheritdoc") || !changesState) return [];
  return /revert/i.test(documentation) ? [] : ["does not say when it reverts (or that it never does)"];
}

await runAlone(import.meta, documented);
