import { AUTOMATION_TOPICS, readAutomations, type CreatedAutomation } from "../../sdk/src/automation.ts";
import { codeOf } from "../chain/rpc-errors.ts";
import { reasonOf, waits, worse, type Trouble } from "../network/trouble.ts";
import type { AutomationSite, AutomationState } from "./automationCall.ts";
import {
  accepts,
  endIn,
  finalTime,
  prepareExecution,
  readStates,
  showHead,
  valuesAt,
  type ShownHead,
} from "./automationCall.ts";
import { isFailing, MOST_GAS, noteCalls, openDesk, readJobs, type Desk } from "./desk.ts";
import { latestHead, type RecordedHead } from "./heads.ts";

export interface AutomationServiceOptions<T extends AutomationSite> {
  readonly sites: readonly T[];
  /** Least reward for which it executes, in fee units. */
  readonly leastReward: bigint;
  /** Least reward for which it has a head attested. */
  readonly leastForHead: bigint;
  /** Has a head of `source` attested on `dst` that is not older than a block; goes on with each call. */
  readonly bringHead: (source: T, dst: T, from: bigint, signal?: AbortSignal) => Promise<void>;
  readonly onError: (where: string, error: unknown) => void;
  /** Milliseconds that only grow. */
  readonly now: () => number;
}

/** Executes automations when their conditions hold. What it remembers only spares it work: a new one begins from the chains. */
export interface AutomationService<T extends AutomationSite> {
  /** Looks at automations of one rollup and executes what can be executed now. Returns how many owners were called. */
  serve(dst: T, signal?: AbortSignal): Promise<number>;
}

interface Job<T> {
  readonly made: CreatedAutomation;
  readonly source: T;
  trouble: Trouble | undefined;
  /** Block of the source since which the condition is known to hold and no head shows it. */
  since: bigint | undefined;
}

/** A job that is paid for and due. */
interface Due<T> {
  readonly job: Job<T>;
  readonly state: AutomationState;
}

/** Looked at in one visit; the others follow with the next ones. */
const MOST_LOOKS = 128;
const MOST_EXECUTIONS = 8;
/** Blocks after which what is over is forgotten. */
const KEPT_BLOCKS = 4_096;

export function createAutomationService<T extends AutomationSite>(
  options: AutomationServiceOptions<T>,
): AutomationService<T> {
  const desks = new Map<T, Desk<Job<T>>>();
  return {
    async serve(dst, signal) {
      const address = dst.rollup.contracts.automations;
      if (address === undefined) return 0;
      const desk = desks.get(dst) ?? openDesk<Job<T>>(dst, address, Object.values(AUTOMATION_TOPICS));
      desks.set(dst, desk);
      await readJobs(desk, readAutomations, (made) => openJob(options, dst, made), signal);
      const { now, due } = await dueOf(options, desk, dst, signal);
      let executed = 0;
      for (const source of new Set(due.map(({ job }) => job.source))) {
        const own = due.filter(({ job }) => job.source === source);
        executed += await serveFrom(options, { desk, source, dst, now, signal }, own).catch((error: unknown) => {
          options.onError(dst.rollup.name, error);
          return 0;
        });
      }
      return executed;
    },
  };
}

function openJob<T extends AutomationSite>(
  { sites }: AutomationServiceOptions<T>,
  dst: T,
  made: CreatedAutomation,
): Job<T> | undefined {
  const { chainId, incarnation, gasLimit } = made.automation;
  const source = sites.find(({ rollup }) => rollup.chainId === chainId && rollup.incarnation === incarnation);
  if (source === undefined || source === dst || gasLimit > MOST_GAS) return undefined;
  return { made, source, trouble: undefined, since: undefined };
}

/** Of as many as one visit looks at, those that are paid for and whose period is over. The next visit begins behind them. */
async function dueOf<T extends AutomationSite>(
  { leastReward, now: clock }: AutomationServiceOptions<T>,
  desk: Desk<Job<T>>,
  dst: T,
  signal: AbortSignal | undefined,
): Promise<{ readonly now: bigint; readonly due: Due<T>[] }> {
  const at = clock();
  const looked = [...desk.jobs]
    .filter(([, { trouble, made }]) => !waits(trouble, at) && made.automation.reward >= leastReward)
    .filter(([, { made }]) => !isFailing(desk, made.owner, at))
    .slice(0, MOST_LOOKS);
  const ids = looked.map(([id]) => id);
  if (ids.length === 0) return { now: 0n, due: [] };
  const { now, states } = await readStates(dst, ids, signal);
  const due: Due<T>[] = [];
  looked.forEach(([id, job], index) => {
    const state = states[index];
    desk.jobs.delete(id);
    if (state?.active !== true) {
      const { next } = desk.reader;
      desk.logs = desk.logs.filter((log) => log.topics[1] !== id || log.blockNumber + KEPT_BLOCKS > next);
      return;
    }
    desk.jobs.set(id, job);
    const { reward, period } = job.made.automation;
    const isOver = state.calledAt === 0n || now >= state.calledAt + period;
    if (isOver && state.balance >= reward) due.push({ job, state });
  });
  return { now, due };
}

