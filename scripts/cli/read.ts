import { formatEther, Interface } from "ethers";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import { toHex, uintBytes } from "../../sdk/src/bytes.ts";
import { codeOf } from "../chain/rpc-errors.ts";
import { slotProof } from "../../sdk/src/proofsPack.ts";
import { mappingSlot, type StateAnswer } from "../../sdk/src/proofsRead.ts";
import { checkedAddress } from "./accounts.ts";
import type { Context } from "./command.ts";
import { CommandError, UsageError } from "./command.ts";
import type { Connection } from "./connection.ts";
import { readingClient } from "./connection.ts";
import type { Network, RollupDescription } from "./network.ts";
import { findNetwork, withRollups } from "./network.ts";
import { address, slot } from "./options.ts";

export interface ReadOptions {
  readonly network: string | undefined;
  readonly on: string | undefined;
  readonly position: bigint | undefined;
}

/** What is asked of the account. */
type Question =
  | { readonly field: "balance" | "nonce" | "code" }
  | { readonly field: "slot"; readonly slot: bigint }
  | { readonly field: "balanceOf"; readonly holder: Address };

const ERC20 = new Interface(["function balanceOf(address) view returns (uint256)"]);
/** Where tokens usually keep balances: the first slots, and the place of OpenZeppelin's upgradeable ERC-20. */
const POSITIONS: readonly bigint[] = [
  ...Array.from({ length: 16 }, (_, index) => BigInt(index)),
  0x52c63247e1f47db19d5ce0460030c497f067ca4cebf71ba98eeadabe20bace00n,
];

export async function readCommand(context: Context, options: ReadOptions): Promise<void> {
  const [of = "", account = "", what, holder] = context.args;
  const subject = checkedAddress("<address>", address(account));
  const question = parseQuestion(what, holder);
  const network = findNetwork(context, options.network);
  const source = network.rollup(of);
  const answer = await withRollups([source, destinationOf(network, source, options.on)], async ([at, on]) => {
    if (at === undefined || on === undefined) throw new Error("a connection is missing");
    return ask(at, on, subject, question, options.position);
  });
  const { value, text, state, on, position } = answer;
  const { output } = context;
  output.line(`${source.name} ${subject} ${describe(question)}: ${text}`);
  output.line(
    `Proven against block ${state.head.number} (anchor ${state.head.anchorIndex}), attested on ${on}; StateReader there says the same.`,
  );
  output.result({
    rollup: source.name,
    account: subject,
    ...question,
    ...(position === undefined ? {} : { position }),
    value,
    head: state.head,
    attestedOn: on,
    proofBytes: (slotProof(state.accountPart, state.slotParts).length - 2) / 2,
  });
}

interface Answer {
  readonly value: bigint | Hex;
  readonly text: string;
  readonly state: StateAnswer;
  readonly on: string;
  readonly position?: bigint;
}

async function ask(
  at: Connection,
  on: Connection,
  account: Address,
  question: Question,
  given: bigint | undefined,
): Promise<Answer> {
  const client = await readingClient([at, on]);
  const query = { of: at.chainId, attestedOn: on.chainId, account };
  const read = async (slots: readonly bigint[]): Promise<StateAnswer> => {
    try {
      const state = await client.readState({ ...query, slots });
      await confirm(on, at.chainId, account, slots, state);
      return state;
    } catch (error) {
      throw explained(error, at.name, on.name);
    }
  };
  if (question.field === "balanceOf") {
    const position = given ?? (await findPosition(at, account, question.holder));
    const state = await read([BigInt(mappingSlot(question.holder, position))]);
    const value = BigInt(state.values[0] ?? 0);
    return { value, text: `${value} units (balances at slot ${position})`, state, on: on.name, position };
  }
  const state = await read(question.field === "slot" ? [question.slot] : []);
  return { ...valueOf(question, state), state, on: on.name };
}

function valueOf(question: Question, { account, values }: StateAnswer): { value: bigint | Hex; text: string } {
  if (question.field === "nonce") return { value: account.nonce, text: String(account.nonce) };
  if (question.field === "balance") {
    return { value: account.balance, text: `${formatEther(account.balance)} of the rollup's own currency` };
  }
  const value = question.field === "code" ? account.codeHash : (values[0] ?? "0x");
  return { value, text: question.field === "code" ? `code with hash ${value}` : value };
}

