import { getAddress, isAddress } from "ethers";
import type { Address } from "../../sdk/src/bytes.ts";
import { UsageError } from "./command.ts";

/** The address in its usual mixed case. Throws a UsageError where capitals and small letters contradict each other. */
export function checkedAddress(name: string, given: Address): Address {
  const isUniform = given === given.toLowerCase() || given.slice(2) === given.slice(2).toUpperCase();
  const text: string = given;
  if (!isUniform && !isAddress(text)) {
    throw new UsageError(
      `${name} ${given} has a wrong check sum: a letter or digit is mistaken, or the address is not whole`,
    );
  }
  // CAST: getAddress returns 0x and 40 digits.
  return getAddress(given.toLowerCase()) as Address;
}
