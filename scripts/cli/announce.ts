import type { Context } from "./command.ts";
import { findNetwork, withRollups } from "./network.ts";
import { transact } from "./transactions.ts";
import type { WalletChoice } from "./wallet.ts";
import { findWallet, signOn } from "./wallet.ts";

export interface AnnounceOptions extends WalletChoice {
  readonly network: string | undefined;
  readonly on: string | undefined;
}

/** Publishes where the signing operator's guardian answers. Rollups that know it already are left alone. */
export async function announceCommand(context: Context, url: string, options: AnnounceOptions): Promise<void> {
  const network = findNetwork(context, options.network);
  const rollups = options.on === undefined ? network.rollups : [network.rollup(options.on)];
  const wallet = await findWallet(context, network, options);
  await withRollups(rollups, async (connections) => {
    const rows = await Promise.all(
      connections.map(async (connection) => {
        const { contracts, address } = await signOn(connection, wallet);
        const known = await contracts.guardianSet.operatorInfo(address);
        if (known.url === url) return { rollup: connection.name, changed: false };
        await transact(connection, "announce a guardian", () => contracts.guardianSet.announce(url));
        return { rollup: connection.name, changed: true };
      }),
    );
    const { output } = context;
    for (const { rollup, changed } of rows)
      output.line(`${rollup}: ${changed ? "announced" : "knew it already"}; relayers ask ${wallet.address} at ${url}.`);
    output.result({ operator: wallet.address, url, rollups: rows });
  });
}
