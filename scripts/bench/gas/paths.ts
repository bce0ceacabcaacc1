import { hashText, type Address, type Hex } from "../../../sdk/src/bytes.ts";
import { chainHeads, messageHash, type Message } from "../../../sdk/src/message.ts";
import { laneSlots, pathMessage } from "../../../sdk/src/paths.ts";
import { slotProof } from "../../../sdk/src/proofsPack.ts";
import { stateWith } from "../../../test/helpers/tries.ts";
import { PathRecipientMock__factory, StateRootSourceMock__factory } from "../../../typechain-types/index.js";
import { Random } from "../../checks/vectors/random.ts";
import { cacheSigners, deliver, EARLIER, laneOf, madeUp, warmUp } from "./lane.ts";
import { addressOf, type GasNetwork } from "./network.ts";
import { costOf, row, type GasRow, type Subject } from "./row.ts";

const ACCOUNTS = 10_000;
const SLOTS = 1_000;
const SIGNERS = [0, 1, 2];
const ZERO: Address = "0x0000000000000000000000000000000000000000";

/** What a recipient that demands more than the quorum costs, on the destination. The source of state roots is a test's: its own proof is not in it. */
export const paths: Subject = {
  title: "Paths: a recipient that keeps its record and counts in three words",
  async rows(networks) {
    const net = await networks(4);
    const { operator, laneHeads } = net.other;
    const box = await new PathRecipientMock__factory(operator).deploy(laneHeads);
    const source = await new StateRootSourceMock__factory(operator).deploy(net.home.chainId);
    await cacheSigners(net, SIGNERS);
    await warmUp(net);
    const to = [await addressOf(box)];
    const messages = Array.from({ length: 6 }, (_, index) => madeUp(net, { recipients: to }, index));
    const one = async (index: number) => deliver(net, { signers: SIGNERS, messages: messages.slice(index, index + 1) });
    await one(0);
    const byQuorum = await one(1);
    const [rootSource, vetoer] = [await addressOf(source), ZERO];
    await (await box.setDemand(net.home.chainId, { needed: 2, quorum: true, delay: 0, rootSource, vetoer })).wait();
    const held = await one(2);
    const { stateRoot, proof, headBefore } = await laneState(net, messages);
    await (await source.add(stateRoot)).wait();
    const recorded = await costOf(laneHeads.recordHead(source, stateRoot, proof));
    const lane = await laneOf(net);
    const hashes = messages.map((message) => messageHash(lane.networkId, lane, message));
    const execute = async (index: number) => {
      const message = messages[index];
      if (message === undefined) throw new Error("six messages were made up");
      const proven = { headBefore: chainHeads(headBefore, hashes.slice(0, index)), later: hashes.slice(index + 1) };
      return costOf(box.executeMessage(pathMessage(lane, message), proven));
    };
    const confirmed = await execute(2);
    await (await box.setDemand(net.home.chainId, { needed: 1, quorum: true, delay: 0, rootSource, vetoer })).wait();
    const byProof = await execute(3);
    const again = await one(3);
    return [
      row("delivery of one message to it, the quorum demanded", byQuorum),
      row("delivery of one message to it, held until it is proven", held),
      row("recording a lane's head by storage proof, out of 10,000 accounts and 1,000 slots", recorded),
      row("execution of a held message by its proof, three messages behind it", confirmed),
      row("execution of a message by its proof alone", byProof),
      row("delivery of what a proof has executed", again),
    ] satisfies GasRow[];
  },
};

/** A state of home in which the lane has these messages as its last ones, made up as in {@link deliver}. */
async function laneState(net: GasNetwork, messages: readonly Message[]) {
  const random = new Random("gas of paths");
  const lane = await laneOf(net);
  const headBefore: Hex = hashText("head of the lane before these messages");
  const head = chainHeads(
    headBefore,
    messages.map((message) => messageHash(lane.networkId, lane, message)),
  );
  const [headSlot, wordSlot] = laneSlots(lane.dstChainId);
  const count = EARLIER + BigInt(messages.length);
  const word = count | (lane.srcIncarnation << 220n) | (lane.dstIncarnation << 234n) | (1n << 248n);
  const slots = new Map(Array.from({ length: SLOTS - 2 }, () => [random.hash(), random.uint(128)] as const));
  slots.set(headSlot, BigInt(head)).set(wordSlot, word);
  const state = await stateWith(random, lane.srcGateway, slots, ACCOUNTS);
  const parts = [await state.slotPart(headSlot), await state.slotPart(wordSlot)];
  return { stateRoot: state.root, proof: slotProof(await state.accountPart(lane.srcGateway), parts), headBefore };
}
