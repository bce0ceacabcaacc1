import { AbiCoder, keccak256 } from "ethers";
import { IAutomations__factory } from "../../typechain-types/factories/contracts/data/IAutomations__factory.js";
import { fixedBytes, fromHex, toAddress, toHex, type Address, type Hex } from "./bytes.ts";
import { readStanding, type NamedLog } from "./standing.ts";

const AUTOMATIONS = IAutomations__factory.createInterface();
const TUPLE = "tuple(uint256,uint256,address,bytes32,uint256,uint8,uint256,uint64,uint64,uint32,uint64)";

/** How the value of a slot, under its mask, is compared with the operand. */
export const COMPARISONS = ["none", "equal", "notEqual", "atLeast", "atMost"] as const;

/** When a contract is to be called, and what it pays for it: docs/protocol/automations.md. */
export interface Automation {
  readonly chainId: bigint;
  readonly incarnation: bigint;
  readonly account: Address;
  readonly slot: Hex;
  readonly mask: bigint;
  readonly comparison: (typeof COMPARISONS)[number];
  readonly operand: bigint;
  /** Seconds since the time of the block that shows the value, at most. */
  readonly maxAge: bigint;
  /** Seconds between two calls; 0: called once. */
  readonly period: bigint;
  readonly gasLimit: bigint;
  /** To who executes, in fee units of 1e-9 ERA. */
  readonly reward: bigint;
}

/** An automation as the contracts take it. */
export interface AutomationArgument extends Omit<Automation, "comparison"> {
  readonly comparison: bigint;
}

/** One automation as the logs of its rollup tell it. */
export interface CreatedAutomation {
  readonly id: Hex;
  readonly owner: Address;
  readonly automation: Automation;
}

/** An automation as the contracts take it. */
export function automationArgument(automation: Automation): AutomationArgument {
  return { ...automation, comparison: BigInt(COMPARISONS.indexOf(automation.comparison)) };
}

/** Id of a contract's automation. */
export function automationId(owner: Address, automation: Automation): Hex {
  const { chainId, incarnation, account, slot, mask, comparison, operand, maxAge, period, gasLimit, reward } =
    automationArgument(automation);
  const words = [chainId, incarnation, account, slot, mask, comparison, operand, maxAge, period, gasLimit, reward];
  return toHex(fromHex(keccak256(AbiCoder.defaultAbiCoder().encode(["address", TUPLE], [owner, words]))));
}

/** Whether a slot's value satisfies the condition. */
export function isSatisfied({ mask, comparison, operand }: Automation, word: Hex): boolean {
  const value = BigInt(word) & mask;
  if (comparison === "equal") return value === operand;
  if (comparison === "notEqual") return value !== operand;
  if (comparison === "atLeast") return value >= operand;
  return comparison === "atMost" && value <= operand;
}

/** Automations, and ends of automations, in the order of the logs: the newest of each id counts. Whether one is over: `state(id)`. */
export function readAutomations(logs: readonly NamedLog[]): Map<Hex, CreatedAutomation> {
  const { created: made, ended } = AUTOMATION_TOPICS;
  return readStanding(logs, { made, ended: [ended] }, (id, { data, topics }) => {
    // CAST: ethers decodes to the types of the ABI, which are these.
    const { owner, automation } = AUTOMATIONS.decodeEventLog("AutomationCreated", data, [
      ...topics,
    ]).toObject() as unknown as Decoded;
    return { id, owner: toAddress(fixedBytes("owner", owner, 20)), automation: read(automation) };
  });
}

function read(said: Decoded["automation"]): Automation {
  const { chainId, incarnation, mask, operand, maxAge, period, gasLimit, reward } = said;
  return {
    ...{ chainId, incarnation, mask, operand, maxAge, period, gasLimit, reward },
    account: toAddress(fixedBytes("account", said.account, 20)),
    slot: toHex(fixedBytes("slot", said.slot, 32)),
    comparison: COMPARISONS[Number(said.comparison)] ?? "none",
  };
}

interface Decoded {
  readonly owner: string;
  readonly automation: Omit<AutomationArgument, "account" | "slot"> & {
    readonly account: string;
    readonly slot: string;
  };
}

/** Topics of the events that say which automations there are. */
export const AUTOMATION_TOPICS = {
  created: AUTOMATIONS.getEvent("AutomationCreated").topicHash,
  ended: AUTOMATIONS.getEvent("AutomationEnded").topicHash,
} as const;
