import http from "node:http";
import type { Socket } from "node:net";
import { keccak256 } from "ethers";
import { z } from "zod";
import { MetalayerError } from "../../sdk/src/errors.ts";
import { quantity, toQuantity } from "../chain/blocks.ts";
import type { Endpoint } from "../chain/endpoint.ts";
import { createEndpoint } from "../chain/endpoint.ts";
import { delay } from "../chain/tasks.ts";
import type { Call, Faults } from "./faults.ts";
import { faultsSchema, fieldOf, hideAbove, NO_FAULTS, seededRandom, seenFrom, tell } from "./faults.ts";

export interface ProxyOptions {
  /** The node behind it. */
  readonly upstream: string;
  /** Default: any free port. */
  readonly port?: number | undefined;
  readonly faults?: Partial<Faults>;
  /** For the shares: the same seed and requests give the same faults. */
  readonly seed?: number;
}

export interface ProxyStats {
  readonly requests: number;
  readonly calls: number;
  readonly methods: Readonly<Record<string, number>>;
}

/**
 * An RPC endpoint in front of a node that can be made to fail. `GET /control` tells faults and counts as JSON,
 * `PUT /control` with some of the faults changes these; both work while the endpoint itself is cut or hangs.
 */
export interface FaultyProxy {
  readonly url: string;
  readonly port: number;
  readonly faults: Faults;
  stats(): ProxyStats;
  /** Changes the faults named; the others stay. */
  set(faults: Partial<Faults>): void;
  /** Honest and quick again. */
  heal(): void;
  close(): Promise<void>;
}

interface Proxy {
  /** Connections on which RPC requests came; those for control stay when it is cut. */
  readonly sockets: Set<Socket>;
  readonly upstream: Endpoint;
  readonly random: () => number;
  readonly closing: AbortController;
  readonly counts: { requests: number; calls: number; methods: Record<string, number> };
  faults: Faults;
}

const callSchema = z.object({ id: z.unknown(), method: z.string(), params: z.array(z.unknown()).default([]) });

export async function startFaultyProxy(options: ProxyOptions): Promise<FaultyProxy> {
  const server = http.createServer({ keepAliveTimeout: 60_000 });
  const proxy: Proxy = {
    sockets: new Set(),
    upstream: createEndpoint({ url: options.upstream, timeoutMs: 30_000, connections: 32 }),
    random: seededRandom(options.seed ?? 1),
    closing: new AbortController(),
    counts: { requests: 0, calls: 0, methods: {} },
    faults: { ...NO_FAULTS, ...options.faults },
  };
  server.on("request", (request: http.IncomingMessage, response: http.ServerResponse) => {
    serve(proxy, request, response).catch(() => response.destroy());
  });
  const port = await listen(server, options.port ?? 0);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    get faults() {
      return proxy.faults;
    },
    stats: () => structuredClone(proxy.counts),
    set: (faults) => setFaults(proxy, faults),
    heal: () => setFaults(proxy, NO_FAULTS),
    async close() {
      proxy.closing.abort();
      proxy.upstream.close();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function listen(server: http.Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      if (typeof address === "object" && address !== null) resolve(address.port);
      else reject(new Error("a TCP server has a port"));
    });
  });
}

function setFaults(proxy: Proxy, faults: object): void {
  proxy.faults = faultsSchema.parse({ ...proxy.faults, ...faults });
  if (proxy.faults.cut) for (const socket of proxy.sockets) socket.destroy();
}

async function serve(proxy: Proxy, request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of request) if (part instanceof Buffer) parts.push(part);
  const body = Buffer.concat(parts).toString("utf8");
  if (request.url === "/control") {
    control(proxy, request.method ?? "GET", body, response);
    return;
  }
  proxy.counts.requests += 1;
  remember(proxy, request.socket);
  const { cut, hang, delayMs, lateAnswerMs, httpStatus } = proxy.faults;
  if (cut) request.socket.destroy();
  if (cut || hang) return;
  if (delayMs > 0) await delay(delayMs, proxy.closing.signal);
  if (httpStatus !== 0) {
    reply(response, httpStatus, { message: "injected fault" });
    return;
  }
  const parsed: unknown = JSON.parse(body);
  const answer = Array.isArray(parsed)
    ? await Promise.all(parsed.map((call) => answerOne(proxy, call)))
    : await answerOne(proxy, parsed);
  if (lateAnswerMs > 0) await delay(lateAnswerMs, proxy.closing.signal);
  if (methodsIn(parsed).some((method) => proxy.faults.loseAnswers.includes(method))) request.socket.destroy();
  else reply(response, 200, answer);
}

