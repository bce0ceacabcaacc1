import { toHex } from "../../sdk/src/bytes.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import { pointToHex, publicKey } from "../../sdk/src/schnorr.ts";
import { DEFAULT_GOVERNANCE, DEFAULT_LIMITS, DEFAULT_PRICES, genesisParts } from "../../deploy/params/defaults.ts";
import { parseParameters } from "../../deploy/params/load.ts";
import type { NetworkInput } from "../../deploy/params/schema.ts";

export const account = (index: number): `0x${string}` => `0x${index.toString(16).padStart(40, "0")}`;
export const GENESIS = `0x${"11".repeat(32)}` as const;

/** A parameter file in which nothing is wrong. */
export function input(): NetworkInput {
  const guardian = (index: number): NetworkInput["guardians"]["bootstrap"][number] => ({
    operator: account(100 + index),
    key: pointToHex(publicKey(BigInt(100 + index))),
    proof: toHex(new Uint8Array(96)),
    weight: 100,
    expiry: "2030-01-01",
  });
  return {
    environment: "public",
    salt: "a network",
    deployer: account(1),
    home: "a",
    genesis: genesisParts({
      team: account(2),
      investors: account(2),
      liquidity: account(2),
      airdrop: { root: GENESIS, deadline: 2_000_000_000n },
      begin: 1_900_000_000n,
    }),
    governance: DEFAULT_GOVERNANCE,
    canceller: account(4),
    pausers: [account(5)],
    fund: account(6),
    timelockDelay: 172_800,
    anchorHeartbeat: 600,
    staking: { unbonding: 1_209_600, evidenceWindow: 604_800 },
    slashing: { fraction: 1e6, reporterShare: 5e4, incidentDelay: 604_800, foreignFreeze: 9e5, fastSuspension: 8e5 },
    guardians: { epochLength: 86_400, grace: 3_600, minimumWeight: 1, bootstrap: [0, 1, 2, 3].map(guardian) },
    defaults: { prices: DEFAULT_PRICES, limits: DEFAULT_LIMITS },
    rollups: {
      a: { chainId: 1_001, stack: "op", finality: "tag" },
      b: { chainId: "1002", stack: "arbitrum", finality: { depth: 12 } },
      c: { chainId: 1_003n, stack: "evm", finality: "tag" },
    },
  };
}

/** The usual parts of ERA, the first of them changed. */
export function changedGenesis(change: Partial<NetworkInput["genesis"][number]>): NetworkInput["genesis"] {
  return input().genesis.map((part, index) => (index === 0 ? { ...part, ...change } : part));
}

/** What is said about a parameter file. */
export function problemOf(given: unknown): string {
  try {
    parseParameters(given);
    return "none";
  } catch (error) {
    return error instanceof MetalayerError && error.code === "PARAMETERS_INVALID"
      ? error.message
      : `other: ${String(error)}`;
  }
}
