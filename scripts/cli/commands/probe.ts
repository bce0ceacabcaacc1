import { defineCommand, optional, text } from "../command.ts";
import { httpUrl } from "../options.ts";

export const command = defineCommand({
  name: "probe",
  description: "Find out what a chain offers, and whether Metalayer can serve it. Sends nothing.",
  group: "Networks",
  args: [{ name: "<rpc>", description: "Address of a node (http or https)" }],
  options: {
    write: optional("--write <file>", "Write the capability file that settings of guardians and relayers name", text),
  },
  examples: ["./metalayer probe https://sepolia.optimism.io", "./metalayer probe http://127.0.0.1:8545 --write c.json"],
  async run(context, options) {
    const { probeCommand } = await import("../probe.ts");
    return probeCommand(context, { rpc: httpUrl(context.args[0] ?? ""), ...options });
  },
});
