import { toBeHex, type Signer } from "ethers";
import type { Hex } from "../../sdk/src/bytes.ts";
import { createTestNetwork, interop, type TestRollup } from "../helpers/network.ts";

export const MIN_GAS_LIMIT = "0x39f87ba1";
export const RECIPIENT = "0x0000000000000000000000000000000000000b0b";
export const minGasLimit = (gas: bigint): Hex => `${MIN_GAS_LIMIT}${toBeHex(gas, 32).slice(2)}`;

/** Two rollups, and a user who sends from the first one. */
export async function fixture() {
  const net = await createTestNetwork(["rollupA", "rollupB"]);
  const [A, B] = net.rollups as [TestRollup, TestRollup]; // CAST: two rollups were asked for
  const user = await A.user.getAddress();
  const credit = (account: string, amount: bigint) => A.gateway.connect(A.feeController).addCredit(account, amount);
  const send = (payload: string = "0x1234", attributes: string[] = [], from: Signer = A.user) =>
    A.gateway.connect(from).sendMessage(interop(B, RECIPIENT), payload, attributes);
  return { net, A, B, user, credit, send };
}
