import { expect } from "chai";
import { parseEther } from "ethers";
import type { LocalNetwork } from "./localNetwork.ts";
import { startLocalNetwork } from "./localNetwork.ts";
import { failureOf, run, runJson, type JsonError } from "./run.ts";

const PRICES = { basePrice: 2_000n, pricePerByte: 5_000n, pricePerKGas: 20_000n, fundShare: 100n, burnShare: 50n };
const NOBODY = "0x00000000000000000000000000000000000000AA";

interface Sent {
  readonly sendId: `0x${string}`;
  readonly transactionHash: string;
  readonly fee: string;
  readonly unfundedQuote?: string;
}

interface Status {
  readonly state: string;
  readonly funded: boolean;
  readonly explanation: string;
  readonly reason?: string;
  readonly trial?: { readonly outcome: string };
  readonly next: readonly { readonly command?: string }[];
}

describe("command line on a local network", () => {
  let network: LocalNetwork;
  let mailbox = "";

  before(async () => {
    network = await startLocalNetwork(2, { prices: PRICES });
    const { Mailbox__factory } = await import("../../typechain-types/index.js");
    const { gateway, signer } = network.metalayer.rollup(8102n);
    const deployed = await new Mailbox__factory(signer).deploy(gateway);
    mailbox = await (await deployed.waitForDeployment()).getAddress();
  });

  after(async () => network.close());

  const at = (...argv: readonly string[]): readonly string[] => [...argv, "--network", network.file];
  const fails = (...argv: readonly string[]): Promise<JsonError["error"]> => failureOf(...at(...argv));
  const send = async (...more: readonly string[]): Promise<Sent> => {
    const to = ["--from", "rollupA", "--to", "rollupB", "--recipient", mailbox];
    const { code, result } = await runJson<Sent>(...at("send", ...to, "--text", "hello", ...more));
    expect(code).to.equal(0);
    return result;
  };
  const statusOf = async (reference: string): Promise<Status> => {
    const { result } = await runJson<{ messages: Status[] }>(...at("status", reference));
    const [status] = result.messages;
    if (status === undefined) throw new Error("the message is unknown");
    return status;
  };
  const setClosed = async (closed: boolean): Promise<void> => {
    const { Mailbox__factory } = await import("../../typechain-types/index.js");
    await (await Mailbox__factory.connect(mailbox, network.metalayer.rollup(8102n).signer).setClosed(closed)).wait();
  };
  const makeFinal = async (): Promise<void> => {
    await network.nodes[0]?.rpc("anvil_mine", "0x3");
  };

  describe("quote and credit", () => {
    it("quote what a message then costs", async () => {
      await run(...at("credit", "buy", "--on", "rollupA", "--amount", "1"));
      const { result } = await runJson<{ quotes: { gross: string; fee: string; paidBy: string }[] }>(
        ...at("quote", "--from", "rollupA", "--to", "rollupB", "--bytes", "5"),
        ...["--sender", "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"],
      );
      const [quote] = result.quotes;
      expect(quote?.paidBy).to.equal("credit");
      const before = await creditOnA();
      const { fee, unfundedQuote } = await send();
      expect(unfundedQuote).to.equal(undefined);
      expect(fee).to.equal(quote?.fee);
      expect(before - (await creditOnA())).to.equal(BigInt(quote?.gross ?? 0));
    });

    it("buy and withdraw to the wei", async () => {
      const before = await creditOnA();
      await run(...at("credit", "buy", "--on", "8101", "--amount", "2.5"));
      expect((await creditOnA()) - before).to.equal(2_500_000_000n);
      const { code } = await run(...at("credit", "withdraw", "--on", "8101", "--amount", "2.5"));
      expect(code).to.equal(0);
      expect(await creditOnA()).to.equal(before);
    });

    it("sponsor and accept: the sponsor's credit pays", async () => {
      const sponsored = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
      const sponsor = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
      await run(
        ...at("credit", "sponsor", "--on", "rollupA", "--for", sponsored, "--amount", "0.01", "--period", "1d"),
      );
      const { code } = await run(...at("credit", "accept", "--on", "rollupA", "--for", sponsor, "--account", "1"));
      expect(code).to.equal(0);
      const first = await send("--account", "1");
      expect(first.unfundedQuote).to.equal(undefined);
      const second = await send("--account", "1");
      expect(second.unfundedQuote, "beyond the sponsor's limit").to.not.equal(undefined);
    });

    async function creditOnA(): Promise<bigint> {
      const { result } = await runJson<{ rollups: { credit: string }[] }>(...at("credit", "show", "--on", "rollupA"));
      return BigInt(result.rollups[0]?.credit ?? 0);
    }
  });

  describe("send, status and retry", () => {
    it("NEEDS 25: sent, deliverable, delivered, by sendId and by transaction", async () => {
      const { sendId, transactionHash } = await send();
      expect((await statusOf(sendId)).state).to.equal("sent");
      await makeFinal();
      expect((await statusOf(sendId)).state).to.equal("deliverable");
      await network.metalayer.deliver();
      expect((await statusOf(sendId)).state).to.equal("delivered");
      expect((await statusOf(transactionHash)).state).to.equal("delivered");
    });

    it("NEEDS 13: failed with its reason, then delivered by the signature of the failed attempt", async () => {
      await setClosed(true);
      const { sendId } = await send();
      await makeFinal();
      await network.metalayer.deliver();
      const failed = await statusOf(sendId);
      expect(failed.state).to.equal("failed");
      expect(failed.trial?.outcome).to.equal("refuses");
      expect((await fails("retry", sendId)).code).to.equal("CLI_WOULD_FAIL");
      await setClosed(false);
      const mended = await statusOf(sendId);
      expect(mended.next.at(-1)?.command).to.equal(`./metalayer retry ${sendId}`);
      const { code, result } = await runJson<{ delivered: boolean; signedBy: string }>(...at("retry", sendId));
      expect(code).to.equal(0);
      expect(result.delivered).to.equal(true);
      expect(result.signedBy).to.equal("earlier attempt");
      expect((await statusOf(sendId)).state).to.equal("delivered");
      expect((await fails("retry", sendId)).code).to.equal("CLI_DELIVERED");
    });

    it("NEEDS 25: attested when a delivery left it out, and delivered by that signature", async () => {
      const [first, left, last] = [await send(), await send(), await send()];
      await makeFinal();
      expect((await statusOf(left.sendId)).state).to.equal("deliverable");
      await network.metalayer.deliver({ drop: ({ sendId }) => sendId === left.sendId });
      for (const { sendId } of [first, last]) expect((await statusOf(sendId)).state).to.equal("delivered");
      const attested = await statusOf(left.sendId);
      expect(attested.state).to.equal("attested");
      const command = attested.next.at(-1)?.command ?? "";
      const { code, result } = await runJson<{ signedBy: string }>(...at(...command.split(" ").slice(1)));
      expect([code, result.signedBy]).to.deep.equal([0, "earlier delivery"]);
      expect((await statusOf(left.sendId)).state).to.equal("delivered");
    });

    it("out of gas: says how much is needed, and delivers with it", async () => {
      const { sendId } = await send("--gas-limit", "30000");
      await makeFinal();
      await network.metalayer.deliver();
      const failed = await statusOf(sendId);
      expect(failed.trial?.outcome).to.equal("needs-gas");
      const command = failed.next.at(-1)?.command ?? "";
      expect(command).to.match(/^\.\/metalayer retry 0x[0-9a-f]{64} --gas \d+$/);
      expect((await fails("retry", sendId)).code).to.equal("CLI_WOULD_FAIL");
      const { code } = await run(...at(...command.split(" ").slice(1)));
      expect(code).to.equal(0);
      expect((await statusOf(sendId)).state).to.equal("delivered");
    });

    it("not final yet: refuses and says when", async () => {
      const { sendId } = await send();
      const error = await fails("retry", sendId);
      expect(error.code).to.equal("CLI_NOT_FINAL");
      await makeFinal();
      await network.metalayer.deliver();
    });

    it("NEEDS 25: unknown for a number that nobody knows", async () => {
      const { code, result } = await runJson<{ state: string }>(...at("status", `0x${"5a".repeat(32)}`));
      expect([code, result.state]).to.deep.equal([1, "unknown"]);
      expect((await fails("retry", `0x${"5a".repeat(32)}`)).code).to.equal("CLI_UNKNOWN_MESSAGE");
    });

    it("warns of a recipient without contract, and sends all the same", async () => {
      const to = ["--from", "rollupA", "--to", "rollupB", "--recipient", NOBODY];
      const { code, out } = await run(...at("send", ...to));
      expect(code).to.equal(0);
      expect(out).to.contain("there is no contract at");
      await makeFinal();
      await network.metalayer.deliver();
    });
  });

  describe("transfer", () => {
    it("moves ERA to the wei", async () => {
      const before = await network.metalayer.rollup(8102n).era.totalSupply();
      const { code, result } = await runJson<Sent>(
        ...at("transfer", "--from", "rollupA", "--to", "rollupB", "--amount", "12.5"),
      );
      expect(code).to.equal(0);
      await makeFinal();
      await network.metalayer.deliver();
      expect((await statusOf(result.sendId)).state).to.equal("delivered");
      expect((await network.metalayer.rollup(8102n).era.totalSupply()) - before).to.equal(parseEther("12.5"));
    });

    it("offers a bounty from credit", async () => {
      const { sendId } = await send();
      const { code, result } = await runJson<{ bountyWei: string }>(...at("retry", sendId, "--bounty", "0.01"));
      expect(code).to.equal(0);
      expect(result.bountyWei).to.equal(String(parseEther("0.01")));
      await makeFinal();
      await network.metalayer.deliver();
      await network.metalayer.deliver();
    });
  });

  describe("pause and faucet", () => {
    it("refuses a pause by an account without the role", async () => {
      const error = await fails("pause", "start", "--on", "rollupA", "--for", "1h", "--account", "3");
      expect(error.sentence).to.contain("AccessManagedUnauthorized");
    });

    it("NEEDS 13: a pause shows in the status, and stops deliveries until it is ended", async () => {
      const { sendId } = await send();
      await makeFinal();
      const { code } = await run(...at("pause", "start", "--on", "rollupB", "--for", "1h"));
      expect(code).to.equal(0);
      expect((await statusOf(sendId)).explanation).to.contain("rollupB has paused deliveries from rollupA until");
      expect((await fails("retry", sendId)).code).to.equal("CLI_PAUSED");
      const refused = await fails("pause", "end", "--on", "rollupB", "--source", "rollupA");
      expect(refused.sentence, "only the administrator ends it").to.contain("AccessManagedUnauthorized");
      await network.nodes[1]?.rpc("evm_increaseTime", 3_601);
      await network.nodes[1]?.rpc("evm_mine");
      const { result } = await runJson<{ pauses: unknown[] }>(...at("pause", "show"));
      expect(result.pauses).to.deep.equal([]);
      await network.metalayer.deliver();
      expect((await statusOf(sendId)).state).to.equal("delivered");
    });

    it("an empty wallet gets a clear error, and coins from the faucet", async () => {
      const key = `0x${"77".repeat(32)}`;
      process.env["METALAYER_KEY"] = key;
      try {
        const to = ["--from", "rollupA", "--to", "rollupB", "--recipient", mailbox];
        const error = await fails("send", ...to);
        expect(error.code).to.equal("CLI_EMPTY_WALLET");
        expect(error.next).to.contain("./metalayer faucet --address");
        const { code } = await run(...at("faucet", "--on", "rollupA", "--era", "3"));
        expect(code).to.equal(0);
        expect((await run(...at("send", ...to))).code).to.equal(0);
      } finally {
        delete process.env["METALAYER_KEY"];
      }
    });

    it("ERA only where it is: the faucet of another rollup says where", async () => {
      const { code } = await fails("faucet", "--address", NOBODY, "--on", "rollupB", "--era", "1000");
      expect(code).to.equal("CLI_NOT_ENOUGH_ERA");
    });
  });
});
