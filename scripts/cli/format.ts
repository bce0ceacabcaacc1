import { formatEther, formatUnits } from "ethers";
import { FEE_UNIT_WEI } from "../../sdk/src/fees.ts";

/** Amounts and times as people read them. Machines get the exact values. */

/** Wei of ERA, exactly: `12.5 ERA`. */
export function eraText(wei: bigint): string {
  return `${withoutPoint(formatEther(wei))} ERA`;
}

/** Fee units of 1e-9 ERA, exactly. */
export function unitsText(units: bigint): string {
  return eraText(units * FEE_UNIT_WEI);
}

/** Wei of a rollup's own coin for gas, to three significant digits. */
export function coinText(wei: bigint): string {
  if (wei === 0n) return "0 coins";
  const [amount, unit] =
    wei < 10n ** 12n ? [Number(formatUnits(wei, "gwei")), "gwei"] : [Number(formatEther(wei)), "coins"];
  return `${Number(amount.toPrecision(3))} ${unit}`;
}

/** A number of seconds, roughly: `40 s`, `12 min`, `3 h`, `2 days`. */
export function spanText(seconds: number): string {
  if (seconds < 100) return `${Math.ceil(seconds)} s`;
  if (seconds < 6_000) return `${Math.ceil(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.ceil(seconds / 3_600)} h`;
  return `${Math.ceil(seconds / 86_400)} days`;
}

/** Seconds since 1970 as date and time. */
export function timeText(seconds: bigint): string {
  return new Date(Number(seconds) * 1_000).toISOString().replace("T", " ").replace(".000Z", " UTC");
}

/** Begin and end of a long hash. */
export function shortHash(hash: string): string {
  return `${hash.slice(0, 10)}…${hash.slice(-6)}`;
}

function withoutPoint(decimal: string): string {
  return decimal.endsWith(".0") ? decimal.slice(0, -2) : decimal;
}
