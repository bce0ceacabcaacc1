import { id, isHexString } from "ethers";
import { z } from "zod";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import { GOVERNANCE, GUARDIAN_REWARDS, WEI_PER_ERA } from "../../sdk/src/deployment/parameters.ts";
import { between, whole } from "./numbers.ts";
import { priceBounds, prices, statePrices } from "./prices.ts";
import { slashingSchema } from "./slashing.ts";
import { pointFromHex } from "../../sdk/src/schnorr.ts";

/** Least delay between a decision and its effect on public networks: two days. */
const PUBLIC_DELAY = 172_800n;
const PUBLIC_EPOCH = 3_600n;
/** A living quorum must have time to decide against a recovery: seven days. */
const PUBLIC_RECOVERY = 604_800n;
/** Six hours for tallies to arrive, whatever clocks and relayers do. */
const PUBLIC_TALLY_WINDOW = 21_600n;
const UNITS_PER_ERA = 10n ** 9n;
const MOST_WHOLE_ERA = 2n ** 32n - 1n;
const MOST_ROLLUPS = 257;
const ALL_ERA = 1_000_000_000n * WEI_PER_ERA;

const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, "is not an address")
  .refine((text) => BigInt(text) !== 0n, "must not be the zero address")
  .transform((text) => text as Address); // CAST: just matched

const hash = z
  .string()
  .refine((text) => isHexString(text, 32), "is not a hash")
  .transform((text): Hex => `0x${text.slice(2)}`);

/** 32 bytes, or any text, which is hashed. */
const salt = z
  .string()
  .min(1)
  .transform((text) => (isHexString(text, 32) ? text : id(text)) as Hex); // CAST: 32 bytes as hex

const wholeEra = whole
  .refine((value) => value % WEI_PER_ERA === 0n, "must be whole ERA, given in wei")
  .refine((value) => value / WEI_PER_ERA <= MOST_WHOLE_ERA, `must be at most ${MOST_WHOLE_ERA} ERA`);

const limits = z.strictObject({
  ceiling: wholeEra,
  eraCapacity: wholeEra,
  feeCapacity: whole
    .refine((value) => value % UNITS_PER_ERA === 0n, "must be whole ERA, given in fee units")
    .refine((value) => value / UNITS_PER_ERA <= MOST_WHOLE_ERA, `must be at most ${MOST_WHOLE_ERA} ERA`),
  guardianShare: between(0n, 1_000n, "per mille"),
  voteCeiling: between(0n, 3_333n, "basis points of the quorum").optional(),
});

/** Seconds since 1970, or a date. */
const moment = z.union([z.iso.date().transform((date) => BigInt(Date.parse(date)) / 1_000n), whole]);
const accountOrGovernance = z.union([z.literal(GOVERNANCE), address]);

const genesisPart = z
  .strictObject({
    name: z.string().regex(/^[ -~]{1,31}$/, "must be 1 to 31 plain characters"),
    amount: between(1n, ALL_ERA, "wei"),
    /** An address, "governance" for home's timelock, or "guardian rewards" for the pot of rewards on home. */
    to: z.union([z.literal(GUARDIAN_REWARDS), accountOrGovernance]),
    vesting: z.strictObject({ start: moment, duration: between(1n, 2n ** 32n, "seconds") }).optional(),
    airdrop: z.strictObject({ root: hash, deadline: moment }).optional(),
  })
  .refine(({ vesting, airdrop }) => vesting === undefined || airdrop === undefined, "is vesting or airdrop, not both")
  .refine(
    ({ to, vesting, airdrop }) => to !== GUARDIAN_REWARDS || (vesting === undefined && airdrop === undefined),
    "is paid into the pot of guardians' rewards at once: neither vesting nor airdrop",
  );

const governance = z.strictObject({
  votingDelay: between(1n, 2_592_000n, "seconds"),
  votingPeriod: between(2n, 7_776_000n, "seconds"),
  tallyWindow: between(1n, 2_592_000n, "seconds"),
  proposalThreshold: between(1n, ALL_ERA, "wei of votes"),
  quorum: between(100n, 10_000n, "basis points of all ERA"),
  notice: between(1n, 2n ** 32n, "seconds"),
  lockPeriod: between(1n, 31_536_000n, "seconds"),
});

const finality = z.union([z.literal("tag"), z.strictObject({ depth: between(1n, 2n ** 63n, "blocks") })]);

