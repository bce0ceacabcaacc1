import { AbiCoder, getBytes, id as hashOfText, Interface, keccak256, toBeHex } from "ethers";
import { ZERO_HASH, type Address, type Hex } from "./bytes.ts";
import { MetalayerError } from "./errors.ts";
import { formatEvmAccount } from "./interop.ts";

const TIMELOCK = new Interface([
  "function requireConditions(uint256 chainId, uint256 expiry, address[] accounts, bytes32[] codeHashes) view",
  "function scheduleBatch(address[] targets, uint256[] values, bytes[] payloads, bytes32 predecessor, bytes32 salt, uint256 delay)",
  "function executeBatch(address[] targets, uint256[] values, bytes[] payloads, bytes32 predecessor, bytes32 salt) payable",
  "function cancel(bytes32 id)",
]);
const GATEWAY = new Interface([
  "function sendMessage(bytes recipient, bytes payload, bytes[] attributes) payable returns (bytes32)",
  "function minGasLimit(uint256 gas)",
]);

/** Gas for a leg's arrival: what the executor and the timelock need besides the leg's own size. */
const ARRIVAL_GAS = 150_000n;
const ARRIVAL_GAS_PER_CALL = 12_000n;
const ARRIVAL_GAS_PER_BYTE = 60n;

/** One call that governance makes on a rollup. */
export interface GovernanceCall {
  readonly target: Address;
  readonly data: Hex;
  /** Wei of the native currency; 0 without. */
  readonly value?: bigint;
}

/** Code that must not change between the proposal and its effect. */
export interface CodeBinding {
  readonly account: Address;
  /** keccak256 of its runtime code. */
  readonly codeHash: Hex;
}

/** One rollup's part of a decision, before it is bound. */
export interface LegInput {
  readonly chainId: bigint;
  /** The rollup's timelock, which makes the calls. */
  readonly timelock: Address;
  readonly calls: readonly GovernanceCall[];
  /** At least the code of every target; more, such as new implementations, are bound too. */
  readonly bindings: readonly CodeBinding[];
  /** The last second in which the leg can take effect, since 1970. */
  readonly expiry: bigint;
  /** Operation that must be done before; none if left out. */
  readonly predecessor?: Hex;
  /** Tells apart legs of the same content. */
  readonly salt?: Hex;
  /** Seconds; at least the timelock's. */
  readonly delay: bigint;
}

/** A bound leg. */
export interface Leg {
  readonly chainId: bigint;
  readonly timelock: Address;
  readonly targets: readonly Address[];
  readonly values: readonly bigint[];
  readonly payloads: readonly Hex[];
  readonly predecessor: Hex;
  readonly salt: Hex;
  /** Id of the operation in the timelock. */
  readonly id: Hex;
  /** Calldata of the timelock, sent by the rollup's proposer. */
  readonly schedule: Hex;
  /** Calldata of the timelock, sent by anyone after the delay. */
  readonly execute: Hex;
}

/** Everything that the governor's `propose` takes, with the ids that follow from it. */
export interface Proposal {
  readonly targets: readonly Address[];
  readonly values: readonly bigint[];
  readonly payloads: readonly Hex[];
  readonly description: string;
  readonly descriptionHash: Hex;
  readonly proposalId: bigint;
  /** Id of home's operation in home's timelock. */
  readonly operationId: Hex;
}

/** A proposal as voters on other rollups name it. */
export interface Ballot {
  readonly proposalId: bigint;
  readonly snapshot: bigint;
  readonly votesUntil: bigint;
}

/**
 * Binds a leg to its rollup, its expiry and the code behind every address that it calls. Throws `GOVERNANCE_EMPTY_LEG` without calls and
 * `GOVERNANCE_UNBOUND` if the code of a target is not given.
 */
export function buildLeg(input: LegInput): Leg {
  const { chainId, timelock, predecessor = ZERO_HASH, salt = ZERO_HASH } = input;
  const { targets, values, payloads } = boundCalls(input);
  const batch = [targets, values, payloads, predecessor, salt];
  const schedule = TIMELOCK.encodeFunctionData("scheduleBatch", [...batch, input.delay]);
  return {
    chainId,
    timelock,
    targets,
    values,
    payloads,
    predecessor,
    salt,
    id: operationId(targets, values, payloads, predecessor, salt),
    schedule: asHex(schedule),
    execute: asHex(TIMELOCK.encodeFunctionData("executeBatch", batch)),
  };
}

