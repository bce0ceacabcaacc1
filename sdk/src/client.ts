import { AbiCoder, type Interface, type InterfaceAbi } from "ethers";
import { MetalayerApp } from "./app.ts";
import { planApp, sendApp, type AppPlan, type AppRequest, type SentApp } from "./appDeploy.ts";
import type { Hex } from "./bytes.ts";
import { fixedBytes, fromHex, toAddress, toHex, uintBytes } from "./bytes.ts";
import { MetalayerError } from "./errors.ts";
import { GATEWAY_TOPICS, readSentMessages, type SentMessage } from "./events.ts";
import { quoteFee, type FeeQuote, type Prices } from "./fees.ts";
import { formatEvmAccount } from "./interop.ts";
import { DEFAULT_GAS_LIMIT, messageHash } from "./message.ts";
import { readProvenState, type StateAnswer, type StateQuery } from "./proofsRead.ts";
import { messagesIn, openRollup, readLogs, type RollupAccess, type RollupHandle } from "./rollup.ts";
import type { Lane } from "./route.ts";
import { streamPublications, type StreamedPublication, type StreamFilter, type StreamOptions } from "./stream.ts";
import { messageStatus, type MessageStatus } from "./status.ts";
import { sendMined } from "./transactions.ts";

/** `minGasLimit(uint256)`, the one attribute of the gateway. */
const MIN_GAS_LIMIT_SELECTOR = "0x39f87ba1";

/** The gateway's `LaneStatus`. */
const LANE_NONE = 0n;
export const LANE_OPEN = 1n;

/** Nonces that one log request asks for; nodes bound the length of a topic list. */
const NONCES_PER_REQUEST = 256n;

/** A message to send or to price. */
export interface MessageRequest {
  /** Chain id of the source, one of the client's rollups. */
  readonly from: bigint;
  /** Chain id of the destination, any rollup that the source has admitted. */
  readonly to: bigint;
  readonly payload: string;
  /** Least gas for the recipient's `receiveMessage`; the gateway's default is 200,000. */
  readonly gasLimit?: bigint;
}

/**
 * Reads and writes the gateways of several rollups through their RPC endpoints, and nothing else: no service, no timer, no cache.
 *
 * @example
 * const client = await MetalayerClient.connect([
 *   { runner: walletOnA, gateway: "0x…", registry: "0x…" },
 *   { runner: providerOfB, gateway: "0x…", registry: "0x…" },
 * ]);
 * const sent = await client.send({ from: 8101n, to: 8102n, recipient: "0x…", payload: "0x1234" });
 * const [status] = await client.status(sent.sendId);
 * status.state; // "sent", "deliverable", "delivered" or "failed"
 */
export class MetalayerClient {
  private constructor(private readonly rollups: ReadonlyMap<bigint, RollupHandle>) {}

  /** Connects to the rollups. Throws `CLIENT_NO_PROVIDER`, and `CLIENT_SAME_CHAIN` if two of them have one chain id. */
  static async connect(rollups: readonly RollupAccess[]): Promise<MetalayerClient> {
    const handles = await Promise.all(rollups.map(openRollup));
    const byChainId = new Map(handles.map((handle) => [handle.chainId, handle]));
    if (byChainId.size !== handles.length) {
      throw new MetalayerError("CLIENT_SAME_CHAIN", "two of the rollups have the same chain id", {
        chainIds: handles.map(({ chainId }) => chainId),
      });
    }
    return new MetalayerClient(byChainId);
  }

  /** Chain ids of the rollups that this client reaches. */
  get chainIds(): bigint[] {
    return [...this.rollups.keys()];
  }

  /** Typed contracts and provider of a rollup. Throws `CLIENT_UNKNOWN_ROLLUP`. */
  rollup(chainId: bigint): RollupHandle {
    const handle = this.rollups.get(chainId);
    if (handle === undefined) {
      throw new MetalayerError("CLIENT_UNKNOWN_ROLLUP", `this client was not given rollup ${chainId}`, { chainId });
    }
    return handle;
  }

  /** Price of a message and its parts, in fee units of 1e-9 ERA. Throws `CLIENT_NO_LANE` and as {@link quoteFee}. */
  async quote(request: MessageRequest): Promise<FeeQuote> {
    const { prices } = await this.#outLane(request.from, request.to, true);
    const length = fromHex(request.payload).length;
    return quoteFee(readPrices(prices), length, request.gasLimit ?? DEFAULT_GAS_LIMIT);
  }

