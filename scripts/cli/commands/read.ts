import { defineCommand, optional } from "../command.ts";
import { networkOptions, rollup, slot } from "../options.ts";

export const command = defineCommand({
  name: "read",
  description: "Read another rollup's state, proven against a head that guardians attested.",
  group: "Networks",
  args: [
    { name: "<rollup>", description: "Whose state: name or chain id" },
    { name: "<address>", description: "Account or contract" },
    {
      name: "[what]",
      description: "balance, nonce, code, balanceOf (of an ERC-20), or a storage slot (number or 32 bytes)",
    },
    { name: "[holder]", description: "For balanceOf: whose" },
  ],
  options: {
    on: optional("--on <rollup>", "Where the head is attested (default: the first other rollup)", rollup),
    position: optional("--position <slot>", "Slot of the token's balances (default: found by trying)", slot),
    ...networkOptions,
  },
  examples: [
    "./metalayer read rollupA 0x… balance",
    "./metalayer read rollupA 0x… 0 --on rollupC",
    "./metalayer read rollupA 0x… balanceOf 0x… --json",
  ],
  async run(context, options) {
    const { readCommand } = await import("../read.ts");
    return readCommand(context, options);
  },
});
