import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import type { Hex } from "../../sdk/src/bytes.ts";
import { networkIdOf } from "../../sdk/src/deployment/addresses.ts";
import type { ArtifactSource } from "../../sdk/src/deployment/artifacts.ts";
import type { LimitParameters, NetworkParameters, RollupParameters } from "../../sdk/src/deployment/parameters.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import { verifyPossession } from "../../sdk/src/possession.ts";
import { networkSchema, type NetworkFile } from "./schema.ts";

/** Reads a parameter file: a TypeScript module whose default export is the parameters, or JSON. Throws `PARAMETERS_INVALID`. */
export async function loadParameters(file: string): Promise<NetworkFile> {
  if (!existsSync(file)) throw new MetalayerError("PARAMETERS_INVALID", `there is no file ${file}`, { file });
  const given = file.endsWith(".json") ? readJson(file) : await readModule(file);
  return parseParameters(given, path.basename(file));
}

/** Checks parameters. Throws `PARAMETERS_INVALID` that names every value that is wrong. */
export function parseParameters(given: unknown, name = "parameters"): NetworkFile {
  const parsed = networkSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "file"}: ${message}`);
  throw new MetalayerError("PARAMETERS_INVALID", `${name}: ${problems.join("; ")}`, { problems });
}

/** What the plan needs of a file. `homeGenesisHash` is used where the file leaves it out. */
export function resolveParameters(file: NetworkFile, homeGenesisHash: Hex): NetworkParameters {
  const { home, rollups, genesis, defaults, environment: _, eraSponsor, recovery, priceKeeper, ...rest } = file;
  return {
    ...rest,
    ...(recovery === undefined ? {} : { recovery }),
    ...(eraSponsor === undefined ? {} : { eraSponsor }),
    ...(priceKeeper === undefined ? {} : { priceKeeper }),
    homeGenesisHash: file.homeGenesisHash ?? homeGenesisHash,
    home: rollups[home]?.chainId ?? 0n,
    genesis: genesis.map(({ vesting, airdrop, ...part }) => ({
      ...part,
      ...(vesting === undefined ? {} : { vesting }),
      ...(airdrop === undefined ? {} : { airdrop }),
    })),
    rollups: Object.entries(rollups).map(([name, rollup]) => ({ ...rollupOf(rollup, defaults), name })),
  };
}

function rollupOf(
  {
    prices,
    priceBounds,
    statePrices,
    limits,
    stackKind,
    addressSalt,
    url: _,
    ...rollup
  }: NetworkFile["rollups"][string],
  defaults: NetworkFile["defaults"],
): Omit<RollupParameters, "name"> {
  const bounds = priceBounds ?? defaults.priceBounds;
  const ofState = statePrices ?? defaults.statePrices;
  return {
    ...rollup,
    stackKind: stackKind ?? (rollup.stack === "arbitrum" ? "arbitrum" : "evm"),
    prices: prices ?? defaults.prices,
    limits: limitsOf(limits ?? defaults.limits),
    ...(bounds === undefined ? {} : { priceBounds: bounds }),
    ...(ofState === undefined ? {} : { statePrices: ofState }),
    ...(addressSalt === undefined ? {} : { addressSalt }),
  };
}

function limitsOf({ voteCeiling, ...limits }: NetworkFile["defaults"]["limits"]): LimitParameters {
  return { ...limits, ...(voteCeiling === undefined ? {} : { voteCeiling }) };
}

const LEAST_GUARDIANS = 4;

/** Throws `PARAMETERS_TOO_FEW_GUARDIANS`, and `PARAMETERS_BAD_PROOF` unless every guardian has proven its key for this very network. */
export function checkGuardians(parameters: NetworkParameters, artifacts: ArtifactSource): void {
  const networkId = networkIdOf(parameters, artifacts);
  const count = parameters.guardians.bootstrap.length;
  if (count < LEAST_GUARDIANS) {
    const message = `${count} guardians can form no table: at least ${LEAST_GUARDIANS} have to prove their keys for network ${networkId}`;
    throw new MetalayerError("PARAMETERS_TOO_FEW_GUARDIANS", message, { count, networkId });
  }
  for (const { operator, key, proof } of parameters.guardians.bootstrap) {
    if (verifyPossession({ networkId, operator, key }, proof)) continue;
    const message = `guardian ${operator} has not proven its key for network ${networkId}: ask it for a proof for this network id`;
    throw new MetalayerError("PARAMETERS_BAD_PROOF", message, { operator, networkId });
  }
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new MetalayerError("PARAMETERS_INVALID", `${path.basename(file)} is no JSON`, { file }, { cause });
  }
}

async function readModule(file: string): Promise<unknown> {
  try {
    // CAST: a module of which only the default export is read, and that is checked
    const module = (await import(pathToFileURL(file).href)) as { default?: unknown };
    return z.unknown().parse(module.default);
  } catch (cause) {
    const message = `${path.basename(file)} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new MetalayerError("PARAMETERS_INVALID", message, { file }, { cause });
  }
}
