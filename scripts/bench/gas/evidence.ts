import { encodeRlp } from "ethers";
import { fromHex, keccak, toHex, ZERO_HASH, type Hex } from "../../../sdk/src/bytes.ts";
import { attestationsOf, convictionPlaces, namedSigners, offenceOf, type Evidence } from "../../../sdk/src/evidence.ts";
import type { Inclusion } from "../../../sdk/src/evidence.ts";
import { accuseHeads, accuseLane, accuseLanes, type LaneTruth } from "../../../sdk/src/evidenceBuild.ts";
import { evidenceCall } from "../../../sdk/src/evidenceCall.ts";
import { CLASS_FINAL, factProof, headFactHash, laneFactHash } from "../../../sdk/src/fact.ts";
import type { HeadFact, LaneFact } from "../../../sdk/src/fact.ts";
import { nextHead } from "../../../sdk/src/message.ts";
import { laneId, type Lane } from "../../../sdk/src/route.ts";
import { treeRoot } from "../../../sdk/src/tree.ts";
import { interop } from "../../../test/helpers/network.ts";
import { attest, laneOf, OTHER_FACT, payloadOf, sentFromHome } from "./lane.ts";
import type { GasNetwork } from "./network.ts";
import { costOf, perItem, row, type Cost, type GasRow, type Networks, type Subject } from "./row.ts";

const GUARDIANS = 100;
const SENT = 1_100;
/** 67 of the 100, and 67 others. */
const SIGNERS = Array.from({ length: 67 }, (_, place) => place);
const OTHERS = SIGNERS.map((place) => GUARDIANS - 1 - place);
/** What no message and no block hashes to. */
const WRONG: Hex = `0x${"5a".repeat(32)}`;
/** A header with all fields of one, without a zero byte: real ones hold the time, which would change the table with every run. */
const FIELD_LENGTHS = [32, 32, 20, 32, 32, 32, 256, 1, 4, 4, 4, 4, 32, 32, 8, 4, 32, 3, 3, 32, 32];
const HEADER = toHex(fromHex(encodeRlp(FIELD_LENGTHS.map((length, place) => payloadOf(length, `field ${place}`)))));
const INCIDENT_DELAY = 10;
const STAKE = 100_000n * 10n ** 18n;

interface Scene {
  readonly net: GasNetwork;
  readonly lane: Lane;
  readonly truth: LaneTruth;
}

/** What it costs to prove a lie of 67 of 100 guardians whose sum key nobody has stored, and what follows from it. */
export const evidence: Subject = {
  title: "Evidence, signed by 67 of 100 guardians whose sum key is not cached",
  async rows(networks) {
    const scene = await open(networks);
    return [
      ...(await lanes(scene)),
      ...(await heads(scene)),
      ...(await conflicts(scene)),
      ...(await consequences(scene)),
    ] satisfies GasRow[];
  },
};

/** A lane with messages on it, home's own, because lies about it are judged there. */
async function open(networks: Networks): Promise<Scene> {
  const net = await networks(GUARDIANS);
  const { home, other } = net;
  const to = interop(other, other.recipients[0] ?? "");
  for (let i = 0; i < SENT; i++) await (await home.gateway.sendMessage(to, payloadOf(32, `sent ${i}`), [])).wait();
  const lane = await laneOf(net);
  const ids = (await sentFromHome(net, 0n, BigInt(SENT))).map(({ sendId }) => sendId);
  const chain = [laneId(lane)];
  for (const id of ids) chain.push(nextHead(chain.at(-1) ?? ZERO_HASH, id));
  const truth: LaneTruth = {
    count: BigInt(ids.length),
    headAt: (count) => chain[Number(count)] ?? ZERO_HASH,
    hashes: (from, end) => ids.slice(Number(from), Number(end)),
  };
  return { net, lane, truth };
}

async function lanes(scene: Scene): Promise<GasRow[]> {
  const { lane } = scene;
  const proof = async (fact: LaneFact): Promise<Cost> =>
    prove(scene, accuseLane({ fact, inclusion: signed(scene, fact), lane }, scene.truth));
  const rows: GasRow[] = [];
  for (const [count, budget] of [
    [1, 200_000],
    [64, 200_000],
    [1_024, 1_500_000],
  ] as const) {
    const fact = trueFact(scene, 10n, 10n + BigInt(count));
    const about = `${count.toLocaleString("en-US")} message${count === 1 ? "" : "s"}`;
    rows.push(
      row(`false head of a lane after ${about}`, await proof({ ...fact, headAt: WRONG }), { budget }),
      row(`false root of ${about}`, await proof({ ...fact, batchRoot: WRONG }), { budget }),
    );
  }
  const ahead = { ...trueFact(scene, 10n, 74n), from: 2_000n, to: 2_064n };
  return [...rows, row("lane fact about 64 messages that were not sent", await proof(ahead), { budget: 200_000 })];
}

