import type { Hex } from "../../../sdk/src/bytes.ts";
import { MetalayerError } from "../../../sdk/src/errors.ts";
import { formatEvmAccount, parseEvmAccount } from "../../../sdk/src/interop.ts";
import { Random } from "./random.ts";

/** Canonical interoperable addresses, and bytes that are none. */
export function interopVectors(): unknown {
  const random = new Random("interop");
  const chainIds = [1n, 10n, 255n, 256n, 8453n, 65_535n, 65_536n, 11_155_420n, (1n << 63n) - 1n, (1n << 64n) - 1n];
  const valid = chainIds.map((chainId) => {
    const account = { chainId, address: random.address() };
    return { ...account, encoded: formatEvmAccount(account) };
  });
  const account = random.address().slice(2).toLowerCase();
  const zero = "00".repeat(20);
  const invalid: Record<string, Hex> = {
    empty: "0x",
    "prefix only": "0x00010000",
    "no chain": `0x000100000014${account}`,
    "no address": "0x00010000010a00",
    "version 2": `0x00020000010a14${account}`,
    "another chain type": `0x00010002010a14${account}`,
    "leading zero in the chain reference": `0x0001000002000a14${account}`,
    "chain id zero": `0x00010000010014${account}`,
    "chain reference of nine bytes": `0x0001000009${"01".repeat(9)}14${account}`,
    "chain reference of 32 bytes": `0x0001000020${"01".repeat(32)}14${account}`,
    "zero address": `0x00010000010a14${zero}`,
    "address of 19 bytes": `0x00010000010a13${account.slice(2)}`,
    "address of 21 bytes": `0x00010000010a15${account}00`,
    "address cut short": `0x00010000010a14${account.slice(2)}`,
    "one byte left over": `0x00010000010a14${account}00`,
  };
  for (const [name, encoded] of Object.entries(invalid)) mustRefuse(name, encoded);
  return { valid, invalid: Object.entries(invalid).map(([name, encoded]) => ({ name, encoded })) };
}

function mustRefuse(name: string, encoded: Hex): void {
  try {
    parseEvmAccount(encoded);
  } catch (error) {
    if (error instanceof MetalayerError) return;
    throw error;
  }
  throw new Error(`accepted although not canonical: ${name}`);
}
