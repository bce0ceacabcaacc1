import { formatEther, parseEther } from "ethers";
import { OmniToken__factory } from "../../../../typechain-types/factories/contracts/examples/OmniToken__factory.js";
import type { AppValue, MetalayerApp } from "../../../../sdk/src/app.ts";
import { MetalayerClient } from "../../../../sdk/src/client.ts";
import type { SentMessage } from "../../../../sdk/src/events.ts";
import { formatEvmAccount } from "../../../../sdk/src/interop.ts";
import { accessOf } from "../../../cli/connection.ts";
import { devWallet } from "../../../cli/wallet.ts";
import { devAccount } from "../../../devnet/accounts.ts";
import type { SeenSend } from "../../observer.ts";
import type { Site, World } from "../../world.ts";
import { ACTORS, messagesOf, siteAt, until, untilDelivered } from "../../world.ts";
import type { Watch } from "../../watch.ts";
import { deliveryReceipts, hashOf, LIMIT_MS, othersOf } from "./chain.ts";

const SUPPLY = parseEther("1000");
const HANDED_OVER = parseEther("300");
const SENT = parseEther("7");
const GAS = 500_000n;

/** An ERC-7802 token placed on all rollups by one transaction, at one address; its owner calls it everywhere, and it moves. */
export async function apps(world: World, watch: Watch): Promise<void> {
  const home = siteAt(world, 0);
  const wallet = devWallet(ACTORS.appOwner).connect(home.connection.provider);
  const accesses = world.sites.map((site) => accessOf(site.connection, site === home ? wallet : undefined));
  const client = await MetalayerClient.connect(accesses);
  const app = await deploy(world, watch, client);
  await callEverywhere(world, watch, app);
  await moveTokens(world, watch, app);
}

async function deploy(world: World, watch: Watch, client: MetalayerClient): Promise<MetalayerApp> {
  const [home] = world.sites;
  const holder = devAccount(ACTORS.appOwner).address;
  const sent = await client.deployApp({
    from: home?.chainId ?? 0n,
    abi: OmniToken__factory.abi,
    bytecode: OmniToken__factory.bytecode,
    on: world.sites.map((site) => ({
      on: site.chainId,
      args: ({ account, links }) => [account, site === home ? SUPPLY : 0n, links],
      ...(site === home ? { initialCall: { method: "transfer", args: [holder, HANDED_OVER] } } : {}),
    })),
  });
  watch.mark(world, "apps", `a token for ${world.sites.length} rollups, deployed by one transaction`, [sent]);
  await arrive(world, watch, "it stands on the other rollups", sent);
  const app = await client.app(sent.sites[0]?.address ?? "", OmniToken__factory.abi);
  const states = await app.state();
  const addresses = new Set(app.sites.map(({ address }) => address));
  const codes = await Promise.all(
    world.sites.map(({ connection }) => connection.provider.getCode(app.sites[0]?.address ?? "")),
  );
  const isPlaced = states.every(({ state }) => state === "deployed") && codes.every((code) => code !== "0x");
  const detail = `${states.length} rollups, ${[...addresses].join(", ")}`;
  world.check("apps", "it stands everywhere at one address", isPlaced && addresses.size === 1, detail);
  return app;
}

/** The owner's call: made at once on its own rollup, by message on the others. */
async function callEverywhere(world: World, watch: Watch, app: MetalayerApp): Promise<void> {
  const bridge = devAccount(ACTORS.treasurer).address;
  const sent = await app.everywhere.send("setBridge", [bridge]);
  watch.mark(world, "apps", "its owner names a bridge on all rollups with one transaction", [sent]);
  await arrive(world, watch, "the call is made on the other rollups", sent);
  const named = await app.everywhere.read("bridge");
  const isNamed = named.every((each) => valueOf(each) === bridge);
  world.check("apps", "what was called once is so everywhere", isNamed, `${named.length} rollups name ${bridge}`);
}

async function moveTokens(world: World, watch: Watch, app: MetalayerApp): Promise<void> {
  const home = siteAt(world, 0);
  const holder = home.account(ACTORS.appOwner);
  const abi = OmniToken__factory.createInterface();
  const to = app.on(home.chainId).address;
  const calls = othersOf(world).map(({ chainId }) => {
    const account = formatEvmAccount({ chainId, address: holder.address });
    return { to, data: abi.encodeFunctionData("crosschainTransfer", [account, SENT]), gas: GAS };
  });
  const receipts = await holder.execute(calls, world.signal);
  watch.mark(world, "apps", "its tokens are sent from one rollup to all others", receipts);
  const seen = await messagesOf(world, home, [
    ...new Set(receipts.map(({ transactionHash }) => hashOf(transactionHash))),
  ]);
  await untilDelivered(world, seen, LIMIT_MS);
  watch.mark(world, "apps", "they have arrived", await deliveryReceipts(world, seen));
  const supplies = (await app.everywhere.read("totalSupply")).map(valueOf).map((value) => BigInt(String(value)));
  const total = supplies.reduce((sum, supply) => sum + supply, 0n);
  const isKept = total === SUPPLY && supplies.filter((supply) => supply === SENT).length === supplies.length - 1;
  world.check("apps", "read everywhere at once, the supply is what it was", isKept, `${formatEther(total)} in all`);
}

async function arrive(
  world: World,
  watch: Watch,
  what: string,
  { messages }: { readonly messages: readonly SentMessage[] },
): Promise<void> {
  const home = siteAt(world, 0);
  const seen = await seenOf(world, home, messages);
  await untilDelivered(world, seen, LIMIT_MS);
  watch.mark(world, "apps", what, await deliveryReceipts(world, seen));
}

async function seenOf(world: World, src: Site, messages: readonly SentMessage[]): Promise<SeenSend[]> {
  const { sent } = src.observer;
  await until(world, "the messages are seen", LIMIT_MS, () => messages.every(({ sendId }) => sent.has(sendId)));
  return messages.flatMap(({ sendId }) => sent.get(sendId) ?? []);
}

function valueOf(each: AppValue): unknown {
  if ("error" in each) throw each.error;
  return each.value;
}
