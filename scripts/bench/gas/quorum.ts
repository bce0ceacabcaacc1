import { deliver, cacheSigners, warmUp } from "./lane.ts";
import { costOf, row, type Cost, type GasRow, type Networks, type Subject } from "./row.ts";

const EPOCH = 31 * 86_400;

/** How the cost follows the number of guardians. */
export const quorums: Subject = {
  title: "Guardians",
  async rows(networks) {
    const few = await delivered(networks, { of: 4, signing: 3, cached: true });
    const many = await delivered(networks, { of: 100, signing: 68, cached: true });
    const all = await delivered(networks, { of: 100, signing: 100, cached: true });
    const hyperlane = "Hyperlane 67-of-100 478,956";
    const uncached = async (of: number, signing: number): Promise<Cost> =>
      delivered(networks, { of, signing, cached: false });
    return [
      row("delivery signed by 68 of 100, key cached", many, { budget: 75_000, peer: hyperlane }),
      row("delivery signed by 100 of 100, key cached", all, { budget: 75_000, peer: hyperlane }),
      {
        name: "growth of a delivery from 4 to 100 guardians",
        gas: Math.max(many.gas, all.gas) - few.gas,
        budget: 200,
        peer: "Hyperlane 6,050 a signature",
      },
      row("delivery signed by 3 of 4, key not cached", await uncached(4, 3), { peer: "Hyperlane 4-of-6 98,037" }),
      row("delivery signed by 68 of 100, key not cached", await uncached(100, 68), {
        budget: 109_000,
        peer: hyperlane,
      }),
      row("delivery signed by 100 of 100, key not cached", await uncached(100, 100), { peer: hyperlane }),
      row("caching the key of 67 of 100", await cacheSigners(await networks(100), spread(67, 100))),
      row("rotation with 4 guardians", await rotation(networks, 4)),
      row("rotation with 100 guardians", await rotation(networks, 100)),
      row("rotation with 256 guardians", await rotation(networks, 256)),
    ] satisfies GasRow[];
  },
};

interface Signed {
  readonly of: number;
  readonly signing: number;
  readonly cached: boolean;
}

/** Signers evenly spread over the table. */
function spread(signing: number, of: number): number[] {
  return Array.from({ length: signing }, (_, index) => Math.floor((index * of) / signing));
}

async function delivered(networks: Networks, { of, signing, cached }: Signed): Promise<Cost> {
  const net = await networks(of);
  const signers = spread(signing, of);
  if (cached) await cacheSigners(net, signers);
  await warmUp(net);
  return deliver(net, { signers });
}

async function rotation(networks: Networks, guardians: number): Promise<Cost> {
  const { other } = await networks(guardians);
  await other.passTime(EPOCH);
  return costOf(other.guardianSet.rotate());
}
