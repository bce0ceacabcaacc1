import type { Output } from "./output.ts";

/**
 * What a file in `commands/` exports as `command`. The program reads all of them to print its help, so such a file
 * imports at its top only this module, options.ts and what Node carries; `run` imports the rest when it is called.
 */
export interface Command {
  readonly name: string;
  /** One sentence, shown in the list of commands. */
  readonly description: string;
  readonly group: "Try it" | "Messages" | "Applications" | "Networks" | "Guardians" | "Governance" | "Development";
  readonly args: readonly Argument[];
  readonly options: Readonly<Record<string, Option<unknown>>>;
  /** Complete lines that a user can paste. */
  readonly examples: readonly string[];
  /** Returns nothing, or false when the work was done but its result means "no" (exit code 1). */
  run(context: Context, options: Readonly<Record<string, unknown>>): Promise<false | void>;
}

export interface Argument {
  /** In commander's notation: `<required>`, `[optional]`, `[several...]`. */
  readonly name: string;
  readonly description: string;
}

export interface Option<T> {
  /** In commander's notation: `--grep <pattern>`, `-k, --keep`. */
  readonly flags: string;
  readonly description: string;
  readonly parse?: (text: string) => T;
  readonly fallback?: T;
  readonly required?: boolean;
}

export interface Context {
  /** The repository's folder, which is also the working directory. */
  readonly root: string;
  readonly args: readonly string[];
  readonly json: boolean;
  readonly output: Output;
  /** Aborted by the first SIGINT or SIGTERM. A command that never reads it simply ends on the signal. */
  readonly signal: AbortSignal;
  /** Makes a file name given by the user absolute: it is relative to the folder in which they typed it. */
  readonly path: (given: string) => string;
}

type Values<O> = { readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never };

interface Definition<O extends Readonly<Record<string, Option<unknown>>>> {
  readonly name: string;
  readonly description: string;
  readonly group: Command["group"];
  readonly args?: readonly Argument[];
  readonly options?: O;
  readonly examples: readonly string[];
  run(context: Context, options: Values<O>): Promise<false | void>;
}

/** Declares a command; `run` gets its options typed by their declarations. */
export function defineCommand<O extends Readonly<Record<string, Option<unknown>>> = Readonly<Record<string, never>>>(
  definition: Definition<O>,
): Command {
  return {
    ...definition,
    args: definition.args ?? [],
    options: definition.options ?? {},
    // CAST: the program fills one value per declared option, each made by that option's own parser or fallback.
    run: (context, options) => definition.run(context, options as Values<O>),
  };
}

/** `--keep`: true when given. */
export function flag(flags: string, description: string): Option<boolean> {
  return { flags, description, fallback: false };
}

/** `--to <address>`: refused when missing. */
export function required<T>(flags: string, description: string, parse: (text: string) => T): Option<T> {
  return { flags, description, parse, required: true };
}

/** `--rollups <count>` with a value to fall back on. */
export function option<T>(flags: string, description: string, parse: (text: string) => T, fallback: T): Option<T> {
  return { flags, description, parse, fallback };
}

/** `--grep <pattern>`: undefined when not given. */
export function optional<T>(flags: string, description: string, parse: (text: string) => T): Option<T | undefined> {
  return { flags, description, parse };
}

/** Parsers for `required`, `option` and `optional`. They throw a UsageError that names the offending text. */
export const text = (given: string): string => given;

export function integer(least: number, most: number): (given: string) => number {
  return (given) => {
    const value = /^\d+$/.test(given) ? Number(given) : NaN;
    if (value >= least && value <= most) return value;
    throw new UsageError(`"${given}" is not a whole number from ${least} to ${most}`);
  };
}

export function oneOf<const T extends string>(...allowed: readonly T[]): (given: string) => T {
  return (given) => {
    const found = allowed.find((word) => word === given);
    if (found !== undefined) return found;
    throw new UsageError(`"${given}" is none of ${allowed.join(", ")}`);
  };
}

/** Refuses options that are other actions' of a command: `belongs` says of which actions each one is. */
export function refuseOthers(
  command: string,
  action: string,
  options: Readonly<Record<string, unknown>>,
  belongs: Readonly<Record<string, readonly string[]>>,
): void {
  for (const [name, value] of Object.entries(options)) {
    const isGiven = value !== undefined && value !== false;
    if (!isGiven || belongs[name]?.includes(action) !== false) continue;
    const flagName = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new UsageError(`${command} ${action} takes no --${flagName}`);
  }
}

/** Wrong flags or arguments: nothing was done, exit code 2. */
export class UsageError extends Error {
  readonly code = "CLI_USAGE";
}

/** A command that could not do its work: what happened, what is unchanged, what to do next. Exit code 1. */
export class CommandError extends Error {
  readonly code: string;
  readonly unchanged: string;
  readonly next: string;

  constructor(code: string, message: string, unchanged: string, next: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.unchanged = unchanged;
    this.next = next;
  }
}
