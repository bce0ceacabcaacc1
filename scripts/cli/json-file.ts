import { readFileSync } from "node:fs";
import { z } from "zod";
import { CommandError, UsageError } from "./command.ts";

// Files that people write: read, checked, and refused in words.

/** What a file is to be, for its errors. */
export interface FileKind {
  /** `CLI_PROPOSAL`: errors are CLI_PROPOSAL_UNREADABLE and CLI_PROPOSAL_INVALID. */
  readonly code: string;
  /** Completes "… is no". */
  readonly what: string;
  /** Where one is shown. */
  readonly shownIn: string;
}

/** A parser of the command line's options as a field of a file. */
export function parsed<T>(parse: (given: string) => T) {
  return z.string().transform((given, context) => {
    try {
      return parse(given);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      context.addIssue({ code: "custom", message: error.message });
      return z.NEVER;
    }
  });
}

/** Reads and checks a file. Throws the kind's …_UNREADABLE and …_INVALID. */
export function readFileAs<S extends z.ZodType>(kind: FileKind, schema: S, file: string): z.output<S> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    const code = `${kind.code}_UNREADABLE`;
    throw new CommandError(code, `${file} cannot be read`, "Nothing was sent", "correct the file's name", { cause });
  }
  return checkAs(kind, schema, file, parseJson(text));
}

/** As {@link readFileAs} from a value; `source` names it in errors. */
export function checkAs<S extends z.ZodType>(kind: FileKind, schema: S, source: string, value: unknown): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => `${path.join(".") || "(top)"}: ${message}`);
  throw invalidFile(kind, source, problems.slice(0, 3).join("; "));
}

export function invalidFile(kind: FileKind, source: string, problem: string, cause?: unknown): CommandError {
  const next = `correct the file (${kind.shownIn} shows one)`;
  const message = `${source} is no ${kind.what}: ${problem}`;
  return new CommandError(`${kind.code}_INVALID`, message, "Nothing was sent", next, { cause });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
