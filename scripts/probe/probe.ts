import type { FinalityPolicy } from "../chain/finality.ts";
import type { Endpoint } from "../chain/endpoint.ts";
import { bigQuantity } from "../chain/blocks.ts";
import type { BlockFacts } from "./blocks.ts";
import { readBlocks } from "./blocks.ts";
import type { Capabilities } from "./capabilities.ts";
import { INSTRUCTIONS } from "./instructions.ts";
import type { Family } from "./places.ts";
import { FAMILY_QUESTIONS, PLACES } from "./places.ts";
import { precompiles } from "./precompiles.ts";
import type { Finding } from "./question.ts";
import { askAll, obstacles } from "./question.ts";

/** Without a tag for final blocks, as many as this time brings have to lie on top. */
const DEPTH_SECONDS = 900;
/** Below this height nothing is known of pace, finality and history. */
const YOUNG = 8;
const DEFAULT_BLOCK_TIME_MS = 2_000;

/** Finds out what the chain behind an endpoint offers. Sends no transaction and needs no account. */
export async function probe(endpoint: Endpoint, now: Date, signal?: AbortSignal): Promise<Capabilities> {
  const chainId = bigQuantity(await endpoint.request("eth_chainId", [], { signal }));
  const client = await endpoint.request("web3_clientVersion", [], { signal }).catch(() => "unknown");
  const findings = await askAll(endpoint, [...INSTRUCTIONS, ...precompiles(), ...PLACES], signal);
  const family = await familyOf(endpoint, signal);
  const { head, ownNumbers, blockTimeMs, gasLimit, historyBlocks, tags, ...facts } = await readBlocks(endpoint, signal);
  const stackKind = family === "arbitrum" ? "arbitrum" : "evm";
  const chain = { head, stackKind, ownNumbers, blockTimeMs, historyBlocks, tags, ...facts } as const;
  return {
    version: 1,
    probedAt: now.toISOString(),
    chainId: String(chainId),
    client: String(client),
    ...(family === undefined ? {} : { family }),
    stackKind,
    ...(blockTimeMs === undefined ? {} : { blockTimeMs }),
    finality: finalityOf(tags, blockTimeMs),
    tags: {
      ...(tags.safe === undefined ? {} : { safe: tags.safe }),
      ...(tags.finalized === undefined ? {} : { finalized: tags.finalized }),
    },
    ...(gasLimit === undefined ? {} : { gasLimit: String(gasLimit) }),
    ...(historyBlocks === undefined ? {} : { historyBlocks }),
    ...facts,
    findings: findings.map(({ neededFor, ...rest }) => (neededFor === undefined ? rest : { ...rest, neededFor })),
    obstacles: [...obstacles(findings), ...chainObstacles(chain)],
    limits: limitsOf(chain, findings),
  };
}

/** Only what contracts cannot do without: what deployment asks before it spends anything. */
export async function findObstacles(endpoint: Endpoint, signal?: AbortSignal): Promise<readonly string[]> {
  const needed = [...INSTRUCTIONS, ...precompiles()].filter(({ neededFor }) => neededFor !== undefined);
  return obstacles(await askAll(endpoint, needed, signal));
}

async function familyOf(endpoint: Endpoint, signal?: AbortSignal): Promise<Family | undefined> {
  const findings = await askAll(endpoint, FAMILY_QUESTIONS, signal);
  const at = findings.findIndex(({ verdict }) => verdict === "yes");
  return FAMILY_QUESTIONS[at]?.id;
}

function finalityOf(tags: BlockFacts["tags"], blockTimeMs: number | undefined): FinalityPolicy {
  if (tags.finalized !== undefined) return { kind: "tag", tag: "finalized" };
  const blocks = Math.ceil((DEPTH_SECONDS * 1_000) / (blockTimeMs ?? DEFAULT_BLOCK_TIME_MS));
  return { kind: "depth", blocks: Math.min(blocks, 1_000_000) };
}

type Chain = Omit<BlockFacts, "gasLimit"> & { readonly stackKind: Capabilities["stackKind"] };

function chainObstacles({ stackKind, ownNumbers, maxLogRange }: Chain): string[] {
  const found: string[] = [];
  if (stackKind === "evm" && !ownNumbers) {
    found.push("NUMBER does not count the chain's own blocks, and no adapter knows another way: needed for anchors");
  }
  if (maxLogRange === 0) found.push("eth_getLogs does not answer: needed by guardians and relayers");
  return found;
}

/** What works less well, and what that means. */
function limitsOf(chain: Chain, findings: readonly Finding[]): string[] {
  const { ethereumHeaders, stateProofs } = chain;
  const has = (id: string): boolean => findings.some((finding) => finding.id === id && finding.verdict === "yes");
  const limits: (string | false)[] = [
    ...timeLimits(chain),
    !ethereumHeaders && "headers do not hash as Ethereum's: no head facts of this chain, so no proofs of its state",
    !stateProofs && "no proofs of state that Metalayer can verify (eth_getProof)",
    !has("CREATE2 deployer") &&
      "no CREATE2 deployer: deployment places it, if the chain takes transactions without EIP-155",
  ];
  return limits.filter((text) => text !== false);
}

function timeLimits({ head, stackKind, tags, blockTimeMs, historyBlocks }: Chain): (string | false)[] {
  if (head.number < YOUNG) return ["a young chain: probe it again when it has made more blocks"];
  return [
    tags.finalized === undefined &&
      `no "finalized" tag: final is what lies ${DEPTH_SECONDS} s deep; set what fits the chain`,
    tags.finalized?.blocks === 0 &&
      "its nodes call the newest block final: check whether the chain can be reorganised, and set a depth if so",
    blockTimeMs === undefined && "its newest blocks have one timestamp: set blockTimeMs yourself",
    stackKind === "evm" &&
      historyBlocks === 0 &&
      "contracts cannot read hashes of blocks: no anchors and no head facts",
    historyBlocks === 256 && "no EIP-2935: an anchor has to name one of the last 256 blocks",
  ];
}
