import type { Chapter, Played } from "../../chapter.ts";
import { tryPart } from "../../parts.ts";
import type { World } from "../../world.ts";
import { deposits } from "./deposits.ts";
import { legs } from "./legs.ts";
import { roles } from "./roles.ts";
import { vote } from "./vote.ts";
import { Watch } from "./watch.ts";

/** One vote, held on three rollups, changes what messages cost on all of them; one decision on home gives and takes a role on all. */
export const governance: Chapter = {
  name: "governance",
  parts: ["deposits", "vote", "legs", "roles"],
  play,
};

async function play(world: World): Promise<Played> {
  const watch = new Watch();
  const isDeposited = await tryPart(world, "deposits", () => deposits(world, watch));
  const decision = isDeposited === true ? await tryPart(world, "vote", () => vote(world, watch)) : undefined;
  if (decision !== undefined) await tryPart(world, "legs", () => legs(world, watch, decision));
  await tryPart(world, "roles", () => roles(world, watch));
  return {
    // Nothing more to measure: the seconds are those of each step.
    conclude: () => {
      const steps = watch.steps;
      const rows = steps.map(({ what, seconds }) => [what, `${seconds.toFixed(1)} s`]);
      return Promise.resolve({
        figures: { steps },
        tables: [{ title: "How long each step took:", head: ["step", "seconds"], rows }],
      });
    },
  };
}
