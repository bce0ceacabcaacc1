import type { Chapter, FindingTable, Played } from "../../chapter.ts";
import { tryPart } from "../../parts.ts";
import type { World } from "../../world.ts";
import { era } from "./era.ts";
import { cutEndpoint, killInTheMiddle } from "./faults.ts";
import type { GasFigures, Latency } from "./figures.ts";
import { gasFigures, latencies } from "./figures.ts";
import { fundSenders } from "./fund.ts";
import { heads } from "./heads.ts";
import { pairs } from "./pairs.ts";
import { refusal } from "./refusal.ts";
import { reorganise } from "./reorg.ts";

/** Messages, ERA, failures and recovery. Most of it happens at the same time, so that it fits into a minute. */
export const core: Chapter = {
  name: "core",
  parts: ["pairs", "era", "refusal", "faults", "heads"],
  play,
};

async function play(world: World): Promise<Played> {
  await tryPart(world, "pairs", () => fundSenders(world));
  const reorg = await tryPart(world, "faults", () => reorganise(world));
  const underWay = pairs(world);
  const disturb = async <T>(task: () => Promise<T>): Promise<T> => {
    await underWay.measured.catch(() => undefined);
    return task();
  };
  const [sent = []] = await Promise.all([
    tryPart(world, "pairs", () => underWay.done),
    tryPart(world, "era", () => era(world)),
    tryPart(world, "refusal", () => disturb(() => refusal(world))),
    tryPart(world, "faults", () => disturb(() => killInTheMiddle(world))),
    tryPart(world, "faults", () => disturb(() => cutEndpoint(world))),
    tryPart(world, "faults", async () => reorg?.finish()),
    tryPart(world, "heads", () => heads(world)),
  ]);
  const loss = reorg?.loss;
  return {
    loss,
    async conclude() {
      const gas = await tryPart(world, "ledger", () => gasFigures(world, sent));
      const measured = latencies(world, sent);
      const fastLoss =
        loss === undefined ? undefined : { sendId: loss.message.message.sendId, limitPerDay: loss.limitPerDay };
      const tables = [latencyTable(measured), ...(gas === undefined ? [] : [gasTable(gas)])];
      return { figures: { latencies: measured, gas, fastLoss }, tables };
    },
  };
}

function latencyTable(measured: readonly Latency[]): FindingTable {
  return {
    title: "Time from source block to destination block, as one observer sees both:",
    head: ["class", "from", "source blocks", "messages", "p50", "p95"],
    rows: measured.map((row) => [
      row.class,
      row.source ?? "all rollups",
      row.sourceBlockMs === undefined ? "" : `${row.sourceBlockMs / 1_000} s`,
      row.count,
      `${(row.p50 / 1_000).toFixed(2)} s`,
      `${(row.p95 / 1_000).toFixed(2)} s`,
    ]),
  };
}

function gasTable(gas: GasFigures): FindingTable {
  return {
    head: ["gas", "mean of", "gas each"],
    rows: [
      ["send, fee paid", `${gas.sends} transactions`, gas.perSend],
      ["delivery", `${gas.deliveries} messages in ${gas.transactions} transactions`, gas.perDelivery],
    ],
  };
}
