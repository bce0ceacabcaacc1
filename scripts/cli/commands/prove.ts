import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { Address, Hex } from "../../../sdk/src/bytes.ts";
import { defineCommand, integer, option, optional, required, text, UsageError } from "../command.ts";

const FAR = "2100-01-01";

export const command = defineCommand({
  name: "prove",
  description: "Prove possession of a guardian's key for a network: its entry in the parameters of a deployment.",
  group: "Guardians",
  options: {
    keyFile: required("--key-file <file>", "The guardian's key; made if there is no such file", text),
    networkId: required("--network-id <id>", "The network, as ./metalayer deploy --plan shows it", bytes32),
    operator: required("--operator <address>", "Account that stakes; never the key's own account", account),
    weight: option("--weight <ERA>", "Weight until stake takes over, in whole ERA", integer(0, 10 ** 9), 100_000),
    expiry: option("--expiry <date>", "When that weight ends", day, FAR),
    into: optional("--into <file>", "List of guardians to put the entry into", text),
  },
  examples: [
    "./metalayer prove --key-file guardian1.json --network-id 0x… --operator 0x…",
    "./metalayer prove --key-file guardian1.json --network-id 0x… --operator 0x… --weight 250000 --into guardians.json",
  ],
  async run({ output, path }, { keyFile, networkId, operator, weight, expiry, into }) {
    const [{ openOrMakeKey, newKeyText }, { provePossession }] = await Promise.all([
      import("../guardian-key.ts"),
      import("../../../sdk/src/possession.ts"),
    ]);
    const file = path(keyFile);
    const { key, isNew, isEncrypted } = await openOrMakeKey(file);
    if (isNew) output.line(newKeyText(file, isEncrypted));
    if (key.account.toLowerCase() === operator.toLowerCase()) {
      throw new UsageError(`${operator} is the account of the guardian's key itself: the operator needs another one`);
    }
    const proof = provePossession(key.secretKey, networkId, operator);
    const entry = { operator, key: key.hex, proof, weight, expiry };
    if (into !== undefined) putInto(path(into), entry);
    output.line(into === undefined ? JSON.stringify(entry, null, 2) : `Guardian ${operator} is in ${path(into)}`);
    output.result(entry);
  },
});

interface Entry {
  readonly operator: string;
}

function putInto(file: string, entry: Entry): void {
  const known: unknown = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : [];
  if (!Array.isArray(known)) throw new UsageError(`${file} holds no list of guardians`);
  // CAST: entries are checked when the parameters are read
  const others = (known as Entry[]).filter(({ operator }) => operator.toLowerCase() !== entry.operator.toLowerCase());
  writeFileSync(file, `${JSON.stringify([...others, entry], null, 2)}\n`);
}

function bytes32(given: string): Hex {
  if (/^0x[0-9a-fA-F]{64}$/.test(given)) return `0x${given.slice(2)}`;
  throw new UsageError(`"${given}" is not 0x and 64 hex digits`);
}

function account(given: string): Address {
  if (/^0x[0-9a-fA-F]{40}$/.test(given)) return `0x${given.slice(2)}`;
  throw new UsageError(`"${given}" is not an address (0x and 40 hex digits)`);
}

function day(given: string): string {
  if (/^\d{4}-\d{2}-\d{2}$/.test(given) && !Number.isNaN(Date.parse(given))) return given;
  throw new UsageError(`"${given}" is not a date like 2030-12-31`);
}
