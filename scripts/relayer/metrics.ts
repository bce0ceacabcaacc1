import { Counter, Gauge, Histogram, Registry } from "prom-client";

/** What a relayer counts. One registry per relayer. */
export type RelayerMetrics = ReturnType<typeof createRelayerMetrics>;

// The types of what it returns say more than a hand-written copy would.

export function createRelayerMetrics() {
  const registry = new Registry();
  const registers = [registry];
  const gauge = <T extends string>(name: string, help: string, labelNames: readonly T[]): Gauge<T> =>
    new Gauge({ name: `relayer_${name}`, help, labelNames, registers });
  const counter = <T extends string>(name: string, help: string, labelNames: readonly T[]): Counter<T> =>
    new Counter({ name: `relayer_${name}`, help, labelNames, registers });
  return {
    registry,
    delivered: counter("delivered_total", "Messages that this relayer delivered", ["src", "dst", "class"]),
    failures: counter("failures_total", "What went wrong, by class", ["class"]),
    transactions: counter("transactions_total", "Transactions mined, by outcome", ["dst", "outcome"]),
    publications: counter("publications_total", "Calls of subscribers that this relayer brought about", ["dst"]),
    automations: counter("automations_total", "Automations that this relayer executed", ["dst"]),
    requests: counter("requests_total", "Paid requests for heads that this relayer answered", ["dst"]),
    queue: gauge("queue", "Messages that are known and not delivered", ["src", "dst"]),
    dead: gauge("dead_letters", "Messages that failed so often that they are tried once an hour", ["src", "dst"]),
    oldest: gauge("oldest_undelivered_seconds", "Age of the oldest undelivered message without a reason to wait", [
      "src",
      "dst",
    ]),
    rootAge: gauge("last_root_age_seconds", "Time since guardians last signed something about the lane", [
      "src",
      "dst",
    ]),
    balance: gauge("balance_wei", "What the relayer's account holds", ["chain", "address"]),
    runway: gauge("runway_messages", "Messages that the balance pays for at the cost of the last ones", ["chain"]),
    headAge: gauge("head_age_seconds", "Time since the rollup's newest block arrived and was read", ["chain"]),
    rpcRequests: gauge("rpc_requests", "HTTP requests sent to the rollup's endpoints since the start", ["chain"]),
    benched: gauge("guardians_left_out", "Guardians whose last answers were wrong, late or none", []),
    attestSeconds: new Histogram({
      name: "relayer_attest_seconds",
      help: "Time to get a quorum's signature",
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
  };
}