  /**
   * Sends a message and waits until it is in a block. Throws `CLIENT_READ_ONLY` if the source has no signer, `CLIENT_NO_LANE`,
   * `CLIENT_NOT_MINED` if another transaction took its place, and `CLIENT_LOGS_INCOMPLETE` if the endpoint's receipt lacks the message; a
   * revert comes as ethers' `CALL_EXCEPTION`.
   */
  async send(request: MessageRequest & { readonly recipient: string }): Promise<SentMessage> {
    const source = this.rollup(request.from);
    await this.#outLane(request.from, request.to, true);
    const recipient = toAddress(fixedBytes("recipient", request.recipient, 20));
    const account = formatEvmAccount({ chainId: request.to, address: recipient });
    const attributes = request.gasLimit === undefined ? [] : [minGasLimit(request.gasLimit)];
    const call = await source.gateway.sendMessage.populateTransaction(account, request.payload, attributes);
    const { hash, logs } = await sendMined(source, call);
    const [message] = messagesIn(source, logs);
    if (message !== undefined) return message;
    throw new MetalayerError("CLIENT_LOGS_INCOMPLETE", `the receipt of ${hash} lacks the message`, { hash });
  }

  /**
   * Status of a message by its sendId, or of every message of a transaction. Asks all rollups of the client for the source; `interfaces`
   * of your contracts make their errors readable. Throws `CLIENT_UNKNOWN_ROLLUP` if the destination was not given.
   */
  async status(reference: Hex, interfaces: readonly Interface[] = []): Promise<MessageStatus[]> {
    const messages = await this.find(reference);
    if (messages.length === 0) return [{ state: "unknown", reference }];
    return Promise.all(
      messages.map((message) =>
        messageStatus(message, this.rollup(message.srcChainId), this.rollup(message.dstChainId), interfaces),
      ),
    );
  }

  /** The message with this sendId, or the messages of this transaction, on whichever rollup of the client. */
  async find(reference: Hex): Promise<SentMessage[]> {
    const found = await Promise.all([...this.rollups.values()].map((source) => findOn(source, reference)));
    return found.flat();
  }

  /**
   * Messages `from` to `to − 1` of the current lane between two rollups, from the source's logs, each checked against its hash.
   * Throws `CLIENT_NO_LANE`, and `CLIENT_LOGS_INCOMPLETE` if the endpoint does not return all of them.
   */
  async messages(src: bigint, dst: bigint, from = 0n, to?: bigint): Promise<SentMessage[]> {
    const lane = await this.lane(src, dst);
    const { nonce: count } = await this.#outLane(src, dst);
    const end = to === undefined || to > count ? count : to;
    if (from >= end) return [];
    const messages: SentMessage[] = [];
    // One round per page of the range.
    for (let first = from; first < end; first += NONCES_PER_REQUEST) {
      const last = first + NONCES_PER_REQUEST < end ? first + NONCES_PER_REQUEST : end;
      const page = await readPage(this.rollup(src), dst, first, last);
      messages.push(...page.filter((message) => messageHash(lane.networkId, lane, message) === message.sendId));
    }
    if (messages.length !== Number(end - from)) {
      throw new MetalayerError(
        "CLIENT_LOGS_INCOMPLETE",
        `${messages.length} of ${end - from} messages found in the logs`,
        {
          src,
          dst,
          from,
          to: end,
        },
      );
    }
    return messages;
  }

  /**
   * Nonce, balance, code and storage of an account on one rollup, verified against a head that is attested on another: the node that is
   * asked need not be trusted. Throws `CLIENT_NO_INBOX`, `CLIENT_NO_HEAD`, `PROOF_UNAVAILABLE` and `PROOF_REFUSED`.
   *
   * @example
   * const { account, values, head } = await client.readState({ of: 8101n, attestedOn: 8102n, account: "0x…", slots: [0n] });
   */
  async readState(query: StateQuery): Promise<StateAnswer> {
    return readProvenState(this.rollup(query.of), this.rollup(query.attestedOn), query);
  }

