import { expect } from "chai";
import { parseEther } from "ethers";
import { describeError } from "../../scripts/cli/errors.ts";
import { devAccount } from "../../scripts/devnet/accounts.ts";
import type { Anvil } from "../../scripts/devnet/anvil.ts";
import type { FaultyProxy } from "../../scripts/devnet/faulty-proxy.ts";
import { startFaultyProxy } from "../../scripts/devnet/faulty-proxy.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import { until } from "../helpers/daemonNetwork.ts";
import type { LocalNetwork } from "./localNetwork.ts";
import { startLocalNetwork } from "./localNetwork.ts";
import { failureOf, resultOf } from "./run.ts";

const SEND = "eth_sendRawTransaction";
const RECEIPT = "eth_getTransactionReceipt";
const LOOKS = [RECEIPT, "eth_getTransactionByHash"];
const SIGNER = devAccount(0).address;

describe("command line: transactions", function () {
  this.timeout(120_000);

  let network: LocalNetwork;
  let node: Anvil;
  let proxies: readonly FaultyProxy[];

  before(async () => {
    network = await startLocalNetwork(2);
    const [first] = network.nodes;
    if (first === undefined) throw new Error("a local network has a first rollup");
    node = first;
    proxies = await Promise.all([1, 2].map((seed) => startFaultyProxy({ upstream: node.url, seed })));
  });

  afterEach(() => proxies.forEach((proxy) => proxy.heal()));

  after(async () => {
    await Promise.all(proxies.map((proxy) => proxy.close()));
    await network.close();
  });

  const proxyAt = (index: number): FaultyProxy => {
    const proxy = proxies[index];
    if (proxy === undefined) throw new Error("two proxies stand before the first rollup");
    return proxy;
  };
  /** A network whose first rollup is reached through so many proxies. */
  const through = (count: number): string =>
    network.describe((description) => {
      const [first] = description.rollups;
      if (first !== undefined) first.rpc = proxies.slice(0, count).map(({ url }) => url);
      return description;
    });
  const transfer = (endpoints = 1): string[] => [
    ...["transfer", "--from", "rollupA", "--to", "rollupB", "--amount", "5", "--recipient", devAccount(7).address],
    ...["--network", through(endpoints)],
  ];
  const nonce = async (): Promise<number> => Number(await node.rpc("eth_getTransactionCount", SIGNER, "latest"));
  const era = () => network.metalayer.rollup(8101n).era;
  const held = (): Promise<bigint> => era().balanceOf(SIGNER);
  const count = (index: number, method: string): number => proxyAt(index).stats().methods[method] ?? 0;
  const feeController = (): Promise<string> => network.metalayer.rollup(8101n).feeController.getAddress();
  /** Runs while the node makes no blocks; `then` begins once the node has what is sent. */
  const withoutBlocks = async <T>(running: () => Promise<T>, then: () => Promise<void>): Promise<T> => {
    await node.rpc("evm_setAutomine", false);
    try {
      const before = count(0, SEND);
      const ended = running();
      await Promise.race([ended, until("it is sent", () => count(0, SEND) > before)]);
      await then();
      return await ended;
    } finally {
      await node.rpc("evm_setAutomine", true);
    }
  };
  const pendingHash = async (): Promise<string> => {
    const block: unknown = await node.rpc("eth_getBlockByNumber", "pending", false);
    const hashes = typeof block === "object" && block !== null && "transactions" in block ? block.transactions : [];
    return Array.isArray(hashes) ? String(hashes[0]) : "";
  };

  describe("sending", () => {
    it("finds a transaction whose answer was lost on the only endpoint", async () => {
      const before = await held();
      proxyAt(0).set({ loseAnswers: [SEND] });
      const { transactionHash } = await resultOf<{ transactionHash: string }>(...transfer());
      expect(await node.rpc(RECEIPT, transactionHash)).to.have.property("status", "0x1");
      expect(before - (await held())).to.equal(parseEther("5"));
    });

    it("takes a nonce that is used for what it is: the first endpoint had taken this very transaction", async () => {
      const before = await held();
      proxyAt(0).set({ loseAnswers: [SEND] });
      // Slower than the other, so that it is asked second.
      proxyAt(1).set({ delayMs: 700 });
      const sends = count(1, SEND);
      await resultOf(...transfer(2));
      expect(count(1, SEND)).to.equal(sends + 1);
      expect(before - (await held())).to.equal(parseEther("5"));
    });

    it("does not mind that no endpoint tells the height of the chain", async () => {
      proxyAt(0).set({ loseAnswers: ["eth_blockNumber"] });
      await resultOf(...transfer());
    });

    it("names hash and nonce of what may have been sent, and says to look before running it again", async () => {
      const [before, used] = [await held(), await nonce()];
      proxyAt(0).set({ loseAnswers: [SEND, ...LOOKS] });
      const { code, sentence, next } = await failureOf(...transfer());
      const hash = /0x[0-9a-f]{64}/.exec(sentence)?.[0] ?? "";
      expect(code).to.equal("CLI_UNCERTAIN");
      expect(sentence).to.include(`nonce ${used}`).and.include("It may have been sent");
      expect(next).to.include(hash);
      expect(await node.rpc(RECEIPT, hash), "the node has it").to.have.property("status", "0x1");
      expect(before - (await held())).to.equal(parseEther("5"));
    });

    it("says at once that nothing was sent where a node refuses it", async () => {
      await node.rpc("anvil_setBalance", devAccount(5).address, "0x1");
      const accept = ["credit", "accept", "--on", "rollupA", "--account", "5", "--network", through(1)];
      const { code, next } = await failureOf(...accept);
      expect(code).to.equal("TX_FUNDS");
      expect(next).to.include("faucet");
    });
  });

  describe("waiting", () => {
    it("bears endpoints that fail, and tells what was sent once they answer again", async () => {
      const before = await held();
      await withoutBlocks(
        () => resultOf(...transfer()),
        async () => {
          proxyAt(0).set({ loseAnswers: [RECEIPT, "eth_blockNumber"] });
          const asked = count(0, RECEIPT);
          await until("it has asked in vain", () => count(0, RECEIPT) >= asked + 3);
          await node.rpc("anvil_mine", "0x1");
          proxyAt(0).heal();
        },
      );
      expect(before - (await held())).to.equal(parseEther("5"));
    });

    it("names the transaction whose nonce another one took", async () => {
      const before = await held();
      let hash = "";
      const { code, sentence } = await withoutBlocks(
        () => failureOf(...transfer()),
        async () => {
          hash = await pendingHash();
          await node.rpc("anvil_dropTransaction", hash);
          await node.rpc("eth_sendTransaction", { from: SIGNER, to: SIGNER, nonce: await nonce() });
          await node.rpc("anvil_mine", "0x1");
        },
      );
      expect(code).to.equal("CLI_NOT_MINED");
      expect(sentence).to.include(hash);
      expect(await held()).to.equal(before);
    });

    const RUNS: readonly (readonly [name: string, code: string, reason: string])[] = [
      ["the reason", "0x63deadbeef6000526004601cfd", "0xdeadbeef"],
      ["that its gas ran out", "0x5b600056", "out of gas"],
    ];
    for (const [name, code, reason] of RUNS) {
      it(`tells ${name} of a transaction that reverts in its block, its hash, and that its gas is gone`, async () => {
        const address = await era().getAddress();
        const real = await node.rpc("eth_getCode", address, "latest");
        let hash = "";
        const refused = await withoutBlocks(
          () => failureOf(...transfer()),
          async () => {
            hash = await pendingHash();
            await node.rpc("anvil_setCode", address, code);
            await node.rpc("anvil_mine", "0x1");
          },
        );
        await node.rpc("anvil_setCode", address, real);
        expect(refused.code).to.equal("CLI_REFUSED");
        expect(refused.sentence).to.include(reason).and.include(`Transaction ${hash} cost its gas`);
      });
    }
  });

  describe("what stands", () => {
    const on = ["--on", "rollupA"];

    it("is named by the error of a later transaction, which does not say that nothing was changed", async () => {
      const spender = await feeController();
      const real = await node.rpc("eth_getCode", spender, "latest");
      await node.rpc("anvil_setCode", spender, "0x63deadbeef6000526004601cfd");
      const { code, sentence } = await failureOf("credit", "buy", ...on, "--amount", "5", "--network", network.file);
      await node.rpc("anvil_setCode", spender, real);
      expect(code).to.equal("CLI_REFUSED");
      expect(sentence).to.match(/1 transaction before it stands: 0x[0-9a-f]{64} on rollupA/);
      expect(sentence).not.to.include("Nothing was changed");
      expect(await era().allowance(SIGNER, spender)).to.equal(parseEther("5"));
    });

    it("is named where anything else fails after sending, with the word to look first", () => {
      const failure = new MetalayerError("RPC_ALL_FAILED", "no endpoint of rollupA answers");
      const { sentence, next } = describeError(failure, [{ rollup: "rollupA", hash: `0x${"12".repeat(32)}` }]);
      expect(sentence).to.match(/1 transaction before it stands: 0x(12){32} on rollupA/);
      expect(next).to.include("before running this again");
    });

    it("is nothing where credit costs more than the account holds", async () => {
      const spender = await feeController();
      const buyer = ["--account", "9", "--network", network.file];
      const { code } = await failureOf("credit", "buy", ...on, "--amount", "5", ...buyer);
      expect(code).to.equal("CLI_NOT_ENOUGH_ERA");
      expect(await era().allowance(devAccount(9).address, spender)).to.equal(0n);
    });

    it("is nothing where a deposit cannot be put under so long a term, or so short a one", async () => {
      const before = await held();
      const term = (span: string): string[] => ["lock", "term", ...on, "--for", span, "--network", network.file];
      for (const more of [[], ["--dry-run"]]) {
        const { code, next } = await failureOf(...term("900000d"), "--amount", "5", ...more);
        expect([code, next]).to.deep.equal(["CLI_BAD_TERM", "name a shorter term with --for"]);
      }
      expect(await held()).to.equal(before);
      await resultOf(...term("400d"), "--amount", "5");
      const { code, next } = await failureOf(...term("60d"), "--amount", "5");
      expect([code, next]).to.deep.equal(["CLI_BAD_TERM", "name a longer term with --for"]);
      expect(await held()).to.equal(before - parseEther("5"));
    });
  });

  describe("endpoints that fail", () => {
    it("are named with the pool's own code, and nobody is told to send again without a look", async () => {
      proxyAt(0).set({ loseAnswers: ["eth_estimateGas", "eth_getTransactionCount"] });
      const { code, sentence, next } = await failureOf(...transfer());
      expect(code).to.equal("RPC_ALL_FAILED");
      expect(sentence).to.include("rollupA").and.not.include("coalesce");
      expect(next).to.include("what the account has sent");
    });
  });
});
