import { Interface, ZeroHash } from "ethers";
import { guardianSlashingAbi } from "../../sdk/src/abi/GuardianSlashing.ts";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import { explainRevert } from "../../sdk/src/reverts.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import { parseBlock } from "../chain/blocks.ts";
import { codeOf } from "../chain/rpc-errors.ts";
import { viewCall, viewResult } from "../network/gateway.ts";
import type { Charge } from "./charges.ts";
import type { Post } from "./post.ts";
import { operatorsOf, setInterface } from "./signers.ts";

export const slashingInterface = new Interface(guardianSlashingAbi);

/** As `IGuardianSlashing.Status` counts. */
export const STATUS = { none: 0, open: 1, burnt: 2, lifted: 3, suspended: 4, covered: 5 } as const;

/** How a charge stands on its rollup. */
export interface Standing {
  readonly isProven: boolean;
  /** In the order of the charge's signers, with the operators that answer for their keys there. */
  readonly convictions: readonly { readonly operator: Address; readonly status: number; readonly dueAt: bigint }[];
  /** Whether the rollup's newest table of guardians is accepted. */
  readonly isTableAccepted: boolean;
  /** Seconds, of the newest block. */
  readonly now: bigint;
}

export async function standingOf(charge: Charge, signal?: AbortSignal): Promise<Standing> {
  const { post, proofId, signers, offence } = charge;
  const { guardianSet } = post.rollup.contracts;
  const slashing = addressOf(post);
  const { pool } = post.access;
  const view = (name: string, args: readonly unknown[]) => viewCall(slashing, name, args, "latest", slashingInterface);
  const operators = await operatorsOf(
    post,
    signers.map(({ key }) => key),
    signal,
  );
  const facts = offence.other === ZeroHash ? [offence.fact] : [offence.fact, offence.other];
  const [block, epoch, proof, ...rest] = await pool.batch(
    [
      { method: "eth_getBlockByNumber", params: ["latest", false] },
      viewCall(guardianSet, "epoch", [], "latest", setInterface),
      view("proof", [proofId]),
      ...operators.flatMap((operator) => facts.map((fact) => view("conviction", [operator, fact]))),
    ],
    { signal },
  );
  const answers = [block, epoch, proof, ...rest].map((outcome) => {
    if (outcome?.ok === true) return outcome.result;
    throw outcome?.error ?? new Error("no answer");
  });
  const found = answers.slice(3).map((result) => {
    // CAST: the ABI says so.
    const entry = viewResult("conviction", result, slashingInterface)[0] as { status: bigint; dueAt: bigint };
    return { status: Number(entry.status), dueAt: entry.dueAt };
  });
  const convictions = operators.map((operator, index) => {
    const own = found.slice(index * facts.length, (index + 1) * facts.length);
    // A conflict convicts nobody who is convicted of either fact.
    const first = own.find(({ status }) => status !== STATUS.none) ?? { status: STATUS.none, dueAt: 0n };
    return { operator, ...first };
  });
  // CAST: the ABI says so.
  const { provenAt } = viewResult("proof", answers[2], slashingInterface)[0] as { provenAt: bigint };
  // CAST: the ABI says so.
  const word = viewResult("epoch", answers[1], setInterface)[0] as { serial: bigint };
  const accepted = viewCall(guardianSet, "isAccepted", [word.serial], "latest", setInterface);
  const answer = await pool.request(accepted.method, accepted.params, { signal });
  return {
    isProven: provenAt !== 0n,
    convictions,
    isTableAccepted: viewResult("isAccepted", answer, setInterface)[0] === true,
    now: BigInt(parseBlock(answers[0]).timestamp),
  };
}

/** Until when the operators of these keys are frozen on a rollup, in seconds. */
export async function frozenUntil(
  post: Post,
  keys: readonly bigint[],
  signal?: AbortSignal,
): Promise<{ readonly until: readonly bigint[]; readonly now: bigint }> {
  const { guardianSet } = post.rollup.contracts;
  const operators = await operatorsOf(post, keys, signal);
  const calls = operators.map((operator) => viewCall(guardianSet, "frozenUntil", [operator], "latest", setInterface));
  const newest = { method: "eth_getBlockByNumber", params: ["latest", false] };
  const [block, ...rest] = await post.access.pool.batch([newest, ...calls], { signal });
  if (block?.ok !== true) throw block?.error ?? new Error("no answer");
  const until = rest.map((outcome) => {
    if (!outcome.ok) throw outcome.error;
    // CAST: the ABI says so.
    return viewResult("frozenUntil", outcome.result, setInterface)[0] as bigint;
  });
  return { until, now: BigInt(parseBlock(block.result).timestamp) };
}

/** Where evidence goes. Throws CONFIG_INVALID if the settings do not say. */
export function addressOf({ rollup, slashing }: Post): Address {
  if (slashing !== undefined) return slashing;
  const message = `The settings of ${rollup.name} do not name its guardianSlashing.`;
  throw new MetalayerError("CONFIG_INVALID", message, { rollup: rollup.name });
}

/** The contract's reason if the call reverted; undefined for any other error. */
export function refusalOf(error: unknown): string | undefined {
  if (!(error instanceof MetalayerError) || codeOf(error) !== "RPC_REVERTED") return undefined;
  const { data } = error.info;
  // CAST: errors of nodes carry revert data as hex.
  return explainRevert(typeof data === "string" ? (data as Hex) : "0x", [slashingInterface, setInterface]);
}
