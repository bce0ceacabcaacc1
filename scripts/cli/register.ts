import { readFileSync } from "node:fs";
import { z } from "zod";
import { pointFromHex } from "../../sdk/src/schnorr.ts";
import type { Context } from "./command.ts";
import { CommandError } from "./command.ts";
import type { Connection } from "./connection.ts";
import { findNetwork, withRollups } from "./network.ts";
import { transact } from "./transactions.ts";
import type { Signing, WalletChoice } from "./wallet.ts";
import { findWallet, signOn } from "./wallet.ts";

export interface RegisterOptions extends WalletChoice {
  readonly network: string | undefined;
  readonly on: string | undefined;
}

const hex = (bytes: number) => z.string().regex(new RegExp(`^0x[0-9a-fA-F]{${2 * bytes}}$`), `is not ${bytes} bytes`);
const entrySchema = z.object({ operator: hex(20), key: hex(33), proof: hex(96) });
const fileSchema = z.union([z.array(entrySchema).min(1), entrySchema.transform((entry) => [entry])]);

type Entry = z.infer<typeof entrySchema>;

/** Brings proven keys, as `prove` writes them, to rollups that do not have them yet. */
export async function registerCommand(context: Context, given: string, options: RegisterOptions): Promise<void> {
  const network = findNetwork(context, options.network);
  const entries = readEntries(context.path(given));
  const rollups = options.on === undefined ? network.rollups : [network.rollup(options.on)];
  const wallet = await findWallet(context, network, options);
  await withRollups(rollups, async (connections) => {
    const rows = await Promise.all(
      connections.map(async (connection) => {
        const signing = await signOn(connection, wallet);
        const registered: string[] = [];
        for (const entry of entries) if (await register(connection, signing, entry)) registered.push(entry.operator);
        return { rollup: connection.name, registered };
      }),
    );
    const { output } = context;
    for (const { rollup, registered } of rows)
      output.line(`${rollup}: ${registered.length === 0 ? "knew all of them" : `registered ${registered.join(", ")}`}`);
    output.line("Next, as the operator: ./metalayer announce, ./metalayer stake add, ./metalayer stake join.");
    output.result({ rollups: rows });
  });
}

/** False if the rollup has this operator with this key already. A known operator's key is replaced, if the operator signs. */
async function register(connection: Connection, signing: Signing, { operator, key, proof }: Entry): Promise<boolean> {
  const { guardianSet } = signing.contracts;
  const point = pointFromHex(key);
  const { key: known } = await guardianSet.operatorInfo(operator);
  if (known.x === point.x) return false;
  const isReplaced = known.x !== 0n && signing.address.toLowerCase() === operator.toLowerCase();
  await transact(connection, `${isReplaced ? "replace the key of" : "register"} ${operator}`, () =>
    isReplaced ? guardianSet.replaceKey(point, proof) : guardianSet.register(operator, point, proof),
  );
  return true;
}

function readEntries(file: string): readonly Entry[] {
  const next = "name the file that ./metalayer prove --into has written";
  try {
    return fileSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (cause) {
    const what = `${file} holds no proven keys of guardians`;
    throw new CommandError("CLI_NO_PROOF", what, "Nothing was sent", next, { cause });
  }
}
