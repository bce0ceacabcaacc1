import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { measureLatency } from "./bench-latency.ts";
import type { BenchReport } from "./bench-report.ts";
import { machine, markdown, rowsOf, withTable } from "./bench-report.ts";
import { measureBurst, measureThroughput } from "./bench-throughput.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");
const DOCUMENT = path.join(ROOT, "docs/benchmarks.md");
const BLOCK_TIMES = [1_000, 250] as const;
const ROLLUPS = [1, 2, 4, 8] as const;
const BURST = { rollups: 4, messages: 1_000 };

interface Choice {
  readonly json?: boolean;
  readonly write?: boolean;
  readonly rounds: number;
  readonly messages: number;
}

/** Every figure is taken on a network of its own: node, guardian and relayer processes on this machine. */
async function bench({ json = false, write = false, rounds, messages }: Choice, signal: AbortSignal): Promise<void> {
  const note = (text: string): void => void process.stderr.write(`${text}\n`);
  const given = { root: ROOT, signal, note };
  const before = machine();
  const latency = [];
  for (const blockTimeMs of BLOCK_TIMES) {
    note(`latency with blocks of ${blockTimeMs} ms …`);
    latency.push(...(await measureLatency({ ...given, blockTimeMs, rounds })));
  }
  const throughput = [];
  for (const rollups of ROLLUPS) {
    note(`throughput over ${rollups} …`);
    throughput.push(await measureThroughput({ ...given, rollups, messages }));
  }
  note(`burst of ${BURST.messages} …`);
  const burst = await measureBurst({ ...given, ...BURST });
  const report: BenchReport = { before, after: machine(), latency, throughput, burst };
  if (json) process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
  else process.stdout.write(`${markdown(rowsOf(report), report)}\n`);
  if (write) writeFileSync(DOCUMENT, withTable(readFileSync(DOCUMENT, "utf8"), markdown(rowsOf(report), report)));
}

function count(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError("must be a whole number above 0");
}

const stopping = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stopping.abort());
await new Command("npm run bench --")
  .description("Measures latency, throughput, memory and RPC requests on networks of real processes.")
  .option("--json", "print figures for machines")
  .option("--write", "put the table into docs/benchmarks.md")
  .option("--rounds <n>", "messages of each class over each lane", count, 15)
  .option("--messages <n>", "messages of each throughput run", count, 4_000)
  .action((choice: Choice) => bench(choice, stopping.signal))
  .parseAsync();
process.exit(0);
