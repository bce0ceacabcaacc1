import { encodeRlp, toBeArray } from "ethers";
import { fromHex, keccak, toHex, type Hex } from "../../../sdk/src/bytes.ts";
import { slotProof } from "../../../sdk/src/proofsPack.ts";
import { stateWith } from "../../../test/helpers/tries.ts";
import { SilentAutomated__factory } from "../../../typechain-types/index.js";
import { Random } from "../../checks/vectors/random.ts";
import { attestedHead } from "./tally.ts";
import { addressOf, type GasNetwork } from "./network.ts";
import { costOf, row, type Cost, type GasRow, type Subject } from "./row.ts";

const SIGNERS = [0, 1, 2];
const ENTRIES = 10_000;
const REWARD = 1_000_000n;
const AT_LEAST = 3;
const PERIOD = 60;
/** Fixed, so that every run has the same bytes: long before what the network's clock shows. */
const BLOCK_TIME = 1_767_225_600n;
const YEAR = 31_536_000n;

/** Made once; proven, called and paid for again and again. The state has 10,000 accounts, the source 10,000 slots. */
export const automations: Subject = {
  title: "Automations: when this holds there, call here",
  async rows(networks) {
    const { created, executed } = await measured(await networks(4));
    return [
      row("automation, made by the contract that is to be called", created),
      row("proof of a condition, call and reward, again after a period", executed),
    ] satisfies GasRow[];
  },
};

async function measured(net: GasNetwork): Promise<{ created: Cost; executed: Cost }> {
  const { automations: contract, era, holder, operator, relayer, stateRootInbox, passTime } = net.home;
  const random = new Random("gas of an automation");
  const account = random.address();
  const slots = Array.from({ length: ENTRIES }, () => random.hash());
  const state = await stateWith(random, account, new Map(slots.map((slot) => [slot, random.uint(128)])), ENTRIES);
  const slot = slots[0] ?? "0x";
  const automation = {
    ...{ chainId: net.other.chainId, incarnation: 1n, account, slot, mask: 2n ** 256n - 1n },
    ...{ comparison: AT_LEAST, operand: 1n, maxAge: YEAR, period: PERIOD, gasLimit: 100_000n, reward: REWARD },
  };
  const owner = await new SilentAutomated__factory(operator).deploy();
  const created = await costOf(owner.call(contract, contract.interface.encodeFunctionData("create", [automation])));
  const id = await contract.idOf(owner, automation);
  await (await era.connect(holder).approve(contract, 10n ** 27n)).wait();
  await (await contract.connect(holder).fund(id, 10n * REWARD)).wait();
  const proof = slotProof(await state.accountPart(account), [await state.slotPart(slot)]);
  const execute = async (anchor: bigint): Promise<Cost> => {
    const number = 2_000_000n + anchor;
    const header = headerWith(random, state.root, number);
    const head = attestedHead(net, state.root, SIGNERS, anchor, number, keccak(fromHex(header)));
    await (await stateRootInbox.recordHead(...head)).wait();
    return costOf(contract.connect(relayer).execute(await addressOf(owner), automation, anchor, header, proof));
  };
  // Neither the time of the last call nor the executor's earnings are zero before the one that counts.
  await execute(1n);
  await passTime(PERIOD);
  return { created, executed: await execute(2n) };
}

/** A header as Prague has it, of a block so full that no byte of its bloom is zero. */
function headerWith(random: Random, stateRoot: Hex, number: bigint): Hex {
  const hash = (): Hex => random.hash();
  const numbers = [0n, number, 60_000_000n, 31_234_567n, BLOCK_TIME].map((value) => toBeArray(value));
  const bloom = `0x${Array.from({ length: 8 }, () => hash().slice(2)).join("")}`;
  const roots = [hash(), hash(), random.address(), stateRoot, hash(), hash(), bloom];
  const rest = ["0x", hash(), "0x0000000000000000", toBeArray(1_234_567n), hash(), "0x", "0x", hash(), hash()];
  return toHex(fromHex(encodeRlp([...roots, ...numbers, ...rest])));
}
