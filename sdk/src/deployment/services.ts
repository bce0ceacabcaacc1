import type { Addresses } from "./addresses.ts";
import type { Source } from "./contracts.ts";

/** What stands on every rollup upon the core contracts, none of which knows it. */
export function serviceSources(at: Addresses): Source[] {
  return [
    { name: "StateReader", artifact: "StateReader", args: [at.StateRootInbox] },
    { name: "Broadcaster", artifact: "Broadcaster", args: [] },
    { name: "Subscriptions", artifact: "Subscriptions", args: [at.RollupRegistry, at.StateReader, at.Era] },
    { name: "LaneHeads", artifact: "LaneHeads", args: [at.MetalayerGateway] },
  ];
}
