import { expect } from "chai";
import hre from "hardhat";
import { Random } from "../../scripts/checks/vectors/random.ts";
import { ZERO_HASH, type Address, type Hex } from "../../sdk/src/bytes.ts";
import { slotProof } from "../../sdk/src/proofsPack.ts";
import { createNetwork, type TestNetwork } from "../../sdk/src/testkit/index.ts";
import { StateProofHarness__factory, type StateProofHarness } from "../../typechain-types/index.js";
import { stateWith, type TestState } from "../helpers/tries.ts";

const ENTRIES = 10_000;
const SOURCE = 8101n;
const SAMPLE = 16;

/** Gas is the same on every run: the tries are made of fixed seeds. */
describe("StateReader's gas with 10,000 accounts and 10,000 slots", () => {
  const random = new Random("gas of proofs");
  const account: Address = random.address();
  const slots: Hex[] = Array.from({ length: ENTRIES }, () => random.hash());
  let network: TestNetwork;
  let harness: StateProofHarness;
  let state: TestState;
  let accountPart: Hex;

  before(async () => {
    state = await stateWith(random, account, new Map(slots.map((slot) => [slot, random.uint(128)])), ENTRIES);
    accountPart = await state.accountPart(account);
    network = await createNetwork({
      rollups: await Promise.all(["rollupA", "rollupB"].map((one) => hre.network.create(one))),
    });
    harness = await new StateProofHarness__factory(network.rollup(8102n).signer).deploy();
    await network.recordHead(SOURCE, 8102n, { stateRoot: state.root });
  });

  /** Gas of a transaction that reads slots; of an account that is remembered without its part. */
  async function cost(keys: readonly Hex[], isRemembered = false): Promise<bigint> {
    const { stateReader, signer } = network.rollup(8102n);
    const parts = await Promise.all(keys.map((key) => state.slotPart(key)));
    const proof = slotProof(isRemembered ? undefined : accountPart, parts);
    const [slot = ZERO_HASH] = keys;
    const call =
      keys.length === 1
        ? await stateReader.slotAt.populateTransaction(SOURCE, 0n, account, slot, proof)
        : await stateReader.slotsAt.populateTransaction(SOURCE, 0n, [{ account, slots: [...keys] }], proof);
    return (await (await signer.sendTransaction(call)).wait())?.gasUsed ?? 0n;
  }

  const mean = (values: readonly bigint[]): bigint =>
    values.reduce((sum, value) => sum + value, 0n) / BigInt(values.length);

  it("costs at most 190,000 for a cold slot, of which the proof takes 15,000", async () => {
    const [whole, alone]: [bigint[], bigint[]] = [[], []];
    for (const slot of slots.slice(0, SAMPLE)) {
      whole.push(await cost([slot]));
      const proof = slotProof(accountPart, [await state.slotPart(slot)]);
      alone.push((await harness.gasOf(state.root, account, slot, proof)).used);
    }
    console.log(`      cold slot: ${mean(whole)} gas, proof alone ${mean(alone)} (means of ${SAMPLE})`);
    expect(mean(whole)).to.be.lessThanOrEqual(160_000n);
    expect(mean(alone)).to.be.lessThanOrEqual(15_000n);
    for (const gas of whole) expect(gas).to.be.lessThanOrEqual(190_000n);
  });

  it("costs at most 80,000 for each further slot of the account in a call", async () => {
    const [one, nine] = [await cost(slots.slice(0, 1)), await cost(slots.slice(0, 9))];
    console.log(`      further slot in the same call: ${(nine - one) / 8n} gas (mean of 8)`);
    expect((nine - one) / 8n).to.be.lessThanOrEqual(70_000n);
  });

  it("costs less by the account's part once that is remembered", async () => {
    const { stateReader } = network.rollup(8102n);
    const cold = await cost(slots.slice(0, 1));
    const remembered = await (await stateReader.remember(SOURCE, 0n, [account], accountPart)).wait();
    const later = mean(await Promise.all(slots.slice(0, SAMPLE).map((slot) => cost([slot], true))));
    console.log(
      `      remembering: ${remembered?.gasUsed} gas, then a slot in a call of its own: ${later} (mean of ${SAMPLE})`,
    );
    expect(later).to.be.lessThanOrEqual(cold - 35_000n);
    // Its calldata alone, as EIP-7623 counts it, is 84,000: what runs costs less than what is sent.
    expect(later).to.be.lessThanOrEqual(86_000n);
  });
});
