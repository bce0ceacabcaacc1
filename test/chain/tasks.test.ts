import { expect } from "chai";
import { MetalayerError } from "../../sdk/src/errors.ts";
import { backoffMs, failureClass, retry } from "../../scripts/chain/retry.ts";
import { createTaskGroup, delay, loop, withDeadline } from "../../scripts/chain/tasks.ts";
import { codeThrownBy } from "./rollup.ts";

const policy = {
  endpoint: { retries: 3, firstMs: 1, maxMs: 4 },
  later: { retries: 2, firstMs: 1, maxMs: 4 },
};

describe("tasks", () => {
  describe("delay", () => {
    it("ends early with the signal", async () => {
      const started = performance.now();
      expect(await codeThrownBy(delay(5_000, AbortSignal.timeout(10)))).to.equal("ABORTED");
      expect(await codeThrownBy(delay(5_000, AbortSignal.abort()))).to.equal("ABORTED");
      expect(performance.now() - started).to.be.below(1_000);
    });
  });

  describe("withDeadline", () => {
    it("does not wait for a task that ignores its signal", async () => {
      const late = withDeadline(
        10,
        undefined,
        () => new MetalayerError("TOO_LATE", "too late"),
        () => new Promise(() => undefined),
      );
      expect(await codeThrownBy(late)).to.equal("TOO_LATE");
    });

    it("tells the task", async () => {
      let told = false;
      const task = (signal: AbortSignal): Promise<void> =>
        delay(1_000, signal).catch(() => {
          told = true;
        });
      await codeThrownBy(withDeadline(10, undefined, () => new Error("late"), task));
      await delay(1);
      expect(told).to.equal(true);
    });
  });

  describe("loop", () => {
    it("never overlaps, outlives failures and ends with the signal", async () => {
      const controller = new AbortController();
      const errors: unknown[] = [];
      let running = 0;
      let most = 0;
      let runs = 0;
      await loop(
        async () => {
          most = Math.max(most, ++running);
          await delay(3);
          running -= 1;
          if (++runs === 5) controller.abort();
          if (runs === 2) throw new Error("once");
        },
        { everyMs: 1, signal: controller.signal, onError: (error) => errors.push(error) },
      );
      expect({ most, runs, errors: errors.length }).to.deep.equal({ most: 1, runs: 5, errors: 1 });
    });

    it("pauses twice as long after each further failure in a row", async () => {
      const controller = new AbortController();
      const starts: number[] = [];
      await loop(
        () => {
          starts.push(performance.now());
          if (starts.length === 5) controller.abort();
          return Promise.reject(new Error("no answer"));
        },
        { everyMs: 20, signal: controller.signal, onError: () => undefined },
      );
      const pauses = starts.slice(1).map((start, index) => start - (starts[index] ?? 0));
      [20, 40, 80, 160].forEach((ms, index) => expect(pauses[index]).to.be.at.least(ms - 2));
    });
  });

  describe("createTaskGroup", () => {
    it("bounds what runs, waits for it on drain and takes nothing afterwards", async () => {
      const group = createTaskGroup(2);
      const done: number[] = [];
      const work = (ms: number) => (): Promise<void> => delay(ms).then(() => void done.push(ms));
      void group.run(work(5));
      void group.run(work(10));
      expect(await codeThrownBy(group.run(work(1)))).to.equal("TASKS_FULL");
      expect(await group.drain(1_000)).to.equal(true);
      expect(done).to.deep.equal([5, 10]);
      expect(await codeThrownBy(group.run(work(1)))).to.equal("TASKS_CLOSED");
    });

    it("says when something did not end in time", async () => {
      const group = createTaskGroup(1);
      void group.run(() => new Promise(() => undefined));
      expect(await group.drain(10)).to.equal(false);
      expect(group.running).to.equal(1);
    });
  });
});

describe("retry", () => {
  const failing = (code: string, times: number) => {
    const calls = { count: 0 };
    const task = async (): Promise<string> => {
      calls.count += 1;
      if (calls.count <= times) throw new MetalayerError(code, code);
      return "done";
    };
    return { calls, task };
  };

  for (const [code, expected] of [
    ["RPC_ALL_FAILED", "endpoint"],
    ["RPC_TIMEOUT", "endpoint"],
    ["FEE_TOO_HIGH", "later"],
    ["QUORUM_NOT_REACHED", "later"],
    ["RPC_REVERTED", "never"],
    ["TX_FUNDS", "never"],
    ["TX_DISPLACED", "never"],
  ] as const) {
    it(`counts ${code} as ${expected}`, () => {
      expect(failureClass(new MetalayerError(code, ""))).to.equal(expected);
    });
  }

  it("counts a defect of our own as never", () => {
    expect(failureClass(new TypeError("x is not a function"))).to.equal("never");
    expect(failureClass("thrown text")).to.equal("never");
  });

  it("tries again within the bounds of the class", async () => {
    const enough = failing("RPC_TIMEOUT", 3);
    expect(await retry(enough.task, { policy })).to.equal("done");
    const tooMany = failing("RPC_TIMEOUT", 4);
    expect(await codeThrownBy(retry(tooMany.task, { policy }))).to.equal("RPC_TIMEOUT");
    expect(tooMany.calls.count).to.equal(4);
    const later = failing("FEE_TOO_HIGH", 9);
    expect(await codeThrownBy(retry(later.task, { policy }))).to.equal("FEE_TOO_HIGH");
    expect(later.calls.count).to.equal(3);
  });

  it("does not repeat what cannot work", async () => {
    const never = failing("RPC_REVERTED", 1);
    expect(await codeThrownBy(retry(never.task, { policy }))).to.equal("RPC_REVERTED");
    expect(never.calls.count).to.equal(1);
  });

  it("stops waiting with the signal", async () => {
    const { task } = failing("RPC_TIMEOUT", 100);
    const slow = { ...policy, endpoint: { retries: 50, firstMs: 5_000, maxMs: 5_000 } };
    expect(await codeThrownBy(retry(task, { policy: slow, signal: AbortSignal.timeout(20) }))).to.equal("ABORTED");
  });

  it("doubles its delays up to the bound, with jitter", () => {
    const bounds = { retries: 9, firstMs: 100, maxMs: 1_000 };
    for (const [used, most] of [
      [1, 100],
      [2, 200],
      [4, 800],
      [5, 1_000],
      [60, 1_000],
    ] as const) {
      for (let round = 0; round < 50; round++) expect(backoffMs(bounds, used)).to.be.within(most / 2, most);
    }
  });
});
