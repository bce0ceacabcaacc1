import {
  concat,
  Interface,
  type ContractRunner,
  type InterfaceAbi,
  type Signer,
  type TransactionRequest,
} from "ethers";
import { IOmniDeployer__factory } from "../../typechain-types/factories/contracts/deployment/IOmniDeployer__factory.js";
import { appSites, omniRollup, omniRollups, type AppSite, type OmniRollup, type RollupName } from "./appSites.ts";
import { fixedBytes, fromHex, toAddress, toHex, ZERO_HASH, type Address, type Hex } from "./bytes.ts";
import { MetalayerError } from "./errors.ts";
import type { SentMessage } from "./events.ts";
import { formatEvmAccount } from "./interop.ts";
import { MAX_PAYLOAD_LENGTH } from "./message.ts";
import { appId, type AppOwner } from "./omni.ts";
import { revertReason } from "./reverts.ts";
import { messagesIn, type RollupHandle } from "./rollup.ts";
import { sendMined } from "./transactions.ts";

const DEPLOYER = IOmniDeployer__factory.createInterface();
const MESSAGES = new Interface([
  "function place(address owner, bytes32 salt, uint256 codeLength, bytes initCode, bytes initialCall)",
  "function call(address owner, address target, uint64 sequence, bool supersede, bytes data)",
  "function receiveMessage(bytes32 receiveId, bytes sender, bytes payload)",
]);
/** What an estimate is raised by, in hundredths: the state may change until the message arrives. */
const MARGIN = 120n;

/** What an application is made of, and where it goes. */
export interface AppRequest {
  /** Rollup of the owner, one of the client's; with a signer there to deploy. */
  readonly from: RollupName;
  /** Who owns it; default: the signer. */
  readonly owner?: string;
  readonly abi: InterfaceAbi;
  /** Creation code as the compiler gives it, without constructor arguments. */
  readonly bytecode: string;
  /** Distinguishes applications of the same code and owner. Default: zero. */
  readonly salt?: Hex;
  readonly on: readonly AppPlacement[];
}

/** An application on one rollup. */
export interface AppPlacement {
  readonly on: RollupName;
  /** Of the constructor there; from what is around it, if they depend on that. */
  readonly args?: readonly unknown[] | ((site: AppSite) => readonly unknown[]);
  /** Made by the owner's account after the creation, in the same transaction. */
  readonly initialCall?: { readonly method: string; readonly args: readonly unknown[] };
  /** Least gas of the message. Default: what the rollup says it takes now, and a fifth more. */
  readonly gasLimit?: bigint;
}

/** A deployment that has not been sent: one transaction of the owner to `to`, on the owner's rollup. */
export interface AppPlan {
  readonly id: Hex;
  readonly owner: AppOwner;
  /** Where the application stands or would stand on every rollup of the client. */
  readonly sites: readonly AppSite[];
  readonly placements: readonly PlannedPlacement[];
  readonly to: Address;
  readonly data: Hex;
}

/** A part of {@link AppPlan}, as the contract takes it. */
export interface PlannedPlacement {
  readonly chainId: bigint;
  readonly args: Hex;
  readonly initialCall: Hex;
  readonly gasLimit: bigint;
  /** Bytes of the message, which its fee depends on; none on the owner's own rollup. */
  readonly payloadLength: number;
}

/** A deployment that is in a block. */
export interface SentApp extends AppPlan {
  readonly transactionHash: Hex;
  readonly gasUsed: bigint;
  /** One for every other rollup. */
  readonly messages: readonly SentMessage[];
}

/**
 * Checks everything that can be known before, and asks every rollup for the gas. Throws `APP_BAD_CODE`, `APP_BAD_ARGS`, `APP_TOO_LARGE`,
 * `APP_STANDS`, `APP_REFUSED` with the reason of a constructor or initial call, `CLIENT_UNKNOWN_ROLLUP`, `CLIENT_READ_ONLY`.
 */
