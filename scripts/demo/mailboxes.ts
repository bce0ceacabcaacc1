import { Mailbox__factory } from "../../typechain-types/factories/contracts/examples/Mailbox__factory.js";
import type { Connection } from "../cli/connection.ts";
import type { Account, Call } from "./account.ts";
import { place } from "./place.ts";
import type { Mailboxes } from "./world.ts";

/** Fast messages that a mailbox takes a day from each rollup: what a reorg may cost it at most. */
export const FAST_PER_DAY = 1_000;

/** Places three mailboxes and opens the first to fast messages from everywhere. */
export async function placeMailboxes(
  { contracts, description, chainId }: Connection,
  owner: Account,
  all: readonly bigint[],
  signal: AbortSignal,
): Promise<Mailboxes> {
  const factory = new Mailbox__factory();
  const { interface: abi } = factory;
  const wiring = [description.contracts.MetalayerGateway];
  const [fast, final, shy] = await Promise.all([
    place(owner, factory, wiring, signal),
    place(owner, factory, wiring, signal),
    place(owner, factory, wiring, signal),
  ]);
  const others = all.filter((other) => other !== chainId);
  const opening = others.map((other): Call => {
    return { to: fast, data: abi.encodeFunctionData("acceptFast", [other, FAST_PER_DAY]) };
  });
  await owner.execute([...opening, { to: shy, data: abi.encodeFunctionData("setClosed", [true]) }], signal);
  const { left } = await contracts.gateway.fastPolicy(fast, others[0] ?? 0n);
  if (left !== BigInt(FAST_PER_DAY)) throw new Error("the mailbox is not open to fast messages");
  return { fast, final, shy };
}