  /**
   * Hands verified publications of all rollups named in the filter to `handler`, each once, until `options.signal` fires: see {@link streamPublications}.
   *
   * @example
   * const broadcasters = new Map([[8101n, "0x…"], [8102n, "0x…"]]);
   * await client.subscribe({ broadcasters, topic }, (said) => show(said), { trust: { attestedOn: 8102n }, delay, signal });
   */
  async subscribe(
    filter: StreamFilter,
    handler: (said: StreamedPublication) => Promise<void> | void,
    options: StreamOptions,
  ): Promise<void> {
    return streamPublications(this, filter, handler, options);
  }

  /**
   * An application that was deployed on several rollups at once, for reading and for its owner's calls. Throws `APP_UNKNOWN` and
   * `CLIENT_NO_OMNI_DEPLOYER`.
   */
  async app(address: string, abi: InterfaceAbi): Promise<MetalayerApp> {
    return MetalayerApp.open(this.rollups.values(), address, abi);
  }

  /** Looks at a deployment on several rollups without sending anything. Throws as {@link planApp}. */
  async planApp(request: AppRequest): Promise<AppPlan> {
    return planApp(this.rollups.values(), request);
  }

  /** Deploys an application on several rollups with one transaction. Throws as {@link planApp} and {@link sendApp}. */
  async deployApp(request: AppRequest): Promise<SentApp> {
    return sendApp(this.rollups.values(), await this.planApp(request));
  }

  /** Identity of the current lane between two rollups. Throws `CLIENT_NO_LANE`. */
  async lane(src: bigint, dst: bigint): Promise<Lane> {
    const source = this.rollup(src);
    const [{ ownIncarnation, incarnation }, inbound, networkId] = await Promise.all([
      this.#outLane(src, dst),
      source.gateway.inLane(dst),
      source.gateway.networkId(),
    ]);
    return {
      networkId: toHex(fixedBytes("networkId", networkId, 32)),
      srcChainId: src,
      dstChainId: dst,
      srcIncarnation: ownIncarnation,
      dstIncarnation: incarnation,
      srcGateway: source.gatewayAddress,
      dstGateway: toAddress(fixedBytes("gateway", inbound.gateway, 20)),
    };
  }

  async #outLane(src: bigint, dst: bigint, mustBeOpen = false) {
    const lane = await this.rollup(src).gateway.outLane(dst);
    if (lane.status === LANE_NONE || (mustBeOpen && lane.status !== LANE_OPEN)) {
      throw new MetalayerError("CLIENT_NO_LANE", `rollup ${src} sends nothing to rollup ${dst}`, { src, dst });
    }
    return lane;
  }
}

/** The attribute that asks for more or less gas than the default. */
export function minGasLimit(gasLimit: bigint): Hex {
  const value = AbiCoder.defaultAbiCoder().encode(["uint256"], [gasLimit]);
  return `${MIN_GAS_LIMIT_SELECTOR}${value.slice(2)}`;
}

/** Messages of a range of nonces in any incarnation of the lane: where they are, then what they say. */
async function readPage(source: RollupHandle, dst: bigint, from: bigint, to: bigint): Promise<SentMessage[]> {
  const nonces = Array.from({ length: Number(to - from) }, (_, index) => word(from + BigInt(index)));
  const accepted = await readLogs(source, [GATEWAY_TOPICS.accepted, null, word(dst), nonces]);
  const ids = accepted.flatMap(({ topics }) => topics[1] ?? []);
  const [first, last] = [accepted[0], accepted.at(-1)];
  if (first === undefined || last === undefined) return [];
  const kinds = [GATEWAY_TOPICS.sent, GATEWAY_TOPICS.unfunded];
  return readSentMessages([
    ...(await readLogs(source, [kinds, ids], first.blockNumber, last.blockNumber)),
    ...accepted,
  ]);
}

function word(value: bigint): Hex {
  return toHex(uintBytes("topic", value, 32));
}

async function findOn(source: RollupHandle, reference: Hex): Promise<SentMessage[]> {
  const [receipt, logs] = await Promise.all([
    source.provider.getTransactionReceipt(reference),
    readLogs(source, [[GATEWAY_TOPICS.sent, GATEWAY_TOPICS.accepted, GATEWAY_TOPICS.unfunded], reference]),
  ]);
  return receipt === null ? readSentMessages(logs) : messagesIn(source, receipt.logs);
}

function readPrices(prices: Prices): Prices {
  const { basePrice, pricePerByte, pricePerKGas, fundShare, burnShare, maxGasLimit } = prices;
  return { basePrice, pricePerByte, pricePerKGas, fundShare, burnShare, maxGasLimit };
}
