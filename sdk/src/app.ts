import { Contract, Interface, type InterfaceAbi } from "ethers";
import { IOmniDeployer__factory } from "../../typechain-types/factories/contracts/deployment/IOmniDeployer__factory.js";
import { callLength, encodeMethod, sendFrom, type SentApp } from "./appDeploy.ts";
import { appSites, omniRollup, omniRollups, type AppSite, type OmniRollup, type RollupName } from "./appSites.ts";
import { appState, findApp, type AppRecord, type AppState } from "./appState.ts";
import { fixedBytes, fromHex, toAddress, toHex, type Hex } from "./bytes.ts";
import { MetalayerError } from "./errors.ts";
import type { AppOwner } from "./omni.ts";
import { revertReason } from "./reverts.ts";
import type { RollupHandle } from "./rollup.ts";

const DEPLOYER = IOmniDeployer__factory.createInterface();
/** Beside the call itself: the deployer's own work, and the owner's account where it is opened. */
const OVERHEAD = 220_000n;

/** How the owner's calls are made. */
export interface CallOptions {
  /** Least gas of each message. Default: what the rollup says it takes now, and what the OmniDeployer needs. */
  readonly gasLimit?: bigint;
  /** Gives up earlier calls of the application that have not been made when this one is. */
  readonly supersede?: boolean;
}

/** A value that one rollup's instance returned, or why it did not. */
export type AppValue =
  | { readonly chainId: bigint; readonly name: string; readonly value: unknown }
  | { readonly chainId: bigint; readonly name: string; readonly error: Error };

/** What came of the owner's calls: made at once on the owner's rollup, on their way to the others. */
export type SentCalls = Pick<SentApp, "transactionHash" | "gasUsed" | "messages">;

/**
 * One application on all rollups. Made by {@link MetalayerClient.app}.
 *
 * @example
 * const app = await metalayer.app("0x…", abi);
 * await app.on("rollupB").read("count");             // 3n
 * await app.on("rollupB").call("setLimit", [7n]);     // as its owner, from the owner's rollup
 * await app.everywhere.read("count");                // [{ name: "rollupA", value: 3n }, …]
 * await app.everywhere.send("setLimit", [7n]);       // one transaction for all rollups
 */
export class MetalayerApp {
  readonly #interface: Interface;

  private constructor(
    private readonly rollups: readonly OmniRollup[],
    private readonly record: AppRecord,
    /** Where it stands or would stand on each rollup of the client. */
    readonly sites: readonly AppSite[],
    abi: InterfaceAbi,
  ) {
    this.#interface = new Interface(abi);
  }

  /** Throws `CLIENT_NO_OMNI_DEPLOYER`, and `APP_UNKNOWN` if no OmniDeployer has placed or sent anything to this address. */
  static async open(handles: Iterable<RollupHandle>, address: string, abi: InterfaceAbi): Promise<MetalayerApp> {
    const rollups = await omniRollups(handles);
    const record = await findApp(rollups, toAddress(fixedBytes("address", address, 20)));
    return new MetalayerApp(rollups, record, appSites(rollups, record.id, record.owner), abi);
  }

  /** Who deployed it, and may call it as its owner. */
  get owner(): AppOwner {
    return this.record.owner;
  }

  /** Salt of its address, the same on all rollups. */
  get id(): Hex {
    return this.record.id;
  }

