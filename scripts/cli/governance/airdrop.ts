import { readFileSync } from "node:fs";
import { z } from "zod";
import { airdropTree, type AirdropEntry } from "../../../sdk/src/airdrop.ts";
import type { Address } from "../../../sdk/src/bytes.ts";
import { EraAirdrop__factory } from "../../../typechain-types/factories/contracts/token/EraAirdrop__factory.js";
import { checkedAddress } from "../accounts.ts";
import type { Context } from "../command.ts";
import { CommandError } from "../command.ts";
import type { Connection } from "../connection.ts";
import { eraText, timeText } from "../format.ts";
import { findNetwork } from "../network.ts";
import type { WalletChoice } from "../wallet.ts";
import { findWallet, signOn } from "../wallet.ts";
import { withHome } from "./act.ts";
import { airdropOf, genesisParts, type Part } from "./genesis.ts";
import { submit } from "./submit.ts";

export interface ClaimOptions extends WalletChoice {
  readonly network: string | undefined;
  readonly for: Address | undefined;
  readonly dryRun: boolean;
}

/** As OpenZeppelin's StandardMerkleTree dumps itself; only the values are read, everything else follows from them. */
const dumpSchema = z.object({
  format: z.literal("standard-v1"),
  leafEncoding: z.tuple([z.literal("address"), z.literal("uint256")]),
  values: z
    .array(
      z.object({
        value: z.tuple([
          z.string().regex(/^0x[0-9a-fA-F]{40}$/, "is no address"),
          z.string().regex(/^\d+$/, "is no amount in wei"),
        ]),
      }),
    )
    .min(1),
});

/** Claims an account's part of the airdrop, for the account that signs or for any other. */
export async function claimCommand(context: Context, options: ClaimOptions): Promise<void> {
  const network = findNetwork(context, options.network);
  const file = context.path(context.args[0] ?? "");
  const entries = readDump(file);
  const wallet = await findWallet(context, network, options);
  // CAST: a wallet's address is one.
  const account = checkedAddress("--for", options.for ?? (wallet.address as Address));
  const tree = airdropTree(entries);
  const entry = entries.find((each) => each.account.toLowerCase() === account.toLowerCase());
  if (entry === undefined) throw notListed(account, file);
  await withHome(network, async (home) => {
    const { holder, deadline } = await airdropWith(home, tree.root, file);
    const signing = await signOn(home, wallet);
    const airdrop = EraAirdrop__factory.connect(holder, signing.wallet);
    const call = await airdrop.claim.populateTransaction(entry.account, entry.amount, [...tree.proof(entry.account)]);
    await submit(home, signing, "pay this part of the airdrop", call, options.dryRun);
    const amount = eraText(entry.amount);
    const done = options.dryRun
      ? `Nothing was sent; ${amount} can be claimed for ${account}`
      : `${amount} went to ${account} on ${home.name}`;
    context.output.line(`${done}. The airdrop ends ${timeText(deadline)}.`);
    context.output.result({
      account,
      amount: entry.amount,
      root: tree.root,
      airdrop: holder,
      deadline,
      claimed: !options.dryRun,
    });
  });
}

/** The airdrop whose list this is. Throws CLI_NO_AIRDROP. */
async function airdropWith(
  home: Connection,
  root: string,
  file: string,
): Promise<Part & { readonly deadline: bigint }> {
  for (const part of await genesisParts(home)) {
    const airdrop = await airdropOf(home, part);
    if (airdrop?.root === root) return { ...part, deadline: airdrop.deadline };
  }
  const what = `no airdrop on ${home.name} has the root ${root} of ${file}`;
  const next = "use the list that the airdrop was made with (./metalayer vesting show names its contract)";
  throw new CommandError("CLI_NO_AIRDROP", what, "Nothing was sent", next);
}

function notListed(account: string, file: string): CommandError {
  const next = "name an account of the list with --for; anyone may claim for it";
  return new CommandError("CLI_NOT_LISTED", `${account} is not on the list ${file}`, "Nothing was sent", next);
}

function readDump(file: string): AirdropEntry[] {
  const parsed = dumpSchema.safeParse(readJson(file));
  if (parsed.success) {
    return parsed.data.values.map(({ value: [account, amount] }) => {
      // CAST: just matched
      return { account: account as Address, amount: BigInt(amount) };
    });
  }
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "(top)"}: ${message}`);
  const what = `${file} is no list of an airdrop: ${problems.slice(0, 3).join("; ")}`;
  const next = "give the dump of OpenZeppelin's StandardMerkleTree over address and uint256";
  throw new CommandError("CLI_AIRDROP_INVALID", what, "Nothing was sent", next);
}

function readJson(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    const next = "correct the file's name";
    throw new CommandError("CLI_AIRDROP_UNREADABLE", `${file} cannot be read`, "Nothing was sent", next, { cause });
  }
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
