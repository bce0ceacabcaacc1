import { AccessManager__factory } from "../../../typechain-types/factories/@openzeppelin/contracts/access/manager/AccessManager__factory.js";
import { LeasedAccessManager__factory } from "../../../typechain-types/factories/contracts/roles/LeasedAccessManager__factory.js";
import { RoleDirectory__factory } from "../../../typechain-types/factories/contracts/roles/RoleDirectory__factory.js";
import type { ContractTransaction } from "ethers";
import type { Address } from "../../../sdk/src/bytes.ts";
import { checkedAddress } from "../accounts.ts";
import type { Context } from "../command.ts";
import { UsageError } from "../command.ts";
import type { Connection } from "../connection.ts";
import { findHome } from "../governance/contracts.ts";
import { findNetwork, onEach, withRollups } from "../network.ts";
import { transact } from "../transactions.ts";
import { findWallet, signOn, type Signing } from "../wallet.ts";
import type { RolesOptions } from "./roles.ts";

export interface CreateOptions extends RolesOptions {
  /** Seconds. */
  readonly term: bigint;
  readonly owner: Address | undefined;
}

/** OpenZeppelin's ADMIN_ROLE. */
const ADMIN = 0n;
/** As RoleDirectory has them. */
const [SHORTEST_TERM, LONGEST_TERM] = [600n, 30n * 86_400n];

interface Place {
  readonly connection: Connection;
  readonly signing: Signing;
}

/**
 * Deploys a directory on home and a manager on every rollup, and connects them. Owners administer both afterwards: home's timelock, which has
 * the same address on every rollup, makes it the vote of all holders.
 */
export async function createRoles(context: Context, options: CreateOptions): Promise<void> {
  const { term, dryRun } = options;
  if (context.args.length > 1) throw new UsageError("roles create takes no further arguments");
  if (options.directory !== undefined) throw new UsageError("roles create makes a directory and takes no --directory");
  if (term < SHORTEST_TERM || term > LONGEST_TERM) throw new UsageError("--term is at least 10m and at most 30d");
  const network = findNetwork(context, options.network);
  const wallet = await findWallet(context, network, options);
  const homeRollup = options.on === undefined ? await findHome(network) : network.rollup(options.on);
  await withRollups(network.rollups, async (connections) => {
    const places = await Promise.all(
      connections.map(async (connection) => ({ connection, signing: await signOn(connection, wallet) })),
    );
    const home = places.find(({ connection }) => connection.name === homeRollup.name);
    if (home === undefined) throw new Error("home is one of the rollups");
    const owner = options.owner === undefined ? home.signing.address : checkedAddress("--owner", options.owner);
    const { output } = context;
    if (dryRun) {
      const names = connections.map(({ name }) => name).join(", ");
      output.line(
        `Nothing was sent; a directory would stand on ${homeRollup.name}, and a manager on ${names}, owned by ${owner}.`,
      );
      output.result({ dryRun, rollup: homeRollup.name, owner, term });
      return;
    }
    const created = await create(places, home, { owner, term });
    output.line(`Directory ${created.directory} on ${homeRollup.name}, owned by ${owner}.`);
    await output.table(
      ["rollup", "manager: the authority of AccessManaged contracts there"],
      created.managers.map(({ rollup, manager }) => [rollup, manager]),
    );
    output.line(
      `Its messages are paid from credit: ./metalayer credit buy --on ${homeRollup.name} --for ${created.directory} --amount 10`,
    );
    output.line(`Next: ./metalayer roles grant 4294967296 0x… --directory ${created.directory}`);
    output.result({ dryRun, rollup: homeRollup.name, owner, term, ...created });
  });
}

async function create(
  places: readonly Place[],
  home: Place,
  { owner, term }: { readonly owner: string; readonly term: bigint },
) {
  const { description, chainId: homeChainId } = home.connection;
  const own = home.signing.address;
  const authority = await deploy(home, await new AccessManager__factory().getDeployTransaction(own));
  const directory = await deploy(
    home,
    await new RoleDirectory__factory().getDeployTransaction(authority, description.contracts.MetalayerGateway, term),
  );
  const managers = await onEach(places, async (place) => {
    const { name, chainId, description: at } = place.connection;
    const gateway = at.contracts.MetalayerGateway;
    const factory = new LeasedAccessManager__factory();
    // On home the nonces of one account must not overtake each other.
    const manager = await deploy(place, await factory.getDeployTransaction(owner, gateway, homeChainId, directory));
    return { rollup: name, chainId, manager };
  });
  const connected = RoleDirectory__factory.connect(directory, home.signing.wallet);
  for (const { chainId, manager } of managers)
    await transact(home.connection, "connect a manager", () => connected.setManager(chainId, manager));
  if (owner.toLowerCase() !== own.toLowerCase()) await handOver(home, authority, owner);
  return { authority, directory, managers };
}

async function handOver({ connection, signing }: Place, authority: string, owner: string): Promise<void> {
  const manager = AccessManager__factory.connect(authority, signing.wallet);
  await transact(connection, "take another administrator", () => manager.grantRole(ADMIN, owner, 0));
  await transact(connection, "let its administrator go", () => manager.renounceRole(ADMIN, signing.address));
}

async function deploy({ connection, signing }: Place, transaction: Omit<ContractTransaction, "to">): Promise<string> {
  const receipt = await transact(connection, "take the contract", () => signing.wallet.sendTransaction(transaction));
  if (receipt.contractAddress === null) throw new Error("a deployment gives an address");
  return receipt.contractAddress;
}
