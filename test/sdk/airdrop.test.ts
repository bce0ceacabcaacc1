import { expect } from "chai";
import { airdropTree } from "../../sdk/src/airdrop.ts";
import type { Address } from "../../sdk/src/bytes.ts";
import { refusalCode } from "./refusal.ts";

/** From the documentation of OpenZeppelin's @openzeppelin/merkle-tree: two entries and the root that its tree gives. */
const KNOWN = {
  entries: [
    { account: "0x1111111111111111111111111111111111111111", amount: 5_000_000_000_000_000_000n },
    { account: "0x2222222222222222222222222222222222222222", amount: 2_500_000_000_000_000_000n },
  ],
  root: "0xd4dee0beab2d53f2cc83e567171bd2820e49898130a22622b10ead383e90bd77",
} as const;

const account = (index: number): Address => `0x${index.toString(16).padStart(40, "0")}`;

describe("airdropTree", () => {
  it("gives the root of OpenZeppelin's own example", () => {
    expect(airdropTree(KNOWN.entries).root).to.equal(KNOWN.root);
  });

  it("does not depend on the order of the list, and sums it", () => {
    const entries = Array.from({ length: 7 }, (_, index) => ({ account: account(index + 1), amount: BigInt(index) }));
    const tree = airdropTree(entries);
    expect(airdropTree([...entries].reverse()).root).to.equal(tree.root);
    expect(tree.total).to.equal(21n);
  });

  it("refuses an empty list, an account twice, and a proof for nobody on it", () => {
    expect(refusalCode(() => airdropTree([]))).to.equal("AIRDROP_EMPTY");
    const one = { account: "0x00000000000000000000000000000000000000AA", amount: 1n } as const;
    expect(refusalCode(() => airdropTree([one, { ...one, account: account(0xaa) }]))).to.equal("AIRDROP_DUPLICATE");
    expect(refusalCode(() => airdropTree([one]).proof(account(1)))).to.equal("AIRDROP_NOT_LISTED");
  });
});