/** The contract on the other rollup must read the same from the same proof. */
async function confirm(
  on: Connection,
  of: bigint,
  account: Address,
  slots: readonly bigint[],
  state: StateAnswer,
): Promise<void> {
  const { stateReader } = on.contracts;
  const { anchorIndex } = state.head;
  const [slot] = slots;
  if (slot === undefined) {
    const { nonce, balance, codeHash } = await stateReader.accountAt(of, anchorIndex, account, state.accountPart);
    const same = nonce === state.account.nonce && balance === state.account.balance;
    if (same && codeHash === state.account.codeHash) return;
  } else {
    const proof = slotProof(state.accountPart, state.slotParts);
    const key = toHex(uintBytes("slot", slot, 32));
    if ((await stateReader.slotAt(of, anchorIndex, account, key, proof)) === state.values[0]) return;
  }
  throw new Error("StateReader and sdk read different values from one proof");
}

/** The position under which the token's storage holds what its `balanceOf` answers. */
async function findPosition(at: Connection, token: Address, holder: Address): Promise<bigint> {
  const data = ERC20.encodeFunctionData("balanceOf", [holder]);
  const [answer, ...words] = await Promise.all([
    at.provider.call({ to: token, data }),
    ...POSITIONS.map((position) => at.provider.getStorage(token, BigInt(mappingSlot(holder, position)))),
  ]);
  const found = words.findIndex(
    (word) => answer.length === 66 && BigInt(answer) !== 0n && BigInt(word) === BigInt(answer),
  );
  const position = POSITIONS[found];
  if (position !== undefined) return position;
  throw new CommandError(
    "CLI_NO_POSITION",
    answer === "0x"
      ? `${token} on ${at.name} is no ERC-20`
      : `where ${token} keeps the balance of ${holder} was not found`,
    "Nothing was done",
    "name the slot of its balances with --position",
  );
}

export function explained(error: unknown, of: string, on: string): unknown {
  const code = codeOf(error);
  const cause = { cause: error };
  if (code === "CLIENT_NO_HEAD") {
    const next = "wait for a relayer to record one (it anchors and records heads as configured), or name another --on";
    return new CommandError(
      "CLI_NO_HEAD",
      `no head of ${of} is attested on ${on} yet`,
      "Nothing was done",
      next,
      cause,
    );
  }
  if (code === "PROOF_UNAVAILABLE") {
    const what = `the node of ${of} has no proof for the attested block any more`;
    const next = "wait for a newer head, or use an endpoint that keeps old state";
    return new CommandError("CLI_NO_PROOF", what, "Nothing was done", next, cause);
  }
  if (code === "PROOF_REFUSED") {
    const next = "use another endpoint: this one does not tell what the attested state holds";
    return new CommandError(
      "CLI_PROOF_REFUSED",
      `the node of ${of} gave a false proof`,
      "Nothing was done",
      next,
      cause,
    );
  }
  return error;
}

function destinationOf(network: Network, source: RollupDescription, given: string | undefined): RollupDescription {
  const found =
    given === undefined ? network.rollups.find(({ chainId }) => chainId !== source.chainId) : network.rollup(given);
  if (found !== undefined && found.chainId !== source.chainId) return found;
  throw new UsageError("name another rollup with --on: a rollup holds no heads of its own");
}

function parseQuestion(what = "balance", holder: string | undefined): Question {
  if (what === "balanceOf") {
    if (holder === undefined) throw new UsageError("balanceOf needs a holder");
    return { field: "balanceOf", holder: checkedAddress("<holder>", address(holder)) };
  }
  if (holder !== undefined) throw new UsageError(`${what} takes no holder`);
  if (what === "balance" || what === "nonce" || what === "code") return { field: what };
  return { field: "slot", slot: slot(what) };
}

function describe(question: Question): string {
  if (question.field === "slot") return `slot ${question.slot}`;
  return question.field === "balanceOf" ? `balance of ${question.holder}` : question.field;
}
