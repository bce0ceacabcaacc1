import type { Chapter, Played } from "../../chapter.ts";
import { tryPart } from "../../parts.ts";
import type { World } from "../../world.ts";
import { gasTable, Watch } from "../../watch.ts";
import { apps } from "./apps.ts";
import { publications } from "./publications.ts";
import { reads } from "./reads.ts";

const PARTS = ["reads", "publications", "apps"] as const;

/** What rollups know of each other beside messages: proven state, publications, applications that are one everywhere. */
export const data: Chapter = { name: "data", parts: PARTS, play };

async function play(world: World): Promise<Played> {
  const watch = new Watch();
  await Promise.all([
    tryPart(world, "reads", () => reads(world, watch.branch())),
    tryPart(world, "publications", () => publications(world, watch.branch())),
    tryPart(world, "apps", () => apps(world, watch.branch())),
  ]);
  return {
    conclude: () => Promise.resolve({ figures: { steps: watch.steps }, tables: [gasTable(watch.steps, PARTS)] }),
  };
}
