import type { Chapter, Played } from "../../chapter.ts";
import { tryPart } from "../../parts.ts";
import type { World } from "../../world.ts";
import { adopt, launch, use } from "./admission.ts";
import { deposits } from "./deposits.ts";
import { legs } from "./legs.ts";
import { roles } from "./roles.ts";
import { untilPassed, vote } from "./vote.ts";
import { Watch } from "../../watch.ts";

/**
 * Two votes, held on three rollups: one changes what messages cost on all of them, the other admits a rollup that was started meanwhile. And one
 * decision on home gives and takes a role on all. What need not wait for something else goes on at the same time.
 */
export const governance: Chapter = {
  name: "governance",
  parts: ["deposits", "vote", "legs", "admission", "roles"],
  play,
};

async function play(world: World): Promise<Played> {
  const watch = new Watch();
  const others = watch.branch();
  await Promise.all([tryPart(world, "roles", () => roles(world, others)), decide(world, watch)]);
  return {
    // Nothing more to measure: the seconds are those of each step.
    conclude: () => {
      const steps = watch.steps;
      const rows = steps.map(({ what, seconds }) => [what, `${seconds.toFixed(1)} s`]);
      return Promise.resolve({
        figures: { steps },
        tables: [{ title: "How long each step took; some went on at the same time:", head: ["step", "seconds"], rows }],
      });
    },
  };
}

async function decide(world: World, watch: Watch): Promise<void> {
  const side = watch.branch();
  const [isDeposited, newcomer] = await Promise.all([
    tryPart(world, "deposits", () => deposits(world, watch)),
    tryPart(world, "admission", () => launch(world, side)),
  ]);
  if (isDeposited !== true) return;
  const proposals = await tryPart(world, "vote", () => vote(world, watch, newcomer?.admission));
  if (proposals === undefined) return;
  const [isPassed, site] = await Promise.all([
    tryPart(world, "vote", () => untilPassed(world, watch, proposals)),
    newcomer && tryPart(world, "admission", () => adopt(world, side.branch(), newcomer)),
  ]);
  if (isPassed !== true) return;
  const isExecuted = await tryPart(world, "legs", () => legs(world, watch, proposals));
  if (isExecuted === true && site !== undefined) await tryPart(world, "admission", () => use(world, watch, site));
}
