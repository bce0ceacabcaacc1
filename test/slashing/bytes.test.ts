import { expect } from "chai";
import type { BaseContract, Result } from "ethers";
import { fromHex, toHex, type Hex } from "../../sdk/src/bytes.ts";
import { offenceOf, type Evidence } from "../../sdk/src/evidence.ts";
import { accuseHeads, accuseLane, accuseLanes, type LaneTruth } from "../../sdk/src/evidenceBuild.ts";
import { checkEvidence, type HomeView } from "../../sdk/src/evidenceCheck.ts";
import { CLASS_FAST, CLASS_FINAL, type HeadFact, type LaneFact } from "../../sdk/src/fact.ts";
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
  const byKeys = include(net, lie, { ...SIGNERS, byKeys: true });
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
  };
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

  before(async () => {
    world = await createWorld(4);
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
  ]) {
    it(`${name}: is refused after a change of any one byte`, async function () {
      this.timeout(180_000);
      const found = evidence[name];
      if (found === undefined) throw new Error(`no evidence: ${name}`);
      const { guardianSlashing, signer } = world.a;
      const data = evidenceData(world.a, found);
      const call = async (changed: Hex): Promise<boolean> => {
        try {
          await signer.call({ to: guardianSlashing, data: changed });
          return true;
        } catch {
          return false;
        }
      };
      expect(await call(data)).to.equal(true);
      const offence = offenceOf(world.net.networkId, found);
      expect(checkEvidence(world.net.networkId, found, home)).to.deep.equal(offence);
      let padding = 0;
      const bytes = fromHex(data);
      for (const [place, byte] of bytes.entries()) {
        const changed = toHex(
          Uint8Array.from(bytes, (old, index) => (index === place ? byte ^ (1 << (place % 8)) : old)),
        );
        if (!(await call(changed))) continue;
        expect(isSame(guardianSlashing, data, changed), `byte ${place}`).to.equal(true);
        padding += 1;
      }
      // Bytes after the end of an attestation or a header, up to a whole word.
      expect(padding).to.be.lessThan(64);
    });
  }
});
