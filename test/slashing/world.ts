import { concat, keccak256, toQuantity, type BaseContract, type TransactionResponse } from "ethers";
import hre from "hardhat";
import { attestationDigest, bitmapOf, encodeAttestation } from "../../sdk/src/attestation.ts";
import { hashText, ZERO_HASH, type Hex } from "../../sdk/src/bytes.ts";
import {
  attestationsOf,
  convictionPlaces,
  encodeKeyedAttestation,
  namedSigners,
  offenceOf,
  type Evidence,
  type Inclusion,
  type Offence,
} from "../../sdk/src/evidence.ts";
import type { LaneTruth } from "../../sdk/src/evidenceBuild.ts";
import type { HomeView } from "../../sdk/src/evidenceCheck.ts";
import { headerOfBlock } from "../../sdk/src/header.ts";
import { evidenceCall } from "../../sdk/src/evidenceCall.ts";
import { CLASS_FINAL, factProof, headFactHash, laneFactHash, networkRoot } from "../../sdk/src/fact.ts";
import type { HeadFact, LaneFact } from "../../sdk/src/fact.ts";
import { chainHeads, nextHead } from "../../sdk/src/message.ts";
import { laneId, packRoute, type Lane } from "../../sdk/src/route.ts";
import { pointToHex, modN, type Point, type Signature } from "../../sdk/src/schnorr.ts";
import { combine, createNonce, openSession, signPartial, sortEntries } from "../../sdk/src/session.ts";
import { createNetwork, type TestNetwork, type TestRollup } from "../../sdk/src/testkit/index.ts";
import { treeRoot } from "../../sdk/src/tree.ts";
import { signAs } from "../helpers/network.ts";
import { rememberAll } from "../helpers/shared.ts";

export const DAY = 86_400;
/** Incident delay of the test kit's networks. */
export const INCIDENT_DELAY = 7 * DAY;
export const ETHER = 10n ** 18n;
/** A hash that is no message's. */
export const WRONG: Hex = `0x${"5a".repeat(32)}`;

type Connection = Awaited<ReturnType<typeof hre.network.create>>;

/** A network of real contracts on in-process rollups, the first of which is home and the source of all lanes looked at. */
export interface World {
  readonly net: TestNetwork;
  readonly connections: readonly Connection[];
  readonly a: TestRollup;
  readonly b: TestRollup;
  readonly lane: Lane;
}

export interface Member {
  readonly secret: bigint;
  readonly key: Point;
  readonly operator: string;
}

export async function createWorld(guardians = 6, names = ["rollupA", "rollupB"]): Promise<World> {
  const connections: Connection[] = [];
  for (const name of names) connections.push(await hre.network.create(name));
  const net = await createNetwork({ rollups: connections, guardians });
  const [a, b] = net.rollups;
  if (a === undefined || b === undefined) throw new Error("two rollups are needed");
  return { net, connections, a, b, lane: await net.client.lane(a.chainId, b.chainId) };
}

/** Remembers all rollups; the function that it returns goes back there, as often as wanted. */
export const remember = ({ connections }: World): Promise<() => Promise<void>> => rememberAll(connections);

/** The test kit's guardians with their secrets, in the order of every table. */
export function members(net: TestNetwork): Member[] {
  return net.guardians.bootstrap().map(({ operator, key }, index) => ({
    secret: modN(BigInt(hashText(`metalayer test guardian ${index}`))),
    key,
    operator,
  }));
}

/** Sends messages from `a` to `b`. */
export async function send({ a, b, net }: World, count: number): Promise<void> {
  const { signer, gateway } = net.rollup(a.chainId);
  const to = await b.interop(await signer.getAddress());
  for (let i = 0; i < count; i++) await gateway.sendMessage(to, "0x1234", []);
}

/** The lane from `a` to `b` as its own logs tell it. */
export async function laneTruth({ net, a, b, lane }: World): Promise<LaneTruth & { readonly ids: readonly Hex[] }> {
  const ids = (await net.client.messages(a.chainId, b.chainId)).map(({ sendId }) => sendId);
  const heads = [laneId(lane)];
  for (const id of ids) heads.push(nextHead(heads.at(-1) ?? ZERO_HASH, id));
  return {
    ids,
    count: BigInt(ids.length),
    headAt: (count) => heads[Number(count)] ?? ZERO_HASH,
    hashes: (from, to) => ids.slice(Number(from), Number(to)),
  };
}

