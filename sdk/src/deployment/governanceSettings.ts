import { genesisSettings } from "./genesisSettings.ts";
import { othersOf, voteCeilingOf, type RollupParameters } from "./parameters.ts";
import { adminCall, listed, type Setting } from "./settings.ts";
import type { View } from "./view.ts";

const NOBODY = `0x${"00".repeat(20)}`;

/** What the governor decides by, and who got ERA when it began; both stand on home only. */
export async function governanceSettings(view: View): Promise<Setting[]> {
  const { parameters, rollup } = view.plan;
  if (rollup.chainId !== parameters.home) return [];
  const others = othersOf(parameters, rollup.chainId);
  return [
    votingTerms(view),
    governorWiring(view),
    // All ceilings together are less than the quorum at every moment: what is removed or lowered makes room for the rest.
    await knownSpokes(view, others),
    ...(await loweredFirst(view, others)).map((other) => spoke(view, other)),
    ...genesisSettings(view),
  ];
}

function votingTerms(view: View): Setting {
  const { votingDelay, votingPeriod, proposalThreshold, quorum } = view.plan.parameters.governance;
  const terms = [
    ["votingDelay", "votingDelay", "setVotingDelay", votingDelay],
    ["votingPeriod", "votingPeriod", "setVotingPeriod", votingPeriod],
    ["proposalThreshold", "proposalThreshold", "setProposalThreshold", proposalThreshold],
    ["quorum", "quorumNumerator()", "updateQuorumNumerator", quorum],
  ] as const;
  return {
    contract: "EraGovernor",
    name: "terms",
    expected: Object.fromEntries(terms.map(([name, , , value]) => [name, String(value)])),
    async read() {
      const answers = await Promise.all(terms.map(([, getter]) => view.read("EraGovernor", getter)));
      return Object.fromEntries(terms.map(([name], index) => [name, String(answers[index]?.uint(0))]));
    },
    repair: (wrong, actual) =>
      terms
        .filter(([name]) => wrong.includes(name))
        // Delay and period together have a limit at every moment: what becomes shorter goes first.
        .sort(([first, , , to], [second, , , next]) => rise(actual[first], to) - rise(actual[second], next))
        .map(([, , setter, value]) => adminCall(view, "EraGovernor", setter, [value], 80_000n)),
  };
}

/** 1 for a value that rises. */
function rise(from: string | undefined, to: bigint): number {
  return Number(to > BigInt(from ?? 0));
}

function governorWiring(view: View): Setting {
  const { RollupTimelock: timelock, TallyReader: tallyReader } = view.plan.addresses;
  return {
    contract: "EraGovernor",
    name: "wiring",
    expected: { timelock, tallyReader },
    async read() {
      const [actual, reader] = await Promise.all([
        view.read("EraGovernor", "timelock"),
        view.read("EraGovernor", "tallyReader"),
      ]);
      return { timelock: actual.text(0), tallyReader: reader.text(0) };
    },
    repair: (wrong) => [
      ...(wrong.includes("tallyReader")
        ? [adminCall(view, "EraGovernor", "setTallyReader", [tallyReader], 60_000n)]
        : []),
    ],
  };
}

async function loweredFirst(view: View, others: readonly RollupParameters[]): Promise<RollupParameters[]> {
  const isRaised = await Promise.all(
    others.map(async (other) => {
      // What cannot be read is named when the setting itself is read.
      const found = await view.read("EraGovernor", "spoke", other.chainId).catch(() => undefined);
      return voteCeilingOf(view.plan.parameters, other) > (found?.struct(0).uint("ceiling") ?? 0n);
    }),
  );
  return [false, true].flatMap((raised) => others.filter((_, index) => isRaised[index] === raised));
}

function spoke(view: View, other: RollupParameters): Setting {
  const collector = view.plan.addressesOf.get(other.chainId)?.VoteCollector ?? NOBODY;
  const ceiling = voteCeilingOf(view.plan.parameters, other);
  return {
    contract: "EraGovernor",
    name: `spoke(${other.chainId})`,
    expected: { collector, ceiling: String(ceiling) },
    async read() {
      const actual = (await view.read("EraGovernor", "spoke", other.chainId)).struct(0);
      return { collector: actual.text("collector"), ceiling: String(actual.uint("ceiling")) };
    },
    repair: () => [setSpoke(view, other.chainId, collector, ceiling)],
  };
}

/** Rollups whose votes count; one that the parameters do not name counts no more. */
async function knownSpokes(view: View, others: readonly RollupParameters[]): Promise<Setting> {
  const wanted = new Set(others.map(({ chainId }) => chainId));
  const events = await view.events("EraGovernor", "SpokeSet");
  const seen = new Set(events.map((event) => event.uint(0)));
  const current = async (): Promise<bigint[]> => {
    const all = [...new Set([...seen, ...wanted])];
    const answers = await Promise.all(all.map((chainId) => view.read("EraGovernor", "spoke", chainId)));
    return all.filter((_, index) => answers[index]?.struct(0).text("collector") !== NOBODY);
  };
  return {
    contract: "EraGovernor",
    name: "spokes",
    expected: { spokes: listed([...wanted].map(String)) },
    read: async () => ({ spokes: listed((await current()).map(String)) }),
    async repair() {
      const extra = (await current()).filter((chainId) => !wanted.has(chainId));
      return extra.map((chainId) => setSpoke(view, chainId, NOBODY, 0n));
    },
  };
}

function setSpoke(view: View, chainId: bigint, collector: string, ceiling: bigint): ReturnType<typeof adminCall> {
  return adminCall(view, "EraGovernor", "setSpoke", [{ chainId, collector, ceiling }], 100_000n);
}
