import { decodeBytes32String, getAddress, getCreateAddress, Interface } from "ethers";
import type { Address } from "../bytes.ts";
import { asHex } from "./addresses.ts";
import { beneficiaryOf } from "./contracts.ts";
import { fieldsOf, type Fields } from "./fields.ts";
import type { GenesisPart } from "./parameters.ts";
import type { Setting, Values } from "./settings.ts";
import type { View } from "./view.ts";

const VESTING = new Interface([
  "event OwnershipTransferred(address indexed previousOwner, address indexed newOwner)",
  "function start() view returns (uint256)",
  "function duration() view returns (uint256)",
]);
const AIRDROP = new Interface([
  "function root() view returns (bytes32)",
  "function deadline() view returns (uint256)",
  "function remainderTo() view returns (address)",
]);

/** To whom all ERA went when it began, and on what terms: only the constructor decided that, and nobody can change it. */
export function genesisSettings(view: View): Setting[] {
  return view.plan.parameters.genesis.map((part, index) => genesisPart(view, part, index));
}

function genesisPart(view: View, part: GenesisPart, index: number): Setting {
  const { parameters, addresses } = view.plan;
  const isCreated = ({ vesting, airdrop }: GenesisPart): boolean => vesting !== undefined || airdrop !== undefined;
  // A contract's first creation has nonce 1.
  const nonce = 1 + parameters.genesis.slice(0, index).filter(isCreated).length;
  const beneficiary = beneficiaryOf(part.to, addresses);
  const holder = isCreated(part) ? getCreateAddress({ from: addresses.EraGenesis, nonce }) : beneficiary;
  return {
    contract: "EraGenesis",
    name: `part(${index})`,
    expected: { name: part.name, amount: String(part.amount), holder, ...wantedTerms(part, beneficiary) },
    async read() {
      const actual = (await view.read("EraGenesis", "part", index)).struct(0);
      const at = actual.text("holder") as Address; // CAST: the contract's own answer
      return {
        name: decodeBytes32String(actual.text("name")),
        amount: String(actual.uint("amount")),
        holder: at,
        ...(part.vesting === undefined ? {} : await vestingTerms(view, at)),
        ...(part.airdrop === undefined ? {} : await airdropTerms(view, at)),
      };
    },
  };
}

function wantedTerms({ vesting, airdrop }: GenesisPart, beneficiary: Address): Values {
  if (vesting !== undefined) return { beneficiary, start: String(vesting.start), duration: String(vesting.duration) };
  return airdrop === undefined
    ? {}
    : { root: airdrop.root.toLowerCase(), deadline: String(airdrop.deadline), remainderTo: beneficiary };
}

/** The beneficiary is the first one: whose the wallet is may hand it on. */
async function vestingTerms(view: View, wallet: Address): Promise<Values> {
  const topic = asHex(VESTING.getEvent("OwnershipTransferred")?.topicHash ?? "");
  const [created] = await view.reader.logs(wallet, topic);
  const [start, duration] = await Promise.all(
    ["start", "duration"].map((method) => answerOf(view, wallet, VESTING, method)),
  );
  return {
    beneficiary: created?.topics[2] === undefined ? "none" : getAddress(`0x${created.topics[2].slice(26)}`),
    start: String(start?.uint(0)),
    duration: String(duration?.uint(0)),
  };
}

async function airdropTerms(view: View, airdrop: Address): Promise<Values> {
  const [root, deadline, remainderTo] = await Promise.all(
    ["root", "deadline", "remainderTo"].map((method) => answerOf(view, airdrop, AIRDROP, method)),
  );
  return {
    root: root?.text(0) ?? "",
    deadline: String(deadline?.uint(0)),
    remainderTo: remainderTo?.text(0) ?? "",
  };
}

async function answerOf(view: View, to: Address, abi: Interface, method: string): Promise<Fields> {
  const answer = await view.reader.call(to, asHex(abi.encodeFunctionData(method)));
  return fieldsOf(abi.decodeFunctionResult(method, answer));
}
