import { writeFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { id, parseEther } from "ethers";
import { devAccount } from "../../scripts/devnet/accounts.ts";
import { airdropTree } from "../../sdk/src/airdrop.ts";
import type { Address } from "../../sdk/src/bytes.ts";
import type { TestRollup } from "../../sdk/src/testkit/index.ts";
import type { LocalNetwork } from "./localNetwork.ts";
import { startLocalNetwork } from "./localNetwork.ts";
import { failureOf, onNetwork, run } from "./run.ts";

/** Far ahead of the time that the tests let pass. */
const FAR = 4_000_000_000n;
const TEAM: Address = "0x00000000000000000000000000000000000000AA";
const LISTED = devAccount(5).address;
const LIST = [
  { account: LISTED, amount: parseEther("600") },
  { account: TEAM, amount: parseEther("400") },
];

const PRICES = { basePrice: 2_000n, pricePerByte: 5_000n, pricePerKGas: 20_000n, fundShare: 100n, burnShare: 50n };

describe("command line: where ERA went and is", () => {
  let network: LocalNetwork;
  let home: TestRollup;

  before(async () => {
    const airdrop = { root: airdropTree(LIST).root, deadline: FAR };
    const vesting = { start: 0n, duration: FAR };
    const own = devAccount(0).address;
    const genesis = [
      { name: "team", amount: parseEther("1000000"), to: TEAM, vesting },
      { name: "airdrop", amount: parseEther("1000"), to: own, airdrop },
      { name: "everything else", amount: parseEther("998999000"), to: own },
    ];
    network = await startLocalNetwork(2, { genesis, prices: PRICES });
    home = network.metalayer.rollup(8101n);
  });

  after(async () => network.close());

  const { at, fine } = onNetwork(() => network);
  const write = (value: unknown): string => {
    const file = path.join(network.folder, `list-${id(JSON.stringify(value)).slice(2, 10)}.json`);
    writeFileSync(file, JSON.stringify(value));
    return file;
  };

  it("claim-airdrop: pays each account on the list once, whoever asks, and nobody else", async () => {
    const values = LIST.map(({ account, amount }) => ({ value: [account, String(amount)] }));
    const file = write({ format: "standard-v1", leafEncoding: ["address", "uint256"], values });
    await fine("claim-airdrop", file, "--for", LISTED, "--dry-run");
    await fine("claim-airdrop", file, "--for", LISTED);
    expect(await home.era.balanceOf(LISTED)).to.equal(parseEther("600"));
    const codes = [];
    for (const argv of [
      ["claim-airdrop", file, "--for", LISTED],
      ["claim-airdrop", file],
      [
        "claim-airdrop",
        write({ format: "standard-v1", leafEncoding: ["address", "uint256"], values: values.slice(1) }),
        "--for",
        TEAM,
      ],
      ["claim-airdrop", write({ values })],
      ["claim-airdrop", "missing.json"],
    ]) {
      codes.push((await failureOf(...at(...argv))).code);
    }
    expect(codes).to.deep.equal([
      "CLI_REFUSED",
      "CLI_NOT_LISTED",
      "CLI_NO_AIRDROP",
      "CLI_AIRDROP_INVALID",
      "CLI_AIRDROP_UNREADABLE",
    ]);
  });

  it("vesting: shows every part of the beginning, and pays what is vested to its owner", async () => {
    interface Vesting {
      readonly parts: {
        readonly name: string;
        readonly vesting?: { readonly beneficiary: string; readonly released: string };
      }[];
    }
    const { parts } = await fine<Vesting>("vesting");
    expect(parts.map(({ name, vesting }) => [name, vesting?.beneficiary.toLowerCase()])).to.deep.equal([
      ["team", TEAM.toLowerCase()],
      ["airdrop", undefined],
      ["everything else", undefined],
    ]);
    expect((await failureOf(...at("vesting", "release", "--part", "1"))).code).to.equal("CLI_NO_VESTING");
    const before = await home.era.balanceOf(TEAM);
    const after = await fine<Vesting>("vesting", "release", "--part", "0");
    const paid = (await home.era.balanceOf(TEAM)) - before;
    expect(paid > 0n && paid < parseEther("1000000")).to.equal(true);
    expect(BigInt(after.parts[0]?.vesting?.released ?? 0)).to.equal(paid);
  });

  it("supply, fees: all ERA is somewhere, to the wei, and every lane has its price", async () => {
    const { difference, sum } = await fine<{ difference: string; sum: string }>("supply");
    expect([difference, BigInt(sum)]).to.deep.equal(["0", parseEther("1000000000")]);
    interface Fees {
      readonly rollups: {
        readonly rollup: string;
        readonly lanes: { readonly to: string; readonly basePrice: string }[];
      }[];
    }
    const { rollups } = await fine<Fees>("fees");
    expect(
      rollups.flatMap(({ rollup, lanes }) => lanes.map((lane) => [rollup, lane.to, lane.basePrice])),
    ).to.deep.equal([
      ["rollupA", "rollupB", "2000"],
      ["rollupB", "rollupA", "2000"],
    ]);
    expect((await run(...at("fees", "sweep", "--on", "rollupA"))).out).to.contain("Nothing was charged on rollupA");
    await fine("credit", "buy", "--on", "rollupA", "--amount", "10");
    await fine("send", "--from", "rollupA", "--to", "rollupB", "--recipient", TEAM, "--text", "paid");
    expect((await run(...at("fees", "sweep", "--on", "rollupA", "--dry-run"))).out).to.contain("can be settled");
    const { out } = await run(...at("fees", "sweep", "--on", "rollupA"));
    expect(out).to.contain("of fees on rollupA were settled");
    const after = await fine<{ difference: string }>("supply");
    expect(after.difference).to.equal("0");
  });

  it("fees update: moves prices within the bounds that fees shows, and says what is refused", async () => {
    expect((await run(...at("fees"))).out).to.contain("Bounds within which the price keeper may move prices:");
    interface Fees {
      readonly rollups: { readonly lanes: { readonly basePrice: string; readonly pricePerByte: string }[] }[];
    }
    const update = ["fees", "update", "--on", "rollupA", "--to", "rollupB"];
    expect((await run(...at(...update, "--message", "2600", "--dry-run"))).out).to.contain("can be moved");
    expect((await failureOf(...at(...update, "--message", "3001"))).sentence).to.contain("KeeperStepTooLarge");
    const { rollups } = await fine<Fees>(...update, "--message", "2600");
    expect(rollups[0]?.lanes.map(({ basePrice, pricePerByte }) => [basePrice, pricePerByte])).to.deep.equal([
      ["2600", "5000"],
    ]);
    expect((await failureOf(...at(...update, "--byte", "5001"))).sentence).to.contain("KeeperTooEarly");
  });
});
