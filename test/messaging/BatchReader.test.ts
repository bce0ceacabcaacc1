import { readFileSync } from "node:fs";
import { expect } from "chai";
import fc from "fast-check";
import { decodeBatches, encodeBatches } from "../../sdk/src/batch.ts";
import { fromHex, toHex, type Hex } from "../../sdk/src/bytes.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import { openBatch } from "../../sdk/src/lane.ts";
import { packRoute, type Lane } from "../../sdk/src/route.ts";
import {
  BatchReaderHarness__factory,
  BatchReference__factory,
  MetalayerGateway__factory,
  type BatchReaderHarness,
  type BatchReference,
} from "../../typechain-types/index.js";
import { FUZZ_SEED } from "../helpers/fuzz.ts";
import { quickNode, type QuickNode } from "../helpers/quickNode.ts";
import { batch, example, lane as anyLane } from "../sdk/arbitraries.ts";

interface Vectors {
  readonly single: readonly {
    encoded: Hex;
    lane: Readonly<Record<keyof Lane, string>>;
    hashes: readonly Hex[];
    networkRoot: Hex;
  }[];
  readonly joined: { readonly encoded: Hex; readonly count: number };
  readonly malformed: readonly { readonly name: string; readonly encoded: Hex; readonly code: string }[];
}

// CAST: the vectors are the repository's own
const vectors = JSON.parse(readFileSync(new URL("../vectors/batches.json", import.meta.url), "utf8")) as Vectors;

/** A batch as all three readers see it; the root is zero if the siblings do not fit. */
interface Opened {
  readonly firstNonce: bigint;
  readonly ids: readonly string[];
  readonly root: string;
  readonly sound: boolean;
}

/** Where the bytes are malformed, or what they say. */
type Verdict = { readonly malformedAt: bigint } | { readonly batches: readonly Opened[] };

/** Faults that show in the bytes alone: the gateway calls them malformed. */
const MALFORMED = [
  "BATCH_TRUNCATED",
  "BATCH_UNKNOWN_CLASS",
  "BATCH_RANGE",
  "BATCH_UNKNOWN_TAG",
  "BATCH_PAYLOAD_TOO_LONG",
];
/** Faults of the trees: no root comes of them. */
const UNSOUND = ["BATCH_SIBLING_COUNT", "BATCH_FACT_INDEX"];
/** Faults that the gateway refuses for other reasons, if at all: no such source, nothing to deliver, a failed entry. */
const ELSEWHERE = ["BATCH_EMPTY", "BATCH_CHAIN_ID", "BATCH_BOUNTY_IN_FAST"];

const MALFORMED_BATCH = MetalayerGateway__factory.createInterface().getError("GatewayMalformedBatch")?.selector;
const PLAIN_RUNS = 300;
const CHANGED_RUNS = 1_700;

/** Bytes with one byte changed (often in the head, and there in the counts), cut, extended, or with a piece repeated. */
function changed(encoded: fc.Arbitrary<Hex>): fc.Arbitrary<Hex> {
  const place = fc.oneof(fc.integer({ min: 17, max: 22 }), fc.nat({ max: 130 }), fc.nat({ max: 4_000 }));
  return fc
    .tuple(encoded, place, fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 9 }), fc.nat({ max: 40 }))
    .map(([text, at, byte, kind, length]) => {
      const bytes = fromHex(text);
      const where = at % bytes.length;
      if (kind === 0) return toHex(bytes.subarray(0, where));
      if (kind === 1) return toHex(Uint8Array.from([...bytes, ...bytes.subarray(0, length)]));
      if (kind === 2) return toHex(Uint8Array.from([...bytes.subarray(0, where), ...bytes.subarray(where + length)]));
      bytes[where] = kind < 6 ? byte : (bytes[where] ?? 0) ^ (1 << (byte & 7));
      return toHex(bytes);
    });
}

