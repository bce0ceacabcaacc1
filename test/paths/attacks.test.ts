import { expect } from "chai";
import type { SentMessage } from "../../sdk/src/events.ts";
import { messageHash, type Message } from "../../sdk/src/message.ts";
import { NO_LANE_PROOF, pathMessage, type LanePathProof } from "../../sdk/src/paths.ts";
import { packRoute } from "../../sdk/src/route.ts";
import { FUZZ_SEED } from "../helpers/fuzz.ts";
import { randomOf } from "../helpers/tries.ts";
import { A, DAY, PathWorld } from "./world.ts";

const STEPS = 160;
const WEEK = BigInt(7 * DAY);

describe("PathRecipient, attacked", () => {
  /** A message that nobody has sent, in the place of one that somebody has. */
  async function invented(
    world: PathWorld,
  ): Promise<{ readonly truth: SentMessage; readonly lie: Message; readonly id: string }> {
    const truth = await world.send("0x01");
    const { kind, nonce, gasLimit, fee, sender, recipient } = truth;
    const lie: Message = { kind, nonce, gasLimit, fee, sender, recipient, payload: "0xbad0" };
    return { truth, lie, id: messageHash(world.lane.networkId, world.lane, lie) };
  }

  it("EXPLOITS 14, EXPLOITS 26: all guardian keys stolen bring nothing in where a proof is demanded as well", async () => {
    const world = await PathWorld.open();
    await world.demand({ needed: 2n, proof: true });
    const { truth, lie, id } = await invented(world);
    await expect(world.lie([lie]))
      .to.emit(world.box, "MessageHeld")
      .withArgs(id, A);
    await expect(world.execute(lie, await world.prove(truth))).to.be.revertedWithCustomError(
      world.box,
      "PathProofRefused",
    );
    expect(await world.box.total()).to.equal(0n);
  });

  it("EXPLOITS 17: a lie is stopped by the vetoer in time, and the truth still comes by its proof", async () => {
    const world = await PathWorld.open();
    await world.demand({ needed: 2n, proof: true, delay: WEEK });
    const { truth, lie, id } = await invented(world);
    await world.lie([lie]);
    await world.box.vetoMessage(id);
    await world.dst.passTime(30 * DAY);
    await expect(world.execute(lie)).to.be.revertedWithCustomError(world.box, "PathVetoed");
    // The lie has used up the gateway's record of this nonce: only the other two paths are left to the truth.
    expect(await world.dst.gateway.isDelivered(A, truth.nonce)).to.equal(true);
    const proof = await world.prove(truth);
    await world.execute(truth, proof);
    await world.dst.passTime(7 * DAY);
    await world.execute(truth, proof);
    expect(await world.box.total()).to.equal(1n);
  });

  it("EXPLOITS 27, INV-3: a message cannot be executed again from inside its own execution, by any path", async () => {
    const world = await PathWorld.open();
    await world.demand({ needed: 1n, proof: true });
    const [first, second] = [await world.send("0x01"), await world.send("0x02")];
    const proof = await world.prove(first);
    const again = world.box.interface.encodeFunctionData("executeMessage", [pathMessage(world.lane, first), proof]);
    await world.box.setCall(world.box, again);
    await world.execute(first, proof);
    expect(await world.box.executions(first.sendId)).to.equal(1n);
    // From inside the gateway's delivery of another one, a proof brings this one, once.
    const inside = pathMessage(world.lane, second);
    await world.box.setCall(
      world.box,
      world.box.interface.encodeFunctionData("executeMessage", [inside, await world.prove(second)]),
    );
    await world.deliver();
    expect([await world.box.executions(first.sendId), await world.box.executions(second.sendId)]).to.deep.equal([
      1n,
      1n,
    ]);
  });

  /** What the destination's governance can do about the source: admit it as another incarnation, and remove it. */
  async function governance(world: PathWorld) {
    const admin = await PathWorld.as(await world.dst.rollupTimelock.getAddress());
    const registry = world.dst.rollupRegistry.connect(admin);
    const { chainId, gateway, anchorLog, stack, finality, finalityDepth, era, ceiling, eraCapacity, status } =
      await world.dst.rollupRegistry.rollup(A);
    const again = { chainId, gateway, anchorLog, stack, finality, finalityDepth, era, ceiling, eraCapacity, status };
    return {
      admit: async (incarnation: bigint) => registry.admit({ ...again, incarnation }),
      remove: async () => registry.remove(A),
    };
  }

  it("C12, R10: what was proven of one incarnation of a rollup proves nothing of the next", async () => {
    const world = await PathWorld.open();
    await world.demand({ needed: 1n, proof: true });
    const message = await world.send();
    const { stateRoot, proof } = await world.headProof();
    const { admit, remove } = await governance(world);
    await admit(2n);
    await expect(world.dst.laneHeads.recordHead(world.source, stateRoot, proof))
      .to.be.revertedWithCustomError(world.dst.laneHeads, "LaneHeadsOtherLane")
      .withArgs(A);
    await remove();
    await expect(world.dst.laneHeads.recordHead(world.source, stateRoot, proof))
      .to.be.revertedWithCustomError(world.dst.laneHeads, "LaneHeadsUnknownRollup")
      .withArgs(A);
    await expect(world.execute(message)).to.be.revertedWithCustomError(world.box, "PathLaneNotOpen");
  });

  it("C12, R10: a head that was recorded of one incarnation brings nothing in the next, nor after removal", async () => {
    const world = await PathWorld.open();
    await world.demand({ needed: 1n, proof: true });
    const message = await world.send();
    const proof = await world.prove(message);
    await refusedAfterwards(world, message, proof);
  });

  it("C12, R10: what the quorum brought of one incarnation is not executed by time or proof in the next", async () => {
    const world = await PathWorld.open();
    await world.demand({ needed: 2n, proof: true, delay: WEEK });
    const message = await world.send();
    const proof = await world.prove(message);
    await world.deliver();
    await world.dst.passTime(7 * DAY);
    await refusedAfterwards(world, message, NO_LANE_PROOF);
    await refused(world, message, proof, 0n);
  });

  it("C12, R10: a proof of an incarnation that is over does not begin to hold its message", async () => {
    const world = await PathWorld.open();
    await world.demand({ needed: 2n, proof: true, delay: WEEK });
    const message = await world.send();
    await refusedAfterwards(world, message, await world.prove(message));
    expect((await world.box.heldMessage(message.sendId)).since).to.equal(0n);
  });

  /** Executable until the source is admitted as incarnation 2, and no more after that, nor once it is removed. */
  async function refusedAfterwards(world: PathWorld, message: SentMessage, proof: LanePathProof): Promise<void> {
    await world.box.executeMessage.staticCall(pathMessage(world.lane, message), proof);
    const { admit, remove } = await governance(world);
    await admit(2n);
    await refused(world, message, proof, packRoute({ ...world.lane, srcIncarnation: 2n }));
    await remove();
    await refused(world, message, proof, 0n);
    expect(await world.box.total()).to.equal(0n);
  }

  async function refused(world: PathWorld, message: SentMessage, proof: LanePathProof, open: bigint): Promise<void> {
    await expect(world.execute(message, proof))
      .to.be.revertedWithCustomError(world.box, "PathLaneNotOpen")
      .withArgs(message.sendId, packRoute(world.lane), open);
  }

  it("EXPLOITS 34, I1: a second gateway that the application lets in is no path", async () => {
    const { box, dst, src } = await PathWorld.open();
    const sender = await src.interop(await src.signer.getAddress());
    const other = await dst.signer.getAddress();
    await (await box.setOtherGateway(other)).wait();
    await expect(box.receiveMessage(`0x${"11".repeat(32)}`, sender, "0x"))
      .to.be.revertedWithCustomError(box, "PathUnknownGateway")
      .withArgs(other);
  });

  it(`INV-48 EXPLOITS 35 holds through ${STEPS} random steps (seed ${FUZZ_SEED})`, async function () {
    this.timeout(120_000);
    const world = await PathWorld.open();
    const random = randomOf("paths");
    const model = new Model(world);
    for (let i = 0; i < STEPS; i++) await model.step(random.between(0, 10), (bound) => random.between(0, bound));
    console.log(`      ${model.summary()}`);
    expect(model.executed).to.be.greaterThan(0);
  });
});

