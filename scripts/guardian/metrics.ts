import { Counter, Gauge, Histogram, Registry } from "prom-client";

/** What a guardian counts. One registry per guardian, so that several fit in one process. */
export interface GuardianMetrics {
  readonly registry: Registry;
  readonly signatures: Counter;
  readonly refusals: Counter<"code">;
  readonly confirmSeconds: Histogram;
  readonly halted: Gauge<"chain">;
  readonly finalBlock: Gauge<"chain">;
  readonly sessions: Gauge;
  readonly rpcRequests: Gauge<"chain">;
}

export function createGuardianMetrics(): GuardianMetrics {
  const registry = new Registry();
  const registers = [registry];
  return {
    registry,
    signatures: new Counter({ name: "guardian_signatures_total", help: "Partial signatures given out", registers }),
    refusals: new Counter({
      name: "guardian_refusals_total",
      help: "Requests refused, by code",
      labelNames: ["code"],
      registers,
    }),
    confirmSeconds: new Histogram({
      name: "guardian_confirm_seconds",
      help: "Time to confirm and record the facts of a request",
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    }),
    halted: new Gauge({
      name: "guardian_rollup_halted",
      help: "1 while nothing about this rollup is signed until the operator resumes it",
      labelNames: ["chain"],
      registers,
    }),
    finalBlock: new Gauge({
      name: "guardian_final_block",
      help: "Newest final block up to which this guardian has verified the rollup's lanes",
      labelNames: ["chain"],
      registers,
    }),
    sessions: new Gauge({ name: "guardian_open_sessions", help: "Signing sessions that hold a nonce", registers }),
    rpcRequests: new Gauge({
      name: "guardian_rpc_requests",
      help: "HTTP requests sent to the rollup's endpoints since the start",
      labelNames: ["chain"],
      registers,
    }),
  };
}
