import { ethers } from "ethers";
import type { ContractName } from "../../sdk/src/deployment/addresses.ts";
import { CODE_OF } from "../../sdk/src/deployment/contracts.ts";
import { boundsStruct } from "../../sdk/src/deployment/economySettings.ts";
import { PAUSER_ROLE, RECOVERY_ROLE } from "../../sdk/src/deployment/roleSettings.ts";
import { provePossession } from "../../sdk/src/possession.ts";
import { publicKey } from "../../sdk/src/schnorr.ts";
import type { DeployedRollup } from "./deployedNetwork.ts";

export const OTHER = 8102n;
export const ACCOUNT = "0x00000000000000000000000000000000000000AA";
const NO_BOUNDS = boundsStruct(undefined);
const STATE_TERMS = ["headPrice", "slotPrice"].map((part) => `StateRequests.terms(${OTHER}).${part}`);
const MINIMUM_SETBACK = 432_000;
// CAST: the record's own names
export const PROXIES = Object.keys(CODE_OF) as (keyof typeof CODE_OF)[];

export interface Mutation {
  readonly contract: ContractName;
  readonly method: string;
  readonly args: (deployed: DeployedRollup) => readonly unknown[];
  /** Names that check must give, in its order; nothing else may differ. */
  readonly finds: readonly string[];
  readonly before?: (deployed: DeployedRollup) => Promise<unknown>;
}

export const operator = (deployed: DeployedRollup): string =>
  deployed.plan.parameters.guardians.bootstrap[0]?.operator ?? "";
