import type { Output, Progress } from "./output.ts";

/** Shows steps that report by callback, one line each, in order. */
export function stepReporter(output: Output): {
  readonly on: (step: string, phase: "started" | "done" | "failed", note?: string) => void;
  /** Resolves when everything reported has been shown. */
  readonly finished: () => Promise<void>;
} {
  let shown: Promise<unknown> = Promise.resolve();
  let current: Promise<Progress> | undefined;
  return {
    on(step, phase, note) {
      if (phase === "started") {
        current = shown.then(() => output.progress(step));
        shown = current;
        return;
      }
      const progress = current;
      shown = shown.then(async () => {
        const line = await progress;
        if (phase === "done") line?.done(note === undefined ? step : `${step}: ${note}`);
        else line?.fail();
      });
    },
    finished: async () => {
      await shown;
    },
  };
}
