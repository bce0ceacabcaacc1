import { LANE_OPEN } from "../../sdk/src/client.ts";
import { FEE_UNIT_WEI } from "../../sdk/src/fees.ts";
import type { Context } from "./command.ts";
import type { Connection } from "./connection.ts";
import { eraText, unitsText } from "./format.ts";
import { submit } from "./governance/submit.ts";
import type { Network } from "./network.ts";
import { findNetwork, withRollups } from "./network.ts";
import { changeOnRollup } from "./one-rollup.ts";
import { keeperOn, movePrices, showKeeper, type NewPrices } from "./price-keeper.ts";
import type { WalletChoice } from "./wallet.ts";

export interface FeesOptions extends WalletChoice, NewPrices {
  readonly network: string | undefined;
  readonly on: string | undefined;
  readonly to: string | undefined;
  readonly dryRun: boolean;
}

/** Base prices are in millionths of ERA. */
const UNITS_PER_MILLIONTH = 1_000n;

/** What governance has set for every lane, and what fees have become so far; or settles what was charged on one rollup, or moves its prices. */
export async function feesCommand(
  context: Context,
  action: "show" | "sweep" | "update",
  options: FeesOptions,
): Promise<void> {
  const network = findNetwork(context, options.network);
  if (action === "show") {
    const rollups = options.on === undefined ? network.rollups : [network.rollup(options.on)];
    return withRollups(rollups, (connections) => show(context, network, connections));
  }
  const tell = (connections: readonly Connection[]) => show(context, network, connections);
  const given = { ...options, shown: undefined };
  if (action === "update") {
    const update = movePrices(network, options);
    return changeOnRollup(context, network, given, { command: "fees update", change: update }, tell);
  }
  const change = async (connection: Connection, signing: Parameters<typeof submit>[1]): Promise<string> => {
    const before = await feesOn(network, connection);
    const due = before.lanes.filter(({ unswept }) => unswept > 0n);
    for (const { chainId, to } of due) {
      const call = await signing.contracts.feeController.sweep.populateTransaction(chainId);
      await submit(connection, signing, `settle the fees of messages to ${to}`, call, options.dryRun);
    }
    if (due.length === 0) return `Nothing was charged on ${connection.name} since the last sweep.`;
    const sum = eraText(due.reduce((all, { unswept }) => all + unswept, 0n));
    return options.dryRun
      ? `Nothing was sent; ${sum} can be settled.`
      : `${sum} of fees on ${connection.name} were settled.`;
  };
  return changeOnRollup(context, network, given, { command: "fees sweep", change }, tell);
}

async function show({ output }: Context, network: Network, connections: readonly Connection[]): Promise<void> {
  const rollups = await Promise.all(connections.map((connection) => feesOn(network, connection)));
  output.line("Prices and shares that governance has set (shares in per mille of the price):");
  await output.table(
    [
      "from",
      "to",
      "a message",
      "a byte",
      "1,000 gas",
      "burnt",
      "fund",
      "deliverer and guardians",
      "charged since the last sweep",
    ],
    rollups.flatMap(({ rollup, lanes }) =>
      lanes.map((lane) => [
        rollup,
        lane.to,
        unitsText(lane.basePrice * UNITS_PER_MILLIONTH),
        unitsText(lane.pricePerByte),
        unitsText(lane.pricePerKGas),
        lane.burnShare,
        lane.fundShare,
        1_000n - lane.burnShare - lane.fundShare,
        eraText(lane.unswept),
      ]),
    ),
  );
  await showKeeper(output, rollups);
  await output.table(
    ["rollup", "fund", "burnt for good", "minted to deliverers and guardians", "behind credit"],
    rollups.map((each) => [each.rollup, each.fund, ...[each.burntForGood, each.minted, each.held].map(eraText)]),
  );
  output.result({ rollups });
}

/** Amounts in wei, prices as governance sets them (docs/protocol/fees.md). */
async function feesOn(network: Network, connection: Connection) {
  const { name, chainId, contracts } = connection;
  const { feeController, gateway } = contracts;
  const others = network.rollups.filter((other) => BigInt(other.chainId) !== chainId);
  const [fund, burntForGood, minted, held, ...outs] = await Promise.all([
    feeController.fund(),
    feeController.burntForGood(),
    feeController.minted(),
    feeController.held(),
    ...others.map((other) => gateway.outLane(other.chainId)),
  ]);
  const keeper = await Promise.all(others.map((other) => keeperOn(connection, other.chainId)));
  const lanes = outs.flatMap(({ status, accrued, prices }, index) => {
    const other = others[index];
    if (status !== LANE_OPEN || other === undefined) return [];
    const { basePrice, pricePerByte, pricePerKGas, fundShare, burnShare, maxGasLimit } = prices;
    const terms = { basePrice, pricePerByte, pricePerKGas, fundShare, burnShare, maxGasLimit };
    const unswept = accrued * FEE_UNIT_WEI;
    return [{ to: other.name, chainId: other.chainId, ...terms, unswept, ...keeper[index] }];
  });
  return { rollup: name, fund, burntForGood, minted, held, lanes };
}
