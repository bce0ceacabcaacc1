import type { Hex } from "../../sdk/src/bytes.ts";
import { CLASS_FAST, type LaneFact } from "../../sdk/src/fact.ts";
import { blockOf, trueFact, WRONG, type World } from "./world.ts";
import { laneCharges, stageOf, type Truth } from "./charges.ts";

describe("GuardianSlashing, fast lane facts at home", () => {
  let world: World;
  let truth: Truth;
  let back: () => Promise<void>;
  const { headEvidence, ahead, expectProof, refuses } = laneCharges(() => ({ world, truth, back }));

  before(async () => ({ world, truth, back } = await stageOf(150)));

  beforeEach(async () => back());

  const fastLie = (srcBlockHash: Hex): LaneFact => ({
    ...trueFact(world.lane, truth, 10n, 20n),
    class: CLASS_FAST,
    srcBlockHash,
    headAt: WRONG,
  });
  const hashes = () => truth.hashes(0n, 64n);

  it("R5 are judged while their block is in the chain, found by number or by anchor", async () => {
    const [connection] = world.connections;
    if (connection === undefined) throw new Error("no rollup");
    const block = await blockOf(connection, "latest");
    const fact = fastLie(block.hash);
    const byNumber = { anchored: false, number: BigInt(block.number) };
    await refuses(headEvidence(fact, { hashes: hashes() }), "SlashingBlockUnknown");
    await refuses(
      headEvidence(fact, { hashes: hashes(), sourceBlock: { ...byNumber, anchored: true } }),
      "SlashingBlockUnknown",
    );

    const { anchorLog } = await world.b.rollupRegistry.rollup(world.a.chainId);
    const log = await connection.ethers.getContractAt("AnchorLog", anchorLog);
    await log.anchor();
    await expectProof(headEvidence(fact, { hashes: hashes(), sourceBlock: { anchored: true, number: 0n } }));
    await back();
    await connection.networkHelpers.mine();
    await expectProof(headEvidence(fact, { hashes: hashes(), sourceBlock: byNumber }));
    await back();
    await connection.networkHelpers.mine();
    await expectProof(ahead({ ...fact, to: 151n }, world.lane, byNumber));
  });

  it("R5 are not judged once their block was reorganised away", async () => {
    const number = await world.a.provider.getBlockNumber();
    const fact = fastLie(WRONG);
    const at = { anchored: false, number: BigInt(number) };
    await refuses(headEvidence(fact, { hashes: hashes(), sourceBlock: at }), "SlashingBlockUnknown");
    await refuses(ahead({ ...fact, to: 151n }, world.lane, at), "SlashingBlockUnknown");
  });
});
