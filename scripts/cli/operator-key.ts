import { readFileSync } from "node:fs";
import type { TransactionReceipt } from "ethers";
import { ZeroAddress } from "ethers";
import { z } from "zod";
import { pointFromHex } from "../../sdk/src/schnorr.ts";
import type { Call } from "./calls.ts";
import { callOf } from "./calls.ts";
import { CommandError } from "./command.ts";
import type { Connection } from "./connection.ts";
import { httpUrl } from "./options.ts";
import type { Signing } from "./wallet.ts";

/** What an action sends to one rollup. */
export interface Plan {
  readonly calls: readonly Call[];
  /** What to tell people once all calls are mined. */
  readonly told: (receipts: readonly TransactionReceipt[]) => string;
  /** What to tell them if there is nothing to send. */
  readonly nothing: string;
}

export type Planner = (connection: Connection, signing: Signing) => Promise<Plan>;

const hex = (bytes: number) => z.string().regex(new RegExp(`^0x[0-9a-fA-F]{${2 * bytes}}$`), `is not ${bytes} bytes`);
const entrySchema = z.object({ operator: hex(20), key: hex(33), proof: hex(96) });
const fileSchema = z.union([z.array(entrySchema).min(1), entrySchema.transform((entry) => [entry])]);

type Entry = z.infer<typeof entrySchema>;

/** Binds the key of the operator that signs to it, and makes keys of others known, so that what they signed can be judged. */
export function register(file: string): Planner {
  const entries = readEntries(file);
  return async (_, { address, contracts: { guardianSet } }) => {
    const calls: Call[] = [];
    for (const { operator, key, proof } of entries) {
      const point = pointFromHex(key);
      const isOwn = operator.toLowerCase() === address.toLowerCase();
      const known = isOwn ? (await guardianSet.operatorInfo(operator)).key.x : point.x;
      if (known === point.x && BigInt(await guardianSet.operatorOf(point.x)) !== 0n) continue;
      const method = isOwn ? guardianSet.register : guardianSet.importKey;
      const populated = method.populateTransaction(operator, point, proof);
      calls.push(await callOf(`${isOwn ? "register" : "import"} ${operator}`, "GuardianSet", guardianSet, populated));
    }
    return { calls, told: () => registered(calls), nothing: "knew all of them" };
  };
}

function registered(calls: readonly Call[]): string {
  const names = (method: string): string =>
    calls.flatMap((call) => (call.method === method ? [String(call.args[0])] : [])).join(", ");
  const [own, others] = [names("register"), names("importKey")];
  const next = "Next, as the operator: ./metalayer guardian announce, guardian stake, guardian join.";
  const told = others === "" ? [] : [`imported the keys of ${others}, who guard once they register themselves.`];
  return (own === "" ? told : [...told, `registered ${own}. ${next}`]).join(" ");
}

/** Replaces the key of the operator that signs. */
export function rotateKey(file: string): Planner {
  const entries = readEntries(file);
  return async ({ name }, { address, contracts: { guardianSet } }) => {
    const own = entries.find(({ operator }) => operator.toLowerCase() === address.toLowerCase());
    if (own === undefined) {
      const next = `prove the new key for it (./metalayer prove --operator ${address}), or sign as its operator`;
      throw new CommandError("CLI_NO_PROOF", `${file} holds no key of ${address}`, "Nothing was sent", next);
    }
    const point = pointFromHex(own.key);
    const { key: known } = await guardianSet.operatorInfo(address);
    if (known.x === point.x) return { calls: [], told: () => "", nothing: `${address} has this key already` };
    const populated = guardianSet.replaceKey.populateTransaction(point, own.proof);
    const call = await callOf(`replace the key of ${address}`, "GuardianSet", guardianSet, populated);
    const told = (): string =>
      `${address} has another key on ${name}; it counts from the next rotation, the old one stays accountable.`;
    return { calls: [call], told, nothing: "" };
  };
}

/** Publishes where the guardian of the operator that signs answers. */
export function announce(given: string): Planner {
  const url = httpUrl(given);
  return async (_, { address, contracts: { guardianSet } }) => {
    const { url: known } = await guardianSet.operatorInfo(address);
    const asked = `relayers ask ${address} at ${url}.`;
    if (known === url) return { calls: [], told: () => "", nothing: `knew it already; ${asked}` };
    const populated = guardianSet.announce.populateTransaction(url);
    const call = await callOf("announce a guardian", "GuardianSet", guardianSet, populated);
    return { calls: [call], told: () => `announced; ${asked}`, nothing: "" };
  };
}

export function join(displaced: string | undefined): Planner {
  return async ({ name }, { address, contracts: { guardianSet } }) => {
    const populated = guardianSet.join.populateTransaction(displaced ?? ZeroAddress);
    const call = await callOf("take the operator as a candidate", "GuardianSet", guardianSet, populated);
    const told = (): string => `${address} is a candidate on ${name} and counts from the next rotation.`;
    return { calls: [call], told, nothing: "" };
  };
}

export async function resign({ name }: Connection, { address, contracts: { guardianSet } }: Signing): Promise<Plan> {
  const populated = guardianSet.resign.populateTransaction();
  const call = await callOf("let the candidate go", "GuardianSet", guardianSet, populated);
  return { calls: [call], told: () => `${address} leaves the table of ${name} at the next rotation.`, nothing: "" };
}

export async function unjail({ name }: Connection, { address, contracts: { guardianSet } }: Signing): Promise<Plan> {
  const populated = guardianSet.unjail.populateTransaction();
  const call = await callOf("let the operator out of jail", "GuardianSet", guardianSet, populated);
  return { calls: [call], told: () => `${address} counts again on ${name} from the next rotation.`, nothing: "" };
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
