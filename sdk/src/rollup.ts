import type { ContractRunner, Log, Provider } from "ethers";
import { IOmniDeployer__factory } from "../../typechain-types/factories/contracts/deployment/IOmniDeployer__factory.js";
import { IMetalayerGateway__factory } from "../../typechain-types/factories/contracts/messaging/IMetalayerGateway__factory.js";
import { IRollupRegistry__factory } from "../../typechain-types/factories/contracts/messaging/IRollupRegistry__factory.js";
import { IStateRootInbox__factory } from "../../typechain-types/factories/contracts/messaging/IStateRootInbox__factory.js";
import type { IOmniDeployer } from "../../typechain-types/contracts/deployment/IOmniDeployer.js";
import type { IMetalayerGateway } from "../../typechain-types/contracts/messaging/IMetalayerGateway.js";
import type { IRollupRegistry } from "../../typechain-types/contracts/messaging/IRollupRegistry.js";
import type { IStateRootInbox } from "../../typechain-types/contracts/messaging/IStateRootInbox.js";
import { fixedBytes, toAddress, type Address } from "./bytes.ts";
import { MetalayerError } from "./errors.ts";
import { readSentMessages, type SentMessage } from "./events.ts";

/** How to reach one rollup. */
export interface RollupAccess {
  /** A provider to read, a signer to send as well. */
  readonly runner: ContractRunner;
  /** Address of its MetalayerGateway. */
  readonly gateway: string;
  /** Address of its RollupRegistry; with it, finality follows the network's policy instead of the node's `finalized` tag. */
  readonly registry?: string;
  /** Address of its StateRootInbox; without it, no state of other rollups can be read against heads that are attested here. */
  readonly inbox?: string;
  /** Address of its OmniDeployer; without it, no applications of {@link MetalayerClient.app} can be reached here. */
  readonly omniDeployer?: string;
  /** What people call it; `app.on(name)` finds it by this. Default: its chain id. */
  readonly name?: string;
  /** Block in which the gateway was deployed; logs before it are not searched. */
  readonly fromBlock?: number;
  /** Most blocks per `eth_getLogs`, for endpoints that limit it. Default: no limit. */
  readonly logRange?: number;
}

/** One rollup with its typed contracts. */
export interface RollupHandle {
  readonly chainId: bigint;
  readonly gatewayAddress: Address;
  readonly gateway: IMetalayerGateway;
  readonly registry: IRollupRegistry | undefined;
  readonly inbox: IStateRootInbox | undefined;
  readonly omniDeployer: IOmniDeployer | undefined;
  readonly name: string;
  readonly provider: Provider;
  readonly fromBlock: number;
  readonly logRange: number;
}

/** Connects to a rollup and asks for its chain id. Throws `CLIENT_NO_PROVIDER` for a runner without one. */
export async function openRollup(access: RollupAccess): Promise<RollupHandle> {
  const { runner, gateway, registry, inbox, omniDeployer, fromBlock = 0, logRange = Number.MAX_SAFE_INTEGER } = access;
  const provider = runner.provider;
  if (!provider) throw new MetalayerError("CLIENT_NO_PROVIDER", "the runner has no provider to read with");
  if (!Number.isSafeInteger(logRange) || logRange < 1) {
    throw new MetalayerError("VALUE_OUT_OF_RANGE", `logRange must be at least one block, not ${logRange}`, {
      logRange,
    });
  }
  const { chainId } = await provider.getNetwork();
  return {
    chainId,
    gatewayAddress: toAddress(fixedBytes("gateway", gateway, 20)),
    gateway: IMetalayerGateway__factory.connect(gateway, runner),
    registry: registry === undefined ? undefined : IRollupRegistry__factory.connect(registry, runner),
    inbox: inbox === undefined ? undefined : IStateRootInbox__factory.connect(inbox, runner),
    omniDeployer: omniDeployer === undefined ? undefined : IOmniDeployer__factory.connect(omniDeployer, runner),
    name: access.name ?? String(chainId),
    provider,
    fromBlock,
    logRange,
  };
}

/** A contract's logs (by default the gateway's) with these topics, oldest first, in requests of at most `logRange` blocks. */
export async function readLogs(
  rollup: RollupHandle,
  topics: readonly (string | readonly string[] | null)[],
  from = rollup.fromBlock,
  to?: number,
  address: string = rollup.gatewayAddress,
): Promise<Log[]> {
  const last = to ?? (await rollup.provider.getBlockNumber());
  const filter = topics.map((topic) => (typeof topic === "string" || topic === null ? topic : [...topic]));
  const logs: Log[] = [];
  // One round per `logRange` blocks of the chain.
  for (let fromBlock = from; fromBlock <= last; fromBlock += rollup.logRange) {
    const toBlock = Math.min(last, fromBlock + rollup.logRange - 1);
    logs.push(...(await rollup.provider.getLogs({ address, topics: filter, fromBlock, toBlock })));
  }
  return logs;
}

/** Messages that this rollup's gateway accepted, of the logs of a transaction. */
export function messagesIn({ gatewayAddress }: RollupHandle, logs: readonly Log[]): SentMessage[] {
  return readSentMessages(logs.filter(({ address }) => address.toLowerCase() === gatewayAddress.toLowerCase()));
}
