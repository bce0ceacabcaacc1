import { expect } from "chai";
import type { MessageFacts } from "../../scripts/cli/message-report.ts";
import { adviseOn, stageOf } from "../../scripts/cli/message-report.ts";
import type { SentMessage } from "../../sdk/src/events.ts";

const sendId = `0x${"ab".repeat(32)}` as const;

const message: SentMessage = {
  kind: 0,
  nonce: 7n,
  gasLimit: 200_000n,
  fee: 5_236_000n,
  sender: `0x${"11".repeat(20)}`,
  recipient: `0x${"22".repeat(20)}`,
  payload: "0x1234",
  sendId,
  srcChainId: 8101n,
  dstChainId: 8102n,
  blockNumber: 100,
  blockHash: `0x${"cd".repeat(32)}`,
  transactionHash: `0x${"ef".repeat(32)}`,
};

const attempt = {
  receiveId: sendId,
  delivered: false,
  reason: "0x",
  blockNumber: 50,
  blockHash: message.blockHash,
  transactionHash: message.transactionHash,
} as const;

const known = { message, funded: true, pausedUntil: 0n } as const;

function facts(status: MessageFacts["status"], change: Partial<MessageFacts> = {}): MessageFacts {
  return {
    status,
    source: "rollupA",
    destination: "rollupB",
    sourceBlockMs: 2_000,
    trial: { outcome: "accepts" },
    isAttested: false,
    isFast: false,
    isTransfer: false,
    deliveryCost: 3n * 10n ** 14n,
    ...change,
  };
}

const actions = (given: MessageFacts): string[] => adviseOn(given).next.map(({ what }) => what);
const commands = (given: MessageFacts): (string | undefined)[] => adviseOn(given).next.map(({ command }) => command);

describe("status: where a message is, why, and what can be done", () => {
  it("sent: how long until it is final", () => {
    const given = facts({ ...known, state: "sent", blocksToFinality: 3 });
    expect(adviseOn(given).explanation).to.contain("3 more blocks of rollupA, about 6 s");
    expect(actions(given)).to.deep.equal(["wait: its fee is paid, a relayer earns it by delivering"]);
  });

  it("sent to a recipient that takes fast messages: it may come before", () => {
    const given = facts({ ...known, state: "sent", blocksToFinality: 1 }, { isFast: true });
    expect(adviseOn(given).explanation).to.contain("1 more block of").and.to.contain("a relayer may deliver it before");
  });

  it("deliverable and paid: wait, or deliver it at a stated cost", () => {
    const given = facts({ ...known, state: "deliverable" });
    expect(commands(given)).to.deep.equal([undefined, `./metalayer retry ${sendId}`]);
    expect(adviseOn(given).next[1]?.cost).to.equal("about 0.0003 coins");
  });

  it("attested: its signature is on chain, nobody needs to be asked", () => {
    const given = facts({ ...known, state: "deliverable" }, { isAttested: true });
    expect([stageOf(given), stageOf({ ...given, isAttested: false })]).to.deep.equal(["attested", "deliverable"]);
    expect(adviseOn(given).explanation).to.contain("signed by the guardians, in a transaction on rollupB");
    expect(commands(given)).to.deep.equal([undefined, `./metalayer retry ${sendId}`]);
  });

  it("deliverable and not paid: a bounty, with the usual price", () => {
    const unpaid = { ...message, unfundedQuote: 6_160_000n };
    const given = facts({ message: unpaid, funded: false, pausedUntil: 0n, state: "deliverable" });
    expect(adviseOn(given).next[0]).to.deep.equal({
      what: "wait for a relayer that works without fee, or pay one: offer a bounty",
      command: `./metalayer retry ${sendId} --bounty <era>`,
      cost: "0.00616 ERA is the usual price",
    });
  });

  it("failed, and the recipient would take it now: deliver it", () => {
    const given = facts({ ...known, state: "failed", attempts: 2, lastAttempt: attempt, reason: "Closed()" });
    expect(adviseOn(given).explanation).to.contain("Attempted 2 times on rollupB; the recipient failed: Closed()");
    expect(commands(given)).to.deep.equal([`./metalayer retry ${sendId}`]);
  });

  it("failed for want of gas: deliver it with as much as it needs", () => {
    const status = { ...known, state: "failed", attempts: 1, lastAttempt: attempt, reason: "no reason" } as const;
    const given = facts(status, { trial: { outcome: "needs-gas", gas: 500_000n } });
    expect(commands(given)).to.deep.equal([`./metalayer retry ${sendId} --gas 550000`]);
  });

  it("failed, and the recipient would refuse it again: says so first", () => {
    const status = { ...known, state: "failed", attempts: 1, lastAttempt: attempt, reason: "Closed()" } as const;
    const [first, second] = actions(facts(status, { trial: { outcome: "refuses", reason: "Closed()" } }));
    expect(first).to.contain("would refuse it now (Closed())");
    expect(second).to.equal("then deliver it yourself");
  });

  it("without a contract at the recipient: deploy it first", () => {
    const [first] = actions(facts({ ...known, state: "deliverable" }, { trial: { outcome: "no-contract" } }));
    expect(first).to.contain("there is no contract at the recipient").and.to.contain("deploy it first");
  });

  it("a transfer over the limit: wait, or send it back", () => {
    const reason = "EraLimitExceeded(8101, 5, 0)";
    const status = { ...known, state: "failed", attempts: 1, lastAttempt: attempt, reason } as const;
    const given = facts(status, { isTransfer: true, trial: { outcome: "refuses", reason } });
    expect(commands(given)).to.deep.equal([`./metalayer retry ${sendId}`, `./metalayer retry ${sendId} --return`]);
  });

  it("paused: until when, and nothing else to do", () => {
    const given = facts({ ...known, pausedUntil: 1_800_000_000n, state: "deliverable" });
    expect(adviseOn(given).explanation).to.contain(
      "rollupB has paused deliveries from rollupA until 2027-01-15 08:00:00 UTC",
    );
    expect(adviseOn(given).next).to.have.lengthOf(1);
  });

  it("delivered: nothing to do", () => {
    const given = facts(
      { ...known, state: "delivered", delivery: { ...attempt, delivered: true } },
      { trial: undefined },
    );
    expect(adviseOn(given)).to.deep.equal({ explanation: "Delivered on rollupB in block 50.", next: [] });
  });
});
