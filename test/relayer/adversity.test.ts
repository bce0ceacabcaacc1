import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect } from "chai";
import { softHead } from "../../scripts/chain/finality.ts";
import { seededRandom } from "../../scripts/devnet/faults.ts";
import { follow, tick } from "../../scripts/relayer/relayer.ts";
import type { RelayerService } from "../../scripts/relayer/service.ts";
import { minGasLimit } from "../../sdk/src/client.ts";
import { RecipientMock__factory } from "../../typechain-types/index.js";
import type { AnvilNetwork, AnvilRollup } from "../helpers/daemonNetwork.ts";
import { FUZZ_SEED } from "../helpers/fuzz.ts";
import { devWallet, sendMessages, startAnvilNetwork, until } from "../helpers/daemonNetwork.ts";
import type { Fleet } from "../helpers/guardianFleet.ts";
import { createFleet, endChild } from "../helpers/guardianFleet.ts";
import { relayerConfig, relayerKey, startRelayer } from "../helpers/relayers.ts";

describe("relayer under adversity", function () {
  this.timeout(300_000);
  const seed = FUZZ_SEED;
  let network: AnvilNetwork;
  let fleet: Fleet;
  let [a, b] = [] as unknown as [AnvilRollup, AnvilRollup]; // CAST: set before any test runs

  before(async () => {
    network = await startAnvilNetwork({ rollups: 2, guardians: 4, blockTimeMs: 100, epochLength: 1_000n });
    [a, b] = network.rollups as [AnvilRollup, AnvilRollup]; // CAST: two were asked for
    fleet = await createFleet(network, { requestsPerSecond: 10_000, burst: 10_000 });
    for (const { index } of fleet.seats) await fleet.start(index);
  });

  after(async () => {
    await fleet.close();
    await network.close();
  });

  /** One tick with a block before it and blocks until its transactions are through. */
  async function step({ relaying }: RelayerService): Promise<void> {
    for (const side of relaying.sides) {
      await relaying.upkeep.visit(side);
      await follow(relaying, side, await softHead(side.pool));
    }
    await tick(relaying);
    while (relaying.tasks.running > 0) {
      await b.mine();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async function failingRecipients(): Promise<string[]> {
    const deployer = devWallet(6, b.provider);
    const addresses = [devWallet(25).address];
    for (const mode of [1n, 2n, 3n, 4n, 5n]) {
      const mock = await new RecipientMock__factory(deployer).deploy({ gasLimit: 3_000_000n });
      await mock.setMode(mode, { gasLimit: 100_000n });
      await b.mine();
      addresses.push(await mock.getAddress());
    }
    return addresses;
  }

  /** Ticks until all messages to the good recipient are executed. The first message of the queue is a bad one if any is. */
  async function ticksFor(good: number, bad: readonly string[]): Promise<number> {
    const recipient = await new RecipientMock__factory(devWallet(7, b.provider)).deploy({ gasLimit: 3_000_000n });
    await b.mine();
    const address = await recipient.getAddress();
    for (let sent = 0, poison = 0; sent < good; sent++) {
      if (bad.length > 0 && sent % 7 < 3)
        await sendMessages(a, b, ["0x99"], { recipient: bad[poison++ % bad.length] ?? "" });
      await sendMessages(a, b, ["0x01"], { recipient: address });
      if (sent % 50 === 49) await a.mine();
    }
    await a.mine(4);
    const service = startRelayer(network, fleet, { account: 8, extra: { maxFacts: 2, maxMessages: 64 } });
    // Its own clock: what it waits for counts as ticks, however slow the machine is.
    let ticks = 0;
    const clocked = { ...service, relaying: { ...service.relaying, now: () => 1_000 * ticks } };
    while ((await recipient.received()) < BigInt(good) && ticks < 100) {
      await step(clocked);
      ticks += 1;
    }
    await service.close();
    return ticks;
  }

  it("NEEDS 11, C16: 30 % of a queue failing, the first message too, slow the others down at most twice", async () => {
    const without = await ticksFor(140, []);
    const bad = await failingRecipients();
    const withPoison = await ticksFor(140, bad);
    expect(without).to.be.lessThan(100);
    expect(withPoison, `${withPoison} ticks with, ${without} without`).to.be.lte(2 * without);
  });

  it("NEEDS 11: a recipient that is mended gets its messages, and none of its failures is forgotten before", async () => {
    const recipient = await new RecipientMock__factory(devWallet(7, b.provider)).deploy({ gasLimit: 3_000_000n });
    await b.mine();
    await recipient.setMode(1n, { gasLimit: 100_000n });
    await b.mine();
    const { nonce } = await a.gateway.outLane(b.chainId);
    await sendMessages(a, b, ["0x01"], { recipient: await recipient.getAddress() });
    await a.mine(4);
    let now = 0;
    const service = startRelayer(network, fleet, { account: 8, extra: { deadAfter: 3 } });
    const patient = { ...service, relaying: { ...service.relaying, now: () => now } };
    for (let i = 0; i < 4; i++) {
      await step(patient);
      now += 3_600_000;
    }
    const lane = service.status().lanes.find(({ src }) => src === a.name);
    expect(lane?.dead.find((letter) => letter.nonce === nonce)?.reason).to.match(/^reverted with 0x/);
    await recipient.setMode(0n, { gasLimit: 100_000n });
    await b.mine();
    now += 3_600_000;
    await step(patient);
    expect(await recipient.received()).to.equal(1n);
    await service.close();
  });

  it("NEEDS 11: a message that committed to too little gas is delivered with more of it", async () => {
    const recipient = await new RecipientMock__factory(devWallet(7, b.provider)).deploy({ gasLimit: 3_000_000n });
    await b.mine();
    const { nonce } = await a.gateway.outLane(b.chainId);
    const target = { recipient: await recipient.getAddress() };
    await sendMessages(a, b, ["0x01"], { ...target, attributes: [minGasLimit(20_000n)] });
    await sendMessages(a, b, ["0x02"], target);
    await a.mine(4);
    let now = 0;
    const service = startRelayer(network, fleet, { account: 8 });
    const patient = { ...service, relaying: { ...service.relaying, now: () => now } };
    const received: bigint[] = [];
    for (let tries = 0; tries < 5 && (received.at(-1) ?? 0n) < 2n; tries++) {
      await step(patient);
      received.push(await recipient.received());
      now += 3_600_000;
    }
    expect(received[0]).to.equal(1n);
    expect(received.at(-1)).to.equal(2n);
    expect(await b.gateway.isDelivered(a.chainId, nonce)).to.equal(true);
    await service.close();
  });

  it("earns a bounty: delivers its entry first, then the message with a claim", async () => {
    const recipient = await new RecipientMock__factory(devWallet(7, b.provider)).deploy({ gasLimit: 3_000_000n });
    await b.mine();
    const { nonce } = await a.gateway.outLane(b.chainId);
    await sendMessages(a, b, ["0x01"], { recipient: await recipient.getAddress() });
    await a.mine();
    const [sent] = await a.gateway.queryFilter(a.gateway.filters.MessageAccepted(undefined, b.chainId, nonce));
    const payer = devWallet(9, a.provider);
    const treasury = a.gateway.connect(devWallet(0, a.provider));
    await treasury.addCredit(payer, 10n ** 12n, { gasLimit: 200_000n });
    await a.mine();
    const amount = 5_000_000n;
    const request = [b.chainId, nonce, sent?.args.sendId ?? "", amount, payer.address] as const;
    await a.gateway.connect(payer).requestRelay(...request, { gasLimit: 500_000n });
    await a.mine(4);
    const service = startRelayer(network, fleet, { account: 9, extra: { minFee: "1000000", deliverUnfunded: false } });
    for (let i = 0; i < 6 && (await recipient.received()) === 0n; i++) {
      await a.mine();
      await step(service);
    }
    const serial = await b.gateway.queryFilter(b.gateway.filters.BountyPaid(sent?.args.sendId, devWallet(9).address));
    expect(serial.map(({ args }) => args.amount)).to.deep.equal([amount]);
    await service.close();
  });

  it("calls rotate() when it is due, delivers under the new table, and stores a signer set that it uses often", async () => {
    const recipient = await b.recipient.getAddress();
    const service = startRelayer(network, fleet, { account: 1, extra: { cacheSignersAfter: 2 } });
    const before = await b.guardianSet.currentSerial();
    await b.anvil.rpc("evm_increaseTime", 1_001);
    await b.mine();
    b.mineEvery(50);
    const side = service.relaying.sides.find(({ rollup }) => rollup.chainId === b.chainId);
    if (side === undefined) throw new Error("no side");
    await service.relaying.upkeep.visit(side);
    b.mineEvery(0);
    expect(await b.guardianSet.currentSerial()).to.equal(before + 1n);
    for (let i = 0; i < 4; i++) {
      await sendMessages(a, b, ["0x05"], { recipient });
      await a.mine(4);
      await step(service);
    }
    await b.mine(2);
    const cached = await b.guardianSet.queryFilter(b.guardianSet.filters.SignersCached(before + 1n));
    expect(cached.length).to.be.gte(1);
    await service.close();
  });

  it(`PEERS-E2E: killed at random instants it loses nothing and doubles nothing, no nonce is stuck (seed ${seed})`, async () => {
    const random = seededRandom(seed);
    const folder = mkdtempSync(path.join(os.tmpdir(), "metalayer-relayer-"));
    const file = path.join(folder, "config.json");
    writeFileSync(file, JSON.stringify(relayerConfig(network, fleet)));
    for (const rollup of network.rollups) rollup.mineEvery(100);
    const count = await b.recipient.received();
    let sent = 0;
    for (let kills = 0; kills < 3; kills++) {
      const child = launch(file);
      // It lives for some blocks from the moment it first acts, or longer where starting takes longer.
      const blocks = 1 + Math.floor(random() * 12);
      const before = await b.recipient.received();
      for (let lived = 0, acts = false; lived < blocks; lived += acts ? 1 : 0) {
        const { nonce } = await a.gateway.outLane(b.chainId);
        await sendMessages(a, b, ["0x01", "0x02", "0x03"]);
        sent += 3;
        await until("they are sent", async () => (await a.gateway.outLane(b.chainId)).nonce >= nonce + 3n);
        acts ||= (await b.recipient.received()) > before;
      }
      await endChild(child);
    }
    const last = launch(file);
    await until("all are executed", async () => (await b.recipient.received()) >= count + BigInt(sent));
    expect(await b.recipient.received()).to.equal(count + BigInt(sent));
    await endChild(last, "SIGTERM");
    expect(last.exitCode).to.equal(0);
    const { address } = devWallet(1);
    const nonces = await Promise.all(["latest", "pending"].map((at) => b.provider.getTransactionCount(address, at)));
    expect(nonces[0]).to.equal(nonces[1]);
    for (const rollup of network.rollups) rollup.mineEvery(0);
    rmSync(folder, { recursive: true, force: true });
  });

  function launch(file: string): ChildProcess {
    const script = path.resolve(import.meta.dirname, "../../scripts/relayer/index.ts");
    return spawn(process.execPath, ["--import", import.meta.resolve("tsx"), script, file], {
      stdio: "ignore",
      env: { ...process.env, METALAYER_RELAYER_KEY: relayerKey(1) },
    });
  }
});
