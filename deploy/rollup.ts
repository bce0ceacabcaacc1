import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { keccak256, toUtf8Bytes } from "ethers";
import type { Address } from "../sdk/src/bytes.ts";
import {
  CREATE2_DEPLOYER,
  CREATE2_DEPLOYER_ACCOUNT,
  CREATE2_DEPLOYER_TRANSACTION,
} from "../sdk/src/deployment/addresses.ts";
import { managerTransactions, openTransactions } from "../sdk/src/deployment/calls.ts";
import { missingContracts } from "../sdk/src/deployment/code.ts";
import type { RollupPlan } from "../sdk/src/deployment/plan.ts";
import { inspectRollup } from "../sdk/src/deployment/inspect.ts";
import { inspectSettings, type Findings } from "../sdk/src/deployment/settings.ts";
import { createView, type ChainReader } from "../sdk/src/deployment/view.ts";
import { MetalayerError } from "../sdk/src/errors.ts";
import { ignite, readJournal, setAside, type Pace } from "./journal.ts";
import { contractSteps, FACTORY_STEP } from "./modules/contracts.ts";
import { transactionsModule, type Step } from "./modules/transactions.ts";
import { signerOf, type Target } from "./targets.ts";

/** In a row without anything new on the chain. */
const MOST_ATTEMPTS = 8;
const PAUSE_MS = 250;
const SETTLE_MS = 60_000;
/** Measured: creation code, its constructor and what it leaves cost 215 to 230 gas a byte. */
const GAS_PER_BYTE = 250n;
const GAS_PER_CONTRACT = 150_000n;

export interface RollupRun {
  readonly plan: RollupPlan;
  readonly target: Target;
  readonly reader: ChainReader;
  /** Holds this rollup's journals. */
  readonly folder: string;
  readonly pace: Pace;
  readonly signal?: AbortSignal;
  readonly progress: (text: string) => void;
}

/**
 * Brings one rollup to its plan: contracts, settings, hand-over of the administration. Everything is decided by what stands on the chain, the
 * journals only know which transactions are on their way; so it can be killed at any moment and run again, with or without the journals.
 * Returns what still differs. Throws `DEPLOYMENT_WRONG_DEPLOYER`, `DEPLOYMENT_INSUFFICIENT_FUNDS`, `DEPLOYMENT_STEP_FAILED`.
 */
export async function bringUp(run: RollupRun): Promise<Findings> {
  const sender = await signerOf(run.target);
  checkSender(run, sender);
  let missing = Infinity;
  for (let attempt = 1; ; attempt++) {
    run.signal?.throwIfAborted();
    try {
      await settle(run, sender);
      await placeCreate2Deployer(run, sender);
      await placeContracts(run, sender);
      const worked = await configure(run, sender);
      const findings = await inspectRollup(run.plan, run.reader);
      if (findings.differences.length === 0 || !worked || attempt === MOST_ATTEMPTS) return findings;
      run.progress("settings still differ, looking again");
    } catch (error) {
      if (attempt === MOST_ATTEMPTS || isFinal(error)) throw error;
      run.progress(`${String(error).split("\n")[0] ?? ""}; going on from what stands on the chain`);
      await sleep(attempt * PAUSE_MS, undefined, { signal: run.signal });
      const left = (await missingContracts(run.plan, run.reader).catch(() => [])).length;
      if (left > 0 && left < missing) [missing, attempt] = [left, 0];
    }
  }
}

function checkSender({ plan, target }: RollupRun, sender: Address): void {
  const { deployer } = plan.parameters;
  if (sender.toLowerCase() === deployer.toLowerCase()) return;
  const message = `the parameters name ${deployer} as deployer, the key for ${target.name} belongs to ${sender}`;
  throw new MetalayerError("DEPLOYMENT_WRONG_DEPLOYER", message, { expected: deployer, actual: sender });
}

function isFinal(error: unknown): boolean {
  if (error instanceof Error && error.name === "AbortError") return true;
  return error instanceof MetalayerError && error.code !== "DEPLOYMENT_STEP_FAILED";
}

/** Waits until no transaction of the deployer is on its way, so that the chain can be judged. */
async function settle({ target, pace, signal, progress }: RollupRun, sender: Address): Promise<void> {
  const count = async (tag: string): Promise<unknown> =>
    target.provider.request({ method: "eth_getTransactionCount", params: [sender, tag] });
  const until = Date.now() + SETTLE_MS;
  for (let round = 0; Date.now() < until; round++) {
    const [latest, pending] = [await count("latest"), await count("pending")];
    if (latest === pending) return;
    if (round === 0) progress("waiting for transactions that are on their way");
    await sleep(pace.pollingMs, undefined, { signal });
  }
}

