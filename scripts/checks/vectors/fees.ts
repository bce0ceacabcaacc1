import { quoteFee, splitEarnings, type Prices } from "../../../sdk/src/fees.ts";
import { Random } from "./random.ts";
import { sampleUint } from "./samples.ts";

/** Quotes with their parts, and shares of delivered fees. */
export function feeVectors(): unknown {
  const random = new Random("fees");
  const quotes = Array.from({ length: 40 }, () => {
    const fundShare = BigInt(random.pick([0, 1, 100, 333, 1000, random.between(0, 1001)]));
    const prices: Prices = {
      basePrice: sampleUint(random, 32),
      pricePerByte: sampleUint(random, 24),
      pricePerKGas: sampleUint(random, 24),
      fundShare,
      burnShare: BigInt(random.pick([0, 1000 - Number(fundShare), random.between(0, 1001 - Number(fundShare))])),
      maxGasLimit: 0xffff_fc00n,
    };
    const payloadLength = random.pick([0, 1, 32, 256, 32_768, random.between(0, 32_769)]);
    const gasLimit = random.pick([0n, 1n, 200_000n, 999n, 0xffff_fc00n, sampleUint(random, 31)]);
    return { prices, payloadLength, gasLimit, ...quoteFee(prices, payloadLength, gasLimit) };
  });
  const splits = Array.from({ length: 12 }, () => {
    const fee = sampleUint(random, 64);
    const guardianShare = BigInt(random.pick([0, 1, 500, 999, 1000, random.between(0, 1001)]));
    return { fee, guardianShare, ...splitEarnings(fee, guardianShare) };
  });
  return { quotes, splits };
}
