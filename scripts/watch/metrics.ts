import { Counter, Gauge, Registry } from "prom-client";

/** What a watchtower counts. One registry per watchtower. */
export type WatchMetrics = ReturnType<typeof createWatchMetrics>;

// The types of what it returns say more than a hand-written copy would.

export function createWatchMetrics() {
  const registry = new Registry();
  const registers = [registry];
  const gauge = <T extends string>(name: string, help: string, labelNames: readonly T[]): Gauge<T> =>
    new Gauge({ name: `watch_${name}`, help, labelNames, registers });
  const counter = <T extends string>(name: string, help: string, labelNames: readonly T[]): Counter<T> =>
    new Counter({ name: `watch_${name}`, help, labelNames, registers });
  return {
    registry,
    facts: counter("facts_total", "Attested facts that were judged, by rollup of use and verdict", [
      "chain",
      "verdict",
    ]),
    alerts: counter("alerts_total", "Alerts, by code", ["code"]),
    convictions: counter("convictions_total", "Guardians that this watchtower saw convicted for what it charged", [
      "chain",
    ]),
    secondsToFreeze: gauge("seconds_to_freeze", "From reading the last lie to its signers' conviction", ["chain"]),
    waiting: gauge("waiting_facts", "Attested facts that are not judged yet", []),
    oldest: gauge("oldest_waiting_seconds", "Age of the oldest attested fact that is not judged yet", []),
    open: gauge("open_charges", "Charges whose convictions are not settled", ["chain"]),
    headAge: gauge("head_age_seconds", "Time since a new block was read", ["chain"]),
    balance: gauge("balance_wei", "What the account holds", ["chain", "address"]),
  };
}
