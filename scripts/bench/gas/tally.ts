import { stateWith } from "../../../test/helpers/tries.ts";
import { concatBytes, fromHex, hashText, toHex, type Hex } from "../../../sdk/src/bytes.ts";
import { CLASS_FINAL, factProof, headFactHash, type HeadFact } from "../../../sdk/src/fact.ts";
import type { Ballot } from "../../../sdk/src/governance.ts";
import { slotProof } from "../../../sdk/src/proofsPack.ts";
import { tallySlot } from "../../../sdk/src/tally.ts";
import { Random } from "../../checks/vectors/random.ts";
import { attest, OTHER_FACT } from "./lane.ts";
import { addressOf, type GasNetwork } from "./network.ts";
import { costOf, type Cost } from "./row.ts";

const ACCOUNTS = 10_000;
const SLOTS = 1_000;
const VOTES = 2_000n * 10n ** 9n;
/** After every block of the other rollup here, so that this tally counts. */
const BLOCK = 1_000_000n;

/**
 * Counts a tally of the other rollup by storage proof. Its state is made up of fixed numbers, and attested as if it were the other
 * rollup's: home sees no difference.
 */
export async function proveTally(net: GasNetwork, ballot: Ballot, signers: readonly number[]): Promise<Cost> {
  const random = new Random("gas of a tally");
  const { home, other } = net;
  const collector = await addressOf(other.voteCollector);
  const slot = tallySlot(ballot);
  const slots = [...Array.from({ length: SLOTS - 1 }, () => random.hash()), slot];
  const state = await stateWith(random, collector, new Map(slots.map((each) => [each, VOTES << 64n])), ACCOUNTS);
  await recordHead(net, state.root, signers);
  const proof = slotProof(await state.accountPart(collector), [await state.slotPart(slot)]);
  return costOf(home.tallyReader.proveTally(other.chainId, 1n, ballot.proposalId, proof));
}

/** Anchor 1 of the other rollup with this state root, attested and recorded on home. */
export async function recordHead(net: GasNetwork, stateRoot: Hex, signers: readonly number[]): Promise<Cost> {
  return costOf(net.home.stateRootInbox.recordHead(...attestedHead(net, stateRoot, signers)));
}

/** Arguments with which an attested head of the other rollup is recorded. */
export function attestedHead(
  net: GasNetwork,
  stateRoot: Hex,
  signers: readonly number[],
  anchorIndex = 1n,
  number = BLOCK,
  blockHash = hashText("a block of the other rollup"),
) {
  const { other, networkId } = net;
  const fact: HeadFact = {
    ...{ class: CLASS_FINAL, chainId: other.chainId, incarnation: 1n, anchorIndex, number },
    ...{ blockHash, stateRoot },
  };
  const hash = headFactHash(networkId, fact);
  const facts = [hash, OTHER_FACT];
  const { index, count, siblings } = factProof(facts, hash);
  const path = toHex(concatBytes(siblings.map(fromHex)));
  return [attest(net, facts, signers), fact, index, count, path] as const;
}
