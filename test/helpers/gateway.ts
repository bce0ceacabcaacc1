import { hexlify, keccak256, randomBytes, toBeHex, toUtf8Bytes } from "ethers";
import { TAG_HASH, type BatchEntry } from "../../sdk/src/batch.ts";
import type { Hex } from "../../sdk/src/bytes.ts";
import { RecipientMock__factory, type RecipientMock } from "../../typechain-types/index.js";
import {
  createTestNetwork,
  deliver,
  interop,
  prepareDelivery,
  type DeliveryOptions,
  type TestNetwork,
  type TestRollup,
} from "./network.ts";

export const MODE = {
  accept: 0,
  revert: 1,
  wrongSelector: 2,
  shortReturn: 3,
  returnBomb: 4,
  revertBomb: 5,
  eatGas: 6,
  reenter: 7,
  once: 8,
};
export const OTHER_FACT = keccak256(toUtf8Bytes("another lane's fact")) as Hex; // CAST: ethers returns hex
export const MIN_GAS_LIMIT = "0x39f87ba1";

/** Two rollups, a recipient on B, and the steps that most tests take. */
export interface GatewayFixture {
  readonly net: TestNetwork;
  readonly A: TestRollup;
  readonly B: TestRollup;
  readonly recipient: RecipientMock;
  /** Sends `count` messages from A's user to the recipient. */
  readonly send: (count?: number, options?: { to?: string; gas?: bigint; payload?: string }) => Promise<void>;
  readonly relay: (options?: DeliveryOptions) => ReturnType<typeof deliver>;
  readonly id: (index: number) => Promise<Hex>;
}

export async function gatewayFixture(): Promise<GatewayFixture> {
  const net = await createTestNetwork(["rollupA", "rollupB"]);
  const [A, B] = net.rollups as [TestRollup, TestRollup]; // CAST: two rollups were asked for
  const recipient = await new RecipientMock__factory(B.deployer).deploy();
  const address = await recipient.getAddress();
  const send: GatewayFixture["send"] = async (count = 1, options = {}) => {
    const attributes = options.gas === undefined ? [] : [`${MIN_GAS_LIMIT}${toBeHex(options.gas, 32).slice(2)}`];
    for (let i = 0; i < count; i++) {
      const to = interop(B, options.to ?? address);
      await A.gateway.connect(A.user).sendMessage(to, options.payload ?? hexlify(randomBytes(20)), attributes);
    }
  };
  const relay: GatewayFixture["relay"] = (options = {}) => deliver(net, A, B, options);
  const id: GatewayFixture["id"] = async (index) => {
    const { proven } = await prepareDelivery(net, A, B);
    return proven.leaves[index] as Hex; // CAST: callers name sent messages
  };
  return { net, A, B, recipient, send, relay, id };
}

/** Keeps some entries whole and sends the others as hashes. */
export const onlyEntry =
  (keep: (index: number) => boolean, leaves: readonly Hex[]) =>
  (entry: BatchEntry, index: number): BatchEntry =>
    keep(index) ? entry : { tag: TAG_HASH, messageHash: leaves[index] as Hex }; // CAST: one leaf an entry
