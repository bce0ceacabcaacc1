import { readFileSync, statSync } from "node:fs";
import type { TransactionRequest } from "ethers";
import { HDNodeWallet, Mnemonic, Wallet, isKeystoreJson } from "ethers";
import { withGasMargin } from "../chain/gas-margin.ts";
import { DEV_MNEMONIC } from "../devnet/anvil.ts";
import type { Context } from "./command.ts";
import { CommandError, UsageError } from "./command.ts";
import type { Connection, Contracts } from "./connection.ts";
import { contractsOf } from "./connection.ts";
import type { Network } from "./network.ts";

export interface WalletChoice {
  readonly keyFile: string | undefined;
  readonly account: number | undefined;
}

/** A wallet on one rollup. */
export interface Signing {
  readonly wallet: Wallet;
  readonly address: string;
  readonly contracts: Contracts;
}

const ON_THE_COMMAND_LINE = "Nothing was sent";

/**
 * Who signs: the keystore that was named, else METALAYER_KEY, else on local networks an account of the development
 * mnemonic. Throws CLI_NO_WALLET, CLI_KEY_INVALID, CLI_KEY_EXPOSED, CLI_KEY_PASSWORD.
 */
export async function findWallet(
  context: Pick<Context, "path">,
  network: Network,
  choice: WalletChoice,
): Promise<Wallet | HDNodeWallet> {
  const given = process.env["METALAYER_KEY"];
  if (choice.keyFile !== undefined) return openKeystore(context.path(choice.keyFile));
  if (choice.account !== undefined && !network.isDevnet && !isLocal(network))
    throw new UsageError("--account picks a development account, which only local networks know");
  if (choice.account === undefined && given !== undefined && given !== "") return fromKey(given);
  if (isLocal(network)) return devWallet(choice.account ?? 0);
  const next = "set METALAYER_KEY to the private key of a funded account, or name a keystore with --key-file";
  throw new CommandError("CLI_NO_WALLET", "there is no key to sign with", ON_THE_COMMAND_LINE, next);
}

/** An account that every local node funds. Known to everybody. */
export function devWallet(index: number): HDNodeWallet {
  return HDNodeWallet.fromMnemonic(Mnemonic.fromPhrase(DEV_MNEMONIC), `m/44'/60'/0'/0/${index}`);
}

/** True if every endpoint is on this machine. */
export function isLocal({ rollups }: Pick<Network, "rollups">): boolean {
  return rollups.every(({ rpc }) => rpc.every(isLoopback));
}

export function isLoopback(url: string): boolean {
  return ["localhost", "127.0.0.1", "[::1]"].includes(new URL(url).hostname);
}

/** A class only because ethers asks for one. */
class RoomyWallet extends Wallet {
  override async estimateGas(transaction: TransactionRequest): Promise<bigint> {
    return withGasMargin(await super.estimateGas(transaction));
  }
}

/** The wallet on a rollup, with coins to pay for gas. Throws CLI_EMPTY_WALLET. */
export async function signOn(connection: Connection, wallet: Wallet | HDNodeWallet): Promise<Signing> {
  const { name, provider, description } = connection;
  const connected = new RoomyWallet(wallet.privateKey, provider);
  if ((await provider.getBalance(wallet.address)) === 0n) {
    const next = `fund it (on local networks: ./metalayer faucet --address ${wallet.address} --on ${name})`;
    throw new CommandError(
      "CLI_EMPTY_WALLET",
      `${wallet.address} has no coins for gas on ${name}`,
      ON_THE_COMMAND_LINE,
      next,
    );
  }
  return { wallet: connected, address: wallet.address, contracts: contractsOf(description, connected) };
}

function fromKey(key: string): Wallet {
  try {
    return new Wallet(key);
  } catch {
    const next = "set it to 0x and 64 hex digits";
    throw new CommandError("CLI_KEY_INVALID", "METALAYER_KEY is not a private key", ON_THE_COMMAND_LINE, next);
  }
}

async function openKeystore(file: string): Promise<Wallet | HDNodeWallet> {
  const text = readPrivate(file);
  if (!isKeystoreJson(text)) {
    const next = "name a keystore file (JSON, version 3)";
    throw new CommandError("CLI_KEY_INVALID", `${file} is not a keystore`, ON_THE_COMMAND_LINE, next);
  }
  try {
    return await Wallet.fromEncryptedJson(text, process.env["METALAYER_PASSWORD"] ?? "");
  } catch (cause) {
    const next = "set METALAYER_PASSWORD to its password";
    throw new CommandError("CLI_KEY_PASSWORD", `the password does not open ${file}`, ON_THE_COMMAND_LINE, next, {
      cause,
    });
  }
}

function readPrivate(file: string): string {
  let mode: number;
  let text: string;
  try {
    mode = statSync(file).mode;
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new CommandError("CLI_KEY_INVALID", `${file} cannot be read`, ON_THE_COMMAND_LINE, "correct --key-file", {
      cause,
    });
  }
  if (process.platform === "win32" || (mode & 0o077) === 0) return text;
  throw new CommandError("CLI_KEY_EXPOSED", `others can read ${file}`, ON_THE_COMMAND_LINE, `chmod 600 ${file}`);
}