describe(`BatchReader (seed ${FUZZ_SEED})`, () => {
  const encoded = fc.array(batch, { minLength: 1, maxLength: 2 }).map((batches) => encodeBatches(batches));
  let reader: BatchReaderHarness;
  let reference: BatchReference;

  let node: QuickNode;

  before(async () => {
    node = await quickNode("batches");
    reader = await new BatchReaderHarness__factory(node.signer).deploy();
    await reader.waitForDeployment();
    reference = await new BatchReference__factory(node.signer).deploy();
    await reference.waitForDeployment();
  });

  after(async () => node.close());

  /** What both say, which must be the same, and the sdk beside them. */
  async function judge(data: Hex, lane: Lane): Promise<"accepted" | "malformed" | "unsound"> {
    const route = packRoute(lane);
    const binding = { networkId: lane.networkId, route, srcGateway: lane.srcGateway, dstGateway: lane.dstGateway };
    const [packed, plain, skipped] = await Promise.all([
      verdict(reader.open(data, binding), MALFORMED_BATCH),
      verdict(reference.open(data, binding), reference.interface.getError("BatchReferenceMalformed")?.selector),
      reader.skipAll(data).then(Number, () => undefined),
    ]);
    expect(packed, data).to.deep.equal(plain);
    if ("malformedAt" in plain) {
      expect(skipped, data).to.equal(undefined);
    } else {
      expect(skipped, data).to.equal(plain.batches.length);
    }
    compareSdk(data, lane, plain);
    if ("malformedAt" in plain) return "malformed";
    return plain.batches.every(({ sound }) => sound) ? "accepted" : "unsound";
  }

  it("agrees with the plain reference and the sdk on the shared vectors", async () => {
    for (const { encoded: data, lane, hashes, networkRoot } of vectors.single) {
      const bound = laneFrom(lane);
      expect(await judge(data, bound)).to.equal("accepted");
      const [opened] = openedBySdk(data, bound) ?? [];
      expect(opened?.ids).to.deep.equal(hashes);
      expect(opened?.root).to.equal(networkRoot);
    }
    expect(await judge(vectors.joined.encoded, example(anyLane))).to.equal("accepted");
    for (const { name, encoded: data, code } of vectors.malformed) {
      expect(refusalOf(data), name).to.equal(code);
      await judge(data, example(anyLane));
    }
  });

  it("agrees with them on random batches", async () => {
    const property = fc.asyncProperty(encoded, anyLane, async (data, lane) => {
      expect(await judge(data, lane)).to.equal("accepted");
    });
    await fc.assert(property, { seed: FUZZ_SEED, numRuns: PLAIN_RUNS });
  }).timeout(240_000);

  it("agrees with them on batches with something changed, and gives the same offset of the fault", async () => {
    const tally = { accepted: 0, malformed: 0, unsound: 0 };
    const lane = example(anyLane);
    const property = fc.asyncProperty(changed(encoded), async (data) => {
      tally[await judge(data, lane)]++;
    });
    await fc.assert(property, { seed: FUZZ_SEED, numRuns: CHANGED_RUNS });
    for (const [kind, count] of Object.entries(tally)) expect(count, kind).to.be.greaterThan(CHANGED_RUNS / 100);
  }).timeout(240_000);
});

async function verdict(call: Promise<readonly Opened[]>, malformed: string | undefined): Promise<Verdict> {
  try {
    const batches = (await call).map(({ firstNonce, ids, root, sound }) => ({
      firstNonce,
      ids: [...ids],
      root,
      sound,
    }));
    return { batches };
  } catch (error) {
    // CAST: the provider puts the revert data there
    const { data } = error as { data?: string };
    if (data === undefined || data.slice(0, 10) !== malformed) throw error;
    return { malformedAt: BigInt(`0x${data.slice(10)}`) };
  }
}

/** What the sdk refuses and accepts fits what the chain says, and accepted bytes mean the same. */
function compareSdk(data: Hex, lane: Lane, plain: Verdict): void {
  const code = refusalOf(data);
  const malformed = "malformedAt" in plain;
  if (code === undefined) {
    expect(malformed ? undefined : plain.batches, data).to.deep.equal(openedBySdk(data, lane));
  } else if (MALFORMED.includes(code)) {
    expect(malformed, `${code}: ${data}`).to.equal(true);
  } else if (UNSOUND.includes(code)) {
    expect(malformed || plain.batches.some(({ sound }) => !sound), `${code}: ${data}`).to.equal(true);
  } else {
    expect(ELSEWHERE, data).to.include(code);
  }
}

function refusalOf(data: Hex): string | undefined {
  try {
    decodeBatches(data);
    return undefined;
  } catch (error) {
    if (error instanceof MetalayerError) return error.code;
    throw error;
  }
}

function openedBySdk(data: Hex, lane: Lane): Opened[] {
  return decodeBatches(data).map((each) => {
    const { hashes, networkRoot } = openBatch(lane, each);
    return { firstNonce: each.from + BigInt(each.first), ids: [...hashes], root: networkRoot, sound: true };
  });
}

/** The lane of a vector, whose numbers are decimal strings. */
function laneFrom(lane: Readonly<Record<keyof Lane, string>>): Lane {
  return {
    // CAST: hex strings
    ...(lane as Readonly<Record<"networkId" | "srcGateway" | "dstGateway", Hex>>),
    srcChainId: BigInt(lane.srcChainId),
    dstChainId: BigInt(lane.dstChainId),
    srcIncarnation: BigInt(lane.srcIncarnation),
    dstIncarnation: BigInt(lane.dstIncarnation),
  };
}
