import { network } from "hardhat";
import type { BaseContract } from "ethers";

export type RollupName = "rollupA" | "rollupB" | "rollupC" | "rollupD";

/** An in-process rollup whose contracts get other addresses than those of its neighbours. */
export async function openRollup(name: RollupName) {
  const connection = await network.create(name);
  const [deployer, stranger] = await connection.ethers.getSigners();
  if (deployer === undefined || stranger === undefined) throw new Error(`${name} has no accounts`);
  const shift = "ABCD".indexOf(name.slice(-1));
  for (let i = 0; i < shift; i++) await deployer.sendTransaction({ to: deployer.address });
  return { ...connection, deployer, stranger };
}

export type Rollup = Awaited<ReturnType<typeof openRollup>>;

/** Puts `implementation` behind an ERC-1967 proxy and returns it typed as the implementation. */
export async function behindProxy<T extends BaseContract>(
  rollup: Rollup,
  implementation: T,
  initCall: string,
): Promise<T> {
  const proxy = await rollup.ethers.deployContract("ERC1967Proxy", [await implementation.getAddress(), initCall]);
  // CAST: the proxy answers with the implementation's code, hence with its interface.
  return implementation.attach(await proxy.getAddress()) as T;
}
