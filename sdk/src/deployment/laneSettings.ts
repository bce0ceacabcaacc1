import { decodeBytes32String, encodeBytes32String } from "ethers";
import { isWithin } from "./economySettings.ts";
import type { Fields } from "./fields.ts";
import { ceilingShare, othersOf, type FinalityPolicy, type RollupParameters } from "./parameters.ts";
import { adminCall, type Setting, type Values } from "./settings.ts";
import type { View } from "./view.ts";

const ROLLUP_STATUS = ["none", "active", "removed"];
const LANE_STATUS = ["none", "open", "closed"];
const ADMIT_GAS = 500_000n;

/** Which rollups are admitted here, and on what terms. */
export async function laneSettings(view: View): Promise<Setting[]> {
  const others = othersOf(view.plan.parameters, view.plan.rollup.chainId);
  return [
    ownIncarnation(view),
    ...others.map((other) => registryEntry(view, other)),
    admittedRollups(view, others),
    ...others.map((other) => eraSource(view, other)),
    await otherSources(view, others),
    ...others.map((other) => outLane(view, other)),
    ...others.map((other) => inLane(view, other)),
  ];
}

function ownIncarnation(view: View): Setting {
  return {
    contract: "RollupRegistry",
    name: "ownIncarnation",
    expected: { ownIncarnation: String(view.plan.rollup.incarnation) },
    read: async () => ({ ownIncarnation: String((await view.read("RollupRegistry", "ownIncarnation")).uint(0)) }),
  };
}

function registryEntry(view: View, other: RollupParameters): Setting {
  const expected = expectedEntry(view, other);
  return {
    contract: "RollupRegistry",
    name: `rollup(${other.chainId})`,
    expected,
    async read() {
      const entry = (await view.read("RollupRegistry", "rollup", other.chainId)).struct(0);
      const isTag = entry.uint("finality") === 1n;
      return {
        status: ROLLUP_STATUS[Number(entry.uint("status"))] ?? "unknown",
        incarnation: String(entry.uint("incarnation")),
        gateway: entry.text("gateway"),
        anchorLog: entry.text("anchorLog"),
        era: entry.text("era"),
        stack: decodeBytes32String(entry.text("stack")),
        finality: finalityText(isTag ? "tag" : { depth: entry.uint("finalityDepth") }),
        ceiling: String(entry.uint("ceiling")),
        eraCapacity: String(entry.uint("eraCapacity")),
      };
    },
    repair(wrong, actual) {
      const identity = wrong.some((key) => !["finality", "ceiling", "eraCapacity"].includes(key));
      if (identity) return isRefused(other, actual) ? [] : [admission(view, other)];
      const calls = [];
      if (wrong.includes("finality")) {
        const { kind, depth } = policy(other.finality);
        calls.push(adminCall(view, "RollupRegistry", "setFinality", [other.chainId, kind, depth], 80_000n));
      }
      if (wrong.includes("ceiling") || wrong.includes("eraCapacity")) calls.push(limits(view, other));
      return calls;
    },
  };
}

function expectedEntry(view: View, other: RollupParameters): Values {
  const at = addressesOf(view, other);
  return {
    status: "active",
    incarnation: String(other.incarnation),
    gateway: at.MetalayerGateway,
    anchorLog: at.AnchorLog,
    era: at.Era,
    stack: other.stack,
    finality: finalityText(other.finality),
    ceiling: String(ceilingShare(view.plan.parameters, other)),
    eraCapacity: String(other.limits.eraCapacity),
  };
}

/** The registry admits a known rollup only in a higher incarnation, which the parameters would have to name. */
function isRefused(other: RollupParameters, actual: Values): boolean {
  return actual["status"] !== "none" && other.incarnation <= BigInt(actual["incarnation"] ?? 0);
}

