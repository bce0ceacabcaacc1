import type { Address } from "./bytes.ts";
import { buildLeg, buildProposal, legCall, type Leg, type LegInput, type Proposal } from "./governance.ts";

/** Home's own part of a decision. Its bindings cover the gateway too if there are legs. */
export type HomeInput = Omit<LegInput, "predecessor" | "salt" | "delay"> & {
  readonly governor: Address;
  /** Home's, which sends the legs. */
  readonly gateway: Address;
};

/** Another rollup's part of a decision. */
export interface RemoteInput extends LegInput {
  /** Takes legs of home's timelock there. */
  readonly executor: Address;
}

export interface Decision {
  readonly proposal: Proposal;
  /** In the order of the inputs. */
  readonly legs: readonly Leg[];
}

/**
 * One proposal with a leg for every rollup, each bound as {@link buildLeg} binds it: home makes its own calls first, then sends the legs. Throws as
 * that.
 */
export function buildDecision(home: HomeInput, remote: readonly RemoteInput[], description: string): Decision {
  const { governor, gateway, calls, ...place } = home;
  const sent = remote.map((input) => ({ executor: input.executor, leg: buildLeg(input) }));
  const sends = sent.map(({ executor, leg }) => legCall(gateway, executor, leg));
  const proposal = buildProposal(governor, { ...place, calls: [...calls, ...sends] }, description);
  return { proposal, legs: sent.map(({ leg }) => leg) };
}