/** On rollups that lack it: the well-known CREATE2 deployer, by the transaction that has no other sender. */
async function placeCreate2Deployer(run: RollupRun, sender: Address): Promise<void> {
  const { target, reader, pace } = run;
  if ((await reader.code(CREATE2_DEPLOYER)) !== "0x") return;
  run.progress("placing the CREATE2 deployer");
  const [nonce, gasPrice] = await Promise.all([
    target.provider.request({ method: "eth_getTransactionCount", params: [sender, "latest"] }),
    target.provider.request({ method: "eth_gasPrice" }),
  ]);
  const funding = {
    from: sender,
    to: CREATE2_DEPLOYER_ACCOUNT,
    value: "0x2386f26fc10000",
    gas: "0x186a0",
    nonce,
    gasPrice,
  };
  await target.provider.request({ method: "eth_sendTransaction", params: [funding] });
  await settle(run, sender);
  await target.provider.request({ method: "eth_sendRawTransaction", params: [CREATE2_DEPLOYER_TRANSACTION] });
  const until = Date.now() + SETTLE_MS;
  while ((await reader.code(CREATE2_DEPLOYER)) === "0x") {
    if (Date.now() > until)
      throw new MetalayerError(
        "DEPLOYMENT_NO_CREATE2_DEPLOYER",
        `${target.name} does not take the CREATE2 deployer's transaction`,
      );
    await sleep(pace.pollingMs, undefined, { signal: run.signal });
  }
}

async function placeContracts(run: RollupRun, sender: Address): Promise<void> {
  const { plan, reader, pace, target } = run;
  const missing = new Set<string>((await missingContracts(plan, reader)).map(({ name }) => name));
  if ((await reader.code(plan.addresses.Create3Factory)) === "0x") missing.add(FACTORY_STEP);
  if (missing.size === 0) return;
  run.progress(`placing ${missing.size} contracts`);
  await checkFunds(run, sender, missing);
  const folder = path.join(
    run.folder,
    `contracts-${digest(plan.contracts.map(({ salt, initCode }) => salt + initCode))}`,
  );
  const journal = readJournal(folder);
  const current = journal !== undefined && ![...journal.done].some((name) => missing.has(name));
  if (!current) setAside(folder);
  const names = new Set([...missing, ...(current ? journal.begun : [])]);
  const module = transactionsModule("Contracts", contractSteps(plan, names), pace.inFlight);
  await journaled(folder, () => ignite(module, folder, target.provider, sender, pace));
}

/** Sends the calls that end all differences, as far as the deployer may make them. Returns whether there were any. */
async function configure(run: RollupRun, sender: Address): Promise<boolean> {
  const { plan, reader, pace, target } = run;
  const view = createView(plan, reader);
  const [{ calls }, membership] = await Promise.all([
    inspectSettings(view),
    view.read("AccessManager", "hasRole", 0n, sender),
  ]);
  const transactions = membership.flag(0) ? managerTransactions(plan.addresses, calls) : openTransactions(calls);
  if (transactions.length === 0) return false;
  run.progress(`${calls.length} settings in ${transactions.length} transactions`);
  const steps: Step[] = transactions.map((transaction, index) => ({ name: `Settings${index + 1}`, ...transaction }));
  const folder = path.join(run.folder, `settings-${digest(steps.map(({ to, data }) => to + data))}`);
  if (readJournal(folder)?.done.size !== 0) setAside(folder);
  const module = transactionsModule(
    "Settings",
    steps.map((step) => [step]),
    pace.inFlight,
  );
  await journaled(folder, () => ignite(module, folder, target.provider, sender, pace));
  return true;
}

async function journaled(folder: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    setAside(folder);
    throw error;
  }
}

/** Throws `DEPLOYMENT_INSUFFICIENT_FUNDS` unless the deployer can pay for the missing contracts at twice the present gas price. */
async function checkFunds({ plan, target }: RollupRun, sender: Address, missing: ReadonlySet<string>): Promise<void> {
  const [price, balance] = await Promise.all([
    target.provider.request({ method: "eth_gasPrice" }),
    target.provider.request({ method: "eth_getBalance", params: [sender, "latest"] }),
  ]);
  const bytes = plan.contracts
    .filter(({ name }) => missing.has(name))
    .reduce((sum, { initCode }) => sum + initCode.length / 2, 0);
  const gas = BigInt(bytes) * GAS_PER_BYTE + BigInt(missing.size) * GAS_PER_CONTRACT;
  const required = 2n * gas * BigInt(String(price));
  const available = BigInt(String(balance));
  if (available >= required) return;
  const message = `${sender} has ${available} wei on ${target.name} and needs about ${required} wei: send it more, then run again`;
  throw new MetalayerError("DEPLOYMENT_INSUFFICIENT_FUNDS", message, {
    rollup: target.name,
    account: sender,
    available,
    required,
  });
}

function digest(parts: readonly string[]): string {
  return keccak256(toUtf8Bytes(parts.join("|"))).slice(2, 18);
}
