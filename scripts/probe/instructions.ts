import { getCreate2Address } from "ethers";
import type { Hex } from "../../sdk/src/bytes.ts";
import { EMPTY_HASH } from "./places.ts";
import type { Question } from "./question.ts";
import { runCode, word } from "./question.ts";

/** Returns the 32 bytes at 0. */
const RETURN_WORD = "60206000f3";
const ANSWER = 0x2a;
const MOST_CODE = 24_576;

const returns = (code: string, value: bigint | number): Pick<Question, "call" | "isRight"> => ({
  call: runCode(`0x${code}`),
  isRight: (answer) => answer === `0x${word(value)}`,
});

/** Code of this many zero bytes. */
const returnsBytes = (count: number): Hex => `0x61${count.toString(16).padStart(4, "0")}6000f3`;

/** Instructions of the EVM, each run once, and what contracts may be like. */
export const INSTRUCTIONS: readonly Question[] = [
  {
    id: "PUSH0",
    what: "EIP-3855",
    neededFor: "every contract, which the compiler writes with it",
    ...returns(`602a5f52${RETURN_WORD}`, ANSWER),
  },
  {
    id: "MCOPY",
    what: "EIP-5656",
    neededFor: "every contract, which the compiler writes with it",
    ...returns(`602a6000526020600060205e60206020f3`, ANSWER),
  },
  {
    id: "TSTORE",
    what: "EIP-1153, transient storage",
    ...returns(`602a60015d60015c600052${RETURN_WORD}`, ANSWER),
  },
  { id: "CLZ", what: "EIP-7939", ...returns(`60011e600052${RETURN_WORD}`, 255) },
  {
    id: "CREATE2",
    what: "EIP-1014, addresses by Ethereum's formula",
    neededFor: "addresses of contracts, which are computed before they are created",
    call: runCode("0x6000600060006000f56000523060205260406000f3"),
    isRight: isCreate2,
  },
  {
    id: "code size",
    what: `contracts of ${MOST_CODE.toLocaleString("en-US")} bytes`,
    neededFor: "the largest contracts",
    call: runCode(returnsBytes(MOST_CODE)),
    isRight: (answer) => answer === `0x${"00".repeat(MOST_CODE)}`,
  },
  {
    id: "code size+",
    what: `contracts of more than ${MOST_CODE.toLocaleString("en-US")} bytes`,
    call: runCode(returnsBytes(MOST_CODE + 1)),
    isRight: (answer) => answer === `0x${"00".repeat(MOST_CODE + 1)}`,
  },
];

/** The answer holds the address of an empty contract and that of its creator. */
function isCreate2(answer: string): boolean {
  if (!/^0x(0{24}[0-9a-f]{40}){2}$/.test(answer)) return false;
  const [created, creator] = [answer.slice(26, 66), answer.slice(90)];
  return getCreate2Address(`0x${creator}`, `0x${word(0)}`, EMPTY_HASH).toLowerCase() === `0x${created}`;
}
