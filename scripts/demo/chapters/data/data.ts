import type { Chapter, Played } from "../../chapter.ts";
import { tryPart } from "../../parts.ts";
import type { World } from "../../world.ts";
import { gasTable, Watch } from "../../watch.ts";
import { apps } from "./apps.ts";
import { paths } from "./paths.ts";
import { price } from "./price.ts";
import { publications } from "./publications.ts";
import { reads } from "./reads.ts";

const PARTS = ["reads", "publications", "apps", "price", "paths"] as const;

const TITLE =
  "What each step took; the parts overlap, and the relayer's transactions serve several. A local node with the OP Stack's storage layout stands in for rollupA's parent chain:";

/** What rollups know of each other beside messages: proven state, publications, applications that are one everywhere, prices, and messages without guardians. */
export const data: Chapter = { name: "data", parts: PARTS, play };

async function play(world: World): Promise<Played> {
  const watch = new Watch();
  const others = Promise.all([
    tryPart(world, "reads", () => reads(world, watch.branch())),
    tryPart(world, "publications", () => publications(world, watch.branch())),
    tryPart(world, "apps", () => apps(world, watch.branch())),
    tryPart(world, "price", () => price(world, watch.branch())),
  ]);
  await Promise.all([others, tryPart(world, "paths", () => paths(world, watch.branch(), others))]);
  return {
    conclude: () => Promise.resolve({ figures: { steps: watch.steps }, tables: [gasTable(TITLE, watch.steps, PARTS)] }),
  };
}
