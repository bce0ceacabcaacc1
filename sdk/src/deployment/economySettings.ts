import { othersOf, type PriceBounds, type RollupParameters } from "./parameters.ts";
import { adminCall, type Setting, type Values } from "./settings.ts";
import type { View } from "./view.ts";

/** How far the keeper may move prices, and what validating other rollups' state costs. */
export function economySettings(view: View): Setting[] {
  const others = othersOf(view.plan.parameters, view.plan.rollup.chainId);
  return [...others.map((other) => priceBounds(view, other)), ...others.map((other) => stateTerms(view, other))];
}

/** Bounds as PriceKeeper takes them; all zero for none. */
export function boundsStruct(
  bounds: PriceBounds | undefined,
): Record<`${"base" | "byte" | "gas"}${"Floor" | "Cap"}` | "step" | "interval", bigint> {
  const { basePrice, pricePerByte, pricePerKGas, step, interval } = bounds ?? NO_BOUNDS;
  return {
    baseFloor: basePrice.floor,
    baseCap: basePrice.cap,
    byteFloor: pricePerByte.floor,
    byteCap: pricePerByte.cap,
    gasFloor: pricePerKGas.floor,
    gasCap: pricePerKGas.cap,
    step,
    interval,
  };
}

/** Whether a price is where a keeper may have brought it. */
export function isWithin(bounds: PriceBounds | undefined, name: string, price: bigint): boolean {
  if (bounds === undefined) return false;
  if (name !== "basePrice" && name !== "pricePerByte" && name !== "pricePerKGas") return false;
  return price >= bounds[name].floor && price <= bounds[name].cap;
}

const NO_RANGE = { floor: 0n, cap: 0n };
const NO_BOUNDS: PriceBounds = {
  basePrice: NO_RANGE,
  pricePerByte: NO_RANGE,
  pricePerKGas: NO_RANGE,
  step: 0n,
  interval: 0n,
};

function priceBounds(view: View, other: RollupParameters): Setting {
  const wanted = boundsStruct(other.priceBounds);
  return {
    contract: "PriceKeeper",
    name: `bounds(${other.chainId})`,
    expected: texts(wanted),
    async read() {
      const actual = (await view.read("PriceKeeper", "boundsOf", other.chainId)).struct(0);
      return texts(Object.fromEntries(Object.keys(wanted).map((key) => [key, actual.uint(key)])));
    },
    repair: () => [adminCall(view, "PriceKeeper", "setBounds", [other.chainId, wanted], 90_000n)],
  };
}

function stateTerms(view: View, other: RollupParameters): Setting {
  const { headPrice, slotPrice } = other.statePrices ?? { headPrice: 0n, slotPrice: 0n };
  return {
    contract: "StateRequests",
    name: `terms(${other.chainId})`,
    expected: texts({ headPrice, slotPrice }),
    async read() {
      const actual = (await view.read("StateRequests", "termsOf", other.chainId)).struct(0);
      return texts({ headPrice: actual.uint("headPrice"), slotPrice: actual.uint("slotPrice") });
    },
    repair: () => [adminCall(view, "StateRequests", "setTerms", [other.chainId, { headPrice, slotPrice }], 80_000n)],
  };
}

function texts(values: Readonly<Record<string, bigint>>): Values {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, String(value)]));
}
