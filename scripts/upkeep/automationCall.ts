import { Interface } from "ethers";
import { automationsAbi } from "../../sdk/src/abi/Automations.ts";
import { automationArgument, isSatisfied, type Automation, type CreatedAutomation } from "../../sdk/src/automation.ts";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import { headerOfBlock } from "../../sdk/src/header.ts";
import { proveState, slotProof, type NodeProof } from "../../sdk/src/proofsPack.ts";
import { IAutomated__factory } from "../../typechain-types/factories/contracts/data/IAutomated__factory.js";
import { parseBlock, toQuantity, type Log } from "../chain/blocks.ts";
import type { RpcOutcome } from "../chain/endpoint.ts";
import { viewCall, viewResult } from "../network/gateway.ts";
import type { Station } from "../network/station.ts";
import type { RecordedHead } from "./heads.ts";

/** What is needed of a rollup to execute automations there, or by what is proven of it. */
export type AutomationSite = Pick<Station, "rollup" | "pool" | "sender" | "account"> & {
  readonly follower: Pick<Station["follower"], "finalNumber">;
};

/** Prepaid ERA of an automation and its last call. */
export interface AutomationState {
  readonly active: boolean;
  readonly balance: bigint;
  readonly calledAt: bigint;
  readonly number: bigint;
}

const automationsInterface = new Interface(automationsAbi);
const automatedInterface = IAutomated__factory.createInterface();
const ACCEPTED = automatedInterface.getFunction("onCondition").selector;
const EXECUTED = automationsInterface.getEvent("AutomationExecuted")?.topicHash;
const FAILED = automationsInterface.getEvent("AutomationFailed")?.topicHash;

/** States of automations, and the time of the block that has them. */
export async function readStates(
  { rollup, pool }: AutomationSite,
  ids: readonly Hex[],
  signal: AbortSignal | undefined,
): Promise<{ readonly now: bigint; readonly states: readonly AutomationState[] }> {
  const at = rollup.contracts.automations ?? "0x";
  const calls = [
    { method: "eth_getBlockByNumber", params: ["latest", false] },
    ...ids.map((id) => viewCall(at, "state", [id], "latest", automationsInterface)),
  ];
  const [block, ...rest] = await pool.batch(calls, { signal });
  const states = rest.map((outcome) => {
    // CAST: the ABI says so.
    return viewResult("state", resultOf(outcome), automationsInterface)[0] as AutomationState;
  });
  return { now: BigInt(parseBlock(resultOf(block)).timestamp), states };
}

/** The value that satisfies each condition in a block of the source, by its node's word; undefined where none does or the node does not know. */
export async function valuesAt(
  source: AutomationSite,
  automations: readonly Automation[],
  block: bigint | number,
  signal: AbortSignal | undefined,
): Promise<(bigint | undefined)[]> {
  if (automations.length === 0) return [];
  const calls = automations.map(({ account, slot }) => {
    return { method: "eth_getStorageAt", params: [account, slot, toQuantity(block)] };
  });
  const outcomes = await source.pool.batch(calls, { signal });
  return automations.map((automation, index) => {
    const outcome = outcomes[index];
    if (outcome?.ok !== true || !/^0x[0-9a-f]{64}$/i.test(String(outcome.result))) return undefined;
    const word = String(outcome.result) as Hex; // CAST: the pattern says so
    return isSatisfied(automation, word) ? BigInt(word) & automation.mask : undefined;
  });
}

/** Whether an owner would accept the call with this value now. */
export async function accepts(
  { rollup, pool }: AutomationSite,
  { id, owner, automation }: CreatedAutomation,
  value: bigint,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const data = automatedInterface.encodeFunctionData("onCondition", [id, value]);
  const call = { from: rollup.contracts.automations, to: owner, data, gas: toQuantity(automation.gasLimit) };
  const [outcome] = await pool.batch([{ method: "eth_call", params: [call, "latest"] }], { signal });
  return outcome?.ok === true && String(outcome.result).startsWith(ACCEPTED);
}

/** A head with its block's header and time, seconds. */
export interface ShownHead extends RecordedHead {
  readonly header: Hex;
  readonly time: bigint;
}

/** The header of a head's block by the source's node; undefined if it has another block there, or one whose hash is no Ethereum header's. */
export async function showHead(
  source: AutomationSite,
  head: RecordedHead,
  signal: AbortSignal | undefined,
): Promise<ShownHead | undefined> {
  const block = await source.pool.request("eth_getBlockByNumber", [toQuantity(head.number), false], { signal });
  const { hash, timestamp } = parseBlock(block);
  // CAST: a block that was parsed is a record.
  const header = headerOfBlock(block as Record<string, unknown>);
  return header === undefined || hash !== head.blockHash ? undefined : { ...head, header, time: BigInt(timestamp) };
}

/** When the newest final block of a rollup was made, seconds. */
export async function finalTime({ pool, follower }: AutomationSite, signal: AbortSignal | undefined): Promise<bigint> {
  const params = [toQuantity(follower.finalNumber), false];
  return BigInt(parseBlock(await pool.request("eth_getBlockByNumber", params, { signal })).timestamp);
}

/** The value that counts in a head's state, with the transaction that proves it. Throws `PROOF_REFUSED` if the source's node says what is not so. */
export async function prepareExecution(
  source: AutomationSite,
  dst: AutomationSite,
  { owner, automation }: CreatedAutomation,
  head: ShownHead,
  signal: AbortSignal | undefined,
): Promise<{ readonly value: bigint; readonly call: { readonly to: Address; readonly data: Hex } }> {
  const { account, slot, mask } = automation;
  const answer = await source.pool.request("eth_getProof", [account, [slot], toQuantity(head.number)], { signal });
  // CAST: whatever it is, nothing in it is believed.
  const { values, accountPart, slotParts } = proveState(head.stateRoot, account, [slot], answer as NodeProof);
  const proof = slotProof(accountPart, slotParts);
  const given = [owner, automationArgument(automation), head.anchorIndex, head.header, proof];
  // CAST: ethers returns hex
  const data = automationsInterface.encodeFunctionData("execute", given) as Hex;
  return { value: BigInt(values[0] ?? 0n) & mask, call: { to: dst.rollup.contracts.automations ?? "0x", data } };
}

/** How the call of an automation ended, by a transaction's logs; undefined if there was none. */
export function endIn(logs: readonly Log[], id: Hex): "executed" | "failed" | undefined {
  const ends = logs.filter(({ topics }) => topics[1] === id).map(({ topics }) => topics[0]);
  if (ends.includes(EXECUTED)) return "executed";
  return ends.includes(FAILED) ? "failed" : undefined;
}

function resultOf(outcome: RpcOutcome | undefined): unknown {
  if (outcome?.ok !== true) throw outcome?.error ?? new Error("no answer");
  return outcome.result;
}
