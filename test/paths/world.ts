import type { Signer } from "ethers";
import hre from "hardhat";
import { encodeAttestation } from "../../sdk/src/attestation.ts";
import { encodeBatches } from "../../sdk/src/batch.ts";
import { fixedBytes, toAddress, type Address, type Hex } from "../../sdk/src/bytes.ts";
import type { SentMessage } from "../../sdk/src/events.ts";
import { CLASS_FINAL, factProof, networkRoot } from "../../sdk/src/fact.ts";
import { buildBatch, proveRange } from "../../sdk/src/lane.ts";
import type { Message } from "../../sdk/src/message.ts";
import {
  checkpointProof,
  laneHeadProof,
  lanePathProof,
  NO_LANE_PROOF,
  pathMessage,
  type LanePathProof,
} from "../../sdk/src/paths.ts";
import { laneId, type Lane } from "../../sdk/src/route.ts";
import { createNetwork, type RollupSource, type TestNetwork, type TestRollup } from "../../sdk/src/testkit/index.ts";
import type { Demand } from "../../scripts/cli/paths/recipient.ts";
import {
  PathRecipientMock__factory,
  StateRootSourceMock__factory,
  type PathRecipientMock,
  type StateRootSourceMock,
} from "../../typechain-types/index.js";

export const A = 8101n;
export const B = 8102n;
export const DAY = 86_400;
export const NOBODY: Address = "0x0000000000000000000000000000000000000000";

/** The default: the guardians' quorum alone. */
export const QUORUM: Demand = { needed: 1n, quorum: true, delay: 0n, rootSource: NOBODY, vetoer: NOBODY };

interface Opened {
  readonly world: PathWorld;
  readonly destination: Awaited<ReturnType<typeof hre.network.create>>;
  restore(): Promise<void>;
}

/** A recipient on one rollup, a sender on another, and a source of state roots that takes what the test has named. */
export class PathWorld {
  private constructor(
    readonly network: TestNetwork,
    readonly src: TestRollup,
    readonly dst: TestRollup,
    readonly lane: Lane,
    readonly box: PathRecipientMock,
    readonly source: StateRootSourceMock,
    readonly sourceAddress: Address,
  ) {}

  static #opened: Promise<Opened> | undefined;

  /** The same two rollups as on the first call, in the state that they had then. */
  static async open(): Promise<PathWorld> {
    const known = PathWorld.#opened;
    const opened = await (PathWorld.#opened ??= PathWorld.#create());
    if (known !== undefined) await opened.restore();
    return opened.world;
  }

  static async #create(): Promise<Opened> {
    const [origin, destination] = [await hre.network.create("rollupA"), await hre.network.create("rollupB")];
    const rollups = [origin, destination];
    const world = await PathWorld.on(rollups);
    const take = () => Promise.all(rollups.map(({ networkHelpers }) => networkHelpers.takeSnapshot()));
    let snapshots = await take();
    const restore = async (): Promise<void> => {
      for (const snapshot of snapshots) await snapshot.restore();
      snapshots = await take();
    };
    return { world, destination, restore };
  }

  /** Signs in the name of a contract of the destination. */
  static async as(account: string): Promise<Signer> {
    const { destination } = await (PathWorld.#opened ??= PathWorld.#create());
    await destination.networkHelpers.impersonateAccount(account);
    await destination.networkHelpers.setBalance(account, 10n ** 20n);
    return destination.ethers.getSigner(account);
  }

  /** From the first of these rollups to the second. */
  static async on(rollups: readonly RollupSource[]): Promise<PathWorld> {
    const network = await createNetwork({ rollups });
    const [src, dst] = [network.rollup(A), network.rollup(B)];
    const box = await new PathRecipientMock__factory(dst.signer).deploy(dst.laneHeads);
    const source = await new StateRootSourceMock__factory(dst.signer).deploy(A);
    const at = toAddress(fixedBytes("source", await source.getAddress(), 20));
    return new PathWorld(network, src, dst, await network.client.lane(A, B), box, source, at);
  }

  /** Quorum and proof, one or both, with or without a delay. The vetoer is the destination's account. */
  async demand(demand: Partial<Omit<Demand, "rootSource">> & { readonly proof?: boolean }): Promise<void> {
    const { proof, ...rest } = demand;
    const vetoer = demand.delay === undefined ? NOBODY : await this.dst.signer.getAddress();
    const rootSource = proof === true ? this.sourceAddress : NOBODY;
    await (await this.box.setDemand(A, { ...QUORUM, rootSource, vetoer, ...rest })).wait();
  }

  async send(payload = "0x1234", to?: string, gasLimit = 200_000n): Promise<SentMessage> {
    const recipient = to ?? (await this.box.getAddress());
    return this.network.client.send({ from: A, to: B, recipient, payload, gasLimit });
  }

  /** The newest state of the sender, of which the source knows from now on. */
  async newState(): Promise<{ readonly stateRoot: Hex; readonly number: bigint }> {
    const hash = await this.src.latestBlockHash();
    const stateRoot = await this.src.stateRootOf(hash);
    await (await this.source.add(stateRoot)).wait();
    const block = await this.src.provider.getBlock(hash);
    return { stateRoot, number: BigInt(block?.number ?? 0) };
  }

  async headProof(): Promise<{ readonly stateRoot: Hex; readonly proof: Hex }> {
    const { stateRoot, number } = await this.newState();
    return { stateRoot, proof: await laneHeadProof(this.src.provider, this.lane, stateRoot, number) };
  }

  async checkpointProof(index: bigint): Promise<{ readonly stateRoot: Hex; readonly proof: Hex }> {
    const { stateRoot, number } = await this.newState();
    return { stateRoot, proof: await checkpointProof(this.src.provider, this.lane, index, stateRoot, number) };
  }

  /** Records the lane's head, and leads the message there. */
  async prove(message: SentMessage): Promise<LanePathProof> {
    const { stateRoot, proof } = await this.headProof();
    await (await this.dst.laneHeads.recordHead(this.source, stateRoot, proof)).wait();
    const messages = await this.network.client.messages(A, B);
    return lanePathProof(this.lane, messages, message.nonce, BigInt(messages.length));
  }

  execute(message: Message, proof: LanePathProof = NO_LANE_PROOF) {
    return this.box.executeMessage(pathMessage(this.lane, message), proof, { gasLimit: 5_000_000n });
  }

  /** The quorum delivers everything that is pending. */
  async deliver(): Promise<void> {
    const { failed } = await this.network.deliver();
    if (failed.length > 0) throw new Error(`delivery failed: ${failed.map(({ data }) => data).join(" ")}`);
  }

  /** Deliveries by a quorum that signs whatever it is given: these messages as the lane's first ones. */
  async lie(messages: readonly Message[]) {
    const range = { lane: this.lane, class: CLASS_FINAL, headBefore: laneId(this.lane), messages } as const;
    const proven = proveRange(range);
    const root = networkRoot([proven.factHash]);
    const { guardians } = this.network;
    const [serial, signature, bitmap] = [await this.dst.acceptedSerial(), guardians.sign(root), guardians.bitmap];
    const batch = buildBatch(range, proven, { factProof: factProof([proven.factHash], proven.factHash) });
    const attestation = encodeAttestation({ root, serial, signature, bitmap });
    return this.dst.gateway.relay(attestation, encodeBatches([batch]), { gasLimit: 8_000_000n });
  }
}
