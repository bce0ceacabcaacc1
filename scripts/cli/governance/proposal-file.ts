import { z } from "zod";
import type { CommandError } from "../command.ts";
import { checkAs, invalidFile, parsed, readFileAs, type FileKind } from "../json-file.ts";
import { address, era, hash, span } from "../options.ts";

const KIND: FileKind = { code: "CLI_PROPOSAL", what: "proposal", shownIn: "docs/operations.md" };

const callSchema = z.strictObject({
  /** A contract of the deployment by its name, such as `FeeController`, or any address. */
  contract: z.string().min(1),
  /** Name of a function of the deployment's contract; for an address its whole declaration, such as `function pay(address to, uint256 amount)`; none to pay coins. */
  function: z.string().min(1).optional(),
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
  return readFileAs(KIND, fileSchema, file);
}

/** As {@link readProposalFile} from a value; `source` names it in errors. */
export function parseProposal(source: string, value: unknown): ProposalFile {
  return checkAs(KIND, fileSchema, source, value);
}

export function invalid(source: string, problem: string, cause?: unknown): CommandError {
  return invalidFile(KIND, source, problem, cause);
}
