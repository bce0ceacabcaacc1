import { Interface } from "ethers";
import { fromHex, toAddress, toHex, type Address, type Hex } from "./bytes.ts";
import { MetalayerError } from "./errors.ts";
import { operationId, type CodeBinding, type GovernanceCall, type Leg } from "./governance.ts";
import { parseEvmAccount } from "./interop.ts";

const TIMELOCK = new Interface([
  "function requireConditions(uint256 chainId, uint256 expiry, address[] accounts, bytes32[] codeHashes) view",
  "function scheduleBatch(address[] targets, uint256[] values, bytes[] payloads, bytes32 predecessor, bytes32 salt, uint256 delay)",
  "function executeBatch(address[] targets, uint256[] values, bytes[] payloads, bytes32 predecessor, bytes32 salt) payable",
]);
const GATEWAY = new Interface([
  "function sendMessage(bytes recipient, bytes payload, bytes[] attributes) payable returns (bytes32)",
]);

/** What a governor was asked to decide: the arguments of `propose`. */
export interface ProposedCalls {
  readonly targets: readonly Address[];
  readonly values: readonly bigint[];
  readonly payloads: readonly Hex[];
}

/** Conditions under which a leg works at all. */
export interface LegConditions {
  readonly chainId: bigint;
  /** Seconds since 1970. */
  readonly expiry: bigint;
  readonly bindings: readonly CodeBinding[];
}

/** Home's own part. */
export interface HomePart {
  readonly conditions: LegConditions;
  /** What home's timelock calls, the messages that carry other rollups' legs left out. */
  readonly calls: readonly GovernanceCall[];
}

/** Another rollup's leg as home's part sends it. */
export interface SentLeg extends Leg {
  readonly executor: Address;
  readonly conditions: LegConditions;
  /** Without the conditions. */
  readonly calls: readonly GovernanceCall[];
  /** Seconds in its timelock. */
  readonly delay: bigint;
}

/** A proposal taken apart: who does what on which rollup. */
export interface ReadProposal {
  readonly home: HomePart;
  readonly legs: readonly SentLeg[];
}

/**
 * Takes a proposal apart again. Throws `GOVERNANCE_UNREADABLE` for one that does not begin with its conditions. A message of home's gateway that carries
 * anything but a leg stays among home's calls.
 */
export function readProposal(gateway: Address, proposal: ProposedCalls): ReadProposal {
  const { conditions, calls } = bound(proposal);
  const legs: SentLeg[] = [];
  const own: GovernanceCall[] = [];
  for (const call of calls) {
    const leg = isSame(call.target, gateway) ? legOfMessage(call.data) : undefined;
    if (leg === undefined) own.push(call);
    else legs.push(leg);
  }
  return { home: { conditions, calls: own }, legs };
}

function legOfMessage(data: Hex): SentLeg | undefined {
  const message = decode(GATEWAY, "sendMessage", data);
  if (message === undefined) return undefined;
  const [recipient, payload] = message as [Hex, Hex]; // CAST: the ABI's types
  const batch = decode(TIMELOCK, "scheduleBatch", payload);
  if (batch === undefined) return undefined;
  // CAST: the ABI's types, nested lists copied by `decode`
  const [targets, values, payloads, predecessor, salt, delay] = batch as Batch;
  const { chainId, address: executor } = parseEvmAccount(recipient);
  const { conditions, calls } = bound({ targets, values, payloads });
  const [timelock] = targets;
  if (timelock === undefined) return undefined;
  return {
    ...{ chainId, timelock: plain(timelock), executor, conditions, calls, delay },
    ...{ targets: targets.map(plain), values, payloads, predecessor, salt },
    id: operationId(targets, values, payloads, predecessor, salt),
    schedule: payload,
    execute: toHex(
      fromHex(TIMELOCK.encodeFunctionData("executeBatch", [targets, values, payloads, predecessor, salt])),
    ),
  };
}

type Batch = [Address[], bigint[], Hex[], Hex, Hex, bigint];

function bound({ targets, values, payloads }: ProposedCalls): HomePart {
  const terms = decode(TIMELOCK, "requireConditions", payloads[0] ?? "0x");
  if (terms === undefined) {
    throw new MetalayerError("GOVERNANCE_UNREADABLE", "the calls do not begin with their conditions", { targets });
  }
  const [chainId, expiry, accounts, codeHashes] = terms as [bigint, bigint, Address[], Hex[]]; // CAST: the ABI's types
  const bindings = accounts.map((account, index) => ({ account: plain(account), codeHash: codeHashes[index] ?? "0x" }));
  const calls = targets.slice(1).map((target, index) => ({
    target: plain(target),
    data: payloads[index + 1] ?? "0x",
    value: values[index + 1] ?? 0n,
  }));
  return { conditions: { chainId, expiry, bindings }, calls };
}

/** Arguments of a call, lists as arrays; undefined if it is another call or cut. */
function decode(known: Interface, name: string, data: Hex): unknown[] | undefined {
  if (data.slice(0, 10) !== known.getFunction(name)?.selector) return undefined;
  try {
    const values = known.decodeFunctionData(name, data).toArray() as unknown[]; // CAST: ethers says any
    return values.map((value) => (Array.isArray(value) ? [...(value as unknown[])] : value)); // CAST: as above
  } catch {
    return undefined;
  }
}

function plain(account: string): Address {
  return toAddress(fromHex(account));
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
