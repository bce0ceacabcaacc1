import { parseEther } from "ethers";
import { eraText } from "../../../cli/format.ts";
import { devAccount } from "../../../devnet/accounts.ts";
import { transferCall } from "../../calls.ts";
import type { Site, World } from "../../world.ts";
import { ACTORS, messagesOf, siteAt, untilDelivered } from "../../world.ts";

const AMOUNT = parseEther("12.345678901234567891");
const LIMIT_MS = 60_000;

/** Moves ERA once around: home → second → third rollup → home. */
export async function era(world: World): Promise<void> {
  const [a, b, c] = [siteAt(world, 0), siteAt(world, 1), siteAt(world, 2)];
  const traveller = devAccount(ACTORS.traveller).address;
  const before = await balances([a, b, c], traveller);
  const hops: readonly (readonly [Site, Site, number])[] = [
    [a, b, ACTORS.treasurer],
    [b, c, ACTORS.traveller],
    [c, a, ACTORS.traveller],
  ];
  for (const [src, dst, actor] of hops) {
    const hash = await src.account(actor).send(transferCall(src, dst, traveller, AMOUNT));
    await untilDelivered(world, await messagesOf(world, src, [hash]), LIMIT_MS);
    world.note("era", `${eraText(AMOUNT)} arrived on ${dst.name} from ${src.name}`);
  }
  const after = await balances([a, b, c], traveller);
  const moved = after.map((balance, index) => balance - (before[index] ?? 0n));
  const isRight = moved[0] === AMOUNT && moved[1] === 0n && moved[2] === 0n;
  world.check("era", "ERA came back to the wei and left nothing on its way", isRight, moved.map(eraText).join(", "));
}

function balances(sites: readonly Site[], account: string): Promise<bigint[]> {
  return Promise.all(sites.map(({ connection }) => connection.contracts.era.balanceOf(account)));
}