interface Route<T> {
  readonly desk: Desk<Job<T>>;
  readonly source: T;
  readonly dst: T;
  /** Time of the newest block at the destination, seconds. */
  readonly now: bigint;
  readonly signal: AbortSignal | undefined;
}

/** Executes by the newest recorded head where it shows the condition, and has a newer one brought where only the source itself does. */
async function serveFrom<T extends AutomationSite>(
  options: AutomationServiceOptions<T>,
  route: Route<T>,
  due: readonly Due<T>[],
): Promise<number> {
  const { source, dst, now, signal } = route;
  const known = await latestHead(dst, source.rollup.chainId, signal);
  const head = known === undefined ? undefined : await showHead(source, known, signal);
  const usable = due.filter(({ job, state }) => {
    if (head === undefined || head.time + job.made.automation.maxAge < now) return false;
    return state.calledAt === 0n || head.number > state.number;
  });
  const values = await valuesAt(source, conditions(usable), head?.number ?? 0n, signal);
  const ready = usable.filter((_, index) => values[index] !== undefined).slice(0, MOST_EXECUTIONS);
  const executed = head === undefined ? 0 : await execute(options, route, ready, head);
  const rest = due.filter((one) => !usable.includes(one) || values[usable.indexOf(one)] === undefined);
  await wantHead(options, route, rest, known);
  return executed;
}

/** One transaction each, so that none keeps another one waiting. */
async function execute<T extends AutomationSite>(
  { now, onError }: AutomationServiceOptions<T>,
  { desk, source, dst, signal }: Route<T>,
  ready: readonly Due<T>[],
  head: ShownHead,
): Promise<number> {
  const one = async ({ job }: Due<T>): Promise<number> => {
    const fail = (reason: string): number => {
      job.trouble = worse(job.trouble, "reverts", reason, now());
      return 0;
    };
    try {
      const { value, call } = await prepareExecution(source, dst, job.made, head, signal);
      if (!(await accepts(dst, job.made, value, signal))) return fail("its owner does not accept the call");
      const sent = await dst.sender.send({ ...call, ...(signal === undefined ? {} : { signal }) });
      const { logs } = await sent.wait(signal);
      const end = endIn(logs, job.made.id);
      if (end !== undefined) noteCalls(desk, job.made.owner, end === "failed", now());
      if (end !== "executed") return fail("its call failed");
      [job.trouble, job.since] = [undefined, undefined];
      return 1;
    } catch (error) {
      fail(reasonOf(error));
      // Somebody else was first.
      if (codeOf(error) !== "RPC_REVERTED") onError(dst.rollup.name, error);
      return 0;
    }
  };
  const counts = await Promise.all(ready.map(one));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** For conditions that hold in a final block of the source and in no head that serves, if they pay for one. */
async function wantHead<T extends AutomationSite>(
  { leastForHead, bringHead }: AutomationServiceOptions<T>,
  { source, dst, now, signal }: Route<T>,
  rest: readonly Due<T>[],
  head: RecordedHead | undefined,
): Promise<void> {
  const { finalNumber } = source.follower;
  const offered = rest.filter(({ job }) => job.made.automation.reward >= leastForHead);
  if (finalNumber < 0 || offered.length === 0) return;
  const final = BigInt(finalNumber);
  const time = await finalTime(source, signal);
  // What asks for younger blocks than are final is served by no head.
  const paying = offered.filter(({ job }) => time + job.made.automation.maxAge >= now);
  const held = await valuesAt(source, conditions(paying), final, signal);
  let wanted: bigint | undefined;
  for (const [index, { job, state }] of paying.entries()) {
    const isNewer = (state.calledAt === 0n || final > state.number) && (head === undefined || final > head.number);
    const value = held[index];
    if (value === undefined || !isNewer) {
      job.since = undefined;
      continue;
    }
    const isKnown = job.since !== undefined && (head === undefined || head.number < job.since);
    if (!isKnown) job.since = (await accepts(dst, job.made, value, signal)) ? final : undefined;
    if (job.since !== undefined && (wanted === undefined || job.since > wanted)) wanted = job.since;
  }
  if (wanted !== undefined) await bringHead(source, dst, wanted, signal);
}

function conditions<T>(due: readonly Due<T>[]) {
  return due.map(({ job }) => job.made.automation);
}
