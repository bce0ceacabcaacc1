import { encodeAttestation } from "../attestation.ts";
import { fromHex, toHex } from "../bytes.ts";
import { CLASS_FINAL, headFactHash, networkRoot, type HeadFact } from "../fact.ts";
import type { TestNetwork } from "./network.ts";
import type { TestRollup } from "./rollup.ts";

/** Anchors the newest block of a rollup, and has it attested and recorded on another one. */
export async function recordHead(
  network: TestNetwork,
  of: TestRollup,
  on: TestRollup,
  change: Partial<HeadFact>,
): Promise<HeadFact> {
  await of.passTime(1);
  await (await of.anchorLog.anchor()).wait();
  const [anchorIndex, { number, blockHash }] = await of.anchorLog.latest();
  const stateRoot = await of.stateRootOf(blockHash);
  const { incarnation } = await on.rollupRegistry.rollup(of.chainId);
  const { chainId } = of;
  const fact: HeadFact = {
    class: CLASS_FINAL,
    chainId,
    incarnation,
    anchorIndex,
    number,
    blockHash: toHex(fromHex(blockHash)),
    stateRoot,
    ...change,
  };
  const root = networkRoot([headFactHash(network.networkId, fact)]);
  const serial = await on.acceptedSerial();
  const { bitmap } = network.guardians;
  const attestation = encodeAttestation({ root, serial, signature: network.guardians.sign(root), bitmap });
  await (await on.stateRootInbox.recordHead(attestation, fact, 0, 1, "0x")).wait();
  return fact;
}
