import type { Message, Sources } from "./compiler.ts";
import { askZ3, compile, readSource } from "./compiler.ts";
import type { Property } from "./properties.ts";
import { isolate } from "./properties.ts";
import { slice } from "./slice.ts";

/** `refuted`: there are numbers for which it does not hold. `open`: no answer in time. */
export type Verdict = "proved" | "refuted" | "open";

export interface Answer {
  readonly verdict: Verdict;
  readonly detail: string;
}

/** What the compiler says of a target: safe (by CHC, by BMC). */
const SAFE = new Set(["9576", "2961"]);
/** That the solver was cut off stands also at the target. */
const REPEATED = new Set(["1218", "1823"]);

/**
 * Has solc's SMTChecker prove every assertion of a property, and that no arithmetic on the way to it passes its type. `unchecked` is
 * taken out of the library before: what is shown never to overflow gives the same with and without it, and a solver
 * follows integers far better than integers modulo 2^256.
 */
export function proveBySmtChecker(root: string, property: Property, changed: Sources, seconds: number): Answer {
  const harness = isolate(root, property);
  const libraries = [...harness.matchAll(/from "(?:\.\.\/)+(contracts\/[^"]+)"/g)].flatMap(([, file]) => file ?? []);
  const checked = new Map(
    libraries.map((file) => [file, readSource(root, changed, file).replaceAll("unchecked {", "{")]),
  );
  const sliced = libraries.map((file) => [file, slice(root, file, checked, harness)] as const);
  const sources = new Map([[property.file, harness], ...sliced]);
  const modelChecker = {
    engine: property.engine,
    contracts: { [property.file]: [property.contract] },
    solvers: ["smtlib2"],
    // Without the arithmetic of a machine's transitions, each of which would be a search of its own.
    targets: property.engine === "chc" ? ["assert"] : ["assert", "overflow", "underflow", "divByZero"],
    showProvedSafe: true,
    showUnproved: true,
    showUnsupported: true,
    timeout: seconds * 1000,
  };
  const { messages } = compile(root, property.file, sources, { modelChecker }, (query) => askZ3(query, seconds));
  return judge(messages);
}

/** What the checker does not know (assembly, in functions that no property calls) can be anything to it: a proof holds all the same. */
function judge(messages: readonly Message[]): Answer {
  const said = messages.filter(({ message, errorCode }) => /^(CHC|BMC):/.test(message) && !REPEATED.has(errorCode));
  const safe = said.filter(({ errorCode }) => SAFE.has(errorCode));
  const others = said.filter(({ errorCode }) => !SAFE.has(errorCode));
  const violated = others.find(({ message }) => /happens here/.test(message));
  if (violated !== undefined) return { verdict: "refuted", detail: firstLine(violated) };
  const unproved = others[0];
  if (unproved !== undefined) return { verdict: "open", detail: firstLine(unproved) };
  const asserted = safe.filter(({ message }) => message.includes("Assertion"));
  if (asserted.length === 0) return { verdict: "open", detail: "nothing was asserted" };
  return { verdict: "proved", detail: `${safe.length} targets` };
}

const firstLine = ({ message }: Message): string => message.split("\n")[0] ?? "";
