import { isUtf8 } from "node:buffer";
import type { ContractRunner } from "ethers";
import type { Address, Hex } from "../../../sdk/src/bytes.ts";
import { Broadcaster__factory } from "../../../typechain-types/factories/contracts/data/Broadcaster__factory.js";
import { Subscriptions__factory } from "../../../typechain-types/factories/contracts/data/Subscriptions__factory.js";
import { CommandError } from "../command.ts";
import type { RollupDescription } from "../network.ts";

/** Address of what serves publications on a rollup. Throws CLI_NO_PUBLICATIONS if the description leaves it out. */
export function publicationAddress(
  { name, contracts }: RollupDescription,
  contract: "Broadcaster" | "Feeds" | "Subscriptions",
): Address {
  const found = contracts[contract];
  if (found !== undefined) return found;
  const what = `the description of ${name} does not name its ${contract}`;
  const next = "use the description that ./metalayer deploy or ./metalayer devnet start wrote";
  throw new CommandError("CLI_NO_PUBLICATIONS", what, "Nothing was done", next);
}

export function broadcasterOf(description: RollupDescription, runner: ContractRunner) {
  return Broadcaster__factory.connect(publicationAddress(description, "Broadcaster"), runner);
}

export function subscriptionsOf(description: RollupDescription, runner: ContractRunner) {
  return Subscriptions__factory.connect(publicationAddress(description, "Subscriptions"), runner);
}

/** A topic as people gave it: the word that it spells, else its bytes. */
export function topicText(topic: Hex): string {
  const word = textOf(topic.replace(/(00)+$/, ""));
  return word === undefined || word === "" ? topic : `"${word}"`;
}

/** What a payload says, with the text that it spells if it does. */
export function payloadText(payload: Hex): string {
  const text = textOf(payload);
  return text === undefined || text === "" ? payload : `${payload} "${text}"`;
}

/** Bytes as text if they are printable. */
function textOf(bytes: string): string | undefined {
  const given = Buffer.from(bytes.slice(2), "hex");
  const text = given.toString("utf8");
  return isUtf8(given) && !/\p{C}/u.test(text) ? text : undefined;
}
