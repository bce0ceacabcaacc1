import { FEE_STEP } from "../../sdk/src/fees.ts";
import { delay } from "../chain/tasks.ts";
import type { Context } from "./command.ts";
import { CommandError, UsageError } from "./command.ts";
import type { Connection } from "./connection.ts";
import { unitsText } from "./format.ts";
import { findNetwork, withRollups } from "./network.ts";
import { transact } from "./transactions.ts";
import type { WalletChoice } from "./wallet.ts";
import { findWallet, signOn } from "./wallet.ts";

export interface RequestOptions extends WalletChoice {
  readonly network: string | undefined;
  readonly on: string;
  readonly anchor: number | undefined;
  /** Seconds. */
  readonly wait: bigint | undefined;
}

const EVERY_MS = 250;

/** Asks for a head. The answer is "no" if it was waited for and did not come. */
export async function requestHead(context: Context, options: RequestOptions): Promise<false | undefined> {
  const network = findNetwork(context, options.network);
  const [source, dst] = [network.rollup(context.args[1] ?? ""), network.rollup(options.on)];
  if (source === dst) throw new UsageError("a rollup holds no heads of its own: name another one with --on");
  const wallet = await findWallet(context, network, options);
  return withRollups([source, dst], async ([of, on]) => {
    if (of === undefined || on === undefined) throw new Error("a connection per rollup");
    const anchorIndex = options.anchor === undefined ? await usefulAnchor(of, on) : BigInt(options.anchor);
    const asked = { of: of.name, on: on.name, anchorIndex };
    const { output } = context;
    if (await isKnown(of, on, anchorIndex)) {
      output.line(`Head ${anchorIndex} of ${of.name} is recorded on ${on.name} already: nothing was asked or paid.`);
      output.result({ ...asked, paid: 0n, recorded: true });
      return undefined;
    }
    const { headPrice } = await on.contracts.stateRequests.termsOf(of.chainId);
    if (headPrice === 0n) {
      const next = "bring the head yourself: recording one costs no fee";
      const what = `${on.name} has no price for heads of ${of.name}`;
      throw new CommandError("CLI_NOT_OFFERED", what, "Nothing was asked", next);
    }
    const { contracts } = await signOn(on, wallet);
    await transact(on, "ask for a head", () => contracts.stateRequests.requestHead(of.chainId, anchorIndex));
    const paid = headPrice * FEE_STEP;
    output.line(`Asked on ${on.name} for head ${anchorIndex} of ${of.name}, for ${unitsText(paid)} of credit.`);
    if (options.wait === undefined) output.line("After an hour without an answer the price can be taken back.");
    const recorded = options.wait === undefined ? false : await answered(context, of, on, anchorIndex, options.wait);
    output.result({ ...asked, paid, recorded });
    return options.wait === undefined || recorded ? undefined : false;
  });
}

/** The newest anchor that is not recorded yet; if all are, the one that comes next. */
async function usefulAnchor(of: Connection, on: Connection): Promise<bigint> {
  const count = await of.contracts.anchorLog.count();
  return count > 0n && !(await isKnown(of, on, count - 1n)) ? count - 1n : count;
}

async function isKnown(of: Connection, on: Connection, anchorIndex: bigint): Promise<boolean> {
  const { recordedAt } = await on.contracts.inbox.head(of.chainId, anchorIndex);
  return recordedAt !== 0n;
}

async function answered(
  { output, signal }: Context,
  of: Connection,
  on: Connection,
  anchorIndex: bigint,
  seconds: bigint,
): Promise<boolean> {
  const progress = await output.progress("Waiting for the answer");
  const deadline = performance.now() + Number(seconds) * 1_000;
  try {
    while (!(await isKnown(of, on, anchorIndex))) {
      if (performance.now() > deadline) {
        progress.fail("Not answered in time");
        return false;
      }
      await delay(EVERY_MS, signal);
    }
    progress.done(`Head ${anchorIndex} of ${of.name} is recorded on ${on.name}`);
    return true;
  } catch (error) {
    progress.fail("Waiting ended");
    throw error;
  }
}
