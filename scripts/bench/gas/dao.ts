import type { Address } from "../../../sdk/src/bytes.ts";
import { planDao, type DaoPlace } from "../../../sdk/src/dao/plan.ts";
import { addressOf, type GasNetwork, type GasRollup } from "./network.ts";
import { costOf, type GasRow, type Subject } from "./row.ts";

const DAY = 86_400n;
const ETHER = 10n ** 18n;

/** A community's DAO, from nothing. What it decides costs what the rows of governance say. */
export const daos: Subject = {
  title: "A community's own DAO",
  async rows(networks) {
    const net = await networks(4);
    const [home, other] = await plannedPlaces(net);
    return [
      {
        name: "creation of a DAO on home: token with two holders, timelock, governor",
        gas: await placing(net.home, home),
      },
      { name: "creation of a DAO on another rollup: timelock, executor", gas: await placing(net.other, other) },
    ] satisfies GasRow[];
  },
};

async function plannedPlaces({ home, other }: GasNetwork): Promise<readonly [DaoPlace, DaoPlace]> {
  const [first, second] = [await addressOf(home.holder), await addressOf(home.user)];
  const rollupOf = async ({ chainId, gateway, user }: GasRollup) => ({
    ...{ chainId, gateway: await addressOf(gateway) },
    deployer: await addressOf(user),
  });
  const { places } = planDao({
    name: "Garden",
    home: home.chainId,
    token: {
      name: "Garden",
      symbol: "GRDN",
      shares: [first, second].map((to: Address) => ({ to, amount: 500n * ETHER })),
    },
    terms: { votingDelay: DAY, votingPeriod: 5n * DAY, proposalThreshold: ETHER, quorum: 400n },
    timelockDelay: 2n * DAY,
    canceller: second,
    rollups: [await rollupOf(home), await rollupOf(other)],
  });
  const [atHome, elsewhere] = places;
  if (atHome === undefined || elsewhere === undefined) throw new Error("two places were planned");
  return [atHome, elsewhere];
}

/** All transactions together. */
async function placing({ user }: GasRollup, { contracts }: DaoPlace): Promise<number> {
  let gas = 0;
  for (const { to, data } of contracts) gas += (await costOf(user.sendTransaction({ to, data }))).gas;
  return gas;
}
