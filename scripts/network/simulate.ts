import { AbiCoder, Interface } from "ethers";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import { formatEvmAccount } from "../../sdk/src/interop.ts";
import type { Message } from "../../sdk/src/message.ts";
import { bigQuantity, quantity, toQuantity } from "../chain/blocks.ts";
import type { RpcPool } from "../chain/pool.ts";
import { codeOf } from "../chain/rpc-errors.ts";
import { MESSAGE_DELIVERED, MESSAGE_FAILED, gatewayInterface } from "./gateway.ts";

/** What a relay transaction would do if it were mined now. */
export type Simulation =
  | {
      readonly kind: "runs";
      readonly delivered: ReadonlySet<Hex>;
      /** With the reason that the recipient gave. */
      readonly failed: ReadonlyMap<Hex, string>;
      readonly gasUsed: bigint;
    }
  | { readonly kind: "reverts"; readonly error: string };

export interface RelayCall {
  readonly from: Address;
  readonly gateway: Address;
  readonly data: Hex;
  readonly gas: bigint;
  /** The messages in it, for nodes that cannot tell which of them fail. */
  readonly messages: readonly {
    readonly id: Hex;
    readonly srcChainId: bigint;
    readonly message: Message;
    /** What its recipient is called with. */
    readonly gas: bigint;
  }[];
}

const recipientInterface = new Interface(["function receiveMessage(bytes32,bytes,bytes) payable returns (bytes4)"]);
const RECEIVED = recipientInterface.getFunction("receiveMessage")?.selector ?? "0x";

/** Pools whose nodes do not know eth_simulateV1. */
const withoutSimulate = new WeakSet<RpcPool>();

/** One request where the node knows eth_simulateV1, otherwise one batch more. */
export async function simulateRelay(pool: RpcPool, call: RelayCall, signal?: AbortSignal): Promise<Simulation> {
  if (!withoutSimulate.has(pool)) {
    try {
      return await simulateV1(pool, call, signal);
    } catch (error) {
      const isUnknown =
        error instanceof Error &&
        /not found|not supported|does not exist|unknown method|unsupported/i.test(error.message);
      if (!isUnknown) throw error;
      withoutSimulate.add(pool);
    }
  }
  return simulateParts(pool, call, signal);
}

async function simulateV1(pool: RpcPool, call: RelayCall, signal: AbortSignal | undefined): Promise<Simulation> {
  const { from, gateway: to, data: input, gas } = call;
  const state = { blockStateCalls: [{ calls: [{ from, to, input, gas: toQuantity(gas) }] }], validation: false };
  const result = await pool.request("eth_simulateV1", [state, "latest"], { signal });
  const [outcome] = listOf(fieldOf(listOf(result)[0], "calls"));
  if (quantity(fieldOf(outcome, "status")) === 0) {
    const error = fieldOf(outcome, "error");
    return { kind: "reverts", error: nameOf(fieldOf(outcome, "returnData") ?? fieldOf(error, "data")) };
  }
  const delivered = new Set<Hex>();
  const failed = new Map<Hex, string>();
  for (const log of listOf(fieldOf(outcome, "logs"))) readOutcome(log, call.gateway, delivered, failed);
  return { kind: "runs", delivered, failed, gasUsed: bigQuantity(fieldOf(outcome, "gasUsed")) };
}

/** Sorts the gateway's events about deliveries; also for the logs of a receipt. */
export function readOutcome(log: unknown, gateway: Address, delivered: Set<Hex>, failed: Map<Hex, string>): void {
  const [topic, id] = listOf(fieldOf(log, "topics")).map(String);
  if (id === undefined || String(fieldOf(log, "address")).toLowerCase() !== gateway.toLowerCase()) return;
  // CAST: topics are 32 bytes of hex.
  if (topic === MESSAGE_DELIVERED) delivered.add(id as Hex);
  // CAST: as above.
  if (topic === MESSAGE_FAILED) failed.set(id as Hex, reasonOf(String(fieldOf(log, "data"))));
}

/** The call as a whole, its gas, and every recipient by itself. */
async function simulateParts(pool: RpcPool, call: RelayCall, signal: AbortSignal | undefined): Promise<Simulation> {
  const transaction = { from: call.from, to: call.gateway, data: call.data, gas: toQuantity(call.gas) };
  const recipients = call.messages.map(({ id, srcChainId, message, gas }) => {
    const sender = formatEvmAccount({ chainId: srcChainId, address: message.sender });
    const data = recipientInterface.encodeFunctionData("receiveMessage", [id, sender, message.payload]);
    const params = [{ from: call.gateway, to: message.recipient, data, gas: toQuantity(gas) }, "latest"];
    return { method: "eth_call", params: message.kind === 0 ? params : [{ to: call.gateway }, "latest"] };
  });
  const estimate = { method: "eth_estimateGas", params: [transaction] };
  const [used, ...outcomes] = await pool.batch([estimate, ...recipients], { signal });
  if (used?.ok !== true) {
    if (used === undefined || codeOf(used.error) !== "RPC_REVERTED") throw used?.error ?? new Error("no answer");
    return { kind: "reverts", error: nameOf(used.error.info["data"]) };
  }
  const delivered = new Set<Hex>();
  const failed = new Map<Hex, string>();
  call.messages.forEach(({ id, message }, index) => {
    const outcome = outcomes[index];
    const isGood = message.kind !== 0 || (outcome?.ok === true && String(outcome.result).startsWith(RECEIVED));
    if (isGood) delivered.add(id);
    else failed.set(id, outcome?.ok === false ? outcome.error.message : "the recipient did not confirm");
  });
  return { kind: "runs", delivered, failed, gasUsed: bigQuantity(used.result) };
}

function nameOf(data: unknown): string {
  if (typeof data !== "string" || data.length < 10) return "reverted without a reason";
  return gatewayInterface.parseError(data)?.name ?? `reverted with ${data.slice(0, 74)}`;
}

function reasonOf(data: string): string {
  // The message's id is a topic: the data holds the reason alone.
  const text = String(AbiCoder.defaultAbiCoder().decode(["bytes"], data)[0]);
  return text === "0x" ? NO_REASON : nameOf(text);
}

const NO_REASON = "the recipient gave no reason (no code, wrong answer, or out of gas)";

/** Whether a recipient that failed for this reason may do better with more gas. */
export function mayLackGas(reason: string): boolean {
  return reason === NO_REASON || /out of ?gas/i.test(reason);
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