async function heads(scene: Scene): Promise<GasRow[]> {
  const { home } = scene.net;
  await (await home.anchorLog.anchor()).wait();
  const [anchorIndex] = await home.anchorLog.latest();
  const other = { ...headFact(scene), anchorIndex };
  const byAnchor = await prove(scene, { kind: "head", fact: other, inclusion: signed(scene, other) });
  const lie = { ...headFact(scene), stateRoot: WRONG };
  const byHeader = await prove(scene, { kind: "head", fact: lie, inclusion: signed(scene, lie), header: HEADER });
  return [
    row("false block hash, shown by the anchor", byAnchor, { budget: 150_000 }),
    row("false state root, shown by the header", byHeader, { budget: 150_000 }),
  ];
}

async function conflicts(scene: Scene): Promise<GasRow[]> {
  const one = trueFact(scene, 10n, 74n);
  const two = { ...one, headAt: WRONG };
  const charge = (fact: LaneFact, signers?: readonly number[]) => ({ fact, inclusion: signed(scene, fact, signers) });
  const same = await prove(scene, accuseLanes(charge(one), charge(two)));
  const others = await prove(scene, accuseLanes(charge(one), charge(two, OTHERS)));
  const fact = headFact(scene);
  const lie = { ...fact, stateRoot: WRONG };
  const inclusions = [signed(scene, fact), signed(scene, lie)] as const;
  const atAnchor = await prove(scene, accuseHeads(scene.net.networkId, [fact, lie], inclusions));
  const limits = { budget: 150_000 };
  return [
    row("equivocation about a lane, same signers", same, limits),
    row("equivocation about a lane, other signers", others, limits),
    row("equivocation about a block, same signers", atAnchor, limits),
  ];
}

/** Convicts one guardian, with all others after it, and takes a stake in the end. */
async function consequences(scene: Scene): Promise<GasRow[]> {
  const { net, lane, truth } = scene;
  const { guardianSlashing, guardianStaking, era, holder, passTime } = net.home;
  const [first, ...rest] = SIGNERS;
  const operator = net.guardians[first ?? 0]?.operator ?? "";
  await (await era.connect(holder).approve(guardianStaking, STAKE)).wait();
  await (await guardianStaking.connect(holder).stake(operator, STAKE)).wait();
  const fact = { ...trueFact(scene, 100n, 101n), headAt: WRONG };
  const found = accuseLane({ fact, inclusion: signed(scene, fact), lane }, truth);
  await prove(scene, found);
  const one = await convict(scene, found, [first ?? 0]);
  const many = await convict(scene, found, rest);
  await passTime(INCIDENT_DELAY);
  const [attestation] = attestationsOf(required(found));
  const offence = offenceOf(net.networkId, required(found));
  const settled = guardianSlashing.settle(operator, offence, keccak(fromHex(attestation)), keccak(fromHex("0x")));
  return [
    row("conviction of one signer, the first to be frozen", one),
    perItem("conviction of one more signer, 66 at once", many, rest.length),
    row("settling of a conviction: stake paid out to the reporter and burnt", await costOf(settled)),
  ];
}

async function convict({ net }: Scene, found: Evidence | undefined, only: readonly number[]): Promise<Cost> {
  const [first, second] = attestationsOf(required(found));
  const named = namedSigners(first);
  if ("keys" in named) throw new Error("the signers are of a table");
  const signers = named.places.flatMap((place) => {
    const operator = net.guardians[place]?.operator;
    return only.includes(place) && operator !== undefined ? [{ operator, place }] : [];
  });
  const offence = offenceOf(net.networkId, required(found));
  return costOf(net.home.guardianSlashing.convict(offence, first, second, convictionPlaces(signers)));
}

async function prove({ net }: Scene, found: Evidence | undefined): Promise<Cost> {
  const { guardianSlashing, operator } = net.home;
  const { method, args } = evidenceCall(required(found));
  const { interface: abi }: { interface: { encodeFunctionData(name: string, values: readonly unknown[]): string } } =
    guardianSlashing;
  return costOf(operator.sendTransaction({ to: guardianSlashing, data: abi.encodeFunctionData(method, args) }));
}

/** The fact in a tree with another, signed. */
function signed({ net }: Scene, fact: LaneFact | HeadFact, signers: readonly number[] = SIGNERS): Inclusion {
  const hash = "laneId" in fact ? laneFactHash(fact) : headFactHash(net.networkId, fact);
  const facts = [hash, OTHER_FACT];
  return { attestation: attest(net, facts, signers), proof: factProof(facts, hash) };
}

function trueFact({ lane, truth }: Scene, from: bigint, to: bigint): LaneFact {
  const [headBefore, headAt] = [truth.headAt(from), truth.headAt(to)];
  const batchRoot = treeRoot(truth.hashes(from, to));
  return { class: CLASS_FINAL, laneId: laneId(lane), from, to, headBefore, headAt, batchRoot, srcBlockHash: ZERO_HASH };
}

/** A fact about the made-up block. */
function headFact({ net }: Scene): HeadFact {
  const place = { class: CLASS_FINAL, chainId: net.home.chainId, incarnation: 1n, anchorIndex: 7n } as const;
  return { ...place, number: 4_321n, blockHash: keccak(fromHex(HEADER)), stateRoot: payloadOf(32, "field 3") };
}

function required(found: Evidence | undefined): Evidence {
  if (found === undefined) throw new Error("nothing is shown to be false");
  return found;
}
