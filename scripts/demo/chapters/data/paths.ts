import { isError, toUtf8Bytes, ZeroAddress } from "ethers";
import { AccessManager__factory } from "../../../../typechain-types/factories/@openzeppelin/contracts/access/manager/AccessManager__factory.js";
import { Strongbox__factory } from "../../../../typechain-types/factories/contracts/examples/Strongbox__factory.js";
import { LaneHeads__factory } from "../../../../typechain-types/factories/contracts/paths/LaneHeads__factory.js";
import { IStateRootSource__factory } from "../../../../typechain-types/factories/contracts/rollups/IStateRootSource__factory.js";
import type { Address } from "../../../../sdk/src/bytes.ts";
import { fixedBytes, toHex } from "../../../../sdk/src/bytes.ts";
import type { LanePathProof, PathMessage } from "../../../../sdk/src/paths.ts";
import { laneHeadProof, lanePathProof, pathMessage } from "../../../../sdk/src/paths.ts";
import { messageCall } from "../../calls.ts";
import type { SeenSend } from "../../observer.ts";
import { place } from "../../place.ts";
import { killService, reviveGuardian, servicesOf } from "../../services.ts";
import type { Site, World } from "../../world.ts";
import { ACTORS, messagesOf, siteAt, until, untilDelivered } from "../../world.ts";
import type { Watch } from "../../watch.ts";
import { addressOn, deliveryReceipts, LIMIT_MS } from "./chain.ts";
import type { Parent } from "./parent.ts";
import { openParent } from "./parent.ts";

const GAS = 2_000_000n;
const STRONGBOX = Strongbox__factory.createInterface();

/** Two recipients on one rollup, which demand something of messages from the other. */
interface Boxes {
  readonly src: Site;
  readonly dst: Site;
  /** Quorum and proof. */
  readonly strict: Address;
  /** Quorum or proof, whichever comes first. */
  readonly free: Address;
}

/** A message with the proof that it is on its lane. */
interface Proven {
  readonly message: PathMessage;
  readonly proof: LanePathProof;
}

/**
 * A recipient that does not take the quorum's word alone, and one that goes on without guardians: all of them are killed, and its message
 * comes by proof alone. `others` is what needs the guardians until then.
 */
export async function paths(world: World, watch: Watch, others: Promise<unknown>): Promise<void> {
  const [src, dst] = [siteAt(world, 0), siteAt(world, 1)];
  const parent = await openParent(world, src, dst);
  try {
    world.note(
      "paths",
      "a local node with the OP Stack's storage layout stands in for the parent chain: it believes what it is told",
    );
    const boxes = await placeBoxes(world, parent.source, src, dst);
    watch.mark(world, "paths", `two recipients on ${dst.name} name the proof that they believe`);
    const held = await hold(world, watch, boxes);
    await others;
    await withoutGuardians(world, watch.branch(), { boxes, held, parent });
  } finally {
    await parent.stop();
  }
}

async function placeBoxes(world: World, rootSource: Address, src: Site, dst: Site): Promise<Boxes> {
  const owner = dst.account(ACTORS.courier);
  const authority = await place(owner, new AccessManager__factory(), [owner.address], world.signal);
  const wiring = [addressOn(world, dst, "LaneHeads"), authority];
  const [strict, free] = await Promise.all([
    place(owner, new Strongbox__factory(), wiring, world.signal),
    place(owner, new Strongbox__factory(), wiring, world.signal),
  ]);
  const demand = { quorum: true, delay: 0, rootSource, vetoer: ZeroAddress };
  const calls = [
    { to: strict, data: STRONGBOX.encodeFunctionData("setDemand", [src.chainId, { ...demand, needed: 2 }]) },
    { to: free, data: STRONGBOX.encodeFunctionData("setDemand", [src.chainId, { ...demand, needed: 1 }]) },
  ];
  await owner.execute(calls, world.signal);
  return { src, dst, strict, free };
}

/** The quorum delivers, and the strict one waits for the proof. */
async function hold(world: World, watch: Watch, boxes: Boxes): Promise<SeenSend> {
  const sent = await send(world, boxes, boxes.strict);
  await untilDelivered(world, [sent], LIMIT_MS);
  watch.mark(world, "paths", "the guardians' quorum has delivered a message", await deliveryReceipts(world, [sent]));
  const box = boxAt(boxes, boxes.strict);
  const [{ quorum, executed }, count] = await Promise.all([box.heldMessage(sent.message.sendId), box.count()]);
  const isHeld = quorum && !executed && count === 0n;
  world.check(
    "paths",
    "who demands a proof as well does not act on the quorum's word alone",
    isHeld,
    `${count} executed`,
  );
  return sent;
}