/** The true `final` fact about these messages. */
export function trueFact(lane: Lane, truth: LaneTruth, from: bigint, to: bigint): LaneFact {
  const hashes = truth.hashes(from, to);
  return {
    class: CLASS_FINAL,
    laneId: laneId(lane),
    from,
    to,
    headBefore: truth.headAt(from),
    headAt: truth.headAt(to),
    batchRoot: treeRoot(hashes),
    srcBlockHash: ZERO_HASH,
  };
}

/** A fact about messages that were never sent, consistent in itself. */
export function inventedFact(fact: LaneFact, hashes: readonly Hex[]): LaneFact {
  return { ...fact, headAt: chainHeads(fact.headBefore, hashes), batchRoot: treeRoot(hashes) };
}

export function hashOf(net: TestNetwork, fact: LaneFact | HeadFact): Hex {
  return "laneId" in fact ? laneFactHash(fact) : headFactHash(net.networkId, fact);
}

/** One signature of these guardians in a real session. */
export function signTogether(networkId: Hex, signers: readonly Member[], root: Hex): Signature {
  const nonces = signers.map(({ secret }) => createNonce(secret));
  const made = signers.map(({ secret, key }, index) => {
    const nonce = nonces[index];
    if (nonce === undefined) throw new Error("no nonce");
    return { secret, nonce, entry: { key: pointToHex(key), ...nonce.commitment } };
  });
  const entries = sortEntries(made.map(({ entry }) => entry));
  const session = { networkId, message: attestationDigest(networkId, root), entries };
  const known = new Set(signers.map(({ key }) => key.x));
  const partials = new Map(
    made.map(({ secret, nonce, entry }) => {
      return [entry.key, signPartial({ secretKey: secret, nonce, session, isProven: ({ x }) => known.has(x) })];
    }),
  );
  return combine(
    openSession(session),
    entries.map(({ key }) => partials.get(key) ?? "0x"),
  );
}

/** An attestation over a root by the guardians with these places; a session up to 8 signers, its sum beyond. */
export function attestAs(net: TestNetwork, root: Hex, places: readonly number[], serial = 1): Hex {
  return encodeAttestation({ root, serial, signature: signatureOf(net, root, places), bitmap: bitmapOf(places) });
}

function signatureOf(net: TestNetwork, root: Hex, places: readonly number[]): Signature {
  const all = members(net);
  const signers = places.flatMap((place) => all[place] ?? []);
  if (signers.length <= 8) return signTogether(net.networkId, signers, root);
  const digest = attestationDigest(net.networkId, root);
  return signAs(
    signers.map(({ secret, key, operator }) => ({ secret, key, operator: `0x${operator.slice(2)}` })),
    digest,
  );
}

/** The same by the signers' keys instead of a table. */
export function attestByKeys(net: TestNetwork, root: Hex, places: readonly number[]): Hex {
  const all = members(net);
  const keys = places.flatMap((place) => all[place]?.key.x ?? []).sort((x, y) => (x < y ? -1 : 1));
  return encodeKeyedAttestation(root, signatureOf(net, root, places), keys);
}

export interface SigningOptions {
  /** Facts in the same tree. */
  readonly others?: readonly Hex[];
  readonly signers?: readonly number[];
  readonly serial?: number;
  readonly byKeys?: boolean;
}

/** The fact in a tree with others, signed. */
export function include(net: TestNetwork, fact: LaneFact | HeadFact, options: SigningOptions = {}): Inclusion {
  const hash = hashOf(net, fact);
  const facts = [hash, ...(options.others ?? [keccak256(concat([hash, "0x01"])) as Hex])]; // CAST: ethers returns hex
  const signers = options.signers ?? [0, 1, 2, 3, 4];
  const root = networkRoot(facts);
  const attestation = options.byKeys ? attestByKeys(net, root, signers) : attestAs(net, root, signers, options.serial);
  return { attestation, proof: factProof(facts, hash) };
}

/** What submits the evidence. */
export function evidenceData(rollup: TestRollup, evidence: Evidence): Hex {
  const { method, args } = evidenceCall(evidence);
  const contract: BaseContract = rollup.guardianSlashing;
  return contract.interface.encodeFunctionData(method, args) as Hex; // CAST: ethers returns hex
}

/** Submits the evidence. */
export async function prove(rollup: TestRollup, evidence: Evidence): Promise<TransactionResponse> {
  const transaction = { to: rollup.guardianSlashing, data: evidenceData(rollup, evidence) };
  return rollup.signer.sendTransaction(transaction);
}