/** The call of home's leg that sends another rollup's leg there. */
export function legCall(gateway: Address, executor: Address, leg: Leg): GovernanceCall {
  const bytes = BigInt(getBytes(leg.schedule).length);
  const gas = ARRIVAL_GAS + ARRIVAL_GAS_PER_CALL * BigInt(leg.targets.length) + ARRIVAL_GAS_PER_BYTE * bytes;
  return messageCall(gateway, { chainId: leg.chainId, address: executor }, leg.schedule, gas);
}

/** The call of home's leg that cancels what waits in another rollup's timelock. */
export function cancelCall(gateway: Address, chainId: bigint, executor: Address, operation: Hex): GovernanceCall {
  const payload = asHex(TIMELOCK.encodeFunctionData("cancel", [operation]));
  return messageCall(gateway, { chainId, address: executor }, payload, ARRIVAL_GAS);
}

/** A proposal whose calls are bound on home as {@link buildLeg} binds them. */
export function buildProposal(
  governor: Address,
  home: Omit<LegInput, "predecessor" | "salt" | "delay">,
  description: string,
): Proposal {
  const { targets, values, payloads } = boundCalls(home);
  const descriptionHash = asHex(hashOfText(description));
  const coder = AbiCoder.defaultAbiCoder();
  const hashed = coder.encode(
    ["address[]", "uint256[]", "bytes[]", "bytes32"],
    [targets, values, payloads, descriptionHash],
  );
  const salt = toBeHex((BigInt(governor) << 96n) ^ BigInt(descriptionHash), 32);
  return {
    targets,
    values,
    payloads,
    description,
    descriptionHash,
    proposalId: BigInt(keccak256(hashed)),
    operationId: operationId(targets, values, payloads, ZERO_HASH, asHex(salt)),
  };
}

/** Under which a collector keeps the votes on a ballot. */
export function ballotId({ proposalId, snapshot, votesUntil }: Ballot): Hex {
  const words = [proposalId, snapshot, votesUntil];
  return asHex(keccak256(AbiCoder.defaultAbiCoder().encode(["uint256", "uint256", "uint256"], words)));
}

function boundCalls({ chainId, timelock, calls, bindings, expiry }: Omit<LegInput, "delay">): {
  readonly targets: readonly Address[];
  readonly values: readonly bigint[];
  readonly payloads: readonly Hex[];
} {
  if (calls.length === 0) throw new MetalayerError("GOVERNANCE_EMPTY_LEG", "a leg without calls", { chainId });
  const known = new Map(bindings.map((binding) => [binding.account.toLowerCase(), binding]));
  const ofTargets = calls.map(({ target }) => {
    const binding = known.get(target.toLowerCase());
    if (binding !== undefined) return binding;
    throw new MetalayerError("GOVERNANCE_UNBOUND", `the code of ${target} is not bound`, { chainId, target });
  });
  const called = new Set(calls.map(({ target }) => target.toLowerCase()));
  const all = [...ofTargets, ...bindings.filter(({ account }) => !called.has(account.toLowerCase()))];
  const accounts = all.map(({ account }) => account);
  const codeHashes = all.map(({ codeHash }) => codeHash);
  const conditions = TIMELOCK.encodeFunctionData("requireConditions", [chainId, expiry, accounts, codeHashes]);
  return {
    targets: [timelock, ...calls.map(({ target }) => target)],
    values: [0n, ...calls.map(({ value = 0n }) => value)],
    payloads: [asHex(conditions), ...calls.map(({ data }) => data)],
  };
}

function messageCall(
  gateway: Address,
  recipient: { readonly chainId: bigint; readonly address: Address },
  payload: Hex,
  gas: bigint,
): GovernanceCall {
  const attribute = GATEWAY.encodeFunctionData("minGasLimit", [gas]);
  const data = GATEWAY.encodeFunctionData("sendMessage", [formatEvmAccount(recipient), payload, [attribute]]);
  return { target: gateway, data: asHex(data) };
}

/** Id of a batch in a timelock: OpenZeppelin's `hashOperationBatch`. */
export function operationId(
  targets: readonly Address[],
  values: readonly bigint[],
  payloads: readonly Hex[],
  predecessor: Hex,
  salt: Hex,
): Hex {
  const types = ["address[]", "uint256[]", "bytes[]", "bytes32", "bytes32"];
  const encoded = AbiCoder.defaultAbiCoder().encode(types, [targets, values, payloads, predecessor, salt]);
  return asHex(keccak256(encoded));
}

function asHex(text: string): Hex {
  return text as Hex; // CAST: callers pass what ethers returns as hex
}