function methodsIn(parsed: unknown): readonly string[] {
  const calls = Array.isArray(parsed) ? parsed : [parsed];
  return calls.map((call) => callSchema.parse(call).method);
}

function remember({ sockets }: Proxy, socket: Socket): void {
  if (sockets.has(socket)) return;
  sockets.add(socket);
  socket.once("close", () => sockets.delete(socket));
}

function control(proxy: Proxy, method: string, body: string, response: http.ServerResponse): void {
  try {
    if (method === "PUT") setFaults(proxy, z.looseObject({}).parse(JSON.parse(body)));
    reply(response, 200, { faults: proxy.faults, stats: proxy.counts });
  } catch (error) {
    reply(response, 400, { error: error instanceof Error ? error.message : String(error) });
  }
}

function reply(response: http.ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
}

async function answerOne(proxy: Proxy, raw: unknown): Promise<object> {
  const { id, method, params } = callSchema.parse(raw);
  proxy.counts.calls += 1;
  proxy.counts.methods[method] = (proxy.counts.methods[method] ?? 0) + 1;
  const head = { jsonrpc: "2.0", id };
  if (proxy.random() < proxy.faults.errors) return { ...head, error: { code: -32603, message: "injected fault" } };
  try {
    return { ...head, result: await resultOf(proxy, { method, params }) };
  } catch (error) {
    return { ...head, error: passedOn(error) };
  }
}

/** The node's own error as it came, or an internal one. */
function passedOn(error: unknown): object {
  const info = error instanceof MetalayerError ? error.info : {};
  const { nodeCode, nodeMessage, data } = info;
  if (typeof nodeCode !== "number") return { code: -32603, message: "the node behind this proxy gave no answer" };
  return { code: nodeCode, message: nodeMessage, ...(data === undefined ? {} : { data }) };
}

async function resultOf(proxy: Proxy, call: Call): Promise<unknown> {
  const { faults, upstream } = proxy;
  if (call.method === "eth_sendRawTransaction") return send(proxy, call);
  if (call.method === "eth_chainId" && faults.chainId !== null) return toQuantity(faults.chainId);
  if (call.method === "eth_getLogs") refuseLongRange(faults, call);
  const limit = await highestVisible(proxy);
  const asked = limit === undefined ? call : seenFrom(limit, call);
  let result = await upstream.request(asked.method, asked.params);
  if (limit !== undefined) result = hideAbove(limit, call, result);
  if (call.method === "eth_getLogs" && faults.dropLogs > 0 && Array.isArray(result))
    result = result.filter(() => proxy.random() >= faults.dropLogs);
  return tell(faults.lies, call, result);
}

function refuseLongRange({ maxLogRange }: Faults, { params }: Call): void {
  const blocks = Number(fieldOf(params[0], "toBlock")) - Number(fieldOf(params[0], "fromBlock")) + 1;
  if (maxLogRange === 0 || !(blocks > maxLogRange)) return;
  const nodeMessage = `block range is too large: ${blocks} > ${maxLogRange}`;
  throw new MetalayerError("RPC_RANGE_LIMIT", nodeMessage, { nodeCode: -32005, nodeMessage });
}

/** The newest block that it admits to know, if it plays a node that lags. */
async function highestVisible({ faults, upstream }: Proxy): Promise<number | undefined> {
  if (faults.frozenAt === null && faults.lagBlocks === 0) return undefined;
  const head = quantity(await upstream.request("eth_blockNumber", []));
  return Math.max(0, Math.min(head - faults.lagBlocks, faults.frozenAt ?? head));
}

/** Passes a transaction on, or loses, doubles or holds it. One that is lost or held is acknowledged all the same. */
async function send(proxy: Proxy, call: Call): Promise<unknown> {
  const { faults, upstream, random, closing } = proxy;
  const pass = (): Promise<unknown> => upstream.request(call.method, call.params);
  const isDropped = random() < faults.dropSends;
  const isDoubled = random() < faults.duplicateSends;
  if (!isDropped && faults.holdSendsMs === 0) {
    const result = await pass();
    if (isDoubled) await pass().catch(() => undefined);
    return result;
  }
  if (!isDropped) {
    delay(random() * faults.holdSendsMs, closing.signal)
      .then(pass)
      .catch(() => undefined);
  }
  return keccak256(String(call.params[0]));
}
