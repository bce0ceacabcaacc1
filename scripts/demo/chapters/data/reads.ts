import { isError, keccak256, toUtf8Bytes } from "ethers";
import { StateReader__factory } from "../../../../typechain-types/factories/contracts/proofs/StateReader__factory.js";
import type { Address, Hex } from "../../../../sdk/src/bytes.ts";
import { fromHex, toAddress, toHex } from "../../../../sdk/src/bytes.ts";
import { slotProof } from "../../../../sdk/src/proofsPack.ts";
import { mappingSlot } from "../../../../sdk/src/proofsRead.ts";
import { eraText } from "../../../cli/format.ts";
import { devAccount } from "../../../devnet/accounts.ts";
import type { Site, World } from "../../world.ts";
import { ACTORS, siteAt, until } from "../../world.ts";
import type { Watch } from "../../watch.ts";
import { LIMIT_MS, namesOf, othersOf } from "./chain.ts";

/** Of Era: who has how much. */
const BALANCES_POSITION = 0n;
const TRIED_BYTES = 12;
const GAS = 2_000_000n;

const READER = StateReader__factory.createInterface();

/** A head of one rollup that another one has recorded. */
interface Known {
  readonly of: Site;
  readonly on: Site;
  readonly anchorIndex: bigint;
  readonly block: number;
}

/** A call of the reader with its proof, what it answers, and what the rollup that is read says itself. */
interface Reading {
  readonly call: Hex;
  readonly answer: bigint;
  readonly truth: bigint;
}

/** A slot, a balance and an absent account of the first rollup, read on all others by calls of their StateReader, and changed proofs refused. */
export async function reads(world: World, watch: Watch): Promise<void> {
  const of = siteAt(world, 0);
  const others = othersOf(world);
  const heads = await Promise.all(others.map((on) => untilKnown(world, of, on)));
  watch.mark(world, "reads", `${namesOf(others)} have recorded a head of ${of.name}`);
  const shown: [what: string, read: (known: Known) => Promise<Reading>, text: (value: bigint) => string][] = [
    ["a storage slot: its treasurer's ERA", (known) => readSlot(world, known), eraText],
    ["a balance: its treasurer's coins", (known) => readCoins(world, known), (value) => `${value} wei`],
    ["an account that is absent", (known) => readAbsent(world, known), () => "nothing there"],
  ];
  for (const [what, read, text] of shown) {
    const readings = await Promise.all(heads.map((known) => read(known)));
    const receipts = await Promise.all(
      heads.map(({ on }, index) => {
        const call = { to: on.connection.description.contracts.StateReader, data: readings[index]?.call ?? "0x" };
        return on.account(ACTORS.reader).execute([{ ...call, gas: GAS }], world.signal);
      }),
    );
    watch.mark(world, "reads", `${what}, proven on ${others.length} rollups`, receipts.flat());
    const isRight = readings.every(({ answer, truth }) => answer === truth);
    const detail = [...new Set(readings.map(({ answer }) => text(answer)))].join("; ");
    world.check("reads", `${what}, as ${of.name} says itself`, isRight, detail);
  }
  await refuse(world, watch, heads);
}

async function untilKnown(world: World, of: Site, on: Site): Promise<Known> {
  const { inbox } = on.connection.contracts;
  await until(world, `${on.name} has recorded a head of ${of.name}`, LIMIT_MS, async () => {
    const [, { recordedAt }] = await inbox.latestHead(of.chainId);
    return recordedAt !== 0n;
  });
  const [anchorIndex, { number }] = await inbox.latestHead(of.chainId);
  return { of, on, anchorIndex, block: Number(number) };
}

async function proveSlot(world: World, { of, on, anchorIndex }: Known) {
  const account = of.connection.description.contracts.Era;
  const slot = mappingSlot(holder(), BALANCES_POSITION);
  const query = { of: of.chainId, attestedOn: on.chainId, account, slots: [slot], anchorIndex };
  const { accountPart, slotParts } = await world.client.readState(query);
  return { account, slot, proof: slotProof(accountPart, slotParts) };
}

async function readSlot(world: World, known: Known): Promise<Reading> {
  const { of, on, anchorIndex, block } = known;
  const { account, slot, proof } = await proveSlot(world, known);
  const args: [bigint, bigint, Address, Hex, Hex] = [of.chainId, anchorIndex, account, slot, proof];
  const answer = BigInt(await on.connection.contracts.stateReader.slotAt(...args));
  const truth = await of.connection.contracts.era.balanceOf(holder(), { blockTag: block });
  return { call: dataOf(READER.encodeFunctionData("slotAt", args)), answer, truth };
}

async function readCoins(world: World, known: Known): Promise<Reading> {
  const { call, account } = await readAccount(world, known, holder());
  const truth = await known.of.connection.provider.getBalance(holder(), known.block);
  return { call, answer: account.balance, truth };
}

/** Nobody has its key, and nothing was ever sent there. */
async function readAbsent(world: World, known: Known): Promise<Reading> {
  const nobody = toAddress(fromHex(keccak256(toUtf8Bytes("an account of nobody"))).slice(12));
  const { call, account } = await readAccount(world, known, nobody);
  const { provider } = known.of.connection;
  const [balance, nonce] = await Promise.all([
    provider.getBalance(nobody, known.block),
    provider.getTransactionCount(nobody, known.block),
  ]);
  const answer = account.balance + account.nonce + BigInt(account.codeHash);
  return { call, answer, truth: balance + BigInt(nonce) };
}

async function readAccount(world: World, { of, on, anchorIndex }: Known, address: Address) {
  const query = { of: of.chainId, attestedOn: on.chainId, account: address, anchorIndex };
  const { accountPart } = await world.client.readState(query);
  const args: [bigint, bigint, Address, Hex] = [of.chainId, anchorIndex, address, accountPart];
  const account = await on.connection.contracts.stateReader.accountAt(...args);
  return { call: dataOf(READER.encodeFunctionData("accountAt", args)), account };
}

/** One byte of the proof is another one, here and there: each time the reader refuses it. */
async function refuse(world: World, watch: Watch, heads: readonly Known[]): Promise<void> {
  const outcomes = await Promise.all(
    heads.map(async (known) => {
      const { of, on, anchorIndex } = known;
      const { account, slot, proof } = await proveSlot(world, known);
      const tries = Array.from({ length: TRIED_BYTES }, (_, index) => changed(proof, index / TRIED_BYTES));
      return Promise.all(
        tries.map((bad) =>
          on.connection.contracts.stateReader.slotAt(of.chainId, anchorIndex, account, slot, bad).then(
            () => "accepted",
            (error: unknown) => reasonOf(error),
          ),
        ),
      );
    }),
  );
  const reasons = outcomes.flat();
  const isRefused = reasons.every((reason) => reason === "ReaderProofRefused" || reason === "ReaderProofLength");
  watch.mark(world, "reads", `${reasons.length} proofs with one byte changed, refused`);
  world.check("reads", "a proof with one byte changed is refused", isRefused, [...new Set(reasons)].join(", "));
}

function changed(proof: Hex, place: number): Hex {
  const bytes = fromHex(proof);
  const index = Math.floor(place * bytes.length);
  bytes[index] = (bytes[index] ?? 0) ^ 1;
  return toHex(bytes);
}

function reasonOf(error: unknown): string {
  return isError(error, "CALL_EXCEPTION") ? (error.revert?.name ?? "refused without a reason") : String(error);
}

function holder(): Address {
  return devAccount(ACTORS.treasurer).address;
}

function dataOf(data: string): Hex {
  return toHex(fromHex(data));
}
