import { Interface } from "ethers";
import { metalayerGatewayAbi } from "../../sdk/src/abi/MetalayerGateway.ts";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import { parseEvmAccount } from "../../sdk/src/interop.ts";
import type { Message } from "../../sdk/src/message.ts";
import { unpackHeader } from "../../sdk/src/message.ts";
import type { Log } from "../chain/blocks.ts";
import type { RpcCall } from "../chain/endpoint.ts";

export const gatewayInterface = new Interface(metalayerGatewayAbi);

const MESSAGE_SENT = topicOf("MessageSent");
const MESSAGE_ACCEPTED = topicOf("MessageAccepted");
export const MESSAGE_DELIVERED = topicOf("MessageDelivered");
export const MESSAGE_FAILED = topicOf("MessageFailed");

/** Status of a lane as the gateway counts it. */
export const LANE_OPEN = 1;

export interface OutLane {
  readonly status: number;
  readonly nonce: bigint;
  readonly head: Hex;
  readonly ownIncarnation: bigint;
  readonly incarnation: bigint;
}

/** A message as the source's events tell it. Nothing in it is believed before its lane's hash chain has confirmed it. */
export interface LaneEntry {
  readonly dstChainId: bigint;
  readonly nonce: bigint;
  readonly id: Hex;
  readonly block: number;
  readonly message: Message | undefined;
}

function topicOf(event: string): string {
  const fragment = gatewayInterface.getEvent(event);
  if (fragment === null) throw new MetalayerError("ABI_UNKNOWN", `the gateway has no event ${event}`, { event });
  return fragment.topicHash;
}

/** A call of a view, at a block given as JSON-RPC takes it: tag, number or `{ blockHash }`. */
export function viewCall(
  to: Address,
  name: string,
  args: readonly unknown[],
  at: unknown = "latest",
  abi: Interface = gatewayInterface,
): RpcCall {
  return { method: "eth_call", params: [{ to, data: abi.encodeFunctionData(name, [...args]) }, at] };
}

/** The values that a view returned. Throws RPC_BAD_RESPONSE for bytes that are none of its results. */
export function viewResult(name: string, result: unknown, abi: Interface = gatewayInterface): readonly unknown[] {
  try {
    return abi.decodeFunctionResult(name, String(result)).toArray();
  } catch (cause) {
    throw new MetalayerError("RPC_BAD_RESPONSE", `A node sent no result of ${name}.`, { result }, { cause });
  }
}

export function readOutLane(result: unknown): OutLane {
  const [lane] = viewResult("outLane", result);
  // CAST: the ABI says that outLane returns one such struct.
  const { status, nonce, head, ownIncarnation, incarnation } = lane as OutLane & { status: bigint };
  return { status: Number(status), nonce, head, ownIncarnation, incarnation };
}

/** Filter for the messages that a gateway accepted; without content only their places in the lanes. */
export function entryTopics(withContent: boolean): string[] {
  return withContent ? [MESSAGE_SENT, MESSAGE_ACCEPTED] : [MESSAGE_ACCEPTED];
}

/** What the gateway's own events say. Events of other emitters, whatever they look like, do not count (EXPLOITS 2, 4, 23). */
export function readEntries(logs: readonly Log[], gateway: Address, withContent: boolean): LaneEntry[] {
  const own = logs.filter(({ address }) => address.toLowerCase() === gateway.toLowerCase());
  const sent = new Map(own.filter(({ topics }) => topics[0] === MESSAGE_SENT).map((log) => [log.topics[1], log]));
  return own
    .filter(({ topics }) => topics[0] === MESSAGE_ACCEPTED && topics.length === 4)
    .flatMap((log) => {
      const [, id, dst, nonce] = log.topics;
      const content = sent.get(id);
      if (withContent && content === undefined) return [];
      const message = content === undefined ? undefined : readMessage(content, log);
      // CAST: parseLog has made sure that topics are 32 bytes of hex.
      return [{ dstChainId: BigInt(dst!), nonce: BigInt(nonce!), id: id as Hex, block: log.blockNumber, message }];
    });
}

function readMessage(sent: Log, accepted: Log): Message | undefined {
  try {
    const { args } = gatewayInterface.parseLog({ topics: sent.topics, data: sent.data }) ?? {};
    // CAST: the event's fields as the ABI has them.
    const { sender, recipient, payload } = args as unknown as Record<"sender" | "recipient" | "payload", Hex>;
    return {
      ...unpackHeader(BigInt(accepted.data)),
      sender: parseEvmAccount(sender).address,
      recipient: parseEvmAccount(recipient).address,
      payload,
    };
  } catch {
    return undefined;
  }
}
