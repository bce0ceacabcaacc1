import type { Context } from "./command.ts";
import type { Connection } from "./connection.ts";
import type { InboundLimit } from "./exposure.ts";
import { coalitions, exposureOf, sumOf } from "./exposure.ts";
import { eraText, spanText } from "./format.ts";
import { findNetwork, withRollups } from "./network.ts";

/** As `IRollupRegistry.Status` counts. */
const ACTIVE = 1n;
const MOST_GUARDIANS = 256;
const WEI_PER_ERA = 10n ** 18n;

type Risk = Awaited<ReturnType<typeof riskOf>>;

/** Everything is read from the rollups as they are now. */
export async function riskCommand(context: Context, options: { readonly network: string | undefined }): Promise<void> {
  const network = findNetwork(context, options.network);
  const rollups = await withRollups(network.rollups, (connections) => Promise.all(connections.map(riskOf)));
  const total = sumOf(rollups.flatMap(({ sources }) => sources.map(({ exposure }) => exposure)));
  await show(context.output, rollups, total);
  context.output.result({ rollups, total });
}

async function riskOf(connection: Connection) {
  const { contracts, name, chainId } = connection;
  const { guardianSet, guardianStaking, guardianSlashing } = contracts;
  const serial = await guardianSet.currentSerial();
  const [page, isTableInForce, terms, sources] = await Promise.all([
    guardianSet.guardians(serial, 0, MOST_GUARDIANS),
    guardianSet.isAccepted(serial),
    guardianSlashing.terms(),
    sourcesOf(connection),
  ]);
  const table = await Promise.all(
    page.map(async ({ operator, weight }) => {
      const [{ tokens }, { status }] = await Promise.all([
        guardianStaking.pool(operator),
        guardianSlashing.standing(operator).then(([open, burnt]) => ({ status: open + burnt })),
      ]);
      return { weight, stake: tokens, isConvicted: status > 0n };
    }),
  );
  const { fraction, reporterShare, incidentDelay, foreignFreeze, fastSuspension } = terms;
  return {
    ...{ name, chainId, isTableInForce, guardians: table.filter(({ weight }) => weight > 0n).length },
    weight: table.reduce((sum, { weight }) => sum + weight, 0n),
    stake: table.reduce((sum, { stake }) => sum + stake, 0n),
    convicted: table.filter(({ isConvicted }) => isConvicted).length,
    ...coalitions(table),
    sources,
    atRisk: sumOf(sources.map(({ exposure }) => exposure)),
    terms: { fraction, reporterShare, incidentDelay, foreignFreeze, fastSuspension },
  };
}

async function sourcesOf({ contracts }: Connection) {
  const { registry, era, gateway } = contracts;
  const [all, home] = await Promise.all([registry.rollups(), era.homeChainId()]);
  const active = all.filter(({ status }) => status === ACTIVE);
  return Promise.all(
    active.map(async ({ chainId, ceiling }) => {
      const [source, lane] = await Promise.all([era.source(chainId), gateway.inLane(chainId)]);
      const { capacity, level, share, exposure } = source;
      const { feeLevel, feeCapacity } = lane;
      const limit: InboundLimit = { isHome: chainId === home, capacity, level, share, exposure, feeLevel, feeCapacity };
      return { chainId, ceiling, limit, exposure: exposureOf(limit) };
    }),
  );
}

async function show(output: Context["output"], rollups: readonly Risk[], total: Risk["atRisk"]): Promise<void> {
  output.line("What a quorum could take on each rollup if all that it says were false:");
  await output.table(
    ["rollup", "sources", "ERA at once", "ERA within a day", "fees within a day"],
    [
      ...rollups.map(({ name, sources, atRisk }) => [name, sources.length, ...texts(atRisk)]),
      ["all rollups", "", ...texts(total)],
    ],
  );
  output.line(
    "What it takes to have one third (to halt) and more than two thirds (to lie) of the weight, from the heaviest guardians on:",
  );
  await output.table(
    ["rollup", "guardians", "weight", "to halt", "their stake", "to lie", "their stake", "they would lose"],
    rollups.map(({ name, guardians, weight, toHalt, toLie, terms, isTableInForce }) => [
      isTableInForce ? name : `${name} (no table in force)`,
      guardians,
      eraText(weight * WEI_PER_ERA),
      `${toHalt.guardians} guardians`,
      eraText(toHalt.stake),
      `${toLie.guardians} guardians`,
      eraText(toLie.stake),
      eraText((toLie.stake * terms.fraction) / 1_000_000n),
    ]),
  );
  const delays = rollups.map(({ name, terms }) => `${name} ${spanText(Number(terms.incidentDelay))}`).join(", ");
  output.line(`From a conviction to the burn: ${delays}.`);
  const convicted = rollups.filter((rollup) => rollup.convicted > 0);
  for (const { name, convicted: count } of convicted)
    output.line(`${name}: ${count} guardians of its table are convicted.`);
  output.line("Weight beyond stake was given by governance, and nothing answers for it.");
}

function texts({ now, day, fees }: Risk["atRisk"]): string[] {
  return [now, day, fees].map(eraText);
}
