import { expect } from "chai";
import fc from "fast-check";
import type { Prices } from "../../sdk/src/fees.ts";
import { FEE_UNIT_WEI, feeUnitsToWei, quoteFee, splitEarnings } from "../../sdk/src/fees.ts";
import { weiToFeeUnitsDown, weiToFeeUnitsUp } from "../../sdk/src/fees.ts";
import { forAll, FUZZ_SEED } from "../helpers/fuzz.ts";
import { example, uint } from "./arbitraries.ts";
import { refusalCode } from "./refusal.ts";

const prices: fc.Arbitrary<Prices> = fc
  .record({
    basePrice: uint(32),
    pricePerByte: uint(24),
    pricePerKGas: uint(24),
    fundShare: fc.bigInt({ min: 0n, max: 1000n }),
    burnShare: fc.bigInt({ min: 0n, max: 1000n }),
    maxGasLimit: fc.constant(0xffff_fc00n),
  })
  .filter(({ fundShare, burnShare }) => fundShare + burnShare <= 1000n);

const question = fc.tuple(prices, fc.integer({ min: 0, max: 32_768 }), fc.bigInt({ min: 0n, max: 0xffff_fc00n }));

describe(`sdk fees (seed ${FUZZ_SEED})`, () => {
  const sample = example(prices);

  describe("quoteFee", () => {
    it("is the least multiple of 1,000 units that covers base, bytes and gas, each rounded up", () => {
      forAll(question, ([terms, length, gasLimit]) => {
        const { gross } = quoteFee(terms, length, gasLimit);
        let gasUnits = (gasLimit * terms.pricePerKGas) / 1000n;
        while (gasUnits * 1000n < gasLimit * terms.pricePerKGas) gasUnits++;
        const units = terms.basePrice * 1000n + BigInt(length) * terms.pricePerByte + gasUnits;
        expect(gross % 1000n).to.equal(0n);
        expect(gross >= units && gross < units + 1000n, `${gross} for ${units}`).to.equal(true);
      });
    });

    it("divides exactly into fund, burn and net fee", () => {
      forAll(question, ([terms, length, gasLimit]) => {
        const { gross, fund, burn, fee } = quoteFee(terms, length, gasLimit);
        expect(fund + burn + fee).to.equal(gross);
        expect([fund * 1000n, burn * 1000n]).to.deep.equal([gross * terms.fundShare, gross * terms.burnShare]);
        expect(fee >= 0n).to.equal(true);
      });
    });

    it("never falls when payload or gas limit grow", () => {
      forAll(
        fc.tuple(question, fc.nat(100), fc.bigInt({ min: 0n, max: 1000n })),
        ([[terms, length, gasLimit], more, gas]) => {
          fc.pre(length + more <= 32_768 && gasLimit + gas <= terms.maxGasLimit);
          const { gross } = quoteFee(terms, length, gasLimit);
          expect(quoteFee(terms, length + more, gasLimit + gas).gross >= gross).to.equal(true);
        },
      );
    });

    it("refuses what the gateway refuses, and prices that it cannot hold", () => {
      const quote = (change: Partial<Prices>, length = 0, gasLimit = 0n) =>
        refusalCode(() => quoteFee({ ...sample, ...change }, length, gasLimit));
      expect(quote({ maxGasLimit: 1024n }, 0, 1025n)).to.equal("FEE_GAS_LIMIT_TOO_HIGH");
      expect(quote({}, 32_769)).to.equal("MESSAGE_PAYLOAD_TOO_LONG");
      expect(quote({}, -1)).to.equal("VALUE_OUT_OF_RANGE");
      expect(quote({}, 0, 1n << 32n)).to.equal("VALUE_OUT_OF_RANGE");
      expect(quote({ basePrice: 1n << 32n })).to.equal("VALUE_OUT_OF_RANGE");
      expect(quote({ pricePerByte: 1n << 24n })).to.equal("VALUE_OUT_OF_RANGE");
      expect(quote({ fundShare: 1001n })).to.equal("VALUE_OUT_OF_RANGE");
      expect(quote({ fundShare: 501n, burnShare: 500n })).to.equal("FEE_PRICES_INVALID");
    });
  });

  describe("splitEarnings", () => {
    it("gives the guardians their share rounded down and the deliverer the rest", () => {
      forAll(fc.tuple(uint(64), fc.bigInt({ min: 0n, max: 1000n })), ([fee, share]) => {
        const { deliverer, guardians } = splitEarnings(fee, share);
        expect(deliverer + guardians).to.equal(fee);
        expect(guardians * 1000n <= fee * share && (guardians + 1n) * 1000n > fee * share).to.equal(true);
      });
    });
  });

  describe("units", () => {
    it("convert without loss, or round as their names say", () => {
      forAll(uint(90), (wei) => {
        const [down, up] = [weiToFeeUnitsDown(wei), weiToFeeUnitsUp(wei)];
        expect(feeUnitsToWei(down) <= wei && wei <= feeUnitsToWei(up)).to.equal(true);
        expect(up - down).to.equal(wei % FEE_UNIT_WEI === 0n ? 0n : 1n);
      });
    });
  });
});
