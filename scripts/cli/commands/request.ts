import { defineCommand, integer, oneOf, optional, required } from "../command.ts";
import { networkOptions, rollup, span, walletOptions } from "../options.ts";

const questions = oneOf("head");

export const command = defineCommand({
  name: "request",
  description: "Ask, for prepaid credit, that somebody has guardians attest a rollup's head on another one.",
  group: "Networks",
  args: [
    { name: "<what>", description: "head" },
    { name: "<rollup>", description: "Whose: name or chain id" },
  ],
  options: {
    on: required("--on <rollup>", "Where it is to be recorded", rollup),
    anchor: optional(
      "--anchor <index>",
      "Which anchored block (default: the newest; if that is recorded already, the next one)",
      integer(0, 2 ** 32),
    ),
    wait: optional("--wait <span>", "Wait for the answer, at most so long (30s, 5m)", span),
    ...networkOptions,
    ...walletOptions,
  },
  examples: [
    "./metalayer request head rollupA --on rollupB --wait 1m",
    "./metalayer request head 8101 --on 8102 --json",
  ],
  async run(context, options) {
    questions(context.args[0] ?? "");
    const { requestHead } = await import("../request.ts");
    return requestHead(context, options);
  },
});
