import { readFileSync } from "node:fs";
import type { Address } from "../../sdk/src/bytes.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import {
  DEFAULT_BOUNDS,
  DEFAULT_GOVERNANCE,
  DEFAULT_LIMITS,
  DEFAULT_PRICES,
  DEFAULT_STATE_PRICES,
  oneHolder,
} from "./defaults.ts";
import type { NetworkInput } from "./schema.ts";

/** Public test networks. Accounts are the operator's own, hence in the environment: docs/testnets.md says which is which. */
const network: NetworkInput = {
  environment: "public",
  salt: process.env["METALAYER_SALT"] ?? "metalayer testnet 1",
  deployer: account("METALAYER_DEPLOYER"),
  home: "opSepolia",
  genesis: oneHolder(account("METALAYER_GENESIS_HOLDER")),
  governance: DEFAULT_GOVERNANCE,
  canceller: account("METALAYER_CANCELLER"),
  pausers: [account("METALAYER_PAUSER")],
  fund: account("METALAYER_FUND"),
  timelockDelay: 172_800,
  anchorHeartbeat: 600,
  staking: { unbonding: 1_209_600, evidenceWindow: 604_800 },
  slashing: {
    fraction: 1_000_000,
    reporterShare: 50_000,
    incidentDelay: 604_800,
    foreignFreeze: 1_209_600,
    fastSuspension: 2_592_000,
  },
  guardians: { epochLength: 86_400, grace: 3_600, minimumWeight: 10_000, bootstrap: guardians() },
  defaults: {
    prices: DEFAULT_PRICES,
    priceBounds: DEFAULT_BOUNDS,
    statePrices: DEFAULT_STATE_PRICES,
    limits: DEFAULT_LIMITS,
  },
  rollups: {
    opSepolia: { chainId: 11_155_420, stack: "op", finality: "tag" },
    baseSepolia: { chainId: 84_532, stack: "op", finality: "tag" },
    arbitrumSepolia: { chainId: 421_614, stack: "arbitrum", finality: "tag" },
  },
};

export default network;

function account(variable: string): Address {
  const value = process.env[variable];
  if (value !== undefined) return value as Address; // CAST: checked with the rest of the parameters
  throw new MetalayerError("PARAMETERS_INVALID", `set ${variable} to an address (docs/testnets.md)`, { variable });
}

/** The list that the guardians' proofs were collected in; empty until there is one. */
function guardians(): NetworkInput["guardians"]["bootstrap"] {
  const file = process.env["METALAYER_GUARDIANS"];
  // CAST: whatever the file holds is checked with the rest of the parameters
  return file === undefined ? [] : (JSON.parse(readFileSync(file, "utf8")) as NetworkInput["guardians"]["bootstrap"]);
}