const rollup = z.strictObject({
  chainId: between(1n, 2n ** 63n - 1n, ""),
  /** Counts the admissions of this rollup; higher after a regenesis. */
  incarnation: between(1n, 16_383n, "").default(1n),
  stack: z.string().min(1).max(31),
  stackKind: z.enum(["evm", "arbitrum"]).optional(),
  finality,
  prices: prices.optional(),
  priceBounds: priceBounds.optional(),
  statePrices: statePrices.optional(),
  limits: limits.optional(),
  addressSalt: salt.optional(),
  /** Node to use instead of the URL that hardhat.config.ts has for a network of this name. */
  url: z.url().optional(),
});

const guardian = z.strictObject({
  operator: address,
  /** A point of secp256k1, or its 33 compressed bytes. */
  key: z.union([
    z.strictObject({ x: whole, y: whole }),
    z
      .string()
      .regex(/^0x0[23][0-9a-fA-F]{64}$/, "is not a compressed key")
      .transform((text) => pointFromHex(text)),
  ]),
  proof: z
    .string()
    .regex(/^0x[0-9a-fA-F]{192}$/, "is not a proof of possession (96 bytes)")
    .transform((text) => text as Hex), // CAST: just matched
  /** Whole ERA. */
  weight: between(0n, 10n ** 9n, "ERA"),
  /** Seconds since 1970, or a date. */
  expiry: z.union([z.iso.date().transform((date) => BigInt(Date.parse(date)) / 1_000n), whole]),
});

const guardians = z.strictObject({
  epochLength: between(10n, 2_592_000n, "seconds"),
  grace: between(0n, 2_592_000n, "seconds"),
  minimumWeight: between(1n, 10n ** 9n, "ERA"),
  /** Least counted weight of a table. */
  floor: between(1n, 10n ** 9n, "ERA").default(1n),
  /** At least four to deploy; without them a file only shows the network's id, for which guardians prove their keys. */
  bootstrap: z.array(guardian).max(256),
  barred: z.array(address).default([]),
});

/** Questions whether a guardian lives. */
const challenge = z.strictObject({
  /** Wei of ERA. */
  bond: between(1n, 10n ** 27n, "wei"),
  window: between(60n, 2_592_000n, "seconds"),
  jailTime: between(0n, 31_536_000n, "seconds"),
});

const network = z.strictObject({
  /** Public networks are held to longer delays. */
  environment: z.enum(["public", "development"]),
  salt,
  deployer: address,
  /** Name of the rollup where all ERA is minted. */
  home: z.string(),
  /** Hash of the home rollup's first block; read from the node if left out. */
  homeGenesisHash: hash.optional(),
  /** Parts of all ERA: exactly 1,000,000,000 together. */
  genesis: z.array(genesisPart).min(1).max(64),
  governance,
  canceller: address,
  pausers: z.array(address).min(1),
  /** Who may move prices within their bounds. */
  priceKeeper: address.optional(),
  fund: accountOrGovernance,
  /** Whose credit pays for transfers of ERA whose sender has none. */
  eraSponsor: address.optional(),
  timelockDelay: between(1n, 31_536_000n, "seconds"),
  anchorHeartbeat: between(1n, 86_400n, "seconds"),
  staking: z.strictObject({
    unbonding: between(1n, 2n ** 32n - 1n, "seconds"),
    evidenceWindow: between(1n, 2n ** 32n - 1n, "seconds"),
    challenge: challenge.default({ bond: 100n * WEI_PER_ERA, window: 86_400n, jailTime: 86_400n }),
  }),
  recovery: z.strictObject({ account: address, delay: between(3_600n, 31_536_000n, "seconds") }).optional(),
  slashing: slashingSchema(between),
  guardians,
  /** For rollups that have none of their own. */
  defaults: z.strictObject({
    prices,
    priceBounds: priceBounds.optional(),
    statePrices: statePrices.optional(),
    limits,
  }),
  rollups: z.record(z.string().min(1), rollup),
});

type Network = z.infer<typeof network>;

/** A parameter file: every value in range, and values that must fit each other do. */
export const networkSchema = network.superRefine((given, context) => {
  const refuse: Refuse = (path, message) => {
    context.addIssue({ code: "custom", path, message });
  };
  checkRoles(given, refuse);
  checkGenesis(given, refuse);
  checkGovernance(given, refuse);
  checkPeriods(given, refuse);
  checkRollups(given, refuse);
  checkGuardians(given, refuse);
});

export type NetworkFile = z.infer<typeof networkSchema>;
/** What a parameter file exports. */
export type NetworkInput = z.input<typeof networkSchema>;

type Refuse = (path: string[], message: string) => void;

/** EXPLOITS 32 and 33: no key does two things, and the deployer's key does nothing after the deployment. */
function checkRoles({ deployer, canceller, pausers, priceKeeper }: Network, refuse: Refuse): void {
  const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
  for (const [name, account] of [
    ["canceller", canceller],
    ...pausers.map((pauser) => ["pausers", pauser] as const),
    ...(priceKeeper === undefined ? [] : [["priceKeeper", priceKeeper] as const]),
  ] as const) {
    if (same(account, deployer)) refuse([name], "must not be the deployer, who ends without any role");
  }
}

