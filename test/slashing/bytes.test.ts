import { expect } from "chai";
import type { BaseContract, Result } from "ethers";
import { fromHex, toHex, type Hex } from "../../sdk/src/bytes.ts";
import { offenceOf, type Evidence } from "../../sdk/src/evidence.ts";
import { accuseHeads, accuseLane, accuseLanes, type LaneTruth } from "../../sdk/src/evidenceBuild.ts";
import { checkEvidence, type HomeView } from "../../sdk/src/evidenceCheck.ts";
import { CLASS_FAST, CLASS_FINAL, laneFactHash, type HeadFact, type LaneFact } from "../../sdk/src/fact.ts";
import { ByteFlipper__factory, type ByteFlipper } from "../../typechain-types/index.js";
import {
  blockOf,
  createWorld,
  evidenceData,
  homeView,
  include,
  inventedFact,
  laneTruth,
  send,
  trueFact,
  WRONG,
  type World,
} from "./world.ts";

/** Whether two decoded calls say the same: what differs between them is padding. */
function isSame(contract: BaseContract, a: Hex, b: Hex): boolean {
  const decoded = [a, b].map((data) => {
    const call = contract.interface.parseTransaction({ data });
    return call === null ? undefined : `${call.name} ${words(call.args)}`;
  });
  return decoded[0] === decoded[1];
}

function words(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? part.toString() : (part as Result))); // CAST: JSON knows the rest
}

/** As much as one call's gas is enough for. */
const PLACES_A_CALL = 32;
const SIGNERS = { signers: [0, 1, 3] };

function laneEvidence(
  { net, lane }: World,
  truth: LaneTruth,
  blockHash: Hex,
): Readonly<Record<string, Evidence | undefined>> {
  const fact = trueFact(lane, truth, 60n, 66n);
  const fast = { ...fact, class: CLASS_FAST, srcBlockHash: blockHash, headAt: WRONG } as const;
  const signed = (lie: LaneFact) => ({ fact: lie, inclusion: include(net, lie, SIGNERS) });
  const accused = (lie: LaneFact): Evidence | undefined => accuseLane({ ...signed(lie), lane }, truth);
  const lie = { ...fact, headAt: WRONG };
  const keyed = { ...SIGNERS, byKeys: true };
  const byKeys = include(net, lie, keyed);
  const inside = { ...trueFact(lane, truth, 63n, 69n), headBefore: WRONG };
  const hashes = truth.hashes(60n, 66n);
  const around = [...truth.hashes(59n, 62n), WRONG, ...truth.hashes(63n, 67n)];
  const other = inventedFact(trueFact(lane, truth, 59n, 67n), around);
  return {
    "false head": accused(lie),
    "false head by keys": accuseLane({ fact: lie, inclusion: byKeys, lane }, truth),
    "false fast head": accuseLane({ ...signed(fast), lane, sourceBlock: { anchored: true, number: 0n } }, truth),
    "nonce ahead": accused({ ...fact, to: 71n }),
    "false batch root": accused({ ...fact, batchRoot: WRONG }),
    "two heads of one nonce": accuseLanes({ ...signed(fact), hashes }, { ...signed(lie), hashes }),
    "two leaves of one nonce": accuseLanes({ ...signed(fact), hashes }, { ...signed(other), hashes: around }),
    "a head within another's range": accuseLanes({ ...signed(fact), hashes }, signed(inside)),
    "two heads in one tree": inOneTree(net, [fact, lie]),
    "two heads by keys": accuseLanes({ fact, inclusion: include(net, fact, keyed) }, { fact: lie, inclusion: byKeys }),
  };
}

/** Two facts of one root, so that the second attestation is empty. */
function inOneTree(net: World["net"], [a, b]: readonly [LaneFact, LaneFact]): Evidence | undefined {
  const hashes = [a, b].map((fact) => laneFactHash(fact));
  const [of, beside] = [a, b].map((fact) =>
    include(net, fact, { ...SIGNERS, others: hashes.filter((hash) => hash !== laneFactHash(fact)) }),
  );
  if (of === undefined || beside === undefined) return undefined;
  const found = accuseLanes({ fact: a, inclusion: of }, { fact: b, inclusion: beside });
  if (found?.kind !== "laneConflict") return undefined;
  const [first, second] = found.inclusions;
  return { ...found, inclusions: [first, { ...second, attestation: "0x" }] };
}

