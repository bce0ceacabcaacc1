import http from "node:http";
import https from "node:https";
import { MetalayerError } from "../../sdk/src/errors.ts";
import { nodeError } from "./rpc-errors.ts";
import { withDeadline } from "./tasks.ts";

export interface RpcCall {
  readonly method: string;
  readonly params: readonly unknown[];
}

/** Answer to one call of a batch. */
export type RpcOutcome =
  { readonly ok: true; readonly result: unknown } | { readonly ok: false; readonly error: MetalayerError };

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Hard limit of this request in milliseconds; the endpoint's own when left out. */
  readonly timeoutMs?: number | undefined;
}

export interface RpcStats {
  /** HTTP requests sent; a batch counts once. */
  requests: number;
  /** JSON-RPC calls sent; each call of a batch counts. */
  calls: number;
  /** Requests without a usable answer. */
  failures: number;
}

/** One RPC URL. Knows nothing of rollups, retries or other endpoints. */
export interface Endpoint {
  /** Host and port: fit for logs, while the URL may hold an access key. */
  readonly label: string;
  readonly url: string;
  readonly stats: Readonly<RpcStats>;
  /** One call. Throws RPC_TIMEOUT, RPC_UNREACHABLE, RPC_HTTP, RPC_BAD_RESPONSE, ABORTED or a code of rpc-errors.ts. */
  request(method: string, params: readonly unknown[], options?: CallOptions): Promise<unknown>;
  /** Several calls in as few HTTP requests as the endpoint takes. Throws only when a request as a whole fails. */
  batch(calls: readonly RpcCall[], options?: CallOptions): Promise<readonly RpcOutcome[]>;
  close(): void;
}

export interface EndpointOptions {
  readonly url: string;
  readonly label?: string;
  /** Hard limit for a request, from sending to the last byte of the answer. Default 5,000 ms. */
  readonly timeoutMs?: number;
  /** Connections kept open to the host. Default 8. */
  readonly connections?: number;
  /** Calls that may share one HTTP request. 1 for a provider without batches. Default 100. */
  readonly maxBatch?: number;
  /** Longest answer accepted, in bytes. Default 64 MiB. */
  readonly maxBytes?: number;
}

interface Wire {
  readonly options: Required<EndpointOptions>;
  readonly stats: RpcStats;
  readonly agent: http.Agent;
  nextId: number;
}

export function createEndpoint(options: EndpointOptions): Endpoint {
  const url = parseUrl(options.url);
  const defaults = { timeoutMs: 5_000, connections: 8, maxBatch: 100, maxBytes: 64 * 1024 * 1024, label: url.host };
  const full = { ...defaults, ...options };
  const agentOptions = { keepAlive: true, maxSockets: full.connections, noDelay: true };
  const agent = url.protocol === "https:" ? new https.Agent(agentOptions) : new http.Agent(agentOptions);
  const wire: Wire = { options: full, stats: { requests: 0, calls: 0, failures: 0 }, agent, nextId: 1 };
  return {
    label: full.label,
    url: options.url,
    stats: wire.stats,
    async request(method, params, callOptions = {}) {
      const [outcome] = await exchange(wire, [{ method, params }], false, callOptions);
      if (outcome === undefined) throw badResponse(wire, "an empty answer");
      if (!outcome.ok) throw outcome.error;
      return outcome.result;
    },
    async batch(calls, callOptions = {}) {
      const chunks: RpcCall[][] = [];
      for (let at = 0; at < calls.length; at += full.maxBatch) chunks.push(calls.slice(at, at + full.maxBatch));
      const many = full.maxBatch > 1;
      const answers = await Promise.all(chunks.map((chunk) => exchange(wire, chunk, many, callOptions)));
      return answers.flat();
    },
    close() {
      agent.destroy();
    },
  };
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && (url.protocol === "http:" || url.protocol === "https:")) return url;
  throw new MetalayerError("CONFIG_RPC_URL", "An RPC URL must begin with http:// or https://.", { url: text });
}

function badResponse(wire: Wire, what: string): MetalayerError {
  const { label } = wire.options;
  return new MetalayerError("RPC_BAD_RESPONSE", `${label} sent ${what}.`, { endpoint: label });
}

/** Sends the calls in one HTTP request and matches the answers by id. */
async function exchange(
  wire: Wire,
  calls: readonly RpcCall[],
  asBatch: boolean,
  options: CallOptions,
): Promise<RpcOutcome[]> {
  const { label } = wire.options;
  const firstId = wire.nextId;
  wire.nextId += calls.length;
  const payload = calls.map((call, index) => ({ jsonrpc: "2.0", id: firstId + index, ...call }));
  const body = JSON.stringify(asBatch ? payload : payload[0]);
  const timeoutMs = options.timeoutMs ?? wire.options.timeoutMs;
  const onTimeout = (): Error =>
    new MetalayerError("RPC_TIMEOUT", `${label} did not answer within ${timeoutMs} ms.`, {
      endpoint: label,
      timeoutMs,
    });
  wire.stats.requests += 1;
  wire.stats.calls += calls.length;
  try {
    const text = await withDeadline(timeoutMs, options.signal, onTimeout, (signal) => post(wire, body, signal));
    return readAnswers(wire, calls, firstId, text);
  } catch (error) {
    wire.stats.failures += 1;
    throw error;
  }
}

function post(wire: Wire, body: string, signal: AbortSignal): Promise<string> {
  const { url, label, maxBytes } = wire.options;
  const client = url.startsWith("https:") ? https : http;
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const unreachable = (cause: Error): void =>
      reject(new MetalayerError("RPC_UNREACHABLE", `${label} cannot be reached.`, { endpoint: label }, { cause }));
    const request = client.request(url, { method: "POST", agent: wire.agent, headers, signal }, (response) => {
      const parts: Buffer[] = [];
      let size = 0;
      response.on("data", (part: Buffer) => {
        size += part.length;
        parts.push(part);
        if (size <= maxBytes) return;
        reject(badResponse(wire, `an answer longer than ${maxBytes} bytes`));
        response.destroy();
      });
      response.on("error", unreachable);
      response.on("end", () => {
        const text = Buffer.concat(parts).toString("utf8");
        const status = response.statusCode ?? 0;
        // Some nodes answer a failed call with an HTTP error and a JSON-RPC body: the body says more than the status.
        if (status < 400 || text.includes('"jsonrpc"')) resolve(text);
        else reject(new MetalayerError("RPC_HTTP", `${label} answered HTTP ${status}.`, { endpoint: label, status }));
      });
    });
    request.on("error", unreachable);
    request.end(body);
  });
}

function readAnswers(wire: Wire, calls: readonly RpcCall[], firstId: number, text: string): RpcOutcome[] {
  const parsed = parseJson(wire, text);
  const answers = Array.isArray(parsed) ? parsed : [parsed];
  const byId = new Map<unknown, object>();
  for (const answer of answers) if (isRecord(answer)) byId.set(answer["id"], answer);
  // A provider that refuses a whole request answers with one error whose id is null.
  const refusal = byId.get(null);
  return calls.map((call, index) => {
    const answer = byId.get(firstId + index) ?? refusal;
    if (answer === undefined) return { ok: false, error: badResponse(wire, `no answer to ${call.method}`) };
    if ("error" in answer && answer.error !== null && answer.error !== undefined)
      return { ok: false, error: nodeError(wire.options.label, call.method, answer.error) };
    if ("result" in answer) return { ok: true, result: answer.result };
    return { ok: false, error: badResponse(wire, `neither result nor error to ${call.method}`) };
  });
}

function parseJson(wire: Wire, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badResponse(wire, "something that is not JSON");
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
