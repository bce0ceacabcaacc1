import { ethers } from "ethers";
import { IEra__factory, IMetalayerGateway__factory } from "../../typechain-types/index.ts";
import { behindProxy, openRollup, type RollupName } from "./rollup.ts";

export const Status = { None: 0n, Active: 1n, Removed: 2n };
export const Finality = { None: 0n, Tag: 1n, Depth: 2n };
export const CAPACITY = ethers.parseEther("250000");
export const CEILING = ethers.parseEther("5000000");

export const OTHER = {
  chainId: 9001n,
  incarnation: 1n,
  gateway: "0x00000000000000000000000000000000000000A1",
  anchorLog: "0x00000000000000000000000000000000000000A2",
  stack: ethers.encodeBytes32String("op"),
  finality: Finality.Depth,
  finalityDepth: 12n,
  era: "0x00000000000000000000000000000000000000A3",
  ceiling: CEILING,
  eraCapacity: CAPACITY,
  status: Status.None,
};

export const gatewayInterface = IMetalayerGateway__factory.createInterface();
export const eraInterface = IEra__factory.createInterface();

export async function registryFixture(name: RollupName = "rollupA", ownIncarnation = 1n) {
  const rollup = await openRollup(name);
  const { stranger } = rollup;
  const manager = await rollup.ethers.deployContract("AccessManager", [rollup.deployer.address]);
  const gateway = await rollup.ethers.deployContract("CallRecorderMock", []);
  const era = await rollup.ethers.deployContract("CallRecorderMock", []);
  const wiring = [await gateway.getAddress(), await era.getAddress()] as const;
  const implementation = await rollup.ethers.deployContract("RollupRegistry", [...wiring, ownIncarnation]);
  const initCall = implementation.interface.encodeFunctionData("initialize", [await manager.getAddress()]);
  const registry = await behindProxy(rollup, implementation, initCall);
  return { rollup, stranger, manager, gateway, era, wiring, implementation, registry };
}