export async function planApp(rollups: Iterable<RollupHandle>, request: AppRequest): Promise<AppPlan> {
  const known = await omniRollups(rollups);
  const source = omniRollup(known, request.from);
  const owner = { chainId: source.rollup.chainId, address: await ownerOf(source, request.owner) };
  const creationCode = codeOf(request.bytecode);
  const salt = toHex(fixedBytes("salt", request.salt ?? ZERO_HASH, 32));
  const id = appId({ owner, salt, creationCode });
  const sites = appSites(known, id, owner);
  const draft = { owner, salt, creationCode, abi: new Interface(request.abi), known, source, sites };
  const placements = await Promise.all(request.on.map((placement) => planPlacement(draft, placement)));
  const data = DEPLOYER.encodeFunctionData("deploy", [salt, creationCode, placements]);
  return { id, owner, sites, placements, to: source.deployer, data: toHex(fromHex(data)) };
}

/** Sends a plan and waits until it is in a block. Throws `APP_NOT_OWNER`, `CLIENT_READ_ONLY`, `CLIENT_NOT_MINED`; a revert comes as ethers' `CALL_EXCEPTION`. */
export async function sendApp(rollups: Iterable<RollupHandle>, plan: AppPlan): Promise<SentApp> {
  const source = omniRollup(await omniRollups(rollups), plan.owner.chainId);
  return { ...plan, ...(await sendFrom(source, plan.owner, plan)) };
}

/** Sends one transaction of the owner and finds the messages in it. Throws `APP_NOT_OWNER`, `CLIENT_READ_ONLY`, `CLIENT_NOT_MINED`. */
export async function sendFrom(
  source: OmniRollup,
  owner: AppOwner,
  { to, data }: { readonly to: Address; readonly data: Hex },
): Promise<Pick<SentApp, "transactionHash" | "gasUsed" | "messages">> {
  const { rollup } = source;
  const signer = await ownerOf(source);
  if (signer !== owner.address) {
    const message = `${signer} is not the application's owner: that is ${owner.address} on ${rollup.name}`;
    throw new MetalayerError("APP_NOT_OWNER", message, { signer, owner });
  }
  const { hash, gasUsed, logs } = await sendMined(rollup, { to, data });
  return { transactionHash: toHex(fromHex(hash)), gasUsed, messages: messagesIn(rollup, logs) };
}

/** The given account, or the signer's. Throws `CLIENT_READ_ONLY` if there is neither. */
export async function ownerOf({ rollup, omni }: OmniRollup, given?: string): Promise<Address> {
  const { runner } = omni;
  const address = given ?? (isSigner(runner) ? await runner.getAddress() : undefined);
  if (address !== undefined) return toAddress(fixedBytes("owner", address, 20));
  throw new MetalayerError("CLIENT_READ_ONLY", `rollup ${rollup.chainId} was given without a signer: name the owner`);
}

function isSigner(runner: ContractRunner | null): runner is ContractRunner & Pick<Signer, "getAddress"> {
  return runner !== null && "getAddress" in runner && typeof runner.getAddress === "function";
}

interface Draft {
  readonly owner: AppOwner;
  readonly salt: Hex;
  readonly creationCode: Hex;
  readonly abi: Interface;
  readonly known: readonly OmniRollup[];
  readonly source: OmniRollup;
  readonly sites: readonly AppSite[];
}

async function planPlacement(draft: Draft, placement: AppPlacement): Promise<PlannedPlacement> {
  const { rollup, omni } = omniRollup(draft.known, placement.on);
  const { chainId } = rollup;
  const site = draft.sites.find((candidate) => candidate.chainId === chainId);
  if (site === undefined) throw new MetalayerError("CLIENT_UNKNOWN_ROLLUP", `no rollup ${chainId}`, { chainId });
  if ((await omni.appAt(site.address)).id !== ZERO_HASH) {
    const message = `the application stands on ${rollup.name} already, at ${site.address}`;
    throw new MetalayerError("APP_STANDS", message, { chainId, address: site.address });
  }
  const args = encodeArgs(draft.abi, placement, site);
  const initialCall = encodeCall(draft.abi, placement);
  if (chainId === draft.owner.chainId) {
    const alone = { chainId, args, initialCall, gasLimit: 0n, payloadLength: 0 };
    const data = DEPLOYER.encodeFunctionData("deploy", [draft.salt, draft.creationCode, [alone]]);
    await estimate(draft, rollup, { from: draft.owner.address, to: site.deployer, data });
    return alone;
  }
  const payload = payloadOf(draft, args, initialCall);
  const delivery = { from: rollup.gatewayAddress, to: site.deployer, data: deliveryOf(draft, site, payload) };
  const gasLimit = placement.gasLimit ?? ((await estimate(draft, rollup, delivery)) * MARGIN) / 100n;
  return { chainId, args, initialCall, gasLimit, payloadLength: fromHex(payload).length };
}

