import { defineCommand, flag, optional } from "../command.ts";
import { address, networkOptions, walletOptions } from "../options.ts";

export const command = defineCommand({
  name: "claim-airdrop",
  description: "Claim an account's part of the airdrop from its list; anyone may, and the account gets it.",
  group: "Governance",
  args: [{ name: "<file>", description: "The list: the dump of OpenZeppelin's StandardMerkleTree" }],
  options: {
    for: optional("--for <address>", "Whose part (default: the signing account's)", address),
    dryRun: flag("--dry-run", "Only ask whether it would be paid"),
    ...networkOptions,
    ...walletOptions,
  },
  examples: ["./metalayer claim-airdrop airdrop.json", "./metalayer claim-airdrop airdrop.json --for 0x…"],
  async run(context, options) {
    const { claimCommand } = await import("../governance/airdrop.ts");
    return claimCommand(context, options);
  },
});
