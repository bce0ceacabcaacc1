import { fundOf } from "./contracts.ts";
import type { BootstrapGuardian } from "./parameters.ts";
import { adminCall, listed, type Setting } from "./settings.ts";
import type { View } from "./view.ts";

const NOBODY = `0x${"00".repeat(20)}`;

/** Guardians, tables, staking periods and where fees go. */
export function guardianSettings(view: View): Setting[] {
  const { guardians } = view.plan.parameters;
  return [
    epochs(view),
    minimumWeight(view),
    floor(view),
    ...guardians.bootstrap.map((guardian) => bootstrapGuardian(view, guardian)),
    admittedGuardians(view),
    barredGuardians(view),
    stakingPeriods(view),
    challengeTerms(view),
    feeReceivers(view),
    eraSponsor(view),
  ];
}

function epochs(view: View): Setting {
  const { epochLength, grace } = view.plan.parameters.guardians;
  return {
    contract: "GuardianSet",
    name: "settings",
    expected: { epochLength: String(epochLength), grace: String(grace) },
    async read() {
      const settings = await view.read("GuardianSet", "settings");
      return { epochLength: String(settings.uint(0)), grace: String(settings.uint(1)) };
    },
    repair: () => [adminCall(view, "GuardianSet", "setEpoch", [epochLength, grace], 60_000n)],
  };
}

function minimumWeight(view: View): Setting {
  const wanted = view.plan.parameters.guardians.minimumWeight;
  return {
    contract: "GuardianSet",
    name: "minimumWeight",
    expected: { minimumWeight: String(wanted) },
    read: async () => ({ minimumWeight: String((await view.read("GuardianSet", "minimumWeight")).uint(0)) }),
    repair: () => [adminCall(view, "GuardianSet", "setMinimumWeight", [wanted], 60_000n)],
  };
}

function floor(view: View): Setting {
  const wanted = view.plan.parameters.guardians.floor ?? 0n;
  return {
    contract: "GuardianSet",
    name: "floor",
    expected: { floor: String(wanted) },
    read: async () => ({ floor: String((await view.read("GuardianSet", "floor")).uint(0)) }),
    repair: () => [adminCall(view, "GuardianSet", "setFloor", [wanted], 60_000n)],
  };
}

function bootstrapGuardian(view: View, guardian: BootstrapGuardian): Setting {
  const { operator, key, proof, weight, expiry } = guardian;
  return {
    contract: "GuardianSet",
    name: `guardian(${operator})`,
    expected: {
      key: `${key.x}, ${key.y}`,
      admitted: "true",
      bootstrapWeight: String(weight),
      bootstrapExpiry: String(expiry),
    },
    async read() {
      const info = (await view.read("GuardianSet", "operatorInfo", operator)).struct(0);
      const actual = info.struct("key");
      return {
        key: `${actual.uint("x")}, ${actual.uint("y")}`,
        admitted: String(info.flag("candidate") && info.flag("admitted")),
        bootstrapWeight: String(info.uint("bootstrapWeight")),
        bootstrapExpiry: String(info.uint("bootstrapExpiry")),
      };
    },
    repair(wrong, actual) {
      const admit = adminCall(view, "GuardianSet", "admit", [operator, weight, expiry], 150_000n);
      if (actual["key"] === "0, 0") {
        return [adminCall(view, "GuardianSet", "register", [operator, key, proof], 250_000n), admit];
      }
      // A key is bound to its operator for ever: another one cannot be repaired.
      return wrong.includes("key") ? [] : [admit];
    },
  };
}

/** Guardians admitted by governance, whether or not the parameters know them. Who joined with stake is not counted. */
function admittedGuardians(view: View): Setting {
  const wanted = view.plan.parameters.guardians.bootstrap.map(({ operator }) => operator);
  return {
    contract: "GuardianSet",
    name: "admitted",
    expected: { admitted: listed(wanted) },
    async read() {
      const candidates = (await view.read("GuardianSet", "candidates")).texts(0);
      const infos = await Promise.all(candidates.map((operator) => view.read("GuardianSet", "operatorInfo", operator)));
      return { admitted: listed(candidates.filter((_, index) => infos[index]?.struct(0).flag("admitted"))) };
    },
    repair: (_, actual) =>
      split(actual["admitted"])
        .filter((operator) => !wanted.some((known) => known === operator))
        .map((operator) => adminCall(view, "GuardianSet", "remove", [operator], 80_000n)),
  };
}

