import { id } from "ethers";
import type { Hex } from "../../sdk/src/bytes.ts";
import { CREATE2_DEPLOYER } from "../../sdk/src/deployment/addresses.ts";
import type { Question } from "./question.ts";
import { callTo } from "./question.ts";

export const EMPTY_HASH: Hex = "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470";
/** EIP-2935. */
export const HISTORY: Hex = "0x0000f90827f1c53a10cb7a02335b175320002935";
export const ARB_SYS: Hex = "0x0000000000000000000000000000000000000064";

/** Families of rollups by an account or method that only they have. */
export const FAMILIES = ["arbitrum", "op", "zksync", "polygon-cdk", "scroll"] as const;
export type Family = (typeof FAMILIES)[number];

const selector = (signature: string): Hex => `0x${id(signature).slice(2, 10)}`;
const hasCode = (address: Hex): Pick<Question, "call" | "isRight"> => ({
  call: { method: "eth_getCode", params: [address, "latest"] },
  isRight: (answer) => answer.length > 2,
});
const isWord = (answer: string): boolean => /^0x[0-9a-f]{64}$/.test(answer);
const isQuantity = (answer: string): boolean => /^0x[0-9a-f]{1,16}$/.test(answer);
const answers = (method: string): Pick<Question, "call" | "isRight"> => ({
  call: { method, params: [] },
  isRight: isQuantity,
});

/** Contracts that are good to find on a chain. None is needed: deployment places the CREATE2 deployer itself. */
export const PLACES: readonly Question[] = [
  { id: "CREATE2 deployer", what: CREATE2_DEPLOYER, ...hasCode(CREATE2_DEPLOYER) },
  {
    id: "CreateX",
    what: "0xba5Ed099633D3B313e4D5F7bdc1305d3c28ba5Ed",
    ...hasCode("0xba5ed099633d3b313e4d5f7bdc1305d3c28ba5ed"),
  },
  {
    id: "Safe's deployer",
    what: "0x914d7Fec6aaC8cd542e72Bca78B30650d45643d7",
    ...hasCode("0x914d7fec6aac8cd542e72bca78b30650d45643d7"),
  },
  { id: "EIP-2935", what: "hashes of the last 8,191 blocks", ...hasCode(HISTORY) },
];

/** One question per family; the first one that is answered with yes counts. */
export const FAMILY_QUESTIONS: readonly (Question & { readonly id: Family })[] = [
  {
    id: "arbitrum",
    what: "ArbSys",
    call: callTo(ARB_SYS, selector("arbBlockNumber()")),
    isRight: isWord,
  },
  {
    id: "op",
    what: "the L1Block predeploy",
    call: callTo("0x4200000000000000000000000000000000000015", selector("number()")),
    isRight: isWord,
  },
  { id: "zksync", what: "zks_L1BatchNumber", ...answers("zks_L1BatchNumber") },
  { id: "polygon-cdk", what: "zkevm_batchNumber", ...answers("zkevm_batchNumber") },
  {
    id: "scroll",
    what: "Scroll's L1GasPriceOracle",
    ...hasCode("0x5300000000000000000000000000000000000002"),
  },
];
