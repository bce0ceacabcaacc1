import type { Address } from "../../sdk/src/bytes.ts";
import { fixedBytes, toAddress } from "../../sdk/src/bytes.ts";
import type { Account } from "./account.ts";

/** What typechain makes of a contract that can be deployed. */
export interface Deployable {
  readonly bytecode: string;
  readonly interface: { encodeDeploy(args: readonly unknown[]): string };
}

const GAS = 4_000_000n;

/** Deploys a contract of the demo's own and waits until it stands. */
export async function place(
  owner: Account,
  factory: Deployable,
  args: readonly unknown[],
  signal: AbortSignal,
): Promise<Address> {
  const data = factory.bytecode + factory.interface.encodeDeploy(args).slice(2);
  const [receipt] = await owner.execute([{ to: null, data, gas: GAS }], signal);
  return toAddress(fixedBytes("address", receipt?.contractAddress ?? "", 20));
}
