import { expect } from "chai";
import { planDao, type DaoPlan, type DaoRollup, type DaoSettings } from "../../sdk/src/dao/plan.ts";
import type { Address } from "../../sdk/src/bytes.ts";
import { refusalCode } from "./refusal.ts";

const account = (byte: string): Address => `0x${byte.repeat(20)}`;
const DEPLOYER = account("d1");
const rollup = (chainId: bigint): DaoRollup => ({ chainId, gateway: account("9a"), deployer: DEPLOYER });
const SETTINGS: DaoSettings = {
  name: "Garden",
  home: 8101n,
  token: { name: "Garden", symbol: "GRDN", shares: [{ to: "treasury", amount: 5n }] },
  terms: { votingDelay: 1n, votingPeriod: 2n, proposalThreshold: 3n, quorum: 400n },
  timelockDelay: 5n,
  rollups: [rollup(8101n), rollup(8102n)],
};

const namesOf = ({ places }: DaoPlan): string[][] => places.map(({ contracts }) => contracts.map(({ name }) => name));

describe("sdk: a DAO's plan", () => {
  it("has a token, a timelock and a governor on home, a timelock and an executor elsewhere", () => {
    const plan = planDao(SETTINGS);
    expect(namesOf(plan)).to.deep.equal([
      ["DaoToken", "RollupTimelock", "DaoGovernor"],
      ["RollupTimelock", "GovernanceExecutor"],
    ]);
    expect(plan.places[0]?.executor).to.equal(undefined);
    expect(plan.token).to.equal(plan.places[0]?.contracts[0]?.address);
    const existing = planDao({ ...SETTINGS, token: account("77") });
    expect(existing.token).to.equal(account("77"));
    expect(namesOf(existing)[0]).to.deep.equal(["RollupTimelock", "DaoGovernor"]);
  });

  it("has a manager of roles everywhere and their directory on home, if roles are wanted", () => {
    const plan = planDao({ ...SETTINGS, roleTerm: 86_400n });
    expect(namesOf(plan).map((names) => names.slice(-2))).to.deep.equal([
      ["LeasedAccessManager", "RoleDirectory"],
      ["GovernanceExecutor", "LeasedAccessManager"],
    ]);
    expect(plan.roleDirectory).to.equal(plan.places[0]?.contracts.at(-1)?.address);
  });

  it("is the same for the same settings, and stays where it is when a rollup is added", () => {
    expect(planDao(SETTINGS)).to.deep.equal(planDao(SETTINGS));
    const more = planDao({ ...SETTINGS, rollups: [...SETTINGS.rollups, rollup(8103n)] });
    expect(more.places.slice(0, 2)).to.deep.equal(planDao(SETTINGS).places);
    expect(more.places[2]?.timelock, "one deployer: one address everywhere").to.equal(more.places[1]?.timelock);
  });

  it("is another DAO at other addresses with any other setting", () => {
    const { terms } = SETTINGS;
    const changes: Partial<DaoSettings>[] = [
      { name: "Meadow" },
      { home: 8102n },
      { token: account("77") },
      { token: { name: "Garden", symbol: "GRDN", shares: [{ to: "treasury", amount: 6n }] } },
      { token: { name: "Garden", symbol: "GRDN", shares: [{ to: account("01"), amount: 5n }] } },
      ...[0, 1, 2, 3].map((place) => {
        const [votingDelay = 0n, votingPeriod = 0n, proposalThreshold = 0n, quorum = 0n] = Object.values(terms).map(
          (value: bigint, index) => (index === place ? value + 1n : value),
        );
        return { terms: { votingDelay, votingPeriod, proposalThreshold, quorum } };
      }),
      { timelockDelay: 6n },
      { canceller: account("cc") },
      { roleTerm: 86_400n },
      { rollups: SETTINGS.rollups.map((each) => ({ ...each, deployer: account("d2") })) },
    ];
    const governors = [{}, ...changes].map((change) => planDao({ ...SETTINGS, ...change }).governor);
    expect(new Set(governors).size).to.equal(governors.length);
  });

  it("refuses what can be no DAO", () => {
    const { terms } = SETTINGS;
    const wrong: readonly (readonly [string, Partial<DaoSettings>])[] = [
      ["home is none", { home: 8109n }],
      ["no name", { name: "" }],
      ["twice", { rollups: [rollup(8101n), rollup(8101n)] }],
      ["time to vote", { terms: { ...terms, votingPeriod: 0n } }],
      ["quorum", { terms: { ...terms, quorum: 0n } }],
      ["quorum", { terms: { ...terms, quorum: 10_001n } }],
      ["nobody has", { token: { name: "G", symbol: "G", shares: [] } }],
    ];
    for (const [said, change] of wrong) {
      expect(() => planDao({ ...SETTINGS, ...change })).to.throw(said);
      expect(refusalCode(() => planDao({ ...SETTINGS, ...change }))).to.equal("DAO_INVALID");
    }
  });
});
