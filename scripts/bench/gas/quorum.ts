import { deliver, cacheSigners, warmUp, type Wanted } from "./lane.ts";
import { costOf, perItem, row, type Limits, type Cost, type GasRow, type Networks, type Subject } from "./row.ts";

const EPOCH = 31 * 86_400;

/** How the cost follows the number of guardians. */
export const quorums: Subject = {
  title: "Guardians",
  async rows(networks) {
    const few = await delivered(networks, { of: 4, signing: 3, cached: true });
    const many = await matrix(networks, { of: 100, signing: 68, cached: true }, { budget: 75_000, peer: HYPERLANE });
    const all = await delivered(networks, { of: 100, signing: 100, cached: true });
    const uncached = { of: 100, signing: 68, cached: false };
    return [
      ...many,
      row("delivery signed by 100 of 100, key cached", all, { budget: 75_000, peer: HYPERLANE }),
      {
        name: "growth of a delivery from 4 to 100 guardians",
        gas: Math.max(many[0]?.gas ?? 0, all.gas) - few.gas,
        budget: 200,
        peer: "Hyperlane 6,050 a signature",
      },
      ...(await matrix(networks, { of: 4, signing: 3, cached: false }, { peer: "Hyperlane 4-of-6 98,037" })),
      ...(await matrix(networks, uncached, { budget: 109_000, peer: HYPERLANE })),
      row(
        "delivery signed by 100 of 100, key not cached",
        await delivered(networks, { of: 100, signing: 100, cached: false }),
        { peer: HYPERLANE },
      ),
      row("caching the key of 67 of 100", await cacheSigners(await networks(100), spread(67, 100))),
      row("rotation with 4 guardians", await rotation(networks, 4)),
      row("rotation with 100 guardians", await rotation(networks, 100)),
      row("rotation with 256 guardians", await rotation(networks, 256)),
    ] satisfies GasRow[];
  },
};

const HYPERLANE = "Hyperlane 67-of-100 478,956";

interface Signed {
  readonly of: number;
  readonly signing: number;
  readonly cached: boolean;
}

/** One message, 16 and 64 of them, of 32 and of 256 bytes. `limits` are those of one message of 32 bytes. */
async function matrix(networks: Networks, signed: Signed, limits: Limits): Promise<GasRow[]> {
  const rows: GasRow[] = [];
  for (const count of [1, 16, 64]) {
    for (const payload of [32, 256]) {
      const cost = await delivered(networks, signed, { count, payload });
      const isPlain = count === 1 && payload === 32;
      rows.push(perItem(nameOf(signed, count, payload), cost, count, isPlain ? limits : {}));
    }
  }
  return rows;
}

function nameOf({ of, signing, cached }: Signed, count: number, payload: number): string {
  const batch = count === 1 ? "" : ` in a batch of ${count}`;
  const size = payload === 32 ? "" : ` of ${payload} bytes`;
  return `delivery${batch}${size} signed by ${signing} of ${of}, key ${cached ? "" : "not "}cached`;
}

/** Signers evenly spread over the table. */
function spread(signing: number, of: number): number[] {
  return Array.from({ length: signing }, (_, index) => Math.floor((index * of) / signing));
}

async function delivered(networks: Networks, { of, signing, cached }: Signed, wanted: Wanted = {}): Promise<Cost> {
  const net = await networks(of);
  const signers = spread(signing, of);
  if (cached) await cacheSigners(net, signers);
  await warmUp(net);
  return deliver(net, { ...wanted, signers });
}

async function rotation(networks: Networks, guardians: number): Promise<Cost> {
  const { other } = await networks(guardians);
  await other.passTime(EPOCH);
  return costOf(other.guardianSet.rotate());
}
