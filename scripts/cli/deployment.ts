import path from "node:path";
import type { ArtifactSource } from "../../sdk/src/deployment/artifacts.ts";
import type { NetworkParameters } from "../../sdk/src/deployment/parameters.ts";
import type { NetworkFile } from "../../deploy/params/schema.ts";
import type { Target } from "../../deploy/targets.ts";
import type { Context } from "./command.ts";

export interface OpenedNetwork {
  readonly file: NetworkFile;
  readonly parameters: NetworkParameters;
  readonly artifacts: ArtifactSource;
  readonly targets: readonly Target[];
}

/** Reads a parameter file and opens its rollups, or those named in `only`, for as long as `work` takes. */
export async function withNetwork<T>(
  { root }: Context,
  given: { readonly file: string; readonly only: string | undefined; readonly withKey: boolean },
  work: (network: OpenedNetwork) => Promise<T>,
): Promise<T> {
  const [{ loadParameters, resolveParameters }, { loadArtifacts }, { genesisHash, openTargets }] = await Promise.all([
    import("../../deploy/params/load.ts"),
    import("../../deploy/artifacts.ts"),
    import("../../deploy/open.ts"),
  ]);
  const artifacts = loadArtifacts(root);
  const file = await loadParameters(given.file);
  const names = given.only?.split(",").map((name) => name.trim()) ?? Object.keys(file.rollups);
  const targets = await openTargets(file, names, given.withKey);
  // The home rollup's first block is part of the network's id, also where that rollup itself is left alone.
  const home = targets.find(({ name }) => name === file.home);
  const extra =
    home === undefined && file.homeGenesisHash === undefined ? await openTargets(file, [file.home], false) : [];
  try {
    const source = home ?? extra[0];
    const hash = file.homeGenesisHash ?? (source === undefined ? "0x" : await genesisHash(source));
    return await work({ file, parameters: resolveParameters(file, hash), artifacts, targets });
  } finally {
    await Promise.all([...targets, ...extra].map((target) => target.close()));
  }
}

/** The running local network as {@link withNetwork} gives one that a parameter file describes. Throws DEVNET_NOT_RUNNING. */
export async function withLocalNetwork<T>(
  { root }: Context,
  work: (network: Omit<OpenedNetwork, "file">) => Promise<T>,
): Promise<T> {
  const [{ loadArtifacts }, { openUrl }, { devnetFolder, readDevnet }, { runningParameters }, { loadSecretKey }] =
    await Promise.all([
      import("../../deploy/artifacts.ts"),
      import("../../deploy/targets.ts"),
      import("../devnet/state.ts"),
      import("../devnet/parameters.ts"),
      import("../network/keys.ts"),
    ]);
  const folder = devnetFolder(root);
  const state = readDevnet(folder);
  const artifacts = loadArtifacts(root);
  const targets = await Promise.all(
    state.rollups.map(({ name, chainId, nodeUrl }) => openUrl({ name, chainId: BigInt(chainId), url: nodeUrl })),
  );
  try {
    const [home] = targets;
    if (home === undefined) throw new Error("a network has rollups");
    const loadKey = (file: string): Promise<bigint> => loadSecretKey(file, undefined);
    return await work({
      parameters: await runningParameters({ folder, state, home, artifacts }, loadKey),
      artifacts,
      targets,
    });
  } finally {
    await Promise.all(targets.map((target) => target.close()));
  }
}

/** The file with the parameters of the public test networks. */
export function defaultParameters(root: string): string {
  return path.join(root, "deploy/params/testnets.ts");
}
