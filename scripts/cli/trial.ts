import { AbiCoder, getBytes, Interface, isError, type Provider } from "ethers";
import type { Hex } from "../../sdk/src/bytes.ts";
import type { SentMessage } from "../../sdk/src/events.ts";
import { formatEvmAccount } from "../../sdk/src/interop.ts";
import { explainRevert } from "../../sdk/src/reverts.ts";
import type { Connection } from "./connection.ts";
import { interfaces } from "./connection.ts";

const RECIPIENT = new Interface([
  "function receiveMessage(bytes32 receiveId, bytes sender, bytes payload) returns (bytes4)",
]);
const MAGIC = AbiCoder.defaultAbiCoder().encode(
  ["bytes4"],
  [RECIPIENT.getFunction("receiveMessage")?.selector ?? "0x"],
);
/** With this much nobody runs out of gas who is not meant to. */
const PLENTY = 16_000_000n;

/** What would happen if the message were delivered now. */
export type Trial =
  | { readonly outcome: "accepts" }
  /** It would accept with this much gas, which is more than the message commits to. */
  | { readonly outcome: "needs-gas"; readonly gas: bigint }
  | { readonly outcome: "no-contract" }
  | { readonly outcome: "refuses"; readonly reason: string };

/** Calls the recipient as the gateway would, without changing anything. */
export async function tryDelivery(
  dst: Connection,
  message: SentMessage,
  others: readonly Interface[] = [],
): Promise<Trial> {
  const { provider } = dst;
  if ((await provider.getCode(message.recipient)) === "0x") return { outcome: "no-contract" };
  const committed = await attempt(dst, message, message.gasLimit, others);
  if (committed === undefined) return { outcome: "accepts" };
  const generous = await attempt(dst, message, PLENTY, others);
  if (generous !== undefined) return { outcome: "refuses", reason: generous };
  return { outcome: "needs-gas", gas: await gasNeeded(dst, message, others) };
}

/** The least gas that is enough, to within a few per cent. */
async function gasNeeded(dst: Connection, message: SentMessage, others: readonly Interface[]): Promise<bigint> {
  let [tooLittle, enough] = [message.gasLimit, PLENTY];
  while (enough - tooLittle > enough / 32n) {
    const middle = (tooLittle + enough) / 2n;
    if ((await attempt(dst, message, middle, others)) === undefined) enough = middle;
    else tooLittle = middle;
  }
  return enough;
}

/** Undefined if the recipient accepts, otherwise its reason. */
async function attempt(
  { provider, description }: Connection,
  message: SentMessage,
  gas: bigint,
  others: readonly Interface[],
): Promise<string | undefined> {
  const sender = formatEvmAccount({ chainId: message.srcChainId, address: message.sender });
  const data = RECIPIENT.encodeFunctionData("receiveMessage", [message.sendId, sender, message.payload]);
  const from = description.contracts.MetalayerGateway;
  const { answer, reason } = await tryCall(provider, { from, to: message.recipient, data, gas }, others);
  if (reason !== undefined) return reason;
  return answer === MAGIC ? undefined : `it does not answer as an ERC-7786 recipient`;
}

/** A call of a contract by another, which is to have exactly `gas`. */
export interface TriedCall {
  readonly from: string;
  readonly to: string;
  readonly data: string;
  readonly gas: bigint;
}

/** What a contract would answer to another one, or the reason with which it refuses. */
export async function tryCall(
  provider: Provider,
  { from, to, data, gas }: TriedCall,
  others: readonly Interface[] = [],
): Promise<{ readonly answer?: string; readonly reason?: string }> {
  try {
    return { answer: await provider.call({ from, to, data, gasLimit: gas + transactionGas(data) }) };
  } catch (error) {
    if (!isError(error, "CALL_EXCEPTION")) throw error;
    // CAST: ethers gives revert data as a hex string.
    return { reason: explainRevert((error.data ?? "0x") as Hex, [...interfaces, ...others]) };
  }
}

/** What a transaction with this data costs before anything is executed. */
function transactionGas(data: string): bigint {
  const bytes = getBytes(data);
  const zeros = bytes.filter((byte) => byte === 0).length;
  return 21_000n + 4n * BigInt(zeros) + 16n * BigInt(bytes.length - zeros);
}
