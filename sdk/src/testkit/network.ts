import type { Signer } from "ethers";
import { fixedBytes, toAddress, toHex, type Hex } from "../bytes.ts";
import { MetalayerClient } from "../client.ts";
import type { Addresses } from "../deployment/addresses.ts";
import type { GenesisPart } from "../deployment/parameters.ts";
import { MetalayerError } from "../errors.ts";
import type { SentMessage } from "../events.ts";
import type { HeadFact } from "../fact.ts";
import type { Prices } from "../fees.ts";
import { deliverMessages, type DeliveryOptions, type DeliveryReport } from "./delivery.ts";
import { connectCore, deployNetwork, type Site, type Standing } from "./deploy.ts";
import type { TestGuardians } from "./guardians.ts";
import { recordHead } from "./heads.ts";
import { TestRollup } from "./rollup.ts";

/** A signer on a development chain, or a Hardhat connection as `hre.network.create()` gives it. */
export type RollupSource = Signer | { readonly ethers: { getSigners(): Promise<readonly Signer[]> } };

/** What a test network is made of. */
export interface NetworkOptions {
  /** One independent development chain each, with different chain ids; the first is home. */
  readonly rollups: readonly RollupSource[];
  /** Number of guardians, 4 to 256. Default 4. */
  readonly guardians?: number;
  /** Prices of messages between all rollups. Default: everything is free. */
  readonly prices?: Partial<Prices>;
  /** To whom all ERA goes, exactly 1,000,000,000. Default: everything to the first rollup's account. */
  readonly genesis?: readonly GenesisPart[];
}

const FREE: Prices = {
  basePrice: 0n,
  pricePerByte: 0n,
  pricePerKGas: 0n,
  fundShare: 0n,
  burnShare: 0n,
  maxGasLimit: 10_240_000n,
};
/** Rounds in which `deliverAll` follows messages that cause further messages. */
const MAX_ROUNDS = 32;

/**
 * Several rollups in one process, with the protocol's real contracts at different addresses on each, real guardian signatures, and a
 * relayer that delivers when the test says so.
 *
 * @example
 * const [a, b] = [await network.create("rollupA"), await network.create("rollupB")];
 * const metalayer = await createNetwork({ rollups: [a, b] });
 * const [onA, onB] = metalayer.rollups;
 * const sender = await a.ethers.deployContract("Greeter", [onA.gateway]);
 * const receiver = await b.ethers.deployContract("Greeter", [onB.gateway]);
 * await sender.greet(await onB.interop(receiver), "hello");
 * await metalayer.deliverAll();
 * expect(await receiver.lastGreeting()).to.equal("hello");
 */
export async function createNetwork(options: NetworkOptions): Promise<TestNetwork> {
  if (options.rollups.length < 2) {
    throw new MetalayerError("TESTKIT_ROLLUPS", "a network has at least two rollups", {
      count: options.rollups.length,
    });
  }
  const sites: Site[] = [];
  for (const source of options.rollups) sites.push(await openSite(source));
  const [home, ...others] = sites;
  if (home === undefined || new Set(sites.map(({ chainId }) => chainId)).size !== sites.length) {
    throw new MetalayerError("TESTKIT_ROLLUPS", "the rollups need different chain ids", {
      chainIds: sites.map(({ chainId }) => chainId),
    });
  }
  const genesis = await home.provider.getBlock(0);
  const genesisHash = toHex(fixedBytes("genesis hash", genesis?.hash ?? "0x", 32));
  const prices = { ...FREE, ...options.prices };
  const standing = await deployNetwork([home, ...others], genesisHash, options.guardians ?? 4, prices, options.genesis);
  const rollups = sites.map(
    (site) =>
      new TestRollup(site.chainId, site.signer, site.provider, connectCore(atSite(standing, site), site.signer)),
  );
  const client = await MetalayerClient.connect(
    sites.map((site) => {
      const {
        MetalayerGateway: gateway,
        RollupRegistry: registry,
        StateRootInbox: inbox,
        OmniDeployer,
      } = atSite(standing, site);
      return { runner: site.signer, gateway, registry, inbox, omniDeployer: OmniDeployer };
    }),
  );
  return new TestNetwork(standing.networkId, rollups, standing.guardians, client);
}

