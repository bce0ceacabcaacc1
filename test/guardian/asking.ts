import type { Provider } from "ethers";
import { bitmapOf, encodeAttestation } from "../../sdk/src/attestation.ts";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import { ZERO_HASH } from "../../sdk/src/bytes.ts";
import type { FactClass, LaneFact } from "../../sdk/src/fact.ts";
import { CLASS_FAST, CLASS_FINAL, laneFactHash, networkRoot } from "../../sdk/src/fact.ts";
import { chainHeads } from "../../sdk/src/message.ts";
import { laneId } from "../../sdk/src/route.ts";
import { pointToHex, publicKey } from "../../sdk/src/schnorr.ts";
import { treeRoot } from "../../sdk/src/tree.ts";
import { rollupSchema, laneBetween } from "../../scripts/network/config.ts";
import type { Attested, Coordinator, FactToSign } from "../../scripts/network/coordinator.ts";
import { createCoordinator } from "../../scripts/network/coordinator.ts";
import type { LaneFactRequest } from "../../scripts/network/guardian-api.ts";
import { toWire } from "../../scripts/network/guardian-api.ts";
import type { GuardianClient } from "../../scripts/network/guardian-client.ts";
import type { GuardianTable } from "../../scripts/network/tables.ts";
import type { AnvilNetwork, AnvilRollup } from "../helpers/daemonNetwork.ts";
import type { Fleet, FleetNetwork } from "../helpers/guardianFleet.ts";

/** A true lane fact as the source's own node tells it; `change` makes it another one. */
export async function laneFact(
  network: Pick<AnvilNetwork, "networkId">,
  src: Pick<AnvilRollup, "gateway" | "settings"> & { readonly provider: Pick<Provider, "getBlock"> },
  dst: Pick<AnvilRollup, "chainId" | "settings">,
  options: {
    readonly class?: FactClass;
    readonly from?: bigint;
    readonly to?: bigint;
    readonly change?: Partial<LaneFactRequest>;
  } = {},
): Promise<FactToSign> {
  const factClass = options.class ?? CLASS_FINAL;
  const lane = laneBetween(network, rollupSchema.parse(src.settings), rollupSchema.parse(dst.settings));
  const events = await src.gateway.queryFilter(src.gateway.filters.MessageAccepted(undefined, dst.chainId));
  const ids = events.map(({ args }) => args.sendId as Hex); // CAST: bytes32
  const [from, to] = [options.from ?? 0n, options.to ?? BigInt(ids.length)];
  const block = await src.provider.getBlock("latest");
  const leaves = ids.slice(Number(from), Number(to));
  const headBefore = chainHeads(laneId(lane), ids.slice(0, Number(from)));
  const fact: LaneFact = {
    class: factClass,
    laneId: laneId(lane),
    from,
    to,
    headBefore,
    headAt: chainHeads(headBefore, leaves),
    batchRoot: treeRoot(leaves),
    srcBlockHash: factClass === CLASS_FAST ? ((block?.hash ?? ZERO_HASH) as Hex) : ZERO_HASH, // CAST: block hash
  };
  const { laneId: _, ...said } = { ...fact, ...options.change };
  const srcBlockNumber = options.change?.srcBlockNumber ?? (factClass === CLASS_FAST ? BigInt(block?.number ?? 0) : 0n);
  const { srcChainId, dstChainId } = lane;
  const hash = laneFactHash({ ...fact, ...options.change });
  return { hash, request: { kind: "lane", srcChainId, dstChainId, ...said, srcBlockNumber } };
}

/** The table that every rollup of the test network has. */
export function tableOf(network: Pick<FleetNetwork, "guardians">): GuardianTable {
  const guardians = network.guardians.map(({ secret, operator: { address } }, index) => {
    const operator = address as Address; // CAST: ethers returns an address
    return { index, operator, key: pointToHex(publicKey(secret)), weight: 1_000n, url: "" };
  });
  return { serial: 1, guardians, totalWeight: 1_000n * BigInt(guardians.length) };
}

export function coordinatorFor(
  network: AnvilNetwork,
  fleet: Fleet,
  client: GuardianClient,
  name = "test",
): Coordinator {
  const urls = new Map(tableOf(network).guardians.map(({ key }, index) => [key, fleet.seats[index]?.url ?? ""]));
  return createCoordinator({ networkId: network.networkId, name, client, urls });
}

/** Whether the rollup accepts the attestation: the serial under which it does, 0 for none. */
export async function serialFor(network: AnvilNetwork, rollup: AnvilRollup, attested: Attested): Promise<bigint> {
  const { root, signature, signers } = attested;
  const indexes = tableOf(network).guardians.filter(({ key }) => signers.includes(key));
  const bitmap = bitmapOf(indexes.map(({ index }) => index));
  return rollup.guardianSet.serialOf(encodeAttestation({ root, serial: 1, signature, bitmap }));
}

export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** One request to one guardian, with nothing in between. */
export async function post(url: string, path: string, body: unknown): Promise<Answer> {
  const text = typeof body === "string" ? body : toWire(body);
  const response = await fetch(new URL(path, url), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: text,
  });
  return { status: response.status, body: (await response.json()) as Answer["body"] }; // CAST: guardians answer JSON objects
}

export function commitBody(facts: readonly FactToSign[], coordinator = "test"): object {
  const root = networkRoot(facts.map(({ hash }) => hash));
  return { coordinator, root, facts: facts.map(({ request }) => request) };
}
