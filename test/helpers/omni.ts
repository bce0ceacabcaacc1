import { AbiCoder, getCreateAddress, id, Interface, type Signer } from "ethers";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import { appAddress } from "../../sdk/src/omni.ts";
import { readDeliveryAttempts } from "../../sdk/src/events.ts";
import { explainRevert } from "../../sdk/src/reverts.ts";
import {
  OmniAppMock__factory,
  OmniDeployer__factory,
  type OmniAppMock,
  type OmniDeployer,
} from "../../typechain-types/index.js";
import { createTestNetwork, deliver, type DeliveryOptions, type TestNetwork, type TestRollup } from "./network.ts";

/** A rollup with its OmniDeployer. */
export interface OmniSite {
  readonly rollup: TestRollup;
  readonly chainId: bigint;
  readonly deployer: OmniDeployer;
  readonly address: Address;
}

export interface OmniNetwork {
  readonly net: TestNetwork;
  readonly sites: readonly OmniSite[];
  readonly a: OmniSite;
  readonly b: OmniSite;
  readonly c: OmniSite;
  /** Deploys applications; a plain account on A. */
  readonly owner: Signer;
  readonly ownerAddress: Address;
}

/** Three rollups whose deployers stand at different addresses, or all at the same one. */
export async function omniNetwork(place: "different" | "same" = "different"): Promise<OmniNetwork> {
  const net = await createTestNetwork(["rollupA", "rollupB", "rollupC"]);
  const planned = await Promise.all(net.rollups.map((rollup) => planSite(rollup, place)));
  const sites = await Promise.all(
    planned.map(async ({ rollup, signer, address }) => {
      const peers = planned
        .filter((other) => other.address !== address)
        .map((other) => ({ chainId: other.rollup.chainId, deployer: other.address }));
      const deployer = await new OmniDeployer__factory(signer).deploy(rollup.gateway, peers);
      return { rollup, chainId: rollup.chainId, deployer, address };
    }),
  );
  const [a, b, c] = sites;
  if (a === undefined || b === undefined || c === undefined) throw new Error("three rollups");
  const owner = a.rollup.user;
  return { net, sites, a, b, c, owner, ownerAddress: (await owner.getAddress()) as Address }; // CAST: ethers returns an address
}

/** An account that has sent nothing yet gives the same address on every rollup. */
async function planSite(rollup: TestRollup, place: "different" | "same") {
  const fresh = (await rollup.connection.ethers.getSigners())[9];
  const signer = place === "same" && fresh !== undefined ? fresh : rollup.deployer;
  const nonce = await signer.getNonce();
  const address = getCreateAddress({ from: await signer.getAddress(), nonce }) as Address; // CAST: ethers returns an address
  return { rollup, signer, address };
}

export interface PlacementInput {
  readonly chainId: bigint;
  readonly args: Hex;
  readonly initialCall: Hex;
  readonly gasLimit: bigint;
}

export const SALT = id("an application") as Hex; // CAST: a hash
export const PLACE = "place(address,bytes32,uint256,bytes,bytes)";
export const CALL = "call(address,address,uint64,bool,bytes)";
export const APP_CODE = OmniAppMock__factory.bytecode;
const appInterface = OmniAppMock__factory.createInterface();
const NOTHING = `0x${"00".repeat(20)}`;

/** Constructor arguments of the mock. */
export function appArgs(owner: string, value: bigint, hook = NOTHING, data: string = "0x"): Hex {
  const types = ["address", "uint256", "address", "bytes"];
  return AbiCoder.defaultAbiCoder().encode(types, [owner, value, hook, data]) as Hex; // CAST: ethers returns hex
}

/** A placement of the mock that its owner's account owns. */
export async function placement(
  { chainId, deployer }: OmniSite,
  owner: { readonly chainId: bigint; readonly address: string },
  change: Partial<PlacementInput> & { readonly value?: bigint } = {},
): Promise<PlacementInput> {
  const { value = chainId, ...rest } = change;
  const account = await deployer.accountOf(owner.chainId, owner.address);
  return { chainId, args: appArgs(account, value), initialCall: "0x", gasLimit: 2_000_000n, ...rest };
}

/** Call data of the mock's `set`. */
export function setCall(value: bigint): Hex {
  return appInterface.encodeFunctionData("set", [value]) as Hex; // CAST: ethers returns hex
}

/** Creation code that leaves runtime code of this many bytes. */
export function codeOfSize(size: number): Hex {
  const length = size.toString(16).padStart(4, "0");
  return `0x61${length}80600a3d393df3${"00".repeat(size)}`;
}

/** Number of a call: which one it is on its lane, below the lane's incarnations. */
export function callNumber(count: bigint, incarnations: readonly [own: bigint, other: bigint] = [1n, 1n]): bigint {
  return (incarnations[0] << 48n) | (incarnations[1] << 32n) | count;
}

/** Data as an OmniDeployer takes it over the gateway. */
export function omniMessage(signature: string, values: readonly unknown[]): Hex {
  const name = signature.slice(0, signature.indexOf("("));
  return new Interface([`function ${signature}`]).encodeFunctionData(name, values) as Hex; // CAST: ethers returns hex
}

/** Delivers everything that is open from one rollup to another; the reasons of what failed, as people read them. */
export async function deliverTo(
  { net }: OmniNetwork,
  src: OmniSite,
  dst: OmniSite,
  options: DeliveryOptions = {},
): Promise<string[]> {
  const receipt = await (await deliver(net, src.rollup, dst.rollup, options)).wait();
  const attempts = readDeliveryAttempts(receipt?.logs ?? []);
  const known = [OmniAppMock__factory.createInterface(), dst.deployer.interface];
  return attempts.filter(({ delivered }) => !delivered).map(({ reason }) => explainRevert(reason, known));
}

/** The mock on all rollups, sent with one transaction of the owner and delivered. */
export async function deployed(place: "different" | "same" = "different") {
  const omni = await omniNetwork(place);
  const owner = { chainId: omni.a.chainId, address: omni.ownerAddress };
  const placements = await Promise.all(omni.sites.map((site) => placement(site, owner)));
  const tx = await omni.a.deployer.connect(omni.owner).deploy(SALT, APP_CODE, placements);
  await deliverTo(omni, omni.a, omni.b);
  await deliverTo(omni, omni.a, omni.c);
  return { ...omni, tx, placements, apps: await Promise.all(omni.sites.map((site) => appOn(omni, site))) };
}

export function addressAt({ a, ownerAddress }: OmniNetwork, site: OmniSite, salt = SALT): Address {
  const owner = { chainId: a.chainId, address: ownerAddress };
  return appAddress(site.address, { owner, salt, creationCode: APP_CODE });
}

export async function appOn(omni: OmniNetwork, site: OmniSite): Promise<OmniAppMock> {
  return OmniAppMock__factory.connect(addressAt(omni, site), site.rollup.user);
}
