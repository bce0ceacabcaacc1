/** A core file, the contracts that carry its code, and the tests that are to find any fault in it. */
export interface Target {
  readonly file: string;
  readonly roots: readonly string[];
  readonly tests: readonly string[];
}

const guardians = (...names: string[]): string[] => names.map((name) => `test/guardians/${name}.test.ts`);
const messaging = (...names: string[]): string[] => names.map((name) => `test/messaging/${name}.test.ts`);

const SET = ["contracts/guardians/GuardianSet.sol:GuardianSet"];
const GATEWAY = ["contracts/messaging/MetalayerGateway.sol:MetalayerGateway"];
const STAKING = ["contracts/guardians/GuardianStaking.sol:GuardianStaking"];
const GOVERNOR = ["contracts/governance/EraGovernor.sol:EraGovernor"];
const TABLE = "contracts/mocks/SignatureHarness.sol:SignatureHarness";
const LIMIT = "contracts/mocks/InflowLimitHarness.sol:InflowLimitHarness";
const FEES = "contracts/fees/FeeController.sol:FeeController";

const stakeTests = guardians("GuardianStaking", "exits", "slash", "rewards");
const delivery = messaging(
  "GatewayInbound.fast",
  "GatewayInbound.reentrancy",
  "GatewayInbound.failures",
  "GatewayInbound.relay",
  "GatewayInbound.attacks",
  "GatewayInbound.bounties",
);
const settlement = [
  "test/fees/settlement.test.ts",
  ...messaging("GatewayInbound.fees", "GatewayInbound.bounties", "GatewayLanes"),
];
const data = (...names: string[]): string[] => names.map((name) => `test/data/${name}.test.ts`);
const subscriptionTests = data("Subscriptions", "Subscriptions.deliver", "Subscriptions.attacks");
const automationTests = data("Automations");
const tallies = ["test/governance/EraGovernor.tallies.test.ts", "test/governance/EraGovernor.test.ts"];

/** The accounting first: what is proved is tested here all the same. */
export const TARGETS: readonly Target[] = [
  { file: "contracts/libraries/StakeMath.sol", roots: STAKING, tests: stakeTests },
  { file: "contracts/guardians/GuardianStaking.sol", roots: STAKING, tests: stakeTests },
  {
    file: "contracts/fees/FeeController.sol",
    roots: [FEES],
    tests: ["test/fees/FeeController.test.ts", ...settlement, "test/fees/StateRequests.test.ts", ...guardians("slash")],
  },
  { file: "contracts/libraries/InflowLimit.sol", roots: [LIMIT], tests: ["test/libraries/InflowLimit.test.ts"] },
  {
    file: "contracts/guardians/GuardianTable.sol",
    roots: [TABLE, ...SET],
    tests: guardians("GuardianTable", "growth", "verify", "GuardianRegistry"),
  },
  { file: "contracts/guardians/GuardianEpoch.sol", roots: SET, tests: guardians("GuardianSet", "growth", "verify") },
  { file: "contracts/libraries/DeliveryMarks.sol", roots: GATEWAY, tests: delivery },
  { file: "contracts/governance/TallyMath.sol", roots: GOVERNOR, tests: tallies },
  { file: "contracts/libraries/FeeMath.sol", roots: [FEES, ...GATEWAY], tests: settlement },
  { file: "contracts/messaging/GatewayEarnings.sol", roots: GATEWAY, tests: settlement },
  {
    file: "contracts/guardians/GuardianRewards.sol",
    roots: ["contracts/guardians/GuardianRewards.sol:GuardianRewards"],
    tests: guardians("GuardianRewards", "rewards"),
  },
  { file: "contracts/messaging/GatewayInbound.sol", roots: GATEWAY, tests: delivery },
  {
    file: "contracts/guardians/GuardianDiscipline.sol",
    roots: SET,
    tests: guardians("discipline", "evidence", "challenges", "growth"),
  },
  {
    file: "contracts/governance/VoteCollector.sol",
    roots: ["contracts/governance/VoteCollector.sol:VoteCollector"],
    tests: ["test/governance/VoteCollector.test.ts"],
  },
  { file: "contracts/governance/EraGovernor.sol", roots: GOVERNOR, tests: tallies },
  {
    file: "contracts/governance/LegGovernor.sol",
    roots: GOVERNOR,
    tests: [...tallies, "test/governance/EraGovernor.edges.test.ts", "test/governance/attacks.test.ts"],
  },
  {
    file: "contracts/data/Subscriptions.sol",
    roots: ["contracts/data/Subscriptions.sol:Subscriptions"],
    tests: subscriptionTests,
  },
  {
    file: "contracts/data/Automations.sol",
    roots: ["contracts/data/Automations.sol:Automations"],
    tests: automationTests,
  },
  {
    file: "contracts/data/PaidCalls.sol",
    roots: ["contracts/data/Automations.sol:Automations", "contracts/data/Subscriptions.sol:Subscriptions"],
    tests: [...automationTests, ...subscriptionTests],
  },
  {
    file: "contracts/data/Feeds.sol",
    roots: ["contracts/data/Feeds.sol:Feeds"],
    tests: data("Feeds", "Feeds.attacks", "FeedMirror"),
  },
  {
    file: "contracts/token/Era.sol",
    roots: ["contracts/token/Era.sol:Era"],
    tests: ["Era", "EraLimits", "EraRights", "EraCaptured"].map((name) => `test/token/${name}.test.ts`),
  },
];
