import { readFileSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { MetalayerError } from "../../sdk/src/errors.ts";
import { finalitySchema } from "../chain/finality.ts";
import { FAMILIES } from "./places.ts";

const lag = z.strictObject({ blocks: z.int().min(0), seconds: z.int().min(0) });

/** What a chain offers, as a file: written by `./metalayer probe`, read where guardians and relayers are set up. */
export const capabilitiesSchema = z.strictObject({
  version: z.literal(1),
  probedAt: z.iso.datetime(),
  chainId: z.string().regex(/^[1-9]\d{0,19}$/),
  client: z.string(),
  /** Undefined: no family that this version knows; such a chain is served like plain Ethereum if the rest allows. */
  family: z.enum(FAMILIES).optional(),
  /** Which adapter tells contracts of the chain's own blocks. */
  stackKind: z.enum(["evm", "arbitrum"]),
  blockTimeMs: z.number().positive().optional(),
  finality: finalitySchema,
  tags: z.strictObject({ safe: lag.optional(), finalized: lag.optional() }),
  gasLimit: z.string().regex(/^\d+$/).optional(),
  maxLogRange: z.int().min(0),
  ethereumHeaders: z.boolean(),
  stateProofs: z.boolean(),
  historyBlocks: z.int().min(0).optional(),
  findings: z.array(
    z.strictObject({
      id: z.string(),
      what: z.string(),
      verdict: z.enum(["yes", "no", "unanswered"]),
      neededFor: z.string().optional(),
    }),
  ),
  /** Why it cannot be served; empty if it can. */
  obstacles: z.array(z.string()),
  /** What is served with less than everything. */
  limits: z.array(z.string()),
});

export type Capabilities = z.infer<typeof capabilitiesSchema>;

export function writeCapabilities(file: string, capabilities: Capabilities): void {
  writeFileSync(file, `${JSON.stringify(capabilities, null, 2)}\n`);
}

/** Throws CAPABILITIES_UNREADABLE, or CAPABILITIES_UNFIT for a chain that cannot be served. */
export function readCapabilities(file: string): Capabilities {
  const parsed = capabilitiesSchema.safeParse(contentOf(file));
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "(top)"}: ${message}`);
    throw new MetalayerError("CAPABILITIES_UNREADABLE", `${file} is no capability file: ${problems.join("; ")}.`, {
      file,
    });
  }
  const { obstacles, chainId } = parsed.data;
  if (obstacles.length === 0) return parsed.data;
  throw new MetalayerError("CAPABILITIES_UNFIT", `Chain ${chainId} cannot be served: ${obstacles.join("; ")}.`, {
    file,
    obstacles,
  });
}

function contentOf(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    const reason = cause instanceof SyntaxError ? "is no JSON" : "cannot be read";
    throw new MetalayerError("CAPABILITIES_UNREADABLE", `${file} ${reason}.`, { file }, { cause });
  }
}