function admission(view: View, other: RollupParameters): ReturnType<typeof adminCall> {
  const at = addressesOf(view, other);
  const { kind, depth } = policy(other.finality);
  const rollup = {
    chainId: other.chainId,
    incarnation: other.incarnation,
    gateway: at.MetalayerGateway,
    anchorLog: at.AnchorLog,
    stack: encodeBytes32String(other.stack),
    finality: kind,
    finalityDepth: depth,
    era: at.Era,
    ceiling: ceilingShare(view.plan.parameters, other),
    eraCapacity: other.limits.eraCapacity,
    status: 0n,
  };
  return adminCall(view, "RollupRegistry", "admit", [rollup], ADMIT_GAS);
}

function limits(view: View, other: RollupParameters): ReturnType<typeof adminCall> {
  const args = [other.chainId, ceilingShare(view.plan.parameters, other), other.limits.eraCapacity];
  return adminCall(view, "RollupRegistry", "setCeiling", args, 150_000n);
}

function admittedRollups(view: View, others: readonly RollupParameters[]): Setting {
  const wanted = others.map(({ chainId }) => chainId);
  return {
    contract: "RollupRegistry",
    name: "rollups",
    expected: { rollups: ids(wanted) },
    read: async () => ({ rollups: ids(await activeRollups(view)) }),
    repair: async () =>
      (await activeRollups(view))
        .filter((chainId) => !wanted.includes(chainId))
        .map((chainId) => adminCall(view, "RollupRegistry", "remove", [chainId], 150_000n)),
  };
}

async function activeRollups(view: View): Promise<bigint[]> {
  const entries = (await view.read("RollupRegistry", "rollups")).structs(0);
  return entries.filter((entry) => entry.uint("status") === 1n).map((entry) => entry.uint("chainId"));
}

function eraSource(view: View, other: RollupParameters): Setting {
  return {
    contract: "Era",
    name: `source(${other.chainId})`,
    expected: {
      gateway: view.plan.addresses.MetalayerGateway,
      counterpart: addressesOf(view, other).Era,
      capacity: String(other.limits.eraCapacity),
      share: String(ceilingShare(view.plan.parameters, other)),
    },
    async read() {
      const source = (await view.read("Era", "source", other.chainId)).struct(0);
      return {
        gateway: source.text("gateway"),
        counterpart: source.text("counterpart"),
        capacity: String(source.uint("capacity")),
        share: String(source.uint("share")),
      };
    },
    async repair() {
      // The registry writes what it holds into ERA; its admission of an unknown rollup does so too.
      const entry = (await view.read("RollupRegistry", "rollup", other.chainId)).struct(0);
      return entry.uint("status") === 1n ? [limits(view, other)] : [];
    },
  };
}

/** Who is no rollup of the registry brings in no ERA: a link with a capacity is a right to mint. */
async function otherSources(view: View, others: readonly RollupParameters[]): Promise<Setting> {
  const wanted = new Set(others.map(({ chainId }) => chainId));
  const events = await view.events("Era", "SourceChanged");
  const seen = [...new Set(events.map((event) => event.uint(0)))].filter((chainId) => !wanted.has(chainId));
  const minting = async (): Promise<[bigint, Fields][]> => {
    const admitted = await activeRollups(view);
    const strangers = seen.filter((chainId) => !admitted.includes(chainId));
    const sources = await Promise.all(strangers.map((chainId) => view.read("Era", "source", chainId)));
    const links = strangers.map((chainId, index): [bigint, Fields | undefined] => [chainId, sources[index]?.struct(0)]);
    return links.flatMap(([chainId, link]) =>
      link === undefined || link.uint("capacity") === 0n ? [] : [[chainId, link]],
    );
  };
  return {
    contract: "Era",
    name: "sources",
    expected: { sources: "rollups of the registry" },
    async read() {
      const extra = (await minting()).map(([chainId]) => chainId);
      return { sources: extra.length === 0 ? "rollups of the registry" : `also ${ids(extra)}` };
    },
    async repair() {
      return (await minting()).map(([chainId, link]) => {
        const args = [chainId, link.text("gateway"), link.text("counterpart"), 0n, 0n];
        return adminCall(view, "Era", "setSource", args, 150_000n);
      });
    },
  };
}

