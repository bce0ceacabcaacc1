import { CommandError } from "./command.ts";
import type { Connection } from "./connection.ts";
import { eraText } from "./format.ts";

/** Asked before the first of a command's transactions, so that none is paid for nothing. Throws CLI_NOT_ENOUGH_ERA. */
export async function checkEra(
  { name, contracts }: Pick<Connection, "name" | "contracts">,
  account: string,
  amount: bigint,
): Promise<void> {
  const balance = await contracts.era.balanceOf(account);
  if (balance >= amount) return;
  const what = `${account} holds ${eraText(balance)} on ${name}, less than ${eraText(amount)}`;
  const next = "bring ERA to this rollup first (./metalayer transfer), or name a smaller amount";
  throw new CommandError("CLI_NOT_ENOUGH_ERA", what, "Nothing was sent", next);
}
