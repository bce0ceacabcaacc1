import { ZERO_HASH } from "../bytes.ts";
import { othersOf, type RollupParameters, type SlashingParameters } from "./parameters.ts";
import { adminCall, type Setting, type Values } from "./settings.ts";
import type { View } from "./view.ts";

/** What a conviction costs, whose announcements count, and which incidents are declared. */
export function slashingSettings(view: View): Setting[] {
  const others = othersOf(view.plan.parameters, view.plan.rollup.chainId);
  return [terms(view), ...others.map((other) => sibling(view, other)), incidents(view)];
}

/** In the order of the contract's struct. */
export function termsOf({
  fraction,
  reporterShare,
  incidentDelay,
  foreignFreeze,
  fastSuspension,
}: SlashingParameters): Readonly<Record<keyof SlashingParameters, bigint>> {
  return { fraction, reporterShare, incidentDelay, foreignFreeze, fastSuspension };
}

function terms(view: View): Setting {
  const wanted = termsOf(view.plan.parameters.slashing);
  const texts = (value: (key: string) => bigint): Values =>
    Object.fromEntries(Object.keys(wanted).map((key): [string, string] => [key, String(value(key))]));
  const values = new Map<string, bigint>(Object.entries(wanted));
  return {
    contract: "GuardianSlashing",
    name: "terms",
    expected: texts((key) => values.get(key) ?? 0n),
    async read() {
      const found = (await view.read("GuardianSlashing", "terms")).struct(0);
      return texts((key) => found.uint(key));
    },
    repair: () => [adminCall(view, "GuardianSlashing", "setTerms", [wanted], 80_000n)],
  };
}

function sibling(view: View, other: RollupParameters): Setting {
  const wanted = view.plan.addressesOf.get(other.chainId)?.GuardianSlashing ?? `0x${"00".repeat(20)}`;
  return {
    contract: "GuardianSlashing",
    name: `sibling(${other.chainId})`,
    expected: { sibling: wanted },
    read: async () => ({ sibling: (await view.read("GuardianSlashing", "sibling", other.chainId)).text(0) }),
    repair: () => [adminCall(view, "GuardianSlashing", "setSibling", [other.chainId, wanted], 80_000n)],
  };
}

/** Incidents are declared for a time and withdrawn when their rollup is admitted anew: none is expected. */
function incidents(view: View): Setting {
  const declared = async (): Promise<string[]> => {
    const events = await view.events("GuardianSlashing", "IncidentDeclared");
    const subjects = [...new Set(events.map((event) => event.text(0)))].filter((subject) => subject !== ZERO_HASH);
    const found = await Promise.all(subjects.map((subject) => view.read("GuardianSlashing", "incident", subject)));
    return subjects.filter((_, index) => found[index]?.struct(0).uint("last") !== 0n).sort();
  };
  return {
    contract: "GuardianSlashing",
    name: "incidents",
    expected: { incidents: "none" },
    read: async () => ({ incidents: (await declared()).join(", ") || "none" }),
    repair: async () =>
      (await declared()).map((subject) =>
        adminCall(view, "GuardianSlashing", "declareIncident", [subject, 0n, 0n], 60_000n),
      ),
  };
}
