import { createEndpoint } from "../chain/endpoint.ts";
import { codeOf, isEndpointFault } from "../chain/rpc-errors.ts";
import type { Capabilities } from "../probe/capabilities.ts";
import { writeCapabilities } from "../probe/capabilities.ts";
import { probe } from "../probe/probe.ts";
import type { Context } from "./command.ts";
import { CommandError } from "./command.ts";

export interface ProbeOptions {
  readonly rpc: string;
  readonly write: string | undefined;
}

/** A node answers some of these questions slowly. */
const TIMEOUT_MS = 30_000;

export async function probeCommand(context: Context, { rpc, write }: ProbeOptions): Promise<false | void> {
  const { output, signal } = context;
  const progress = await output.progress(`Asking ${new URL(rpc).host}`);
  const endpoint = createEndpoint({ url: rpc, timeoutMs: TIMEOUT_MS });
  try {
    const found = await probe(endpoint, new Date(), signal).catch((error: unknown) => {
      progress.fail();
      throw explained(error, endpoint.label);
    });
    progress.done();
    await show(context, found);
    if (write !== undefined) {
      const file = context.path(write);
      writeCapabilities(file, found);
      output.line(`Written to ${file}`);
    }
    output.result(found);
    if (found.obstacles.length === 0) {
      output.line(
        `Metalayer can serve chain ${found.chainId}. Next: add it to a parameter file and ./metalayer deploy`,
      );
      return;
    }
    output.line(`Metalayer cannot serve chain ${found.chainId}:`);
    for (const obstacle of found.obstacles) output.line(`  ${obstacle}`);
    return false;
  } finally {
    endpoint.close();
  }
}

async function show({ output }: Context, found: Capabilities): Promise<void> {
  const { chainId, client, family, stackKind, blockTimeMs, finality, maxLogRange, historyBlocks, limits } = found;
  await output.table(
    ["", "found"],
    [
      ["chain", `${chainId} (${client})`],
      ["family", family ?? "none that is known here"],
      ["adapter", stackKind],
      ["block time", blockTimeMs === undefined ? "not measurable" : `${blockTimeMs} ms`],
      ["final", finality.kind === "tag" ? `what its nodes tag "${finality.tag}"` : `${finality.blocks} blocks deep`],
      ["logs", `${maxLogRange} blocks in one request`],
      ["hashes that contracts see", historyBlocks === undefined ? "not known yet" : `of ${historyBlocks} blocks`],
      ["headers as Ethereum's", found.ethereumHeaders ? "yes" : "no"],
      ["proofs of state", found.stateProofs ? "yes" : "no"],
    ],
  );
  await output.table(
    ["feature", "what", "there", "needed for"],
    found.findings.map(({ id, what, verdict, neededFor }) => [id, what, verdict, neededFor ?? ""]),
  );
  for (const limit of limits) output.line(`Note: ${limit}.`);
}

function explained(error: unknown, label: string): unknown {
  if (!isEndpointFault(error) && codeOf(error) !== "RPC_REJECTED") return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new CommandError(
    "PROBE_NO_ANSWER",
    `${label} does not answer as a node does: ${reason}`,
    "Nothing was written",
    "check the address, or try another node of the chain",
    { cause: error },
  );
}