interface Known {
  readonly message: SentMessage;
  quorum: boolean;
  vetoed: boolean;
}

/** Keeps beside the contract what each message has come by, and refuses an execution that this does not cover, or a second one. */
class Model {
  executed = 0;
  #needed = 1;
  #proof = false;
  #delay = false;
  #steps = new Map<string, number>();
  readonly #messages: Known[] = [];

  constructor(readonly world: PathWorld) {}

  async step(kind: number, below: (bound: number) => number): Promise<void> {
    const { world } = this;
    const one = this.#messages[below(Math.max(this.#messages.length, 1))];
    if (kind <= 2 || one === undefined) {
      this.#messages.push({ message: await world.send(), quorum: false, vetoed: false });
      return;
    }
    if (kind === 3) return this.#demand(below(4));
    if (kind === 4) return world.dst.passTime(3 * DAY);
    if (kind === 5) return this.#veto(one);
    const id = one.message.sendId;
    const before = await this.#executions();
    if (kind <= 7) {
      const open = this.#messages.filter(({ quorum }) => !quorum);
      await world.deliver();
      for (const each of open) each.quorum = true;
    } else {
      const proof = kind === 8 && this.#proof ? await world.prove(one.message) : NO_LANE_PROOF;
      await this.#try("execute", () => world.execute(one.message, proof));
      const grown = (await this.#executions()).get(id) !== before.get(id);
      if (grown) {
        const { since } = await world.box.heldMessage(id);
        const came = (one.quorum ? 1 : 0) + (proof === NO_LANE_PROOF ? 0 : 1) + (this.#delay && since > 0n ? 1 : 0);
        expect(came, `${id} was executed`).to.be.greaterThanOrEqual(this.#needed);
        expect(one.vetoed, `${id} was stopped`).to.equal(false);
      }
    }
    const after = await this.#executions();
    for (const [each, count] of after) expect(count, each).to.be.lessThanOrEqual(1n);
    this.executed = [...after.values()].filter((count) => count === 1n).length;
  }

  async #demand(which: number): Promise<void> {
    this.#needed = which < 2 ? 1 : 2;
    this.#proof = which % 2 === 1 || which === 2;
    this.#delay = which === 3;
    const delay = this.#delay ? { delay: 7n * BigInt(DAY) } : {};
    await this.world.demand({ needed: BigInt(this.#needed), proof: this.#proof, ...delay });
  }

  async #veto(one: Known): Promise<void> {
    const { box } = this.world;
    if (one.vetoed) {
      await (await box.liftVeto(one.message.sendId)).wait();
      one.vetoed = false;
    } else if (await this.#try("veto", () => box.vetoMessage(one.message.sendId))) one.vetoed = true;
  }

  async #try(name: string, action: () => Promise<unknown>): Promise<boolean> {
    const done = await action().then(
      () => true,
      () => false,
    );
    const key = `${name} ${done ? "done" : "refused"}`;
    this.#steps.set(key, 1 + (this.#steps.get(key) ?? 0));
    return done;
  }

  async #executions(): Promise<ReadonlyMap<string, bigint>> {
    const counts = await Promise.all(
      this.#messages.map(
        async ({ message }) => [message.sendId, await this.world.box.executions(message.sendId)] as const,
      ),
    );
    return new Map(counts);
  }

  summary(): string {
    const steps = [...this.#steps].map(([step, count]) => `${count} × ${step}`).join(", ");
    return `${this.#messages.length} messages, ${this.executed} executed; ${steps}`;
  }
}
