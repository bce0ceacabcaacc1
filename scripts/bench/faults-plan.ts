import type { Faults } from "../devnet/faults.ts";
import { seededRandom } from "../devnet/faults.ts";

/** What goes wrong at the beginning of a step, and for how many steps. Reorgs happen once. */
export type FaultAction =
  | { readonly kind: "kill"; readonly service: string; readonly steps: number }
  | { readonly kind: "endpoint"; readonly rollup: number; readonly endpoint: number; readonly steps: number; readonly faults: Partial<Faults> } // prettier-ignore
  | { readonly kind: "outage"; readonly rollup: number; readonly steps: number; readonly faults: Partial<Faults> }
  | { readonly kind: "reorg"; readonly rollup: number; readonly depth: number }
  | { readonly kind: "restart" };

export interface FaultScope {
  readonly seed: number;
  readonly steps: number;
  readonly rollups: number;
  readonly endpointsPerNode: number;
  readonly services: readonly string[];
  /** Blocks that a reorg may remove at most: those that are not final. */
  readonly softBlocks: number;
}

/** What an endpoint does wrong while the others of its rollup are well. */
const ENDPOINT_FAULTS: readonly Partial<Faults>[] = [
  { cut: true },
  { hang: true },
  { errors: 0.5 },
  { httpStatus: 503 },
  { lagBlocks: 10 },
  { delayMs: 700 },
  { lateAnswerMs: 900 },
  { dropLogs: 0.5 },
  { maxLogRange: 2 },
  { chainId: 1 },
  { dropSends: 0.5 },
  { duplicateSends: 1 },
  { holdSendsMs: 1_500 },
  { lies: ["head"] },
  { lies: ["logs"] },
  { lies: ["receipts"] },
  { lies: ["blockHash"] },
  { lies: ["stateRoot"] },
];

/** What all endpoints of a rollup do at once. */
const OUTAGES: readonly Partial<Faults>[] = [{ cut: true }, { hang: true }, { errors: 1 }];

/** What happens in each step. The same seed and scope give the same plan; every kind of action comes in any plan. */
export function planFaults(scope: FaultScope): FaultAction[][] {
  const { seed, steps, rollups, endpointsPerNode, services, softBlocks } = scope;
  const random = seededRandom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const pick = <T>(list: readonly T[]): T => {
    const chosen = list[below(list.length)];
    if (chosen === undefined) throw new Error("nothing to choose from");
    return chosen;
  };
  const kinds = shuffled(ENDPOINT_FAULTS, below);
  const makers: readonly ((turn: number) => FaultAction)[] = [
    () => ({ kind: "kill", service: pick(services), steps: 1 + below(3) }),
    (turn) => {
      const place = { rollup: below(rollups), endpoint: below(endpointsPerNode), steps: 1 + below(4) };
      return { kind: "endpoint", ...place, faults: kinds[turn % kinds.length] ?? {} };
    },
    () => ({ kind: "reorg", rollup: below(rollups), depth: 1 + below(softBlocks) }),
    () => ({ kind: "outage", rollup: below(rollups), steps: 1 + below(2), faults: pick(OUTAGES) }),
    () => ({ kind: "restart" }),
  ];
  const turns = makers.map(() => 0);
  const make = (kind: number): FaultAction => {
    const turn = turns[kind] ?? 0;
    turns[kind] = turn + 1;
    return makers[kind]?.(turn) ?? { kind: "restart" };
  };
  const plan: FaultAction[][] = Array.from({ length: steps }, () => [make(weighted(WEIGHTS, random()))]);
  for (const kind of shuffled(ALWAYS, below)) plan[below(steps)]?.push(make(kind));
  return plan;
}

/** How often each kind of action is drawn: kill, endpoint, reorg, outage, restart. */
const WEIGHTS = [4, 8, 2, 1, 0.5];
/** What comes in every plan, however short. */
const ALWAYS = [0, 0, 1, 1, 1, 2, 2, 3, 4];

function weighted(weights: readonly number[], at: number): number {
  let left = at * weights.reduce((sum, weight) => sum + weight, 0);
  return Math.max(
    0,
    weights.findIndex((weight) => (left -= weight) < 0),
  );
}

function shuffled<T>(list: readonly T[], below: (limit: number) => number): T[] {
  const rest = [...list];
  return Array.from({ length: list.length }, () => rest.splice(below(rest.length), 1)).flat();
}

export function describeAction(action: FaultAction): string {
  const name = (rollup: number): string => `rollup${String.fromCharCode("A".charCodeAt(0) + rollup)}`;
  switch (action.kind) {
    case "kill":
      return `SIGKILL of ${action.service} for ${action.steps} steps`;
    case "endpoint":
      return `endpoint ${action.endpoint + 1} of ${name(action.rollup)}: ${JSON.stringify(action.faults)} for ${action.steps} steps`;
    case "outage":
      return `all endpoints of ${name(action.rollup)}: ${JSON.stringify(action.faults)} for ${action.steps} steps`;
    case "reorg":
      return `reorg of ${action.depth} blocks of ${name(action.rollup)}`;
    case "restart":
      return "SIGKILL of every guardian and relayer and all endpoints, then all start again";
  }
}
