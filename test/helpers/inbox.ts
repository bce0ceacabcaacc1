import { ethers } from "ethers";
import { behindProxy, openRollup, type RollupName } from "./rollup.ts";

export const NETWORK_ID = ethers.id("network");
const HEAD_FACT_TYPEHASH = ethers.id(
  "MetalayerHeadFact(bytes32 networkId,uint8 class,uint256 chainId,uint256 incarnation,uint64 anchorIndex,uint64 number,bytes32 blockHash,bytes32 stateRoot)",
);
export const SOURCE = 9001n;
export const EMPTY_HEAD = [0n, 0n, 0n, ethers.ZeroHash, ethers.ZeroHash];

export const FACT = {
  class: 0n,
  chainId: SOURCE,
  incarnation: 1n,
  anchorIndex: 5n,
  number: 1_234n,
  blockHash: ethers.id("block 1234"),
  stateRoot: ethers.id("state 1234"),
};

export function factHash(fact: typeof FACT, networkId = NETWORK_ID): string {
  const types = ["bytes32", "bytes32", "uint8", "uint256", "uint256", "uint64", "uint64", "bytes32", "bytes32"];
  return ethers.keccak256(
    ethers.AbiCoder.defaultAbiCoder().encode(types, [HEAD_FACT_TYPEHASH, networkId, ...Object.values(fact)]),
  );
}

/** Root and siblings by the plain definition of docs/protocol/messages.md §3, for a single leaf. */
export function tree(leaves: readonly string[], index: number): { root: string; siblings: string } {
  const siblings: string[] = [];
  let level = [...leaves];
  for (let at = index; level.length > 1; at >>= 1) {
    const sibling = level[at ^ 1];
    if (sibling !== undefined) siblings.push(sibling);
    const next: string[] = [];
    for (let i = 0; i < level.length; i += 2) {
      const [left = "", right] = level.slice(i, i + 2);
      next.push(right === undefined ? left : ethers.keccak256(ethers.concat(["0x01", left, right])));
    }
    level = next;
  }
  return { root: level[0] ?? "", siblings: ethers.concat(siblings) };
}

export const attestationOf = (root: string) => ethers.concat([root, ethers.hexlify(new Uint8Array(101).fill(7))]);

export async function inboxFixture(name: RollupName = "rollupA") {
  const rollup = await openRollup(name);
  const { stranger } = rollup;
  const manager = await rollup.ethers.deployContract("AccessManager", [rollup.deployer.address]);
  const peer = await (await rollup.ethers.deployContract("CallRecorderMock", [])).getAddress();
  const registryCode = await rollup.ethers.deployContract("RollupRegistry", [peer, peer, 1n]);
  const initCall = registryCode.interface.encodeFunctionData("initialize", [await manager.getAddress()]);
  const registry = await behindProxy(rollup, registryCode, initCall);
  const guardians = await rollup.ethers.deployContract("AttestationsMock", []);
  const wiring = [NETWORK_ID, await guardians.getAddress(), await registry.getAddress()] as const;
  const implementation = await rollup.ethers.deployContract("StateRootInbox", [...wiring]);
  const inbox = await behindProxy(rollup, implementation, initCall);
  const admit = (incarnation: bigint) =>
    registry.admit({
      chainId: SOURCE,
      incarnation,
      gateway: peer,
      anchorLog: peer,
      stack: ethers.encodeBytes32String("op"),
      finality: 1,
      finalityDepth: 0,
      era: peer,
      ceiling: 0,
      eraCapacity: 0,
      status: 0,
    });
  await admit(1n);
  const accept = async (root: string, serial = 3n) => {
    await guardians.accept(attestationOf(root), serial);
    return attestationOf(root);
  };
  return { rollup, stranger, registry, guardians, wiring, implementation, inbox, admit, accept };
}
