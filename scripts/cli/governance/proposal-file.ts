import { readFileSync } from "node:fs";
import { z } from "zod";
import { UsageError, CommandError } from "../command.ts";
import { address, era, hash, span } from "../options.ts";

/** A parser of the command line's options as a field of a file. */
function parsed<T>(parse: (given: string) => T) {
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

const callSchema = z.strictObject({
  /** A contract of the deployment by its name, such as `FeeController`, or any address. */
  contract: z.string().min(1),
  /** Name of a function of the deployment's contract; for an address its whole declaration, such as `function pay(address to, uint256 amount)`. */
  function: z.string().min(1),
  args: z.array(z.unknown()).default([]),
  /** Of the rollup's own currency, in its 18 digits. */
  value: parsed(era).default(0n),
});

const legSchema = z.strictObject({
  /** Name or chain id; home's leg is the proposal's own part. */
  rollup: z.string().min(1),
  calls: z.array(callSchema).min(1),
  /** More accounts whose code must be then what it is now, such as new implementations. */
  bind: z.array(parsed(address)).default([]),
  /** Operation of this rollup's timelock that must be done before. */
  after: parsed(hash).optional(),
  /** Tells apart two legs of the same content. */
  salt: parsed(hash).optional(),
});

const fileSchema = z.strictObject({
  title: z
    .string()
    .min(1)
    .regex(/^[^\n]*$/, "must be one line"),
  description: z.string().default(""),
  /** How long after the proposal its legs may still take effect. */
  validFor: parsed(span).default(30n * 86_400n),
  legs: z.array(legSchema).min(1),
});

export type ProposalFile = z.output<typeof fileSchema>;
export type LegFile = ProposalFile["legs"][number];
export type CallFile = LegFile["calls"][number];

/** Reads a proposal as people write it. Throws CLI_PROPOSAL_UNREADABLE, CLI_PROPOSAL_INVALID. */
export function readProposalFile(file: string): ProposalFile {
  return parseProposal(file, parseJson(readText(file)));
}

/** As {@link readProposalFile} from a value; `source` names it in errors. */
export function parseProposal(source: string, value: unknown): ProposalFile {
  const result = fileSchema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => `${path.join(".") || "(top)"}: ${message}`);
  throw invalid(source, problems.slice(0, 3).join("; "));
}

export function invalid(source: string, problem: string, cause?: unknown): CommandError {
  const next = "correct the file (docs/operations.md shows one)";
  const message = `${source} is no proposal: ${problem}`;
  return new CommandError("CLI_PROPOSAL_INVALID", message, "Nothing was sent", next, { cause });
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const next = "correct the file's name";
    const message = `${file} cannot be read`;
    throw new CommandError("CLI_PROPOSAL_UNREADABLE", message, "Nothing was sent", next, { cause });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
