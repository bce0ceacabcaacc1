import type { Hex } from "../../sdk/src/bytes.ts";
import { ZERO_HASH } from "../../sdk/src/bytes.ts";
import { codeOf } from "../chain/rpc-errors.ts";
import { openRecord } from "../guardian/record.ts";
import { reasonOf } from "../network/trouble.ts";
import type { Charge } from "../watch/charges.ts";
import { chargeOn } from "../watch/charges.ts";
import type { WatchConfig } from "../watch/config.ts";
import type { EvidenceFile } from "../watch/evidence-file.ts";
import { readEvidence } from "../watch/evidence-file.ts";
import type { Post } from "../watch/post.ts";
import { createPosts, postOf, stopSenders } from "../watch/post.ts";
import { pursue, simulate } from "../watch/prosecute.ts";
import { refusalOf, STATUS, standingOf } from "../watch/standing.ts";
import type { Context } from "./command.ts";
import { CommandError } from "./command.ts";
import { configuredRollup } from "./daemon.ts";
import { watchSettings } from "./watch.ts";

export interface EvidenceOptions {
  readonly file: string;
  readonly settings: string | undefined;
  readonly on: string | undefined;
  readonly dryRun: boolean;
  readonly keyFile: string | undefined;
  readonly account: number | undefined;
}

/** What came of the evidence on one rollup. */
interface Outcome {
  readonly rollup: string;
  readonly state: "convicted" | "already convicted" | "would be taken" | "refused" | "not reached";
  readonly guardians: number;
  readonly reason?: string;
}

const NOTHING_SENT = "Nothing was sent";

/** The answer is "no" (exit code 1) if no rollup takes it. */
export async function evidenceCommand(context: Context, options: EvidenceOptions): Promise<false | undefined> {
  const { settings, account, keyFile, dryRun } = options;
  const { config, key } = await watchSettings(context, { settings, account, flags: { keyFile } });
  const evidence = readEvidence(context.path(options.file));
  if (evidence.networkId !== config.networkId.toLowerCase()) {
    const what = `the evidence is about network ${evidence.networkId}, the settings are those of ${config.networkId}`;
    throw new CommandError("EVIDENCE_FOREIGN", what, NOTHING_SENT, "name the settings of that network");
  }
  const chosen = chosenOf(evidence, config, options.on);
  const outcomes = await withPosts(config, dryRun ? undefined : await key(), (posts) =>
    Promise.all(chosen.map((submission) => submit(posts, config.networkId, submission, context.signal))),
  );
  const { output } = context;
  output.line(`False attestation about ${evidence.about}:`);
  await output.table(
    ["rollup", "guardians", "state", "reason"],
    outcomes.map(({ rollup, guardians, state, reason }) => [rollup, guardians, state, reason ?? ""]),
  );
  output.result({ about: evidence.about, rollups: outcomes });
  return outcomes.some(({ state }) => state === "convicted" || state === "would be taken") ? undefined : false;
}

type Submission = EvidenceFile["submissions"][number];

function chosenOf({ submissions }: EvidenceFile, config: WatchConfig, on: string | undefined): readonly Submission[] {
  const wanted = on === undefined ? undefined : configuredRollup(config.rollups, on).chainId;
  const known = submissions.filter(({ chainId }) => config.rollups.some((rollup) => rollup.chainId === chainId));
  const chosen = known.filter(({ chainId }) => wanted === undefined || chainId === wanted);
  if (chosen.length > 0) return chosen;
  const rollups = submissions.map(({ rollup, chainId }) => `${rollup} (${chainId})`).join(", ");
  const next = "name one of these rollups with --on, or settings that know one";
  throw new CommandError("EVIDENCE_ELSEWHERE", `the evidence is for ${rollups} only`, NOTHING_SENT, next);
}

async function withPosts<T>(
  config: WatchConfig,
  key: Hex | undefined,
  task: (posts: readonly Post[]) => Promise<T>,
): Promise<T> {
  const record = openRecord(":memory:", { networkId: config.networkId, key: ZERO_HASH });
  const stopping = new AbortController();
  const posts = createPosts(config, record, key, () => undefined, stopping.signal);
  try {
    return await task(posts);
  } finally {
    stopping.abort();
    await stopSenders(posts, 0);
    for (const { access } of posts) access.pool.close();
    record.close();
  }
}

async function submit(
  posts: readonly Post[],
  networkId: Hex,
  { chainId, rollup, evidence }: Submission,
  signal: AbortSignal,
): Promise<Outcome> {
  const post = postOf(posts, chainId);
  if (post === undefined) return { rollup, state: "not reached", guardians: 0, reason: "the settings do not know it" };
  let guardians = 0;
  try {
    const charge = await chargeOn(networkId, post, evidence);
    if (charge === undefined) return { rollup, state: "refused", guardians, reason: "no guardian signed both facts" };
    guardians = charge.signers.length;
    return { rollup, guardians, state: await bring(charge, signal) };
  } catch (error) {
    const refusal = refusalOf(error);
    const isRefused = refusal !== undefined || codeOf(error) === "WATCH_UNKNOWN_SIGNERS";
    const reason = refusal === undefined ? reasonOf(error) : explain(refusal);
    return { rollup, guardians, state: isRefused ? "refused" : "not reached", reason };
  }
}

async function bring(charge: Charge, signal: AbortSignal): Promise<Outcome["state"]> {
  const { convictions, isProven } = await standingOf(charge, signal);
  if (convictions.every(({ status }) => status !== STATUS.none)) return "already convicted";
  if (!isProven) await simulate(charge, signal);
  const { sender } = charge.post;
  if (sender === undefined) return "would be taken";
  if ((await pursue(charge, sender, signal)) !== "open") return "convicted";
  const next = "run this again; if it goes on, make the evidence anew";
  throw new CommandError("EVIDENCE_NOT_TAKEN", "the transaction reverted", "What was proven stays", next);
}

/** What people can do about a refusal, by the error's name. */
const MEANING: Readonly<Record<string, string>> = {
  SlashingNotFalse: "the fact is true there",
  SlashingNoConflict: "the two facts can both be true",
  SlashingWrongHashes: "the lane has grown since: make the evidence anew (./metalayer watch --once --dry-run)",
  SlashingOutOfReach: "the lane's heads there are out of reach of evidence",
  SlashingBlockUnknown: "its time is over: that source block cannot be read there any more, or is not in the chain",
  SlashingNotHome: "only the rollup that the fact speaks about can judge it",
  SlashingNotIncluded: "the file is damaged: the fact is not in the signed root",
  GuardianSetInvalidSignature: "the file is damaged: the signature does not fit",
  GuardianSetKeyUnknown: "a signer's key is not registered there (./metalayer guardian register)",
  GuardianSetUnknownTable: "no such table of guardians was ever formed there",
};

function explain(refusal: string): string {
  const meaning = MEANING[/^\w+/.exec(refusal)?.[0] ?? ""];
  return meaning === undefined ? refusal : `${meaning} (${refusal})`;
}
