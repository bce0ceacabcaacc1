import { birthBlock } from "../../../deploy/targets.ts";
import { admissionProposal, type Admission } from "../../../sdk/src/deployment/admission.ts";
import { planRollup } from "../../../sdk/src/deployment/plan.ts";
import type { Context } from "../command.ts";
import { CommandError } from "../command.ts";
import { defaultParameters, withNetwork, type OpenedNetwork } from "../deployment.ts";
import { findNetwork } from "../network.ts";
import type { WalletChoice } from "../wallet.ts";
import { findWallet } from "../wallet.ts";
import { withHome } from "./act.ts";
import { Book } from "./call-text.ts";
import { sendProposal } from "./propose.ts";

export interface AdmitOptions extends WalletChoice {
  readonly network: string | undefined;
  readonly params: string | undefined;
  readonly dryRun: boolean;
}

/** One proposal that connects a rollup, which stands already, to all others, by the parameters that name it. */
export async function admitCommand(context: Context, options: AdmitOptions): Promise<void> {
  const name = context.args[0] ?? "";
  const network = findNetwork(context, options.network);
  const wallet = await findWallet(context, network, options);
  const file = options.params === undefined ? defaultParameters(context.root) : context.path(options.params);
  const title = `Admit ${name}`;
  const { proposal, changes } = await withNetwork(context, { file, only: undefined, withKey: false }, (opened) =>
    admissionOf(opened, name, title),
  );
  for (const { chainId, differences } of changes) {
    const rollup = network.rollups.find((each) => BigInt(each.chainId) === chainId)?.name ?? `rollup ${chainId}`;
    context.output.line(`${rollup} changes in ${differences.length} settings:`);
    await context.output.table(
      ["setting", "now", "then"],
      differences.map(({ name: what, actual, expected }) => [what, actual, expected]),
    );
  }
  const book = new Book(context.root, network.rollups);
  await withHome(network, (home) =>
    sendProposal(context, { network, book, home, wallet, proposal, title }, options.dryRun),
  );
}

/** Drafts what admits the rollup of this name. Throws CLI_UNKNOWN_ROLLUP, and as {@link admissionProposal}. */
export async function admissionOf(
  { parameters, artifacts, targets }: Omit<OpenedNetwork, "file">,
  name: string,
  title: string,
): Promise<Admission> {
  const newcomer = parameters.rollups.find((rollup) => rollup.name === name || String(rollup.chainId) === name);
  if (newcomer === undefined) {
    const known = parameters.rollups.map((rollup) => rollup.name).join(", ");
    const next = `add it to the parameters, which name ${known}`;
    throw new CommandError("CLI_UNKNOWN_ROLLUP", `the parameters name no rollup "${name}"`, "Nothing was sent", next);
  }
  const sites = await Promise.all(
    targets.map(async (target) => {
      const plan = planRollup(parameters, target.chainId, artifacts);
      return { plan, reader: target.reader(await birthBlock(target, plan.addresses.AccessManager)) };
    }),
  );
  return admissionProposal(sites, newcomer.chainId, title);
}