/** Prices that a keeper may have moved count as those of the parameters as long as they are within its bounds. */
function outLane(view: View, other: RollupParameters): Setting {
  const { prices } = other;
  const bounds = view.plan.parameters.priceKeeper === undefined ? undefined : other.priceBounds;
  const texts = (value: (key: string) => bigint): Values =>
    Object.fromEntries(Object.keys(prices).map((key): [string, string] => [key, String(value(key))]));
  const wanted = new Map<string, bigint>(Object.entries(prices));
  return {
    contract: "MetalayerGateway",
    name: `outLane(${other.chainId})`,
    expected: { ...incarnations(view, other), ...texts((key) => wanted.get(key) ?? 0n) },
    async read() {
      const lane = (await view.read("MetalayerGateway", "outLane", other.chainId)).struct(0);
      const set = lane.struct("prices");
      const actual = (key: string): bigint =>
        isWithin(bounds, key, set.uint(key)) ? (wanted.get(key) ?? 0n) : set.uint(key);
      return { ...laneState(lane), ...texts(actual) };
    },
    repair(wrong) {
      if (!wrong.some((key) => wanted.has(key))) return [];
      return [adminCall(view, "FeeController", "setPrices", [other.chainId, prices], 120_000n)];
    },
  };
}

function inLane(view: View, other: RollupParameters): Setting {
  const { guardianShare, feeCapacity } = other.limits;
  return {
    contract: "MetalayerGateway",
    name: `inLane(${other.chainId})`,
    expected: {
      ...incarnations(view, other),
      gateway: addressesOf(view, other).MetalayerGateway,
      guardianShare: String(guardianShare),
      feeCapacity: String(feeCapacity),
      paused: "no",
    },
    async read() {
      const [answer, now] = await Promise.all([
        view.read("MetalayerGateway", "inLane", other.chainId),
        view.reader.time(),
      ]);
      const lane = answer.struct(0);
      const pausedUntil = lane.uint("pausedUntil");
      return {
        ...laneState(lane),
        gateway: lane.text("gateway"),
        guardianShare: String(lane.uint("guardianShare")),
        feeCapacity: String(lane.uint("feeCapacity")),
        paused: pausedUntil > now ? `until ${pausedUntil}` : "no",
      };
    },
    // A pause ends by itself; lifting it is a decision of its own.
    repair(wrong) {
      if (!wrong.includes("guardianShare") && !wrong.includes("feeCapacity")) return [];
      return [
        adminCall(view, "FeeController", "setInboundTerms", [other.chainId, guardianShare, feeCapacity], 120_000n),
      ];
    },
  };
}

function incarnations(view: View, other: RollupParameters): Values {
  return {
    status: "open",
    ownIncarnation: String(view.plan.rollup.incarnation),
    incarnation: String(other.incarnation),
  };
}

function laneState(lane: Fields): Values {
  return {
    status: LANE_STATUS[Number(lane.uint("status"))] ?? "unknown",
    ownIncarnation: String(lane.uint("ownIncarnation")),
    incarnation: String(lane.uint("incarnation")),
  };
}

function addressesOf(view: View, other: RollupParameters): View["plan"]["addresses"] {
  return view.plan.addressesOf.get(other.chainId) ?? view.plan.addresses;
}

function policy(finality: FinalityPolicy): { kind: bigint; depth: bigint } {
  return finality === "tag" ? { kind: 1n, depth: 0n } : { kind: 2n, depth: finality.depth };
}

function finalityText(finality: FinalityPolicy): string {
  return finality === "tag" ? "tag" : `${finality.depth} blocks`;
}

function ids(chainIds: readonly bigint[]): string {
  const sorted = [...chainIds].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return sorted.length === 0 ? "none" : sorted.join(", ");
}
