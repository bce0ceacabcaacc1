import type { Hex } from "../../../../sdk/src/bytes.ts";
import { delay } from "../../../chain/tasks.ts";
import { startRelayer, untilRelayerReady } from "../../../devnet/relayer.ts";
import { messageCall } from "../../calls.ts";
import type { SeenSend } from "../../observer.ts";
import { killService, portOf, reviveGuardian, servicesOf } from "../../services.ts";
import type { World } from "../../world.ts";
import { ACTORS, deliveryOf, messagesOf, siteAt, until, untilDelivered } from "../../world.ts";

const CUT_MS = 20_000;
const BURST_ROUNDS = 4;
const DOWN_MS = 1_500;
const LIMIT_MS = 70_000;

/** Cuts one RPC endpoint of the second rollup; guardians and relayer go on with the others. */
export async function cutEndpoint(world: World): Promise<void> {
  const { name, rpc } = rollupState(world, siteAt(world, 1).chainId);
  const [url] = rpc;
  if (url === undefined) throw new Error("a rollup has endpoints");
  const set = (faults: object): Promise<unknown> =>
    fetch(`${url}/control`, { method: "PUT", body: JSON.stringify(faults), signal: AbortSignal.timeout(5_000) });
  world.note("faults", `one of ${rpc.length} RPC endpoints of ${name} is cut for ${CUT_MS / 1_000} s`);
  await set({ cut: true });
  try {
    await delay(CUT_MS, world.signal);
  } finally {
    await set({ cut: false });
  }
  world.note("faults", `the RPC endpoint of ${name} is back`);
}

/** SIGKILL of a guardian and of the relayer while a burst is under way. */
export async function killInTheMiddle(world: World): Promise<SeenSend[]> {
  const messages = await sendBurst(world);
  const arrived = (): number => messages.filter((each) => deliveryOf(world, each) !== undefined).length;
  await until(world, "the first of the burst are delivered", LIMIT_MS, () => arrived() > 0);
  const before = arrived();
  const [[guardian], [relayer]] = [servicesOf(world, "guardian"), servicesOf(world, "relayer")];
  for (const service of [guardian, relayer]) killService(service);
  world.note("faults", `SIGKILL of ${guardian.name} and the relayer after ${before} of ${messages.length} deliveries`);
  await delay(DOWN_MS, world.signal);
  const revived = await startRelayer(world.devnet, portOf(relayer));
  await untilRelayerReady(revived, portOf(relayer), world.signal);
  world.note("faults", "the relayer is back: it reads from the chains what there is to do; the other guardians sign");
  await untilDelivered(world, messages, LIMIT_MS);
  await reviveGuardian(world, guardian);
  world.note("faults", `${guardian.name} is back with its record of what it has signed`);
  const isComplete = arrived() === messages.length && before < messages.length;
  world.check(
    "faults",
    "no message of the burst was lost",
    isComplete,
    `${arrived()} of ${messages.length}, ${before} before the kill`,
  );
  return messages;
}

async function sendBurst(world: World): Promise<SeenSend[]> {
  const all = world.sites.map(async (src) => {
    const others = world.sites.filter((site) => site !== src);
    const account = src.account(ACTORS.faults);
    const hashes: Promise<Hex>[] = [];
    for (let round = 0; round < BURST_ROUNDS; round++) {
      for (const dst of others) {
        const recipient = round % 2 === 0 ? dst.mailboxes.fast : dst.mailboxes.final;
        hashes.push(account.send(messageCall(src, dst, recipient, `burst ${round}`)));
      }
    }
    return messagesOf(world, src, await Promise.all(hashes));
  });
  return (await Promise.all(all)).flat();
}

function rollupState({ devnet }: World, chainId: bigint) {
  const found = devnet.state.rollups.find((rollup) => BigInt(rollup.chainId) === chainId);
  if (found === undefined) throw new Error(`no rollup ${chainId}`);
  return found;
}