function encodeArgs(abi: Interface, { args = [] }: AppPlacement, site: AppSite): Hex {
  const values = typeof args === "function" ? args(site) : args;
  try {
    return toHex(fromHex(abi.encodeDeploy(values)));
  } catch (cause) {
    const wanted = abi.deploy.inputs.map((input) => `${input.type} ${input.name}`.trim()).join(", ");
    const message = `the constructor on ${site.name} takes (${wanted}), not (${values.map(String).join(", ")})`;
    throw new MetalayerError("APP_BAD_ARGS", message, { chainId: site.chainId, values }, { cause });
  }
}

function encodeCall(abi: Interface, { initialCall }: AppPlacement): Hex {
  if (initialCall === undefined) return "0x";
  return encodeMethod(abi, initialCall.method, initialCall.args);
}

/** Call data of a method. Throws `APP_BAD_ARGS`. */
export function encodeMethod(abi: Interface, method: string, args: readonly unknown[]): Hex {
  try {
    return toHex(fromHex(abi.encodeFunctionData(method, args)));
  } catch (cause) {
    const found = abi.getFunction(method, [...args]) ?? abi.getFunction(method);
    const wanted = found === null ? `there is no function ${method}` : `${found.format("sighash")} is what it takes`;
    const message = `${method}(${args.map(String).join(", ")}) cannot be called: ${wanted}`;
    throw new MetalayerError("APP_BAD_ARGS", message, { method, args }, { cause });
  }
}

/** Bytes of the message that calls a target, which its fee depends on. */
export function callLength({ address }: AppOwner, target: Address, data: Hex): number {
  return fromHex(MESSAGES.encodeFunctionData("call", [address, target, 0n, false, data])).length;
}

function codeOf(bytecode: string): Hex {
  if (/^0x([0-9a-f]{2})+$/i.test(bytecode)) return toHex(fromHex(bytecode));
  const why =
    bytecode === "0x" || bytecode === "" ? "an interface or abstract contract has none" : "link its libraries";
  throw new MetalayerError("APP_BAD_CODE", `this is no creation code: ${why}`);
}

/** What the message carries. Throws `APP_TOO_LARGE`. */
function payloadOf({ owner, salt, creationCode }: Draft, args: Hex, initialCall: Hex): Hex {
  const values = [owner.address, salt, fromHex(creationCode).length, concat([creationCode, args]), initialCall];
  const payload = fromHex(MESSAGES.encodeFunctionData("place", values));
  if (payload.length <= MAX_PAYLOAD_LENGTH) return toHex(payload);
  const message = `code, arguments and initial call make a message of ${payload.length} bytes, and at most ${MAX_PAYLOAD_LENGTH} go over the gateway: place part of the code as a contract of its own`;
  throw new MetalayerError("APP_TOO_LARGE", message, { length: payload.length });
}

/** What the gateway calls the OmniDeployer of a rollup with. */
function deliveryOf({ owner, sites }: Draft, site: AppSite, payload: Hex): string {
  const { chainId } = owner;
  const account = sites.find((candidate) => candidate.chainId === chainId)?.account ?? site.account;
  const sender = formatEvmAccount({ chainId, address: account });
  return MESSAGES.encodeFunctionData("receiveMessage", [ZERO_HASH, sender, payload]);
}

/** Gas from the rollup itself, which plays it. Throws `APP_REFUSED`. */
async function estimate(draft: Draft, { provider, name, chainId }: RollupHandle, call: TransactionRequest) {
  try {
    return await provider.estimateGas(call);
  } catch (cause) {
    const reason = revertReason(cause, [draft.abi, DEPLOYER]);
    if (reason === undefined) throw cause;
    throw new MetalayerError("APP_REFUSED", `${name} would not place it: ${reason}`, { chainId }, { cause });
  }
}