function checkGenesis({ genesis }: Network, refuse: Refuse): void {
  const sum = genesis.reduce((total, { amount }) => total + amount, 0n);
  if (sum !== ALL_ERA) refuse(["genesis"], `the parts are ${sum} wei together, not ${ALL_ERA}`);
}

/** docs/protocol/governance.md §1: a deposit that counts stays until the decision can take effect. */
function checkGovernance(
  { governance, timelockDelay, environment, rollups, home, defaults }: Network,
  refuse: Refuse,
): void {
  const { votingDelay, votingPeriod, tallyWindow, notice } = governance;
  const least = votingDelay + votingPeriod + timelockDelay;
  if (notice < least) {
    refuse(["governance", "notice"], `must be at least votingDelay + votingPeriod + timelockDelay, ${least} seconds`);
  }
  if (tallyWindow >= votingPeriod) refuse(["governance", "tallyWindow"], "must be shorter than votingPeriod");
  if (environment === "public" && tallyWindow < PUBLIC_TALLY_WINDOW) {
    refuse(["governance", "tallyWindow"], `must be at least ${PUBLIC_TALLY_WINDOW} seconds on a public network`);
  }
  const ceilings = Object.entries(rollups)
    .filter(([name]) => name !== home)
    .map(([, { limits }]) => (limits ?? defaults.limits).voteCeiling ?? 0n);
  if (ceilings.reduce((total, ceiling) => total + ceiling, 0n) >= 10_000n) {
    refuse(["rollups"], "the vote ceilings of all rollups but home must be less than 10000 together");
  }
}

function checkPeriods(
  { environment, timelockDelay, guardians, staking, slashing, recovery }: Network,
  refuse: Refuse,
): void {
  const { epochLength, grace } = guardians;
  if (grace > epochLength) refuse(["guardians", "grace"], "must not be longer than an epoch");
  if (staking.unbonding < grace + staking.evidenceWindow) {
    refuse(
      ["staking", "unbonding"],
      `must be at least grace + evidenceWindow, ${grace + staking.evidenceWindow} seconds`,
    );
  }
  if (environment === "development") return;
  if (recovery !== undefined && recovery.delay < PUBLIC_RECOVERY) {
    refuse(["recovery", "delay"], `must be at least ${PUBLIC_RECOVERY} seconds on a public network`);
  }
  if (timelockDelay < PUBLIC_DELAY)
    refuse(["timelockDelay"], `must be at least ${PUBLIC_DELAY} seconds on a public network`);
  if (slashing.incidentDelay <= timelockDelay) {
    refuse(["slashing", "incidentDelay"], "must be longer than timelockDelay, or no incident can be declared in time");
  }
  if (epochLength < PUBLIC_EPOCH) {
    refuse(["guardians", "epochLength"], `must be at least ${PUBLIC_EPOCH} seconds on a public network`);
  }
}

function checkRollups({ home, rollups }: Network, refuse: Refuse): void {
  const entries = Object.entries(rollups);
  if (rollups[home] === undefined) refuse(["home"], `no rollup is called "${home}"`);
  if (entries.length < 2) refuse(["rollups"], "a network has at least two rollups");
  if (entries.length > MOST_ROLLUPS) refuse(["rollups"], `a rollup admits at most ${MOST_ROLLUPS - 1} others`);
  const seen = new Map<bigint, string>();
  for (const [name, { chainId }] of entries) {
    const other = seen.get(chainId);
    if (other !== undefined) refuse(["rollups", name, "chainId"], `is that of ${other} too`);
    seen.set(chainId, name);
  }
}

function checkGuardians({ guardians: { bootstrap, floor } }: Network, refuse: Refuse): void {
  const total = bootstrap.reduce((sum, { weight }) => sum + weight, 0n);
  if (bootstrap.length > 0 && total < floor) {
    refuse(["guardians", "floor"], `must be at most the bootstrap weight, ${total} ERA: stake replaces it later`);
  }
  for (const [index, { operator, key, weight }] of bootstrap.entries()) {
    const path = ["guardians", "bootstrap", String(index)];
    const earlier = bootstrap.slice(0, index);
    if (earlier.some((other) => other.operator.toLowerCase() === operator.toLowerCase()))
      refuse(path, "operator is listed twice");
    if (earlier.some((other) => other.key.x === key.x)) refuse(path, "key is listed twice");
    if (3n * weight >= total) refuse([...path, "weight"], "must be less than a third of all weight");
  }
}
