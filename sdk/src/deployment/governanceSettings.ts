import { decodeBytes32String, getCreateAddress } from "ethers";
import { beneficiaryOf } from "./contracts.ts";
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
    ...others.map((other) => spoke(view, other)),
    await knownSpokes(view, others),
    ...parameters.genesis.map((_, index) => genesisPart(view, index)),
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
    repair: (wrong) =>
      terms
        .filter(([name]) => wrong.includes(name))
        .map(([, , setter, value]) => adminCall(view, "EraGovernor", setter, [value], 80_000n)),
  };
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

function genesisPart(view: View, index: number): Setting {
  const { parameters, addresses } = view.plan;
  const part = parameters.genesis[index];
  const isCreated = ({ vesting, airdrop }: (typeof parameters.genesis)[number]): boolean =>
    vesting !== undefined || airdrop !== undefined;
  // A contract's first creation has nonce 1.
  const nonce = 1 + parameters.genesis.slice(0, index).filter(isCreated).length;
  const beneficiary = part === undefined ? NOBODY : beneficiaryOf(part.to, addresses);
  const created = getCreateAddress({ from: addresses.EraGenesis, nonce });
  const holder = part !== undefined && isCreated(part) ? created : beneficiary;
  return {
    contract: "EraGenesis",
    name: `part(${index})`,
    expected: { name: part?.name ?? "", amount: String(part?.amount ?? 0n), holder },
    async read() {
      const actual = (await view.read("EraGenesis", "part", index)).struct(0);
      const name = decodeBytes32String(actual.text("name"));
      return { name, amount: String(actual.uint("amount")), holder: actual.text("holder") };
    },
  };
}
