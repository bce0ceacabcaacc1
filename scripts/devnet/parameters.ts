import { existsSync } from "node:fs";
import path from "node:path";
import { genesisHash } from "../../deploy/open.ts";
import type { DevelopmentGuardian } from "../../deploy/params/development.ts";
import { developmentParameters } from "../../deploy/params/development.ts";
import type { Target } from "../../deploy/targets.ts";
import type { Hex } from "../../sdk/src/bytes.ts";
import type { ArtifactSource } from "../../sdk/src/deployment/artifacts.ts";
import type { NetworkParameters } from "../../sdk/src/deployment/parameters.ts";
import { devAccount, MOST_GUARDIANS, operatorAccount, PARTS } from "./accounts.ts";
import type { DevnetState } from "./state.ts";

/** Seconds of a guardian table. */
export const EPOCH_LENGTH = 30n;

export function guardianKeyFile(folder: string, index: number): string {
  return path.join(folder, `guardian${index + 1}`, "key.json");
}

interface DevnetNetwork {
  readonly state: DevnetState;
  readonly homeGenesisHash: Hex;
  readonly guardians: readonly DevelopmentGuardian[];
  readonly epochLength?: bigint;
}

/** With which parameters a local network is deployed. */
export function devnetParameters(
  { state, homeGenesisHash, guardians, epochLength = EPOCH_LENGTH }: DevnetNetwork,
  artifacts: ArtifactSource,
): NetworkParameters {
  const address = (part: keyof typeof PARTS) => devAccount(PARTS[part]).address;
  const accounts = {
    deployer: address("deployer"),
    genesisHolder: address("user"),
    canceller: address("canceller"),
    pauser: address("pauser"),
    priceKeeper: address("priceKeeper"),
    fund: address("fund"),
  };
  const rollups = state.rollups.map(({ name, chainId, finality }) => {
    const policy = finality.kind === "tag" ? ("tag" as const) : { depth: BigInt(finality.blocks) };
    return { name, chainId: BigInt(chainId), finality: policy };
  });
  const { votingPeriod } = state;
  const periods = { epochLength, ...(votingPeriod === undefined ? {} : { votingPeriod: BigInt(votingPeriod) }) };
  return developmentParameters({ rollups, homeGenesisHash, accounts, guardians, ...periods }, artifacts);
}

/** Those of the local network that runs in this folder. `loadKey` reads a key file. */
export async function runningParameters(
  given: {
    readonly folder: string;
    readonly state: DevnetState;
    readonly home: Target;
    readonly artifacts: ArtifactSource;
  },
  loadKey: (file: string) => Promise<bigint>,
): Promise<NetworkParameters> {
  const { folder, state, home, artifacts } = given;
  const files = Array.from({ length: MOST_GUARDIANS }, (_, index) => guardianKeyFile(folder, index)).filter(existsSync);
  const guardians = await Promise.all(
    files.map(async (file, index) => ({ operator: operatorAccount(index).address, secretKey: await loadKey(file) })),
  );
  return devnetParameters({ state, homeGenesisHash: await genesisHash(home), guardians }, artifacts);
}
