/** Why something has to wait. The wait doubles with every failure in a row of its class. */
export interface Trouble {
  readonly kind: TroubleKind;
  readonly reason: string;
  readonly attempts: number;
  /** Milliseconds of the clock that `now` was read from. */
  readonly notBefore: number;
}

/**
 * - `reverts`: the recipient fails; only it can mend that.
 * - `gas`: the recipient fails without a reason, as one does that runs out of gas: it is tried with more.
 * - `unprovable`: guardians do not confirm it, yet.
 * - `underfunded`: the account cannot pay for the gas.
 * - `unknown`: everything else.
 */
export type TroubleKind = "reverts" | "gas" | "unprovable" | "underfunded" | "unknown";

const BACKOFF: Readonly<Record<TroubleKind, { readonly firstMs: number; readonly mostMs: number }>> = {
  reverts: { firstMs: 2_000, mostMs: 3_600_000 },
  gas: { firstMs: 2_000, mostMs: 3_600_000 },
  unprovable: { firstMs: 100, mostMs: 5_000 },
  underfunded: { firstMs: 5_000, mostMs: 60_000 },
  unknown: { firstMs: 500, mostMs: 30_000 },
};

export function worse(before: Trouble | undefined, kind: TroubleKind, reason: string, now: number): Trouble {
  const attempts = before?.kind === kind ? before.attempts + 1 : 1;
  const { firstMs, mostMs } = BACKOFF[kind];
  return { kind, reason, attempts, notBefore: now + Math.min(mostMs, firstMs * 2 ** Math.min(attempts - 1, 30)) };
}

export function waits(trouble: Trouble | undefined, now: number): boolean {
  return trouble !== undefined && trouble.notBefore > now;
}

/** What an error says, for people. */
export function reasonOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  return typeof error === "string" ? error : "no reason given";
}