/** A running test network; made by {@link createNetwork}. */
export class TestNetwork {
  constructor(
    readonly networkId: Hex,
    readonly rollups: readonly TestRollup[],
    readonly guardians: TestGuardians,
    /** Sends, prices and follows messages between the rollups. */
    readonly client: MetalayerClient,
  ) {}

  /** The rollup with this chain id. Throws `TESTKIT_ROLLUPS`. */
  rollup(chainId: bigint): TestRollup {
    const rollup = this.rollups.find((candidate) => candidate.chainId === chainId);
    if (rollup === undefined)
      throw new MetalayerError("TESTKIT_ROLLUPS", `no rollup ${chainId} in this network`, { chainId });
    return rollup;
  }

  /**
   * Makes the present state of one rollup readable on another: anchors its newest block and has it attested there. With `change`,
   * the guardians attest what is not true.
   */
  async recordHead(of: bigint, on: bigint, change: Partial<HeadFact> = {}): Promise<HeadFact> {
    return recordHead(this, this.rollup(of), this.rollup(on), change);
  }

  /** Messages that are sent and not delivered, lane by lane in the order of sending. */
  async pending(): Promise<SentMessage[]> {
    const messages: SentMessage[] = [];
    for (const src of this.rollups) {
      for (const dst of this.rollups) {
        if (src === dst) continue;
        const sent = await this.client.messages(src.chainId, dst.chainId);
        const done = await Promise.all(sent.map(({ nonce }) => dst.gateway.isDelivered(src.chainId, nonce)));
        messages.push(...sent.filter((_, index) => done[index] === false));
      }
    }
    return messages;
  }

  /** Delivers what is pending now, once; failures are reported, not thrown. */
  async deliver(options: DeliveryOptions = {}): Promise<DeliveryReport> {
    return deliverMessages(this, await this.pending(), options);
  }

  /**
   * Delivers what is pending, and what those deliveries send, until nothing is left but what `drop` keeps back.
   * Throws `TESTKIT_DELIVERY_FAILED` with the reason if a recipient fails, `TESTKIT_ENDLESS` if messages never stop causing messages.
   */
  async deliverAll(options: DeliveryOptions = {}): Promise<DeliveryReport> {
    const reports: DeliveryReport[] = [];
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const report = await this.deliver(options);
      reports.push(report);
      const [failure] = report.failed;
      if (failure !== undefined) {
        const { sendId, recipient, dstChainId } = failure.message;
        const where = `${recipient} on rollup ${dstChainId}`;
        throw new MetalayerError("TESTKIT_DELIVERY_FAILED", `${where} did not accept ${sendId}: ${failure.reason}`, {
          report,
        });
      }
      if (report.delivered.length === 0) {
        const [delivered, receipts] = [reports.flatMap((r) => r.delivered), reports.flatMap((r) => r.receipts)];
        return { delivered, failed: [], receipts };
      }
    }
    throw new MetalayerError("TESTKIT_ENDLESS", `messages still cause messages after ${MAX_ROUNDS} rounds`);
  }
}

async function openSite(source: RollupSource): Promise<Site> {
  const signer = "ethers" in source ? (await source.ethers.getSigners())[0] : source;
  const provider = signer?.provider;
  if (!signer || !provider) throw new MetalayerError("TESTKIT_NO_SIGNER", "a rollup needs a signer with a provider");
  const { chainId } = await provider.getNetwork();
  return { chainId, signer, provider, account: toAddress(fixedBytes("account", await signer.getAddress(), 20)) };
}

function atSite(standing: Standing, { chainId }: Site): Addresses {
  const addresses = standing.addresses.get(chainId);
  if (addresses === undefined) throw new MetalayerError("TESTKIT_ROLLUPS", `nothing stands on ${chainId}`, { chainId });
  return addresses;
}
