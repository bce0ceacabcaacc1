import os from "node:os";
import type { LatencyResult } from "./bench-latency.ts";
import type { BurstResult, ThroughputResult } from "./bench-throughput.ts";

/** Where and under which load figures were taken: others may have used the machine too. */
export interface Machine {
  readonly takenAt: string;
  readonly cpu: string;
  readonly cores: number;
  readonly node: string;
  /** Of the last minute, these processes included. */
  readonly load: number;
}

export interface BenchReport {
  readonly before: Machine;
  readonly after: Machine;
  readonly latency: readonly LatencyResult[];
  readonly throughput: readonly ThroughputResult[];
  readonly burst: BurstResult;
}

export interface Row {
  readonly what: string;
  readonly value: string;
  /** What DESIGN asks for, if anything. */
  readonly target: string;
}

export function machine(): Machine {
  const cpus = os.cpus();
  const load = Math.round(100 * (os.loadavg()[0] ?? 0)) / 100;
  const node = process.version;
  return { takenAt: new Date().toISOString(), cpu: cpus[0]?.model.trim() ?? "", cores: cpus.length, node, load };
}

const LATENCY_TARGETS: Readonly<Record<string, string>> = { "fast 1000": "1.2 s / 2 s", "fast 250": "0.6 s / –" };

export function rowsOf({ latency, throughput, burst }: BenchReport): Row[] {
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(2)} s`;
  const peak = Math.max(burst.peakMb, ...throughput.map(({ peakMb }) => peakMb));
  return [
    ...latency.map(({ class: name, blockTimeMs, messages, p50Ms, p95Ms }) => ({
      what: `\`${name}\`, ${blockTimeMs} ms blocks, ${messages} messages: p50 / p95`,
      value: `${seconds(p50Ms)} / ${seconds(p95Ms)}`,
      target: LATENCY_TARGETS[`${name} ${blockTimeMs}`] ?? "–",
    })),
    ...throughput.map(({ rollups, messages, perSecond, seconds: all }) => ({
      what: `messages a second over ${rollups} rollup${rollups === 1 ? "" : "s"} (${messages} waiting, all done ${all.toFixed(1)} s after the start)`,
      value: String(perSecond),
      target: "≥ 200",
    })),
    {
      what: `burst of ${burst.messages} over ${burst.rollups} rollups: arrived, first block to last`,
      value: `${burst.arrived}, ${burst.seconds.toFixed(1)} s`,
      target: "all",
    },
    { what: "relayer's memory: peak of all runs", value: `${peak} MB`, target: "≤ 200 MB" },
    { what: "relayer's memory: after the burst", value: `${burst.steadyMb} MB`, target: "≤ 200 MB" },
    {
      what: "relayer's RPC requests per message: queue, burst",
      value: `${Math.max(...throughput.map((each) => each.requestsPerMessage)).toFixed(2)}, ${burst.requestsPerMessage.toFixed(2)}`,
      target: "≤ 1",
    },
  ];
}

export function markdown(rows: readonly Row[], { before, after }: BenchReport): string {
  const { takenAt, cpu, cores, node } = before;
  const where = `${takenAt.slice(0, 10)}, ${cores} × ${cpu}, Node ${node}, load average ${before.load} before and ${after.load} after.`;
  const lines = rows.map(({ what, value, target }) => `| ${what} | ${value} | ${target} |`);
  return ["| what | measured | target |", "|---|--:|--:|", ...lines, "", where].join("\n");
}

const MARKS = ["<!-- figures -->", "<!-- end of figures -->"] as const;

/** The document with this text between its marks. */
export function withTable(document: string, text: string): string {
  const [start, end] = MARKS.map((mark) => document.indexOf(mark));
  if (start === undefined || end === undefined || start < 0 || end < start)
    throw new Error(`docs/benchmarks.md has no place for figures (${MARKS.join(" … ")})`);
  return `${document.slice(0, start + MARKS[0].length)}\n\n${text}\n\n${document.slice(end)}`;
}
