import type { Interface } from "ethers";
import type { Address, Hex } from "../bytes.ts";
import { MetalayerError } from "../errors.ts";
import { asHex, type ContractName } from "./addresses.ts";
import { interfaceOf } from "./artifacts.ts";
import { fieldsOf, type Fields } from "./fields.ts";
import type { RollupPlan } from "./plan.ts";

export interface Log {
  readonly topics: readonly string[];
  readonly data: string;
}

/** What a plan needs to know of a chain; an ethers provider fits through {@link providerReader}. */
export interface ChainReader {
  call(to: Address, data: Hex): Promise<Hex>;
  /** Runtime code that this creation code would leave, without creating it. */
  create(from: Address, initCode: Hex): Promise<Hex>;
  code(address: Address): Promise<Hex>;
  storage(address: Address, slot: Hex): Promise<Hex>;
  /** All logs of a contract with this first topic, oldest first. */
  logs(address: Address, topic: Hex): Promise<readonly Log[]>;
  /** Timestamp of the newest block. */
  time(): Promise<bigint>;
}

/** Typed, remembered reads of one rollup's contracts. A remembered read is answered once. */
export interface View {
  readonly plan: RollupPlan;
  readonly reader: ChainReader;
  readonly interfaceOf: (contract: ContractName) => Interface;
  read(contract: ContractName, method: string, ...args: readonly unknown[]): Promise<Fields>;
  events(contract: ContractName, name: string): Promise<readonly Fields[]>;
}

export function createView(plan: RollupPlan, reader: ChainReader): View {
  const interfaces = new Map<ContractName, Interface>();
  const answers = new Map<string, Promise<Hex>>();
  const interfaceFor = (contract: ContractName): Interface => {
    const known = interfaces.get(contract) ?? interfaceOf(contract, plan.artifacts);
    interfaces.set(contract, known);
    return known;
  };
  return {
    plan,
    reader,
    interfaceOf: interfaceFor,
    async read(contract, method, ...args) {
      const abi = interfaceFor(contract);
      const data = asHex(abi.encodeFunctionData(method, args));
      const key = `${contract} ${data}`;
      const answer = answers.get(key) ?? reader.call(plan.addresses[contract], data);
      answers.set(key, answer);
      return decode(abi, contract, method, await answer);
    },
    async events(contract, name) {
      const abi = interfaceFor(contract);
      const event = abi.getEvent(name);
      if (event === null)
        throw new MetalayerError("DEPLOYMENT_UNKNOWN_EVENT", `${contract} has no event ${name}`, { contract, name });
      const logs = await reader.logs(plan.addresses[contract], asHex(event.topicHash));
      return logs.map((log) => fieldsOf(abi.decodeEventLog(event, log.data, log.topics)));
    },
  };
}

function decode(abi: Interface, contract: string, method: string, answer: Hex): Fields {
  if (answer !== "0x") return fieldsOf(abi.decodeFunctionResult(method, answer));
  throw new MetalayerError("DEPLOYMENT_NO_ANSWER", `${contract} does not answer ${method}`, { contract, method });
}

/** What {@link providerReader} uses of an ethers provider. */
export interface ReadingProvider {
  call(transaction: { to?: string; from?: string; data: string }): Promise<string>;
  getCode(address: string): Promise<string>;
  getStorage(address: string, slot: string): Promise<string>;
  getBlock(tag: "latest"): Promise<{ readonly number: number; readonly timestamp: number } | null>;
  getLogs(filter: { address: string; topics: string[]; fromBlock: number; toBlock: number }): Promise<readonly Log[]>;
}

export interface ReaderOptions {
  /** Block from which logs are read; 0 without. */
  readonly fromBlock?: number;
  /** Blocks asked for at once; many public nodes refuse more than some thousands. */
  readonly logRange?: number;
}

/** Reads through an ethers provider. */
export function providerReader(
  provider: ReadingProvider,
  { fromBlock = 0, logRange = 10_000 }: ReaderOptions = {},
): ChainReader {
  const newest = async (): Promise<{ readonly number: number; readonly timestamp: number }> => {
    const block = await provider.getBlock("latest");
    if (block === null) throw new MetalayerError("DEPLOYMENT_NO_BLOCK", "the node gives no newest block");
    return block;
  };
  return {
    call: async (to, data) => asHex(await provider.call({ to, data })),
    create: async (from, initCode) => asHex(await provider.call({ from, data: initCode })),
    code: async (address) => asHex(await provider.getCode(address)),
    storage: async (address, slot) => asHex(await provider.getStorage(address, slot)),
    time: async () => BigInt((await newest()).timestamp),
    async logs(address, topic) {
      const { number } = await newest();
      const logs: Log[] = [];
      for (let start = fromBlock; start <= number; start += logRange) {
        const toBlock = Math.min(start + logRange - 1, number);
        logs.push(...(await provider.getLogs({ address, topics: [topic], fromBlock: start, toBlock })));
      }
      return logs;
    },
  };
}
