import { keccak256 } from "ethers";
import type { GovernanceCall, Proposal } from "../../../sdk/src/governance.ts";
import type { LegConditions, ReadProposal, SentLeg } from "../../../sdk/src/proposalRead.ts";
import { spanText, timeText } from "../format.ts";
import type { RollupDescription } from "../network.ts";
import type { Output } from "../output.ts";
import type { Book } from "./call-text.ts";

/** Who is meant by the parts of a proposal. */
export interface Places {
  readonly book: Book;
  readonly home: RollupDescription;
  readonly rollups: readonly RollupDescription[];
}

const FORMULAS = [
  "operation = keccak256(abi.encode(address[] targets, uint256[] values, bytes[] payloads, bytes32 predecessor, bytes32 salt))",
  "proposal = keccak256(abi.encode(address[] targets, uint256[] values, bytes[] payloads, keccak256(description))); --json gives all of it.",
];

/** Every leg with its calls as people read them, and what each hash is made of. */
export function showParts({ line }: Output, places: Places, { home, legs }: ReadProposal): void {
  line(`On ${places.home.name} (home), until ${timeText(home.conditions.expiry)}:`);
  showCalls(line, places.book, places.home, home.calls);
  showBindings(line, places.book, places.home, home.conditions);
  for (const leg of legs) {
    const rollup = rollupOf(places, leg.chainId);
    line(
      `On ${nameOf(places, leg.chainId)}, ${spanText(Number(leg.delay))} after its arrival, until ${timeText(leg.conditions.expiry)}:`,
    );
    showCalls(line, places.book, rollup, leg.calls);
    showBindings(line, places.book, rollup, leg.conditions);
    line(`  operation ${leg.id}`);
  }
  FORMULAS.forEach((formula) => line(formula));
}

function showCalls(
  line: Output["line"],
  book: Book,
  rollup: RollupDescription | undefined,
  calls: readonly GovernanceCall[],
): void {
  if (calls.length === 0) line("  nothing but the legs of the others");
  for (const call of calls) {
    line(`  ${rollup === undefined ? `${call.target}: ${call.data}` : book.callText(rollup, call)}`);
    line(`    to ${call.target}, calldata hash ${keccak256(call.data)}`);
  }
}

/** What must still stand at these addresses when the part takes effect. */
function showBindings(
  line: Output["line"],
  book: Book,
  rollup: RollupDescription | undefined,
  { bindings }: LegConditions,
): void {
  for (const { account, codeHash } of bindings) {
    const name = rollup === undefined ? undefined : book.nameOf(rollup, account);
    line(`  only while the code of ${name === undefined ? account : `${account} (${name})`} has the hash ${codeHash}`);
  }
}

/** The same for machines, with everything that the hashes are made of. */
export function partsResult(places: Places, { home, legs }: ReadProposal): object {
  return {
    home: {
      rollup: places.home.name,
      ...conditionsResult(home.conditions),
      calls: callsResult(places.book, places.home, home.calls),
    },
    legs: legs.map((leg) => legResult(places, leg)),
  };
}

/** What the governor takes. */
export function proposalResult({ proposalId, operationId, descriptionHash, ...proposal }: Proposal): object {
  const { targets, values, payloads, description } = proposal;
  return { proposalId, operationId, description, descriptionHash, targets, values, payloads };
}

function legResult(places: Places, leg: SentLeg): object {
  const { id: operation, timelock, executor, targets, values, payloads, predecessor, salt, delay, execute } = leg;
  return {
    rollup: nameOf(places, leg.chainId),
    ...{ operation, timelock, executor, delay, predecessor, salt, targets, values, payloads, execute },
    ...conditionsResult(leg.conditions),
    calls: callsResult(places.book, rollupOf(places, leg.chainId), leg.calls),
  };
}

function conditionsResult({ chainId, expiry, bindings }: LegConditions): object {
  return { chainId, expiry, bindings };
}

function callsResult(book: Book, rollup: RollupDescription | undefined, calls: readonly GovernanceCall[]): object[] {
  return calls.map((call) => ({
    ...call,
    hash: keccak256(call.data),
    ...(rollup === undefined ? {} : { text: book.callText(rollup, call) }),
  }));
}

function rollupOf({ rollups }: Places, chainId: bigint): RollupDescription | undefined {
  return rollups.find((rollup) => BigInt(rollup.chainId) === chainId);
}

/** Name of a rollup, or its chain id if the network's description does not have it. */
export function nameOf(places: Places, chainId: bigint): string {
  return rollupOf(places, chainId)?.name ?? `rollup ${chainId}`;
}
