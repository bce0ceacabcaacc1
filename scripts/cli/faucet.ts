import { parseEther, toQuantity } from "ethers";
import { checkedAddress } from "./accounts.ts";
import type { Context } from "./command.ts";
import { CommandError } from "./command.ts";
import type { Connection } from "./connection.ts";
import { coinText, eraText } from "./format.ts";
import { findNetwork, onEach, withRollups } from "./network.ts";
import { transact } from "./transactions.ts";
import type { WalletChoice } from "./wallet.ts";
import { devWallet, findWallet, isLoopback, signOn } from "./wallet.ts";

export interface FaucetOptions extends WalletChoice {
  readonly network: string | undefined;
  readonly address: `0x${string}` | undefined;
  readonly on: string | undefined;
  readonly era: bigint | undefined;
}

/** What an account has at least after the faucet. */
const COINS = parseEther("100");
/** Nodes for development, by what they call themselves. */
const DEVELOPMENT_NODE = /^(anvil|HardhatNetwork)/;

export async function faucetCommand(context: Context, options: FaucetOptions): Promise<void> {
  const network = findNetwork(context, options.network);
  const rollups = options.on === undefined ? network.rollups : [network.rollup(options.on)];
  for (const { name, rpc } of rollups) if (!rpc.every(isLoopback)) throw notLocal(name);
  const given = options.address === undefined ? undefined : checkedAddress("--address", options.address);
  const account = given ?? (await findWallet(context, network, options)).address;
  await withRollups(rollups, async (connections) => {
    // All of them are asked before the first is changed.
    await Promise.all(connections.map(checkDevelopmentNode));
    const amount = options.era ?? 0n;
    if (amount > 0n) await Promise.all(connections.map((connection) => checkSupply(connection, amount)));
    const rows = await onEach(connections, (connection) => give(connection, account, amount));
    const { output } = context;
    output.line(`${account} now has:`);
    await output.table(
      ["rollup", "coins for gas", "ERA"],
      rows.map(({ rollup, coins, era }) => [rollup, coinText(coins), eraText(era)]),
    );
    output.result({ account, rollups: rows });
  });
}

async function checkDevelopmentNode({ name, provider }: Connection): Promise<void> {
  const version: unknown = await provider.send("web3_clientVersion", []);
  if (typeof version !== "string" || !DEVELOPMENT_NODE.test(version)) throw notLocal(name);
}

function notLocal(name: string): CommandError {
  return new CommandError(
    "CLI_NOT_LOCAL",
    `${name} is not a local development rollup`,
    "Nothing was given",
    "use that rollup's own faucet, or send coins to the account",
  );
}

async function checkSupply({ name, contracts }: Connection, amount: bigint): Promise<void> {
  const holder = devWallet(0).address;
  const balance = await contracts.era.balanceOf(holder);
  if (balance >= amount) return;
  throw new CommandError(
    "CLI_NOT_ENOUGH_ERA",
    `the development account holds ${eraText(balance)} on ${name}`,
    "Nothing was given",
    "all ERA begins on the home rollup: name it with --on, then ./metalayer transfer",
  );
}

/** Wei of the rollup's coin and of ERA that the account has afterwards. */
async function give(connection: Connection, account: string, amount: bigint) {
  const { name, provider, contracts } = connection;
  const before = await provider.getBalance(account);
  if (before < COINS) await provider.send("anvil_setBalance", [account, toQuantity(COINS)]);
  if (amount > 0n) {
    const holder = await signOn(connection, devWallet(0));
    await transact(connection, `give ${eraText(amount)}`, () => holder.contracts.era.transfer(account, amount));
  }
  const [coins, era] = await Promise.all([provider.getBalance(account), contracts.era.balanceOf(account)]);
  return { rollup: name, coins, era };
}
