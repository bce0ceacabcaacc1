import { expect } from "chai";
import { parseEther } from "ethers";
import type { LocalNetwork } from "./localNetwork.ts";
import { startLocalNetwork } from "./localNetwork.ts";
import { failureOf, run, runJson } from "./run.ts";

const NOBODY = "0x00000000000000000000000000000000000000AA";
const HOLDER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";

interface Read {
  readonly value: string;
  readonly position?: string;
  readonly head: { readonly number: string; readonly anchorIndex: string };
  readonly attestedOn: string;
  readonly proofBytes: number;
}

describe("./metalayer read on a local network", () => {
  let network: LocalNetwork;
  let era = "";

  before(async () => {
    network = await startLocalNetwork(2);
    era = await network.metalayer.rollup(8101n).era.getAddress();
  });

  after(async () => network.close());

  const at = (...argv: readonly string[]): readonly string[] => ["read", ...argv, "--network", network.file];
  const read = async (...argv: readonly string[]): Promise<Read> => {
    const { code, result } = await runJson<Read>(...at(...argv));
    expect(code, argv.join(" ")).to.equal(0);
    return result;
  };

  it("says that there is no head as long as nobody attested one", async () => {
    expect((await failureOf(...at("rollupA", era))).code).to.equal("CLI_NO_HEAD");
  });

  it("reads balances, nonces, code, slots and tokens, and nothing where nothing is", async () => {
    const { provider } = network.metalayer.rollup(8101n);
    const { number } = await network.metalayer.recordHead(8101n, 8102n);
    const block = Number(number);
    expect((await read("rollupA", HOLDER)).value).to.equal(String(await provider.getBalance(HOLDER, block)));
    expect((await read("8101", HOLDER, "nonce")).value).to.equal(
      String(await provider.getTransactionCount(HOLDER, block)),
    );
    const token = await read("rollupA", era, "balanceOf", HOLDER, "--on", "rollupB");
    expect([token.value, token.attestedOn]).to.deep.equal([String(parseEther("1000000000")), "rollupB"]);
    const { value } = await read("rollupA", era, token.position ?? "none");
    expect(value).to.equal(await provider.getStorage(era, BigInt(token.position ?? -1), block));
    expect((await read("rollupA", NOBODY, "code")).value).to.equal(`0x${"00".repeat(32)}`);
    expect((await read("rollupA", NOBODY, "7")).value).to.equal(`0x${"00".repeat(32)}`);
    const { code, out } = await run(...at("rollupA", era, "balanceOf", HOLDER));
    expect([code, out]).to.deep.equal([0, out]);
    expect(out).to.contain(`Proven against block ${number}`);
  });

  it("refuses what it cannot answer, and says why", async () => {
    const wrong: [string, readonly string[]][] = [
      ["a rollup holds no heads of its own", ["rollupA", era, "balance", "--on", "rollupA"]],
      ["is not a storage slot", ["rollupA", era, "supply"]],
      ["needs a holder", ["rollupA", era, "balanceOf"]],
      ["takes no holder", ["rollupA", era, "nonce", HOLDER]],
      ["is not an address", ["rollupA", "0x12"]],
    ];
    for (const [message, argv] of wrong) {
      const { code, err } = await run(...at(...argv));
      expect([code, err.includes(message)], `${argv.join(" ")}: ${err}`).to.deep.equal([2, true]);
    }
    expect((await failureOf(...at("rollupA", era, "balanceOf", NOBODY))).code).to.equal("CLI_NO_POSITION");
    expect((await failureOf(...at("rollupA", HOLDER, "balanceOf", HOLDER))).code).to.equal("CLI_NO_POSITION");
  });
});
