import { checkUint } from "./bytes.ts";
import { MetalayerError } from "./errors.ts";
import { MAX_PAYLOAD_LENGTH } from "./message.ts";

/** One fee unit in wei of ERA: 1e-9 ERA. */
export const FEE_UNIT_WEI = 1_000_000_000n;
/** Every gross fee and every bounty is a multiple of this many fee units. */
export const FEE_STEP = 1_000n;

/** Prices of one destination, as `outLane(dstChainId).prices` gives them. */
export interface Prices {
  /** Millionths of ERA a message. */
  readonly basePrice: bigint;
  /** Fee units a payload byte. */
  readonly pricePerByte: bigint;
  /** Fee units per 1,000 gas of the gas limit. */
  readonly pricePerKGas: bigint;
  /** Per mille of the gross fee to the ecosystem fund. */
  readonly fundShare: bigint;
  /** Per mille of the gross fee burnt for good. */
  readonly burnShare: bigint;
  /** Highest gas limit that a message may ask for. */
  readonly maxGasLimit: bigint;
}

/** Price of a message and where it goes, in fee units; `gross = fund + burn + fee`. */
export interface FeeQuote {
  readonly gross: bigint;
  readonly fund: bigint;
  readonly burn: bigint;
  /** What the message's header carries. */
  readonly fee: bigint;
}

/**
 * What the gateway's `quote` answers and `sendMessage` charges, computed here. Throws `FEE_GAS_LIMIT_TOO_HIGH`, `FEE_PRICES_INVALID`,
 * `MESSAGE_PAYLOAD_TOO_LONG`, `VALUE_OUT_OF_RANGE`.
 *
 * @example
 * const shares = { fundShare: 100n, burnShare: 50n, maxGasLimit: 10_000_000n };
 * const prices = { basePrice: 2_000n, pricePerByte: 5_000n, pricePerKGas: 20_000n, ...shares };
 * quoteFee(prices, 32, 200_000n)
 * // => { gross: 6_160_000n, fund: 616_000n, burn: 308_000n, fee: 5_236_000n }
 */
export function quoteFee(prices: Prices, payloadLength: number, gasLimit: bigint): FeeQuote {
  checkPrices(prices);
  checkUint("gasLimit", gasLimit, 32);
  const length = checkUint("payloadLength", payloadLength, 32);
  if (gasLimit > prices.maxGasLimit) {
    throw new MetalayerError("FEE_GAS_LIMIT_TOO_HIGH", `gas limit ${gasLimit} is above ${prices.maxGasLimit}`, {
      gasLimit,
    });
  }
  if (payloadLength > MAX_PAYLOAD_LENGTH) {
    throw new MetalayerError("MESSAGE_PAYLOAD_TOO_LONG", `a payload has at most ${MAX_PAYLOAD_LENGTH} bytes`, {
      length,
    });
  }
  const variable = length * prices.pricePerByte + divUp(gasLimit * prices.pricePerKGas, 1000n);
  const gross = FEE_STEP * (prices.basePrice + divUp(variable, 1000n));
  const fund = (gross * prices.fundShare) / 1000n;
  const burn = (gross * prices.burnShare) / 1000n;
  return { gross, fund, burn, fee: gross - fund - burn };
}

/** How a delivered fee is shared, in fee units. Throws `VALUE_OUT_OF_RANGE`. */
export function splitEarnings(
  fee: bigint,
  guardianShare: bigint,
): { readonly deliverer: bigint; readonly guardians: bigint } {
  checkUint("fee", fee, 64);
  checkShare("guardianShare", guardianShare);
  const guardians = (fee * guardianShare) / 1000n;
  return { deliverer: fee - guardians, guardians };
}

/** Fee units as wei of ERA. */
export function feeUnitsToWei(units: bigint): bigint {
  return units * FEE_UNIT_WEI;
}

/** Wei of ERA as whole fee units, the remainder dropped. */
export function weiToFeeUnitsDown(wei: bigint): bigint {
  return wei / FEE_UNIT_WEI;
}

/** The least amount of whole fee units that is worth these wei of ERA. */
export function weiToFeeUnitsUp(wei: bigint): bigint {
  return divUp(wei, FEE_UNIT_WEI);
}

function checkPrices(prices: Prices): void {
  checkUint("basePrice", prices.basePrice, 32);
  checkUint("pricePerByte", prices.pricePerByte, 24);
  checkUint("pricePerKGas", prices.pricePerKGas, 24);
  checkShare("fundShare", prices.fundShare);
  checkShare("burnShare", prices.burnShare);
  if (prices.fundShare + prices.burnShare > 1000n) {
    throw new MetalayerError("FEE_PRICES_INVALID", "the shares of fund and burn are more than the whole", { prices });
  }
}

function checkShare(name: string, share: bigint): void {
  if (share < 0n || share > 1000n) {
    throw new MetalayerError("VALUE_OUT_OF_RANGE", `${name} is per mille, not ${share}`, { name, share });
  }
}

function divUp(value: bigint, divisor: bigint): bigint {
  return (value + divisor - 1n) / divisor;
}
