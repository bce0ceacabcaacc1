import { expect } from "chai";
import { freePort } from "../../scripts/devnet/children.ts";
import type { LocalNetwork } from "./localNetwork.ts";
import { startLocalNetwork } from "./localNetwork.ts";
import { failureOf, run } from "./run.ts";

const mailbox = `0x${"11".repeat(20)}`;

describe("command line: bad input on a local network", () => {
  let network: LocalNetwork;

  before(async () => {
    network = await startLocalNetwork(2);
  });

  after(async () => network.close());

  const at = (...argv: readonly string[]): readonly string[] => [...argv, "--network", network.file];

  describe("bad input is refused with a clear error and changes nothing", () => {
    const SEND = ["send", "--from", "rollupA", "--to", "rollupB"];
    const TRANSFER = ["transfer", "--from", "rollupA", "--to", "rollupB"];
    const to = (): readonly string[] => ["--recipient", mailbox];

    /** Nodes make a block for every transaction: the same newest blocks mean that nothing was sent. */
    const blocks = async (): Promise<unknown[]> =>
      Promise.all(network.nodes.map((node) => node.rpc("eth_blockNumber")));

    const rows: readonly (readonly [title: string, code: number, said: string, argv: () => readonly string[]])[] = [
      [
        "a payload beyond 32,768 bytes",
        1,
        "GatewayPayloadTooLong",
        () => [...SEND, ...to(), "--payload", `0x${"00".repeat(32_769)}`],
      ],
      [
        "a gas limit that the destination does not allow",
        1,
        "GatewayGasLimitTooHigh",
        () => [...SEND, ...to(), "--gas-limit", "100000000"],
      ],
      ["an unknown source", 1, 'no rollup "rollupX"', () => ["send", "--from", "rollupX", "--to", "rollupB", ...to()]],
      ["an unknown destination", 1, 'no rollup "9999"', () => ["send", "--from", "rollupA", "--to", "9999", ...to()]],
      ["an amount beyond the balance", 1, "less than", () => [...TRANSFER, "--amount", "9999999999"]],
      [
        "credit with more decimals than a fee unit",
        2,
        "at most 9 digits",
        () => ["credit", "buy", "--on", "rollupA", "--amount", "0.0000000001"],
      ],
      ["credit worth nothing", 2, "more than nothing", () => ["credit", "buy", "--on", "rollupA", "--amount", "0"]],
      [
        "more credit back than there is",
        1,
        "GatewayInsufficientCredit",
        () => ["credit", "withdraw", "--on", "rollupA", "--amount", "1000000"],
      ],
      ["stake of nothing", 2, "more than nothing", () => ["guardian", "stake", "--on", "rollupA", "--amount", "0"]],
      [
        "a deposit beyond the balance",
        1,
        "less than",
        () => ["lock", "deposit", "--on", "rollupA", "--amount", "1000000001"],
      ],
      ["a deposit of nothing", 2, "more than nothing", () => ["lock", "deposit", "--on", "rollupA", "--amount", "0"]],
      [
        "more out of the votes than is in",
        1,
        "VotesInsufficientDeposit",
        () => ["lock", "withdraw", "--on", "rollupA", "--amount", "1"],
      ],
      ["a vote on nothing", 1, "there is no proposal yet", () => ["vote", "latest", "--support", "for"]],
      ["the tally of home", 2, "count there already", () => ["tally", "latest", "--of", "rollupA"]],
      [
        "a pause beyond seven days",
        1,
        "GatewayPauseTooLong",
        () => ["pause", "start", "--on", "rollupB", "--for", "8d"],
      ],
    ];

    for (const [title, code, said, argv] of rows) {
      it(title, async () => {
        const before = await blocks();
        const { code: ended, err, out } = await run(...at(...argv()));
        expect(ended).to.equal(code);
        expect(`${out}${err}`).to.contain(said);
        if (code === 1) expect(err).to.match(/Nothing was (sent|done|changed|given)\. Next: /);
        expect(await blocks()).to.deep.equal(before);
      });
    }

    it("a destination whose endpoint does not answer: nothing leaves the source either", async () => {
      const dead = `http://127.0.0.1:${await freePort()}`;
      const file = network.describe(({ rollups: [a, b] }) => ({ rollups: [a, { ...b, rpc: [dead] }] }));
      const before = await blocks();
      const error = await failureOf(...SEND, ...to(), "--network", file);
      expect([error.code, error.sentence.includes("rollupB")]).to.deep.equal(["CLI_RPC_UNREACHABLE", true]);
      expect(await blocks()).to.deep.equal(before);
    });

    it("endpoints that serve each other's chain", async () => {
      const file = network.describe(({ rollups: [a, b] }) => ({
        rollups: [
          { ...a, rpc: b?.rpc },
          { ...b, rpc: a?.rpc },
        ],
      }));
      const before = await blocks();
      const error = await failureOf(...TRANSFER, "--amount", "1", "--network", file);
      expect([error.code, error.sentence.includes("serves chain 810")]).to.deep.equal(["CLI_WRONG_CHAIN", true]);
      expect(await blocks()).to.deep.equal(before);
    });

    it("an account without coins for gas", async () => {
      process.env["METALAYER_KEY"] = `0x${"78".repeat(32)}`;
      try {
        const before = await blocks();
        const error = await failureOf(...at(...SEND, ...to()));
        expect([error.code, error.next?.includes("./metalayer faucet")]).to.deep.equal(["CLI_EMPTY_WALLET", true]);
        expect(await blocks()).to.deep.equal(before);
      } finally {
        delete process.env["METALAYER_KEY"];
      }
    });
  });
});
