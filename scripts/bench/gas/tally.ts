import { encodeRlp, toBeArray } from "ethers";
import { hashed, rawTrie, trieOf } from "../../../test/helpers/tries.ts";
import { concatBytes, fromHex, hashText, toHex, type Hex } from "../../../sdk/src/bytes.ts";
import { CLASS_FINAL, factProof, headFactHash, type HeadFact } from "../../../sdk/src/fact.ts";
import type { Ballot } from "../../../sdk/src/governance.ts";
import { packAccount, packSlot, slotProof } from "../../../sdk/src/proofsPack.ts";
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
  const { home, other, networkId } = net;
  const collector = await addressOf(other.voteCollector);
  const slot = tallySlot(ballot);
  const slots = Array.from({ length: SLOTS - 1 }, () => random.hash());
  const storage = await trieOf(new Map([...slots, slot].map((each) => [hashed(each), VOTES << 64n])));
  const entry = (root: Hex): readonly Uint8Array[] => [
    toBeArray(random.uint(10)),
    toBeArray(random.uint(64)),
    fromHex(root),
    fromHex(random.hash()),
  ];
  const accounts = new Map(
    Array.from({ length: ACCOUNTS - 1 }, () => [hashed(random.address()), entry(random.hash())] as const),
  );
  accounts.set(hashed(collector), entry(storage.root));
  const state = await rawTrie(accounts, (fields) => fromHex(encodeRlp([...fields])));
  const fact: HeadFact = {
    ...{ class: CLASS_FINAL, chainId: other.chainId, incarnation: 1n, anchorIndex: 1n, number: BLOCK },
    ...{ blockHash: hashText("a block of the other rollup"), stateRoot: state.root },
  };
  const hash = headFactHash(networkId, fact);
  const facts = [hash, OTHER_FACT];
  const { index, count, siblings } = factProof(facts, hash);
  const attestation = attest(net, facts, signers);
  await (
    await home.stateRootInbox.recordHead(attestation, fact, index, count, toHex(concatBytes(siblings.map(fromHex))))
  ).wait();
  const accountPart = packAccount(state.root, collector, await state.nodes(hashed(collector)));
  const proof = slotProof(accountPart, [packSlot(storage.root, slot, await storage.nodes(hashed(slot)))]);
  return costOf(home.tallyReader.proveTally(other.chainId, 1n, ballot.proposalId, proof));
}
