import { fixedBytes, toHex, type Hex } from "./bytes.ts";

/** A log of a contract, as any node tells it. */
export interface NamedLog {
  readonly topics: readonly string[];
  readonly data: string;
}

/**
 * What logs say was made and not ended, by the id in their first indexed word, in their order: the newest of each id counts. `read` returns
 * undefined for what is none of these; other logs are ignored.
 */
export function readStanding<T, L extends NamedLog>(
  logs: readonly L[],
  { made, ended }: { readonly made: string; readonly ended: readonly string[] },
  read: (id: Hex, log: L) => T | undefined,
): Map<Hex, T> {
  const found = new Map<Hex, T>();
  for (const log of logs) {
    const [topic, first] = log.topics;
    if (topic === undefined || first === undefined) continue;
    const id = toHex(fixedBytes("id", first, 32));
    if (ended.includes(topic)) found.delete(id);
    const one = topic === made ? read(id, log) : undefined;
    if (one !== undefined) found.set(id, one);
  }
  return found;
}
