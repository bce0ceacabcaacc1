/** What is needed of a WebSocket; those of browsers and of Node fit. */
export interface HeadSocket {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  send(data: string): void;
  close(): void;
}

/** What the surroundings provide to keep a connection open. */
export interface HeadPushOptions {
  /** Opens a connection to a node. */
  readonly open: () => HeadSocket;
  readonly signal: AbortSignal;
  readonly delay: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly onError?: (error: unknown) => void;
  /** A connection has ended, however. */
  readonly onEnd?: () => void;
}

const FIRST_PAUSE_MS = 250;
const MOST_PAUSE_MS = 10_000;

/** One connection with a subscription to new heads, until it closes, fails or the signal fires. Rejects if it fails or `onHeader` throws. */
function listenForHeads(socket: HeadSocket, signal: AbortSignal, onHeader: (header: unknown) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const close = (): void => socket.close();
    const end = (settle: () => void): void => {
      signal.removeEventListener("abort", close);
      settle();
    };
    signal.addEventListener("abort", close, { once: true });
    socket.onopen = () =>
      socket.send(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_subscribe", params: ["newHeads"] }));
    socket.onmessage = ({ data }: { readonly data: unknown }) => {
      try {
        const header = pushedHeader(data);
        if (header !== undefined) onHeader(header);
      } catch (error) {
        socket.close();
        end(() => reject(error instanceof Error ? error : new Error(String(error))));
      }
    };
    socket.onerror = () => end(() => reject(new Error("the WebSocket failed")));
    socket.onclose = () => end(resolve);
  });
}

/** Calls back with every pushed header until the signal fires; reconnects with growing pauses. */
export async function pushHeads(onHeader: (header: unknown) => void, options: HeadPushOptions): Promise<void> {
  const { open, signal, delay, onError, onEnd } = options;
  for (let failures = 0; !signal.aborted; failures++) {
    try {
      await listenForHeads(open(), signal, (header) => {
        failures = 0;
        onHeader(header);
      });
    } catch (error) {
      if (!signal.aborted) onError?.(error);
    }
    onEnd?.();
    const pause = Math.min(MOST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures, 6));
    await delay(pause, signal).catch(() => undefined);
  }
}

function pushedHeader(data: unknown): unknown {
  const message: unknown = typeof data === "string" ? JSON.parse(data) : undefined;
  if (typeof message !== "object" || message === null || !("params" in message)) return undefined;
  const { params } = message;
  return typeof params === "object" && params !== null && "result" in params ? params.result : undefined;
}