/** Every function that only the administrator may call, with what its misuse must be called. */
export const MUTATIONS: readonly Mutation[] = [
  {
    contract: "GuardianSet",
    method: "setEpoch",
    args: () => [43_200n, 1_800n],
    finds: ["GuardianSet.settings.epochLength", "GuardianSet.settings.grace"],
  },
  { contract: "GuardianSet", method: "setMinimumWeight", args: () => [1n], finds: ["GuardianSet.minimumWeight"] },
  {
    contract: "GuardianSet",
    method: "admit",
    args: () => [ACCOUNT, 0n, 0n],
    finds: ["GuardianSet.admitted"],
    before: async ({ rollup, plan }) => {
      await rollup.networkHelpers.setBalance(ACCOUNT, 10n ** 18n);
      const operator = await rollup.ethers.getImpersonatedSigner(ACCOUNT);
      const guardianSet = await rollup.ethers.getContractAt("GuardianSet", plan.addresses.GuardianSet, operator);
      await guardianSet.register(ACCOUNT, publicKey(7n), provePossession(7n, plan.networkId, ACCOUNT));
    },
  },
  {
    contract: "GuardianSet",
    method: "admit",
    args: (deployed) => [operator(deployed), 1n, 2n ** 41n],
    finds: ["bootstrapExpiry", "bootstrapWeight"].map((part) => `GuardianSet.guardian(OPERATOR).${part}`),
  },
  {
    contract: "GuardianSet",
    method: "remove",
    args: (deployed) => [operator(deployed)],
    finds: [
      "GuardianSet.admitted",
      "GuardianSet.barred",
      ...["admitted", "bootstrapExpiry", "bootstrapWeight"].map((part) => `GuardianSet.guardian(OPERATOR).${part}`),
    ],
  },
  { contract: "GuardianSet", method: "setFloor", args: () => [4_001n], finds: ["GuardianSet.floor"] },
  {
    contract: "GuardianStaking",
    method: "setChallengeTerms",
    args: () => [1n, 60n, 61n],
    finds: ["bond", "jailTime", "window"].map((part) => `GuardianStaking.challengeTerms.${part}`),
  },
  // A shorter delay is in force only after the time by which it is shorter.
  ...[2_592_001n, 0n].map((delay): Mutation => {
    const args = ({ plan }: DeployedRollup): unknown[] => [RECOVERY_ROLE, plan.parameters.recovery?.account, delay];
    return { contract: "AccessManager", method: "grantRole", args, finds: ["AccessManager.members(recovery)"] };
  }),
  {
    contract: "GuardianStaking",
    method: "setPeriods",
    args: () => [1_000_001n, 500_001n],
    finds: ["GuardianStaking.periods.evidenceWindow", "GuardianStaking.periods.unbonding"],
  },
  {
    contract: "GuardianSlashing",
    method: "setTerms",
    args: () => [[500_000n, 30_000n, 300_001n, 200_001n, 100_001n]],
    finds: ["fastSuspension", "foreignFreeze", "fraction", "incidentDelay", "reporterShare"].map(
      (part) => `GuardianSlashing.terms.${part}`,
    ),
  },
  {
    contract: "GuardianSlashing",
    method: "setSibling",
    args: () => [OTHER, ACCOUNT],
    finds: [`GuardianSlashing.sibling(${OTHER}).sibling`],
  },
  {
    contract: "GuardianSlashing",
    method: "declareIncident",
    args: () => [ethers.id("subject"), 1n, 2n],
    finds: ["GuardianSlashing.incidents"],
  },
  { contract: "FeeController", method: "setFund", args: () => [ACCOUNT], finds: ["FeeController.receivers.fund"] },
  {
    contract: "FeeController",
    method: "setGuardianPool",
    args: ({ plan }) => [plan.addresses.Era],
    finds: ["FeeController.receivers.guardianPool"],
  },
  ...["basePrice", "pricePerByte", "pricePerKGas", "fundShare", "burnShare", "maxGasLimit"].map((price): Mutation => {
    const changed = ({ plan }: DeployedRollup): Record<string, bigint> => {
      const known = plan.parameters.rollups.find(({ chainId }) => chainId === OTHER)?.prices;
      const prices: Record<string, bigint> = { ...known };
      return { ...prices, [price]: (prices[price] ?? 0n) + (price === "maxGasLimit" ? 1_024n : 1n) };
    };
    return {
      contract: "FeeController",
      method: "setPrices",
      args: (deployed) => [OTHER, changed(deployed)],
      finds: [`MetalayerGateway.outLane(${OTHER}).${price}`],
    };
  }),
  {
    contract: "PriceKeeper",
    method: "setBounds",
    args: () => [OTHER, NO_BOUNDS],
    finds: Object.keys(NO_BOUNDS).map((part) => `PriceKeeper.bounds(${OTHER}).${part}`),
  },
  { contract: "StateRequests", method: "setTerms", args: () => [OTHER, [0n, 1n]], finds: STATE_TERMS },
  {
    contract: "FeeController",
    method: "setInboundTerms",
    args: () => [OTHER, 1n, 0n],
    finds: ["feeCapacity", "guardianShare"].map((part) => `MetalayerGateway.inLane(${OTHER}).${part}`),
  },
  {
    contract: "RollupRegistry",
    method: "setFinality",
    args: () => [OTHER, 2n, 1n],
    finds: [`RollupRegistry.rollup(${OTHER}).finality`],
  },
  {
    contract: "RollupRegistry",
    method: "setCeiling",
    args: () => [OTHER, 10n ** 18n, 2n * 10n ** 18n],
    finds: [
      ...["capacity", "share"].map((part) => `Era.source(${OTHER}).${part}`),
      ...["ceiling", "eraCapacity"].map((part) => `RollupRegistry.rollup(${OTHER}).${part}`),
    ],
  },
  {
    contract: "RollupRegistry",
    method: "remove",
    args: () => [OTHER],
    finds: [
      ...["capacity", "share"].map((part) => `Era.source(${OTHER}).${part}`),
      `MetalayerGateway.inLane(${OTHER}).status`,
      `MetalayerGateway.outLane(${OTHER}).status`,
      ...["ceiling", "eraCapacity", "status"].map((part) => `RollupRegistry.rollup(${OTHER}).${part}`),
      "RollupRegistry.rollups",
    ],
  },
  {
    contract: "Era",
    method: "setSource",
    args: ({ plan }) => [OTHER, plan.addresses.MetalayerGateway, ACCOUNT, 10n ** 18n, 10n ** 18n],
    finds: ["capacity", "counterpart", "share"].map((part) => `Era.source(${OTHER}).${part}`),
  },
  {
    // A link to a rollup that is none: whoever is that gateway could mint.
    contract: "Era",
    method: "setSource",
    args: ({ plan }) => [77n, plan.addresses.MetalayerGateway, ACCOUNT, 10n ** 18n, 0n],
    finds: ["Era.sources"],
  },
  {
    contract: "EraGovernor",
    method: "setSpoke",
    args: () => [{ chainId: OTHER, collector: ACCOUNT, ceiling: 1n }],
    finds: ["ceiling", "collector"].map((part) => `EraGovernor.spoke(${OTHER}).${part}`),
  },
  {
    contract: "EraGovernor",
    method: "setSpoke",
    args: () => [{ chainId: 77n, collector: ACCOUNT, ceiling: 1n }],
    finds: ["EraGovernor.spokes"],
  },
  {
    contract: "EraGovernor",
    method: "setTallyReader",
    args: () => [ACCOUNT],
    finds: ["EraGovernor.wiring.tallyReader"],
  },
  {
    contract: "EraGovernor",
    method: "updateTimelock",
    args: () => [ACCOUNT],
    finds: ["EraGovernor.wiring.timelock"],
  },
  ...[
    ["setVotingDelay", "votingDelay"],
    ["setVotingPeriod", "votingPeriod"],
    ["setProposalThreshold", "proposalThreshold"],
    ["updateQuorumNumerator", "quorum"],
  ].map(([method = "", part = ""]): Mutation => {
    return { contract: "EraGovernor", method, args: () => [10_000n], finds: [`EraGovernor.terms.${part}`] };
  }),
  { contract: "Era", method: "setSponsor", args: () => [ACCOUNT], finds: ["Era.sponsor"] },
  ...PROXIES.map((contract): Mutation => {
    const other = contract === "StateRootInbox" ? "RollupRegistryCode" : "StateRootInboxCode";
    const args = ({ plan }: DeployedRollup): unknown[] => [plan.addresses[other], "0x"];
    return { contract, method: "upgradeToAndCall", args, finds: [`${contract}.implementation`] };
  }),
  ...[["administrator", 0n] as const, ["role 77", 77n] as const].map(([name, role]): Mutation => {
    const finds = [`AccessManager.members(${name})`];
    return { contract: "AccessManager", method: "grantRole", args: () => [role, ACCOUNT, 0n], finds };
  }),
  {
    contract: "AccessManager",
    method: "revokeRole",
    args: ({ plan }) => [PAUSER_ROLE, plan.parameters.pausers[0]],
    finds: ["AccessManager.members(pauser)"],
  },
  {
    contract: "AccessManager",
    method: "setTargetFunctionRole",
    args: ({ plan }) => [plan.addresses.FeeController, ["0x12345678"], 77n],
    finds: ["AccessManager.functionRole(FeeController, 0x12345678)"],
  },
  {
    contract: "AccessManager",
    method: "setTargetClosed",
    args: ({ plan }) => [plan.addresses.FeeController, true],
    finds: ["AccessManager.isTargetClosed(FeeController)"],
  },
  {
    contract: "AccessManager",
    method: "setTargetAdminDelay",
    args: ({ plan }) => [plan.addresses.FeeController, MINIMUM_SETBACK],
    finds: ["AccessManager.setTargetAdminDelay(FeeController)"],
  },
  {
    contract: "AccessManager",
    method: "setRoleAdmin",
    args: () => [PAUSER_ROLE, 77n],
    finds: ["AccessManager.getRoleAdmin(pauser)"],
  },
  {
    contract: "AccessManager",
    method: "setRoleGuardian",
    args: () => [PAUSER_ROLE, 77n],
    finds: ["AccessManager.getRoleGuardian(pauser)"],
  },
  {
    contract: "AccessManager",
    method: "setGrantDelay",
    args: () => [PAUSER_ROLE, MINIMUM_SETBACK],
    finds: ["AccessManager.setGrantDelay(pauser)"],
  },
  {
    contract: "AccessManager",
    method: "updateAuthority",
    args: ({ plan }) => [plan.addresses.Era, plan.addresses.RollupTimelock],
    finds: ["Era.authority"],
  },
  { contract: "RollupTimelock", method: "updateDelay", args: () => [1n], finds: ["RollupTimelock.minDelay"] },
  ...["PROPOSER_ROLE", "CANCELLER_ROLE", "EXECUTOR_ROLE"].map((role): Mutation => {
    const finds = [`RollupTimelock.members(${role.slice(0, -"_ROLE".length).toLowerCase()})`];
    return { contract: "RollupTimelock", method: "grantRole", args: () => [ethers.id(role), ACCOUNT], finds };
  }),
  {
    contract: "RollupTimelock",
    method: "grantRole",
    args: () => [ethers.ZeroHash, ACCOUNT],
    finds: ["RollupTimelock.members(administrator)"],
  },
  {
    contract: "RollupTimelock",
    method: "revokeRole",
    args: ({ plan }) => [ethers.id("CANCELLER_ROLE"), plan.parameters.canceller],
    finds: ["RollupTimelock.members(canceller)"],
  },
];

/** Functions of the administrator that leave no setting behind, with the reason. */
export const NO_SETTING = new Map([
  ["forceRotation", "the next table has the same guardians"],
  ["recover", "belongs to the recovery role, not to the administrator"],
  ["movePrices", "belongs to the price keeper, not to the administrator"],
  ["spendCredit", "belongs to contracts that charge their callers, not to the administrator"],
  ["slash", "takes stake and excludes a guardian for good: a decision, not a setting"],
  ["unpause", "ends what pause began"],
]);
