import { parseEther } from "ethers";
import type { Proposal } from "../../../../sdk/src/governance.ts";
import { eraText } from "../../../cli/format.ts";
import { admissionOf } from "../../../cli/governance/admit.ts";
import { addRollup, takeUpRollup } from "../../../devnet/growth.ts";
import { deployNewcomer } from "../../../devnet/protocol.ts";
import type { DevnetRollup } from "../../../devnet/state.ts";
import { loadSecretKey } from "../../../network/keys.ts";
import { messageCall, transferCall } from "../../calls.ts";
import type { Site, World } from "../../world.ts";
import { ACTORS, messagesOf, pairsOf, siteAt, untilDelivered } from "../../world.ts";
import type { Watch } from "../../watch.ts";

const THERE = parseEther("100");
const ONWARD = parseEther("40");
const LIMIT_MS = 60_000;

/** A rollup that runs and that nobody knows yet, with the proposal that connects it to all others. */
export interface Newcomer {
  readonly rollup: DevnetRollup;
  readonly admission: Proposal;
}

/** Starts a rollup as a process of its own, places the protocol there, and drafts its admission as `./metalayer admit` does. */
export async function launch(world: World, watch: Watch): Promise<Newcomer> {
  const { devnet, signal } = world;
  const rollup = await addRollup(devnet);
  const { name } = rollup;
  watch.mark(world, "admission", `${name} (${rollup.chainId}) runs as a new process`);
  const loadKey = (file: string): Promise<bigint> => loadSecretKey(file, undefined);
  return deployNewcomer(devnet, rollup, {
    ...{ loadKey, signal },
    async work(network) {
      watch.mark(world, "admission", `the protocol stands on ${name}, which knows the others`);
      const { proposal, changes } = await admissionOf(network, name, `Admit ${name}`);
      const settings = changes.reduce((sum, { differences }) => sum + differences.length, 0);
      watch.mark(world, "admission", `its admission is drafted: ${settings} settings on ${changes.length} rollups`);
      return { rollup, admission: proposal };
    },
  });
}

/** While the vote goes on, operators take the new rollup up, and recipients of messages are placed there. */
export async function adopt(world: World, watch: Watch, { rollup }: Newcomer): Promise<Site> {
  const [site] = await Promise.all([
    world.open(BigInt(rollup.chainId)),
    takeUpRollup(world.devnet, rollup, world.signal),
  ]);
  watch.mark(world, "admission", `guardians and relayer run with ${rollup.name} in their settings`);
  return site;
}

/** Messages both ways between the admitted rollup and every other one, and ERA that comes and goes on. */
export async function use(world: World, watch: Watch, newcomer: Site): Promise<void> {
  await world.join(newcomer);
  await Promise.all([exchange(world, watch.branch(), newcomer), passOn(world, watch.branch(), newcomer)]);
}

async function exchange(world: World, watch: Watch, newcomer: Site): Promise<void> {
  const lanes = pairsOf(world).filter((pair) => pair.includes(newcomer));
  const messages = await Promise.all(lanes.map(([src, dst]) => greet(world, src, dst)));
  await untilDelivered(world, messages.flat(), LIMIT_MS);
  watch.mark(world, "admission", `${messages.length} messages to and from ${newcomer.name}`);
  const count = messages.flat().length;
  const what = "a rollup admitted by vote exchanges messages with all others, both ways";
  world.check("admission", what, count === 2 * (world.sites.length - 1), `${count} lanes`);
}

async function passOn(world: World, watch: Watch, newcomer: Site): Promise<void> {
  const [home, onward] = [siteAt(world, 0), siteAt(world, 1)];
  await transfer(world, home, newcomer, THERE);
  await transfer(world, newcomer, onward, ONWARD);
  const left = await newcomer.connection.contracts.era.balanceOf(newcomer.account(ACTORS.treasurer).address);
  watch.mark(world, "admission", `ERA came from ${home.name} to ${newcomer.name} and went on to ${onward.name}`);
  const detail = `${eraText(left)} of ${eraText(THERE)} stayed`;
  world.check("admission", "ERA moves to the new rollup and on from there", left === THERE - ONWARD, detail);
}

async function greet(world: World, src: Site, dst: Site) {
  const sent = await src.account(ACTORS.treasurer).send(messageCall(src, dst, dst.mailboxes.final, "welcome"));
  return messagesOf(world, src, [sent]);
}

async function transfer(world: World, src: Site, dst: Site, wei: bigint): Promise<void> {
  const { address } = dst.account(ACTORS.treasurer);
  const sent = await src.account(ACTORS.treasurer).send(transferCall(src, dst, address, wei));
  await untilDelivered(world, await messagesOf(world, src, [sent]), LIMIT_MS);
}