function anchorEvidence({ net }: World, anchor: HeadFact, header: Hex): Readonly<Record<string, Evidence | undefined>> {
  const signed = (fact: HeadFact) => include(net, fact, SIGNERS);
  const [missing, otherRoot] = [
    { ...anchor, anchorIndex: 3n },
    { ...anchor, stateRoot: WRONG },
  ];
  const otherBlock = { ...anchor, blockHash: WRONG };
  const inclusions = [signed(anchor), signed(otherBlock)] as const;
  return {
    "missing anchor": { kind: "head", fact: missing, inclusion: signed(missing) },
    "false state root": { kind: "head", fact: otherRoot, inclusion: signed(otherRoot), header },
    "two blocks of one anchor": accuseHeads(net.networkId, [anchor, otherBlock], inclusions),
  };
}

describe("GuardianSlashing, bytes of evidence", () => {
  let world: World;
  const evidence: Record<string, Evidence> = {};
  let home: HomeView;
  let flipper: ByteFlipper;

  before(async () => {
    world = await createWorld(4);
    flipper = await new ByteFlipper__factory(world.a.signer).deploy();
    await send(world, 70);
    const truth = await laneTruth(world);
    const { a, b } = world;
    const [connection] = world.connections;
    if (connection === undefined) throw new Error("no rollup");
    const { anchorLog } = await b.rollupRegistry.rollup(a.chainId);
    const log = await connection.ethers.getContractAt("AnchorLog", anchorLog);
    await log.anchor();
    const { number } = await log.anchorAt(0);
    const { hash: blockHash, stateRoot, header } = await blockOf(connection, Number(number));
    const place = { class: CLASS_FINAL, chainId: a.chainId, incarnation: 1n, anchorIndex: 0n } as const;
    const anchor: HeadFact = { ...place, number, blockHash, stateRoot };
    home = {
      ...(await homeView(world, truth)),
      anchor: (index) => (index === 0n ? { number, blockHash } : undefined),
    };
    const all = { ...laneEvidence(world, truth, blockHash), ...anchorEvidence(world, anchor, header) };
    for (const [name, found] of Object.entries(all)) {
      if (found === undefined) throw new Error(`no evidence: ${name}`);
      evidence[name] = found;
    }
  });

  for (const name of [
    "false head",
    "false head by keys",
    "false fast head",
    "nonce ahead",
    "false batch root",
    "missing anchor",
    "false state root",
    "two blocks of one anchor",
    "two heads of one nonce",
    "two leaves of one nonce",
    "a head within another's range",
    "two heads in one tree",
    "two heads by keys",
  ]) {
    it(`${name}: is refused after a change of any one byte`, async function () {
      this.timeout(180_000);
      const found = evidence[name];
      if (found === undefined) throw new Error(`no evidence: ${name}`);
      const { guardianSlashing, signer } = world.a;
      const data = evidenceData(world.a, found);
      await signer.call({ to: guardianSlashing, data });
      const offence = offenceOf(world.net.networkId, found);
      expect(checkEvidence(world.net.networkId, found, home)).to.deep.equal(offence);
      let padding = 0;
      const bytes = fromHex(data);
      for (let from = 0; from < bytes.length; from += PLACES_A_CALL) {
        const to = Math.min(from + PLACES_A_CALL, bytes.length);
        for (const place of await flipper.accepted.staticCall(guardianSlashing, data, from, to)) {
          const changed = bytes.map((byte, index) => (BigInt(index) === place ? byte ^ (1 << (index % 8)) : byte));
          expect(isSame(guardianSlashing, data, toHex(changed)), `byte ${place}`).to.equal(true);
          padding += 1;
        }
      }
      // Bytes after the end of an attestation or a header, up to a whole word.
      expect(padding).to.be.lessThan(64);
    });
  }
});