  /** Its instance on one rollup. Throws `CLIENT_UNKNOWN_ROLLUP`. */
  on(name: RollupName) {
    const { rollup, omni } = omniRollup(this.rollups, name);
    const site = this.#site(rollup.chainId);
    const contract = new Contract(site.address, this.#interface, omni.runner);
    return {
      ...site,
      /** An ordinary ethers contract, for what anybody may call. */
      contract,
      /** Returns what a view returns. Throws as ethers does. */
      read: async (method: string, args: readonly unknown[] = []): Promise<unknown> =>
        contract.getFunction(method).staticCall(...args),
      /** Calls it here as its owner. Throws as {@link everywhere}.send. */
      call: async (method: string, args: readonly unknown[] = [], options: CallOptions = {}): Promise<SentCalls> =>
        this.#send([rollup.chainId], method, args, options),
    };
  }

  /** Its instances on all rollups at once. */
  get everywhere() {
    const standing = async (): Promise<bigint[]> =>
      (await this.state()).filter(({ state }) => state === "deployed").map(({ chainId }) => chainId);
    return {
      /** What a view returns on every rollup of the client; one that does not answer has an error in its place. */
      read: async (method: string, args: readonly unknown[] = []): Promise<AppValue[]> =>
        Promise.all(this.sites.map(({ chainId, name }) => this.#value(chainId, name, method, args))),
      /**
       * Calls it as its owner wherever it stands, with one transaction. Throws `APP_NOT_OWNER`, `APP_BAD_ARGS`, `APP_REFUSED`, `APP_NOWHERE`,
       * `CLIENT_READ_ONLY`, `CLIENT_NOT_MINED`.
       */
      send: async (method: string, args: readonly unknown[] = [], options: CallOptions = {}): Promise<SentCalls> =>
        this.#send(await standing(), method, args, options),
    };
  }

  /** Where it stands, is on its way, has failed or is missing, and what can be done about it. */
  async state(): Promise<AppState[]> {
    return appState(this.rollups, this.record, this.sites);
  }

  /** The owner's transaction that calls it on these rollups, without sending it. Throws as {@link everywhere}.send. */
  async plan(names: readonly RollupName[], method: string, args: readonly unknown[] = [], options: CallOptions = {}) {
    const data = encodeMethod(this.#interface, method, args);
    const calls = await Promise.all(
      names.map(async (name) => {
        const { rollup } = omniRollup(this.rollups, name);
        const { address: target, account } = this.#site(rollup.chainId);
        const isLocal = rollup.chainId === this.owner.chainId;
        const gasLimit = options.gasLimit ?? (await this.#estimate(rollup, account, target, data));
        const payloadLength = isLocal ? 0 : callLength(this.owner, target, data);
        return { chainId: rollup.chainId, target, data, gasLimit: isLocal ? 0n : gasLimit, payloadLength };
      }),
    );
    const source = omniRollup(this.rollups, this.owner.chainId);
    const encoded = DEPLOYER.encodeFunctionData("execute", [calls, options.supersede ?? false]);
    return { to: source.deployer, data: toHex(fromHex(encoded)), calls };
  }

  async #send(
    chainIds: readonly bigint[],
    method: string,
    args: readonly unknown[],
    options: CallOptions,
  ): Promise<SentCalls> {
    if (chainIds.length === 0) throw new MetalayerError("APP_NOWHERE", "the application stands on none of the rollups");
    const source = omniRollup(this.rollups, this.owner.chainId);
    return sendFrom(source, this.owner, await this.plan(chainIds, method, args, options));
  }

  async #estimate({ provider, name }: RollupHandle, from: string, to: string, data: Hex): Promise<bigint> {
    try {
      return OVERHEAD + ((await provider.estimateGas({ from, to, data })) * 6n) / 5n;
    } catch (cause) {
      const reason = revertReason(cause, [this.#interface]);
      if (reason === undefined) throw cause;
      throw new MetalayerError("APP_REFUSED", `it would refuse on ${name}: ${reason}`, { name }, { cause });
    }
  }

  async #value(chainId: bigint, name: string, method: string, args: readonly unknown[]): Promise<AppValue> {
    try {
      return { chainId, name, value: await this.on(chainId).read(method, args) };
    } catch (error) {
      return { chainId, name, error: error instanceof Error ? error : new Error(String(error)) };
    }
  }

  #site(chainId: bigint): AppSite {
    const site = this.sites.find((candidate) => candidate.chainId === chainId);
    if (site === undefined) throw new MetalayerError("CLIENT_UNKNOWN_ROLLUP", `no rollup ${chainId}`, { chainId });
    return site;
  }
}
