import { AbiCoder, type FunctionFragment, type Interface, type ParamType, Result } from "ethers";
import type { AppSite } from "../../../sdk/src/appSites.ts";
import { CommandError } from "../command.ts";

// What people write as arguments, and how values look to them.

/** What a list of types is called in errors, such as `(address owner, uint256 supply)`. */
function signature(inputs: readonly ParamType[]): string {
  return `(${inputs.map(({ type, name }) => `${type} ${name}`.trim()).join(", ")})`;
}

/**
 * Values of these types from words of a command line or values of a JSON document. `what` names the function in errors.
 * Throws CLI_APP_ARGS.
 */
export function valuesOf(inputs: readonly ParamType[], given: readonly unknown[], what: string): unknown[] {
  if (inputs.length !== given.length) {
    const count = given.length === 1 ? "1 value was" : `${given.length} values were`;
    throw wrong(`${what} takes ${signature(inputs)}, and ${count} given`);
  }
  return inputs.map((input, index) => {
    try {
      const value = valueOf(input, given[index]);
      AbiCoder.defaultAbiCoder().encode([input], [value]);
      return value;
    } catch (cause) {
      const text = JSON.stringify(given[index]);
      throw wrong(`${what} takes ${signature(inputs)}, and ${text} is no ${input.type}${reasonOf(cause)}`, cause);
    }
  });
}

/** A rule of ours that a value breaks. */
class Mismatch extends Error {}

function reasonOf(cause: unknown): string {
  return cause instanceof Mismatch ? `: ${cause.message}` : "";
}

function wrong(what: string, cause?: unknown): CommandError {
  return new CommandError("CLI_APP_ARGS", what, "Nothing was sent", "correct the arguments and run this again", {
    cause,
  });
}

function valueOf(type: ParamType, given: unknown): unknown {
  if (type.isArray()) {
    const parts = partsOf(given);
    if (!Array.isArray(parts)) throw new Mismatch("a list is written as [ … ]");
    return parts.map((part) => valueOf(type.arrayChildren, part));
  }
  if (type.isTuple()) {
    const parts = partsOf(given);
    if (Array.isArray(parts) && parts.length !== type.components.length)
      throw new Mismatch(`it has ${type.components.length} parts`);
    return type.components.map((component, index) =>
      valueOf(component, Array.isArray(parts) ? parts[index] : parts[component.name]),
    );
  }
  if (type.type === "bool") {
    if (String(given) === "true") return true;
    if (String(given) === "false") return false;
    throw new Mismatch("true or false");
  }
  if (typeof given === "number" && !Number.isSafeInteger(given))
    throw new Mismatch("numbers that large are written as text, in quotes");
  return given;
}

/** A list or an object, also where the command line gives it as text. */
function partsOf(given: unknown): unknown[] | Readonly<Record<string, unknown>> {
  const value: unknown = typeof given === "string" ? parseJson(given) : given;
  // CAST: of whatever JSON has.
  if (Array.isArray(value)) return value as unknown[];
  // CAST: objects have names as keys.
  if (typeof value === "object" && value !== null) return value as Readonly<Record<string, unknown>>;
  throw new Mismatch("it is written as JSON");
}

/** What a text says as JSON; undefined if it is none. */
export function parseJson(given: string): unknown {
  try {
    return JSON.parse(given);
  } catch {
    return undefined;
  }
}

/** What stands in arguments for what is known on each rollup only. */
export const PLACEHOLDERS = ["account", "address", "chainId", "deployer", "gateway", "links"] as const;

/** Puts what is around an application where `{account}`, `{links}` and the others stand. */
export function filledIn(given: unknown, site: AppSite): unknown {
  if (Array.isArray(given)) return given.map((each) => filledIn(each, site));
  if (typeof given === "object" && given !== null)
    return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, filledIn(value, site)]));
  const name = PLACEHOLDERS.find((each) => given === `{${each}}`);
  if (name === undefined) return given;
  const value = site[name];
  return typeof value === "bigint" ? String(value) : value;
}

/** A function by its name or signature. Throws CLI_APP_METHOD. */
export function methodOf(abi: Interface, contract: string, asked: string, count: number): FunctionFragment {
  const all = abi.fragments.filter((fragment): fragment is FunctionFragment => fragment.type === "function");
  const named = all.filter((each) => each.name === asked || each.format("sighash") === asked.replace(/\s+/g, ""));
  const found = named.length > 1 ? named.filter(({ inputs }) => inputs.length === count) : named;
  const [method] = found;
  if (method !== undefined && found.length === 1) return method;
  const signatures = (named.length > 1 ? named : all).map((each) => each.format("sighash"));
  const what = named.length > 1 ? `${contract} has several functions ${asked}` : `${contract} has no function ${asked}`;
  const next = `name one of ${signatures.join(", ")}; --contract names another contract's functions`;
  throw new CommandError("CLI_APP_METHOD", what, "Nothing was sent", next);
}

/** What a function returned, for machines: lists as lists. */
export function plainOf(value: unknown): unknown {
  return value instanceof Result ? value.toArray(true) : value;
}

/** The same for people. */
export function textOf(value: unknown): string {
  const plain = plainOf(value);
  return Array.isArray(plain) ? `[${plain.map(textOf).join(", ")}]` : String(plain);
}