async function withoutGuardians(
  world: World,
  watch: Watch,
  { boxes, held, parent }: { readonly boxes: Boxes; readonly held: SeenSend; readonly parent: Parent },
): Promise<void> {
  const guardians = servicesOf(world, "guardian");
  const { gateway } = boxes.dst.connection.contracts;
  for (const guardian of guardians) killService(guardian);
  try {
    const sent = await send(world, boxes, boxes.free);
    const answers = await Promise.allSettled(guardians.map(({ url }) => fetch(`${url}/v1/info`)));
    const isAlone = answers.every(({ status }) => status === "rejected");
    watch.mark(world, "paths", `all ${guardians.length} guardians are killed; a message is sent`);
    const block = await untilFinal(world, boxes.src, sent.message.blockNumber);
    const [second, first] = await prove(world, watch, { boxes, parent, block }, [sent, held]);
    const isUndelivered = !(await gateway.isDelivered(boxes.src.chainId, sent.message.nonce));
    await refuseFalse(world, boxes, second);
    const receipts = await Promise.all([
      execute(world, boxes, boxes.free, second),
      execute(world, boxes, boxes.strict, first),
    ]);
    watch.mark(world, "paths", "both messages are executed, with no guardian anywhere", receipts.flat());
    const counts = await countsOf(boxes);
    const isDone = isAlone && isUndelivered && counts.every((count) => count === 1n);
    world.check("paths", "a message arrives by its proof alone when all guardians are gone", isDone, "1 executed");
    world.check(
      "paths",
      "quorum and proof together suffice who demands both",
      counts[1] === 1n,
      `${counts[1]} executed`,
    );
    await reviveAll(world, watch);
    await untilDelivered(world, [sent], LIMIT_MS);
    watch.mark(world, "paths", "the gateway has delivered it again by quorum", await deliveryReceipts(world, [sent]));
    const after = await countsOf(boxes);
    const isOnce = after.every((count) => count === 1n);
    world.check("paths", "it is executed once over all paths", isOnce, `${after.join(" and ")} executed`);
  } finally {
    await reviveAll(world, watch);
  }
}

/** The lane's head under a state root that no guardian has attested, and what leads from the messages to it. */
async function prove(
  world: World,
  watch: Watch,
  { boxes, parent, block }: { readonly boxes: Boxes; readonly parent: Parent; readonly block: bigint },
  sent: readonly [SeenSend, SeenSend],
): Promise<[Proven, Proven]> {
  const { src, dst } = boxes;
  const { rootProof, kept } = await parent.post(block);
  watch.mark(
    world,
    "paths",
    `${dst.name} keeps a block of the parent chain, on which ${src.name}'s state is posted`,
    kept,
  );
  const source = IStateRootSource__factory.connect(parent.source, dst.connection.provider);
  const stateRoot = toHex(fixedBytes("stateRoot", await source.stateRootOf(rootProof), 32));
  const lane = await world.client.lane(src.chainId, dst.chainId);
  const laneProof = await laneHeadProof(src.connection.provider, lane, stateRoot, block);
  const heads = LaneHeads__factory.createInterface();
  const data = heads.encodeFunctionData("recordHead", [parent.source, rootProof, laneProof]);
  const to = addressOn(world, dst, "LaneHeads");
  const recorded = await dst.account(ACTORS.courier).execute([{ to, data, gas: GAS }], world.signal);
  watch.mark(world, "paths", "the lane's head is proven: parent's block, its state, posted root, gateway", recorded);
  const { nonce: count } = await src.connection.contracts.gateway.outLane(dst.chainId, { blockTag: block });
  const messages = await world.client.messages(src.chainId, dst.chainId, 0n, count);
  const provenOf = ({ message }: SeenSend): Proven => ({
    message: pathMessage(lane, message),
    proof: lanePathProof(lane, messages, message.nonce, count),
  });
  return [provenOf(sent[0]), provenOf(sent[1])];
}

/** The same proof for other words. */
async function refuseFalse(world: World, boxes: Boxes, { message, proof }: Proven): Promise<void> {
  const other = { ...message, payload: toHex(toUtf8Bytes("nobody has sent this")) };
  const reason = await boxAt(boxes, boxes.free)
    .executeMessage.staticCall(other, proof, { gasLimit: GAS })
    .then(
      () => "accepted",
      (error: unknown) => (isError(error, "CALL_EXCEPTION") ? (error.revert?.name ?? "") : String(error)),
    );
  world.check("paths", "a message that nobody sent is refused", reason === "PathProofRefused", reason);
}

async function send(world: World, { src, dst }: Boxes, recipient: Address): Promise<SeenSend> {
  const hash = await src.account(ACTORS.courier).send(messageCall(src, dst, recipient, "to be kept"));
  const [sent] = await messagesOf(world, src, [hash]);
  if (sent === undefined) throw new Error("a message was sent");
  return sent;
}

function execute(world: World, { dst }: Boxes, to: Address, { message, proof }: Proven) {
  const data = STRONGBOX.encodeFunctionData("executeMessage", [message, proof]);
  return dst.account(ACTORS.courier).execute([{ to, data, gas: GAS }], world.signal);
}

/** The source's newest final block, once it is not before this one. */
async function untilFinal(world: World, { name, connection }: Site, block: number): Promise<bigint> {
  let final = -1;
  await until(world, `block ${block} of ${name} is final`, LIMIT_MS, async () => {
    final = (await connection.provider.getBlock("finalized"))?.number ?? -1;
    return final >= block;
  });
  return BigInt(final);
}

/** Those that do not answer are started again. */
async function reviveAll(world: World, watch: Watch): Promise<void> {
  const guardians = servicesOf(world, "guardian");
  const answers = await Promise.allSettled(guardians.map(({ url }) => fetch(`${url}/v1/info`)));
  const dead = guardians.filter((_, index) => answers[index]?.status === "rejected");
  if (dead.length === 0 || world.signal.aborted) return;
  await Promise.all(dead.map((guardian) => reviveGuardian(world, guardian)));
  watch.mark(world, "paths", `${dead.length} guardians are started again`);
}

async function countsOf(boxes: Boxes): Promise<readonly [free: bigint, strict: bigint]> {
  const { free, strict } = boxes;
  return Promise.all([boxAt(boxes, free).count(), boxAt(boxes, strict).count()]);
}

function boxAt({ dst }: Boxes, address: Address) {
  return Strongbox__factory.connect(address, dst.connection.provider);
}
