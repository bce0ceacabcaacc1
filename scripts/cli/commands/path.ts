import { defineCommand, flag, integer, oneOf, optional, UsageError } from "../command.ts";
import { address, bytes, hash, httpUrl, networkOptions, rollup, walletOptions } from "../options.ts";

const actions = oneOf("show", "deliver", "veto");

export const command = defineCommand({
  name: "path",
  description:
    "See by which paths a recipient takes messages; deliver one by storage proof or after its delay, without any guardian; stop one.",
  group: "Messages",
  args: [
    {
      name: "<action>",
      description:
        "show (a recipient's demands, and what it holds); deliver (a message); veto (a held message, as vetoer)",
    },
    { name: "<subject>", description: "show: the recipient's address; deliver, veto: the message's sendId" },
  ],
  options: {
    on: optional("--on <rollup>", "Show: only the recipient on this rollup; veto: where the message is held", rollup),
    recipient: optional("--recipient <address>", "Veto: who holds it, for a message that no rollup has sent", address),
    parent: optional(
      "--parent <url>",
      "Deliver: RPC endpoint of the sender's parent chain, if that is not the destination",
      httpUrl,
    ),
    rootProof: optional(
      "--root-proof <bytes>",
      "Deliver: proof of a state root, for the source that the recipient names",
      bytes,
    ),
    block: optional(
      "--block <number>",
      "Deliver: block of the sender's rollup whose state root is proven",
      integer(0, 2 ** 48),
    ),
    dryRun: flag("--dry-run", "Only ask the rollup whether it would be done, and show the calls"),
    ...networkOptions,
    ...walletOptions,
  },
  examples: [
    "./metalayer path show 0x…",
    "./metalayer path deliver 0x… --dry-run",
    "./metalayer path deliver 0x… --parent https://…",
    "./metalayer path deliver 0x… --root-proof 0x… --block 123",
    "./metalayer path veto 0x…",
    "./metalayer path veto 0x… --on rollupB --recipient 0x…",
  ],
  async run(context, options) {
    const action = actions(context.args[0] ?? "");
    const subject = context.args[1] ?? "";
    if (action === "show") {
      const { showPaths } = await import("../paths/show.ts");
      return showPaths(context, address(subject), options);
    }
    const sendId = hash(subject);
    if (action === "veto") {
      if ((options.on === undefined) !== (options.recipient === undefined))
        throw new UsageError("name who holds it by both --on <rollup> and --recipient <address>, or by neither");
      const { vetoMessage } = await import("../paths/veto.ts");
      return vetoMessage(context, sendId, options);
    }
    if (options.on !== undefined || options.recipient !== undefined)
      throw new UsageError("path deliver takes neither --on nor --recipient: the message says where it goes");
    if (options.rootProof !== undefined && options.parent !== undefined)
      throw new UsageError("give the proof with --root-proof or have it made from --parent, not both");
    if (options.rootProof !== undefined && options.block === undefined)
      throw new UsageError("--root-proof needs --block <number>: the rollup's block");
    const { deliverByPaths } = await import("../paths/deliver.ts");
    return deliverByPaths(context, sendId, options);
  },
});
