import type { FastLoss, Part, Theft, World } from "./world.ts";

/** A part of the demo that is played on a network of its own and takes at most two minutes. */
export interface Chapter {
  readonly name: string;
  /** Guardians that it is played with, where it matters: at least so many, and their weights in whole ERA. */
  readonly guardians?: { readonly least: number; readonly weightOf: (index: number, count: number) => bigint };
  /** Its parts in the order in which they are shown; the ledger of the whole network follows. */
  readonly parts: readonly Part[];
  /** Plays it. A part that breaks off is to be a failed check ({@link tryPart}), so that the others go on. */
  play(world: World): Promise<Played>;
}

/** What is left to do when everything that a chapter has sent is delivered. */
export interface Played {
  /** The one fast message that was executed and that its source lost, if the chapter brought that about. */
  readonly loss?: FastLoss | undefined;
  /** What a corrupted quorum stole, if the chapter brought that about. */
  readonly theft?: Theft | undefined;
  /** Measures what the chapter is to show. */
  conclude(): Promise<Findings>;
}

export interface Findings {
  /** For machines: these join the report. */
  readonly figures: Readonly<Record<string, unknown>>;
  /** For people, in this order. */
  readonly tables: readonly FindingTable[];
}

export interface FindingTable {
  readonly title?: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly (string | number | bigint)[])[];
}
