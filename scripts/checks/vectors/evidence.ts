import { encodeRlp } from "ethers";
import { fromHex, keccak, ZERO_HASH, type Hex } from "../../../sdk/src/bytes.ts";
import {
  anchorSubject,
  attestationsOf,
  encodeKeyedAttestation,
  offenceOf,
  proofId,
  type Evidence,
} from "../../../sdk/src/evidence.ts";
import { stateRootIn } from "../../../sdk/src/header.ts";
import { CLASS_FAST, CLASS_FINAL, factProof, laneFactHash, networkRoot, type LaneFact } from "../../../sdk/src/fact.ts";
import { chainHeads } from "../../../sdk/src/message.ts";
import { treeRoot } from "../../../sdk/src/tree.ts";
import { Random } from "./random.ts";

/** Chains of heads, headers, readable and unreadable facts, offences with the ids of their proofs, attestations by keys. */
export function evidenceVectors(): unknown {
  const random = new Random("evidence");
  const networkId = random.hash();
  return {
    networkId,
    walks: [0, 1, 2, 64].map((length) => walk(random, length)),
    headers: headers(random),
    facts: facts(random),
    anchorSubject: { chainId: 10n, incarnation: 3n, subject: anchorSubject(networkId, 10n, 3n) },
    proofs: proofs(random, networkId),
  };
}

function walk(random: Random, length: number): unknown {
  const head = random.hash();
  const hashes = Array.from({ length }, () => random.hash());
  const steps = Math.floor(length / 2);
  const inner = chainHeads(head, hashes.slice(0, steps));
  return { head, hashes, steps, inner, end: chainHeads(head, hashes) };
}

function headers(random: Random): unknown {
  const fields = [random.hash(), random.hash(), random.bytes(20), random.hash(), random.hash(), random.bytes(256)];
  const real: Hex = `0x${encodeRlp(fields).slice(2)}`;
  const shifted: Hex = `0x${encodeRlp([random.bytes(31), ...fields.slice(1)]).slice(2)}`;
  return [real, shifted].flatMap((header) => {
    const blockHash = keccak(fromHex(header));
    const place = { class: "0", chainId: "10", incarnation: "1", anchorIndex: "7", number: "70" };
    const shown = stateRootIn(blockHash, header);
    return [shown ?? ZERO_HASH, random.hash()].flatMap((stateRoot) =>
      [blockHash, random.hash()].map((claimed) => ({
        fact: { ...place, blockHash: claimed, stateRoot },
        header,
        showsOtherRoot: shown !== undefined && claimed === blockHash && shown !== stateRoot,
      })),
    );
  });
}

function sampleFact(random: Random): LaneFact {
  const hashes = [random.hash(), random.hash()];
  const headBefore = random.hash();
  return {
    class: CLASS_FINAL,
    laneId: random.hash(),
    from: 5n,
    to: 7n,
    headBefore,
    headAt: chainHeads(headBefore, hashes),
    batchRoot: treeRoot(hashes),
    srcBlockHash: ZERO_HASH,
  };
}

/** Facts that can be; the sdk hashes no other. */
function facts(random: Random): unknown {
  const fact = sampleFact(random);
  const fast: LaneFact = { ...fact, class: CLASS_FAST, srcBlockHash: random.hash() };
  return [fact, fast, { ...fact, from: 0n, to: 1_024n }].map((one) => ({
    fact: one,
    hash: laneFactHash(one),
    readable: true,
  }));
}

function proofs(random: Random, networkId: Hex): unknown {
  const fact = sampleFact(random);
  const other = { ...fact, headAt: random.hash() };
  const [a, b] = laneFactHash(fact) < laneFactHash(other) ? ([fact, other] as const) : ([other, fact] as const);
  const inclusionOf = (one: LaneFact) => {
    const leaves = [laneFactHash(one), random.hash()];
    const signature = { rx: random.uint(255), ry: random.uint(255), s: random.uint(255) };
    const attestation = encodeKeyedAttestation(networkRoot(leaves), signature, [
      random.uint(200),
      random.uint(200) + (1n << 201n),
    ]);
    return { attestation, proof: factProof(leaves, laneFactHash(one)) };
  };
  const inclusions = [inclusionOf(a), inclusionOf(b)] as const;
  const evidence: Evidence[] = [
    { kind: "laneRoot", fact: a, inclusion: inclusions[0], hashes: [] },
    { kind: "laneConflict", facts: [a, b], inclusions, difference: { by: "ends" } },
  ];
  return evidence.map((one) => {
    const offence = offenceOf(networkId, one);
    const attestations = attestationsOf(one);
    return { offence, attestations, proofId: proofId(offence, attestations) };
  });
}