function barredGuardians(view: View): Setting {
  const wanted = view.plan.parameters.guardians.barred ?? [];
  return {
    contract: "GuardianSet",
    name: "barred",
    expected: { barred: listed(wanted) },
    async read() {
      const removed = new Set((await view.events("GuardianSet", "GuardianRemoved")).map((event) => event.text(0)));
      const operators = [...removed];
      const infos = await Promise.all(operators.map((operator) => view.read("GuardianSet", "operatorInfo", operator)));
      return { barred: listed(operators.filter((_, index) => infos[index]?.struct(0).flag("barred"))) };
    },
    repair: (_, actual) =>
      wanted
        .filter((operator) => !split(actual["barred"]).includes(operator))
        .map((operator) => adminCall(view, "GuardianSet", "remove", [operator], 80_000n)),
  };
}

/** Whether attestations can be accepted now; the last thing that a deployment does before it hands over. Forming the first or an overdue table is open to anyone. */
export function guardianTable(view: View): Setting {
  const size = BigInt(view.plan.parameters.guardians.bootstrap.length);
  return {
    contract: "GuardianSet",
    name: "table",
    expected: { table: "accepted" },
    async read() {
      const serial = (await view.read("GuardianSet", "currentSerial")).uint(0);
      if (serial === 0n) return { table: "none" };
      const accepted = (await view.read("GuardianSet", "isAccepted", serial)).flag(0);
      return { table: accepted ? "accepted" : "expired" };
    },
    repair: () => [{ ...adminCall(view, "GuardianSet", "rotate", [], 300_000n + 60_000n * size), open: true }],
  };
}

function stakingPeriods(view: View): Setting {
  const { unbonding, evidenceWindow } = view.plan.parameters.staking;
  return {
    contract: "GuardianStaking",
    name: "periods",
    expected: { unbonding: String(unbonding), evidenceWindow: String(evidenceWindow) },
    async read() {
      const periods = await view.read("GuardianStaking", "periods");
      return { unbonding: String(periods.uint(0)), evidenceWindow: String(periods.uint(1)) };
    },
    repair: () => [adminCall(view, "GuardianStaking", "setPeriods", [unbonding, evidenceWindow], 80_000n)],
  };
}

function challengeTerms(view: View): Setting {
  const { bond, window, jailTime } = view.plan.parameters.staking.challenge ?? { bond: 0n, window: 0n, jailTime: 0n };
  return {
    contract: "GuardianStaking",
    name: "challengeTerms",
    expected: { bond: String(bond), window: String(window), jailTime: String(jailTime) },
    async read() {
      const terms = (await view.read("GuardianStaking", "challengeTerms")).struct(0);
      return {
        bond: String(terms.uint("bond")),
        window: String(terms.uint("window")),
        jailTime: String(terms.uint("jailTime")),
      };
    },
    repair: () => [adminCall(view, "GuardianStaking", "setChallengeTerms", [bond, window, jailTime], 80_000n)],
  };
}

function feeReceivers(view: View): Setting {
  const fund = fundOf(view.plan.parameters, view.plan.addresses);
  const guardianPool = view.plan.addresses.GuardianStaking;
  return {
    contract: "FeeController",
    name: "receivers",
    expected: { fund, guardianPool },
    async read() {
      const [actualFund, actualPool] = await Promise.all([
        view.read("FeeController", "fund"),
        view.read("FeeController", "guardianPool"),
      ]);
      return { fund: actualFund.text(0), guardianPool: actualPool.text(0) };
    },
    repair: (wrong) => [
      ...(wrong.includes("fund") ? [adminCall(view, "FeeController", "setFund", [fund], 60_000n)] : []),
      ...(wrong.includes("guardianPool")
        ? [adminCall(view, "FeeController", "setGuardianPool", [guardianPool], 60_000n)]
        : []),
    ],
  };
}

function eraSponsor(view: View): Setting {
  const wanted = view.plan.parameters.eraSponsor ?? NOBODY;
  return {
    contract: "Era",
    name: "sponsor",
    expected: { sponsor: wanted },
    async read() {
      const credit = await view.read("MetalayerGateway", "credit", view.plan.addresses.Era);
      return { sponsor: credit.text("sponsoredBy") };
    },
    repair: () => [adminCall(view, "Era", "setSponsor", [wanted], 80_000n)],
  };
}

function split(text: string | undefined): string[] {
  return text === undefined || text === "none" ? [] : text.split(", ");
}
