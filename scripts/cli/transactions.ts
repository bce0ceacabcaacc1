import type { TransactionReceipt, TransactionResponse } from "ethers";
import { isError } from "ethers";
import type { Hex } from "../../sdk/src/bytes.ts";
import { explainRevert } from "../../sdk/src/reverts.ts";
import { CommandError } from "./command.ts";
import type { Connection } from "./connection.ts";
import { interfaces } from "./connection.ts";
import { OUT_OF_GAS } from "./sending.ts";

/** What to do about a refusal, by the error's name. */
const ADVICE: Readonly<Record<string, string>> = {
  AccessManagedUnauthorized: "sign with an account that holds the role (./metalayer check shows who does)",
  DirectoryTooEarly: "wait until the time that the error names, in seconds since 1970",
  DirectoryTooManyHolders: "revoke somebody first: a rollup takes 32 holders of a role",
  DirectoryUnknownRollup: "name rollups that the directory reaches (./metalayer roles list)",
  DirectoryZeroAccount: "name an account that is not zero",
  BroadcasterPayloadTooLong: "publish at most 32,768 bytes",
  ERC20InsufficientBalance: "bring ERA to this rollup first (./metalayer transfer)",
  CollectorAlreadyVoted: "nothing is left to do: each account votes once on each rollup",
  CollectorClosed: "look at ./metalayer proposal: nobody votes any more",
  CollectorNoVotes: "vote where ERA was deposited before the snapshot (./metalayer lock show)",
  EraUnknownRollup: "name a destination that this rollup has admitted (./metalayer quote lists them)",
  FeesInsufficientCredit: "buy credit first (./metalayer credit buy)",
  FeedsInvalidTerms: "correct the terms: docs/protocol/feeds.md §1 says what each has to be",
  FeedsKnown: "nothing is left to do: the feed was created (./metalayer feed show)",
  FeedsNotReporting: "look at ./metalayer feed show: reports count only of who has its stake there",
  FeedsOldRound: "nothing is left to do: this round, or a newer one, has its answer",
  FeedsTooEarly: "wait until the time that the error names, in seconds since 1970",
  FeedsUnknown: "create the feed first (./metalayer feed create), or correct its terms or --on",
  FeedsWrongStanding: "look at the reporter's standing (./metalayer feed show)",
  GatewayGasLimitTooHigh: "ask for less gas (--gas-limit)",
  GatewayInsufficientCredit: "look at the credit (./metalayer credit show) and ask for less",
  GatewayPauseCoolingDown: "wait until the time that the error names, in seconds since 1970",
  GatewayPauseTooLong: "pause for at most 7 days",
  GatewayPayloadTooLong: "send at most 32,768 bytes",
  GatewayUnknownRollup: "name a destination that this rollup has admitted (./metalayer quote lists them)",
  GovernorAlreadyCastVote: "nothing is left to do: each account votes once on each rollup",
  GovernorInsufficientProposerVotes:
    "deposit ERA on home (./metalayer lock deposit); it counts from the next second on",
  GuardianSetOperatorUnknown: "register the operator's key first (./metalayer guardian register)",
  GuardianSetInvalidPossession: "prove the key for this network and operator (./metalayer prove)",
  GuardianSetKeyTaken: "make a key of its own (./metalayer guardian key)",
  GuardianSetOperatorKnown: "sign as that operator and replace its key (./metalayer guardian rotate-key)",
  GuardianSetKeyStillCounts: "wait until the tables with the key before the present one have run out",
  GuardianSetNotJailed: "nothing is to be done: the operator is not jailed",
  GuardianSetStillJailed: "wait until the time that the error names, in seconds since 1970",
  GuardianSetWeightTooLow: "stake more (./metalayer guardian stake), or wait until that stake is a block old",
  GuardianSetTooEarly: "wait until the time that the error names, in seconds since 1970",
  GuardianSetTooFewGuardians: "the old table stays in force; at least four guardians with weight are needed",
  KeeperNoBounds: "ask governance for bounds: without them nobody else moves these prices",
  KeeperOutOfBounds: "stay within the bounds that ./metalayer fees shows",
  KeeperStepTooLarge: "move in smaller steps (./metalayer fees shows the largest)",
  KeeperTooEarly: "wait until the time that the error names, in seconds since 1970",
  SubscriptionsNothingToDeliver:
    "look at ./metalayer subscriptions show: somebody was first, or the terms have changed meanwhile",
  TimelockUnexpectedOperationState: "look at ./metalayer proposal: its delay is not over, or it is done",
  VotesInsufficientDeposit: "look at the deposit (./metalayer lock show) and ask for less",
  VotesNothingPayable: "wait until the time that the error names, in seconds since 1970",
  PathNotHeld: "look at ./metalayer path show: only a held message can be stopped",
  PathUnauthorized: "sign as the vetoer whom ./metalayer path show names",
  RootSourceRefused: "prove another state: docs/protocol/paths.md says what each family's source takes",
  RootSourceStale: "prove it under a newer block of the parent chain: each is of use for a day",
  RewardsNothing: "wait until the guardian has counted for a while; only what was paid in is paid out",
  StakingFrozen: "wait until the freeze has ended (./metalayer guardian status --operator)",
  StakingUnknownExit: "name an exit that is not paid yet (./metalayer guardian status --operator)",
  StakingNotReleased: "wait until the time that the error names, in seconds since 1970",
};

/**
 * Sends a transaction and waits until it is in a block: {@link SendingProvider} keeps it in sight meanwhile. `what`
 * completes "… refuses to". Throws CLI_REFUSED with the contract's own reason, CLI_NOT_MINED, CLI_UNCERTAIN.
 */
export async function transact(
  { name }: Pick<Connection, "name">,
  what: string,
  send: () => Promise<TransactionResponse>,
): Promise<TransactionReceipt> {
  try {
    const receipt = await (await send()).wait();
    if (receipt === null) throw new Error("only who does not wait gets no receipt");
    return receipt;
  } catch (error) {
    throw refusal(name, what, error) ?? error;
  }
}

/** The error as a sentence if it is a contract's refusal; undefined for any other error. */
export function refusal(name: string, what: string, error: unknown): CommandError | undefined {
  const reason = revertReason(error);
  return reason === undefined ? undefined : refused(name, what, reason, error);
}

/** A contract's refusal for this reason; `cause` tells whether it came before or after sending. */
export function refused(name: string, what: string, reason: string, cause?: unknown): CommandError {
  const advice = ADVICE[/^\w+/.exec(reason)?.[0] ?? ""] ?? "correct what the reason names and run this again";
  const receipt = isError(cause, "CALL_EXCEPTION") ? cause.receipt : undefined;
  const unchanged = receipt ? `Transaction ${receipt.hash} cost its gas and changed nothing` : "Nothing was changed";
  return new CommandError("CLI_REFUSED", `${name} refuses to ${what}: ${reason}`, unchanged, advice, { cause });
}

/** A contract's reason for reverting, as people read it; undefined if the error is none. */
export function revertReason(error: unknown): string | undefined {
  if (!isError(error, "CALL_EXCEPTION")) return undefined;
  if (error.reason === OUT_OF_GAS) return `it ran ${OUT_OF_GAS}`;
  // CAST: ethers gives revert data as a hex string.
  return explainRevert((error.data ?? "0x") as Hex, interfaces);
}
