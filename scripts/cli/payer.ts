import type { Connection } from "./connection.ts";

export type Payer = "credit" | "sponsor";

/** Who would pay `gross` fee units for a message of this account, by the gateway's own rule: its credit, else its sponsor's. */
export async function payerOf({ contracts }: Connection, account: string, gross: bigint): Promise<Payer | undefined> {
  const { gateway } = contracts;
  const { balance, sponsoredBy } = await gateway.credit(account);
  if (balance >= gross) return "credit";
  if (BigInt(sponsoredBy) === 0n) return undefined;
  const [{ available }, sponsor] = await Promise.all([
    gateway.sponsorship(sponsoredBy, account),
    gateway.credit(sponsoredBy),
  ]);
  return available >= gross && sponsor.balance >= gross ? "sponsor" : undefined;
}
