import type { Context } from "./command.ts";
import type { Connection } from "./connection.ts";
import { spanText } from "./format.ts";
import { findNetwork, onEach, withRollups } from "./network.ts";
import { transact } from "./transactions.ts";
import type { WalletChoice } from "./wallet.ts";
import { findWallet, signOn } from "./wallet.ts";

export interface RotateOptions extends WalletChoice {
  readonly network: string | undefined;
  readonly on: string | undefined;
  readonly dryRun: boolean;
}

/** The newest table of a rollup. Times in seconds. */
interface TableView {
  readonly rollup: string;
  readonly serial: bigint;
  readonly guardians: bigint;
  readonly totalWeight: bigint;
  readonly quorumWeight: bigint;
  readonly isAccepted: boolean;
  /** 0: at once. */
  readonly rotatableIn: number;
  readonly validFor: number;
}

export async function rotateCommand(context: Context, options: RotateOptions): Promise<void> {
  const network = findNetwork(context, options.network);
  const rollups = options.on === undefined ? network.rollups : [network.rollup(options.on)];
  const wallet = options.dryRun ? undefined : await findWallet(context, network, options);
  await withRollups(rollups, async (connections) => {
    const before = await Promise.all(connections.map(tableOf));
    // Asked for one rollup: then its refusal is the answer. Asked for all: those whose time has not come are left alone.
    const due = connections.filter((_, index) => options.on !== undefined || before[index]?.rotatableIn === 0);
    if (wallet !== undefined) {
      await onEach(due, async (connection) => {
        const { contracts } = await signOn(connection, wallet);
        await transact(connection, "form a new table", () => contracts.guardianSet.rotate());
      });
    }
    const after = await Promise.all(connections.map(tableOf));
    const rotated = after.filter(({ serial }, index) => serial !== before[index]?.serial).map(({ rollup }) => rollup);
    await show(context, after);
    if (wallet !== undefined)
      context.output.line(rotated.length === 0 ? "No table's time has come." : `New tables on ${rotated.join(", ")}.`);
    context.output.result({ rotated, tables: after });
  });
}

async function show({ output }: Context, tables: readonly TableView[]): Promise<void> {
  await output.table(
    ["rollup", "table", "guardians", "weight", "quorum", "accepted", "next rotation"],
    tables.map((table) => [
      table.rollup,
      String(table.serial),
      table.guardians,
      table.totalWeight,
      table.quorumWeight,
      table.isAccepted ? `for ${spanText(table.validFor)}` : "NO: rotate",
      table.rotatableIn === 0 ? "now" : `in ${spanText(table.rotatableIn)}`,
    ]),
  );
}

async function tableOf({ name, contracts, provider }: Connection): Promise<TableView> {
  const { guardianSet } = contracts;
  const [epoch, [epochLength], block] = await Promise.all([
    guardianSet.epoch(),
    guardianSet.settings(),
    provider.getBlock("latest"),
  ]);
  const { serial, start, validUntil } = epoch;
  const now = BigInt(block?.timestamp ?? 0);
  const [{ count, totalWeight }, quorumWeight] = await Promise.all([
    guardianSet.table(serial),
    serial === 0n ? 0n : guardianSet.quorumWeight(serial),
  ]);
  const rest = (at: bigint): number => (at > now ? Number(at - now) : 0);
  return {
    rollup: name,
    serial,
    guardians: count,
    totalWeight,
    quorumWeight,
    isAccepted: await guardianSet.isAccepted(serial),
    rotatableIn: serial === 0n ? 0 : Math.min(rest(start + epochLength), rest(validUntil)),
    validFor: rest(validUntil),
  };
}