/** What the source of the lane knows about itself, for the sdk's own judgement. */
export async function homeView({ a, lane, connections }: World, truth: LaneTruth): Promise<HomeView> {
  const [connection] = connections;
  const block = connection === undefined ? undefined : await blockOf(connection, "latest");
  const none = { nonce: 0n, head: ZERO_HASH, ownIncarnation: 0n, incarnation: 0n };
  const open = { nonce: truth.count, head: truth.headAt(truth.count), ownIncarnation: 1n, incarnation: 1n };
  return {
    chainId: a.chainId,
    ownIncarnation: 1n,
    gateway: lane.srcGateway,
    outLane: (dstChainId) => (dstChainId === lane.dstChainId ? open : none),
    checkpoint: (route, index) =>
      route === packRoute(lane) && index * 64n <= truth.count ? truth.headAt(index * 64n) : undefined,
    anchor: () => undefined,
    blockHash: (number) => (number === BigInt(block?.number ?? -1) ? block?.hash : undefined),
  };
}

/** What `convict` takes for all signers of the evidence, or those at these places of the first attestation. */
export async function convictArgs(
  net: TestNetwork,
  rollup: TestRollup,
  evidence: Evidence,
  only?: readonly number[],
): Promise<[Offence, Hex, Hex, bigint[]]> {
  const [first, second] = attestationsOf(evidence);
  const others = second === "0x" ? undefined : await placed(rollup, second);
  const all = await placed(rollup, first);
  const signers = only === undefined ? all : all.filter(({ place }) => only.includes(place));
  return [offenceOf(net.networkId, evidence), first, second, convictionPlaces(signers, others)];
}

async function placed(rollup: TestRollup, attestation: Hex): Promise<{ operator: Hex; place: number }[]> {
  const named = namedSigners(attestation);
  const operators = await Promise.all(
    "keys" in named
      ? named.keys.map((key) => rollup.guardianSet.operatorOf(key))
      : named.places.map((place) => rollup.guardianSet.operatorAt(named.serial, place)),
  );
  return operators.map((operator, index) => ({
    operator: operator as Hex, // CAST: an address
    place: "keys" in named ? index : (named.places[index] ?? 0),
  }));
}

/** What `settle` takes. */
export function settleArgs(net: TestNetwork, evidence: Evidence, operator: string): [string, Offence, Hex, Hex] {
  const hashes = attestationsOf(evidence).map((bytes) => keccak256(bytes) as Hex); // CAST: ethers returns hex
  const [first = ZERO_HASH, second = ZERO_HASH] = hashes;
  return [operator, offenceOf(net.networkId, evidence), first, second];
}

/** Proves and convicts all signers. */
export async function proveAndConvict(net: TestNetwork, rollup: TestRollup, evidence: Evidence): Promise<void> {
  await prove(rollup, evidence);
  await rollup.guardianSlashing.convict(...(await convictArgs(net, rollup, evidence)));
}

/** A call of the administrator, the timelock, two days from now: as a decision of governance comes. */
export async function govern(
  { connections }: World,
  rollup: TestRollup,
  target: "guardianSlashing" | "rollupRegistry",
  method: string,
  args: readonly unknown[],
): Promise<TransactionResponse> {
  const { accessManager, chainId } = rollup;
  const granted = await accessManager.queryFilter(accessManager.filters.RoleGranted(0n));
  const timelock = granted.at(-1)?.args.account ?? "";
  const connection = connections.find(({ networkConfig }) => BigInt(networkConfig.chainId ?? 0) === chainId);
  if (connection === undefined) throw new Error("no such rollup");
  await connection.networkHelpers.time.increase(2 * DAY);
  await connection.networkHelpers.setBalance(timelock, ETHER);
  const administrator = await connection.ethers.getImpersonatedSigner(timelock);
  const contract: BaseContract = rollup[target];
  return administrator.sendTransaction({ to: contract, data: contract.interface.encodeFunctionData(method, args) });
}

/** An own block of a rollup, and its header. */
export async function blockOf(
  connection: Connection,
  number: number | "latest",
): Promise<{ readonly number: number; readonly hash: Hex; readonly stateRoot: Hex; readonly header: Hex }> {
  const tag = number === "latest" ? number : toQuantity(number);
  const answer: unknown = await connection.provider.request({ method: "eth_getBlockByNumber", params: [tag, false] });
  const block = answer as Record<string, Hex>; // CAST: the node's answer
  const header = headerOfBlock(block);
  if (header === undefined) throw new Error("the header does not hash to the block's hash");
  const { hash = ZERO_HASH, stateRoot = ZERO_HASH } = block;
  return { number: Number(block["number"]), hash, stateRoot, header };
}
