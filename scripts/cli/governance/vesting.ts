import { VestingWallet__factory } from "../../../typechain-types/factories/@openzeppelin/contracts/finance/VestingWallet__factory.js";
import type { Context } from "../command.ts";
import { CommandError, UsageError } from "../command.ts";
import type { Connection } from "../connection.ts";
import { eraText, timeText } from "../format.ts";
import { findNetwork } from "../network.ts";
import type { WalletChoice } from "../wallet.ts";
import { findWallet, signOn } from "../wallet.ts";
import { withHome } from "./act.ts";
import { airdropOf, genesisParts, vestingOf, type Part } from "./genesis.ts";
import { submit } from "./submit.ts";

export interface VestingOptions extends WalletChoice {
  readonly network: string | undefined;
  readonly part: number | undefined;
  readonly dryRun: boolean;
}

/** Shows to whom all ERA went in the beginning and what is vested of it, or pays what is vested to whom it belongs. */
export async function vestingCommand(
  context: Context,
  action: "show" | "release",
  options: VestingOptions,
): Promise<void> {
  const network = findNetwork(context, options.network);
  if (action === "release" && options.part === undefined) throw new UsageError("vesting release needs --part <number>");
  const wallet = action === "release" ? await findWallet(context, network, options) : undefined;
  return withHome(network, async (home) => {
    if (wallet !== undefined) {
      const signing = await signOn(home, wallet);
      const part = (await genesisParts(home)).find(({ index }) => index === options.part);
      const vesting = part === undefined ? undefined : await vestingOf(home, part);
      if (part === undefined || vesting === undefined) throw noVesting(options.part);
      const era = await home.contracts.era.getAddress();
      const call = await VestingWallet__factory.connect(part.holder)["release(address)"].populateTransaction(era);
      await submit(home, signing, "pay what is vested", call, options.dryRun);
      const paid = `${eraText(vesting.releasable)} of ${part.name}`;
      context.output.line(
        options.dryRun ? `Nothing was sent; ${paid} can be paid.` : `${paid} went to ${vesting.beneficiary}.`,
      );
    }
    return show(context, home);
  });
}

async function show({ output }: Context, home: Connection): Promise<void> {
  const parts = await Promise.all((await genesisParts(home)).map((part) => described(home, part)));
  output.line(`How all ERA began on ${home.name}:`);
  await output.table(
    ["part", "name", "amount", "went to", "vested from", "until", "paid", "payable now"],
    parts.map(({ index, name, amount, holder, vesting, airdrop }) => [
      String(index),
      name,
      eraText(amount),
      airdrop === undefined ? (vesting?.beneficiary ?? holder) : `airdrop ${holder}`,
      vesting === undefined ? "" : timeText(vesting.start),
      vesting === undefined ? (airdrop === undefined ? "" : timeText(airdrop.deadline)) : timeText(vesting.end),
      vesting === undefined ? "" : eraText(vesting.released),
      vesting === undefined ? "" : eraText(vesting.releasable),
    ]),
  );
  output.result({ parts });
}

async function described(home: Connection, part: Part) {
  const [vesting, airdrop] = await Promise.all([vestingOf(home, part), airdropOf(home, part)]);
  return { ...part, vesting, airdrop };
}

function noVesting(part: number | undefined): CommandError {
  const next = "name a part that is vested (./metalayer vesting show)";
  return new CommandError("CLI_NO_VESTING", `part ${part} is not vested`, "Nothing was sent", next);
}
