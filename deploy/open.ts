import type { Hex } from "../sdk/src/bytes.ts";
import { MetalayerError } from "../sdk/src/errors.ts";
import type { NetworkFile } from "./params/schema.ts";
import { openUrl, type Target } from "./targets.ts";

/** Network of hardhat.config.ts whose key signs on rollups that are not listed there. */
const OTHERS = "local";

/**
 * Opens the rollups of a parameter file: URLs from the file or from hardhat.config.ts, the deployer's key from Hardhat's keystore or
 * configuration variables. Throws `DEPLOYMENT_NO_URL`, `DEPLOYMENT_NO_KEY`, `DEPLOYMENT_UNREACHABLE`, `DEPLOYMENT_WRONG_CHAIN`.
 */
export async function openTargets(file: NetworkFile, names: readonly string[], withKey: boolean): Promise<Target[]> {
  const opened = await Promise.allSettled(names.map((name) => openNamed(file, name, withKey)));
  const failed = opened.find((outcome) => outcome.status === "rejected");
  const targets = opened.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  if (failed === undefined) return targets;
  await Promise.all(targets.map((target) => target.close()));
  throw failed.reason;
}

async function openNamed(file: NetworkFile, name: string, withKey: boolean): Promise<Target> {
  const rollup = file.rollups[name];
  if (rollup === undefined) {
    const message = `the parameters have no rollup called "${name}"; they have ${Object.keys(file.rollups).join(", ")}`;
    throw new MetalayerError("DEPLOYMENT_UNKNOWN_ROLLUP", message, { name });
  }
  const url = rollup.url ?? (await urlOf(name));
  const key = withKey ? await keyOf(name) : undefined;
  return openUrl({ name, chainId: rollup.chainId, url, ...(key === undefined ? {} : { key }) });
}

async function urlOf(name: string): Promise<string> {
  const { config } = await import("hardhat");
  const network = config.networks[name];
  if (network?.type === "http") return network.url.getUrl();
  const message = `${name} has no URL: give it one in the parameters, or a network of this name in hardhat.config.ts`;
  throw new MetalayerError("DEPLOYMENT_NO_URL", message, { name });
}

async function keyOf(name: string): Promise<Hex> {
  const { config } = await import("hardhat");
  const network = config.networks[name] ?? config.networks[OTHERS];
  const [account] = network?.type === "http" && Array.isArray(network.accounts) ? network.accounts : [];
  if (account === undefined)
    throw new MetalayerError("DEPLOYMENT_NO_KEY", `no key is configured for ${name}`, { name });
  return (await account.getHexString()) as Hex; // CAST: getHexString checks that
}

/** Hash of the first block of the home rollup. */
export async function genesisHash(target: Target): Promise<Hex> {
  const block = await target.provider.request({ method: "eth_getBlockByNumber", params: ["0x0", false] });
  if (typeof block === "object" && block !== null && "hash" in block && typeof block.hash === "string") {
    return block.hash as Hex; // CAST: JSON-RPC returns a hash
  }
  throw new MetalayerError(
    "DEPLOYMENT_NO_GENESIS",
    `${target.name} does not give its first block: put homeGenesisHash into the parameters`,
  );
}
