import { expect } from "chai";
import { parseEther, toQuantity } from "ethers";
import { createEndpoint } from "../../scripts/chain/endpoint.ts";
import type { LaneBooks, RollupBooks } from "../../scripts/chain/ledger.ts";
import { makeLedger, SUPPLY } from "../../scripts/chain/ledger.ts";
import type { LedgerSource } from "../../scripts/chain/ledger-reader.ts";
import { readLedger } from "../../scripts/chain/ledger-reader.ts";
import { createPool } from "../../scripts/chain/pool.ts";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import type { SentMessage } from "../../sdk/src/events.ts";
import type { LocalNetwork } from "../cli/localNetwork.ts";
import { startLocalNetwork } from "../cli/localNetwork.ts";
import { receiptOf } from "../helpers/receipts.ts";

const UNIT = 10n ** 9n;
const ERA_A = `0x${"aa".repeat(20)}` as const;
const ERA_B = `0x${"bb".repeat(20)}` as const;

function message(index: number, change: Partial<SentMessage> = {}): SentMessage {
  const id: Hex = `0x${index.toString(16).padStart(64, "0")}`;
  return {
    ...{ kind: 0, nonce: BigInt(index), gasLimit: 200_000n, fee: 0n, payload: "0x", sendId: id },
    ...{ sender: `0x${"11".repeat(20)}`, recipient: `0x${"22".repeat(20)}`, srcChainId: 1n, dstChainId: 2n },
    ...{ blockNumber: 1, blockHash: id, transactionHash: id },
    ...change,
  };
}

function lane(dstChainId: bigint, messages: readonly SentMessage[], change: Partial<LaneBooks> = {}): LaneBooks {
  return { dstChainId, accrued: 0n, fundShare: 100n, burnShare: 50n, sweptBountiesWei: 0n, messages, ...change };
}

function books(chainId: bigint, era: string, change: Partial<RollupBooks>): RollupBooks {
  return {
    ...{ name: `rollup ${chainId}`, chainId, block: 1, era, totalSupplyWei: 0n, burntForGoodWei: 0n, earned: 0n },
    ...{ queued: 0n, bounties: 0n, lanes: [], delivered: new Set<Hex>(), feesOfLost: 0n },
    ...change,
  };
}

const words = (...values: readonly bigint[]): Hex =>
  `0x${values.map((value) => value.toString(16).padStart(64, "0")).join("")}`;

describe("ledger", () => {
  describe("makeLedger", () => {
    it("counts what was charged and not swept once: as in flight, and as burnt for good", () => {
      const paid = message(1, { fee: 850_000n });
      const home = { totalSupplyWei: SUPPLY, lanes: [lane(2n, [paid], { accrued: 1_000_000n })] };
      const { total, difference } = makeLedger([books(1n, ERA_A, home), books(2n, ERA_B, {})]);
      expect(total.supply).to.equal(SUPPLY - 900_000n * UNIT);
      expect(total.inFlight).to.equal(850_000n * UNIT);
      expect(total.burntForGood).to.equal(50_000n * UNIT);
      expect(difference).to.equal(0n);
    });

    it("moves a fee from in flight to earned when the message is delivered", () => {
      const paid = message(1, { fee: 850_000n });
      const home = { totalSupplyWei: SUPPLY, lanes: [lane(2n, [paid], { accrued: 1_000_000n })] };
      const other = { earned: 850_000n, delivered: new Set([paid.sendId]) };
      const { rows, difference } = makeLedger([books(1n, ERA_A, home), books(2n, ERA_B, other)]);
      expect(rows.map(({ inFlight, earned }) => [inFlight, earned])).to.deep.equal([
        [0n, 0n],
        [0n, 850_000n * UNIT],
      ]);
      expect(difference).to.equal(0n);
    });

    it("counts a transfer on its way, but not a message of the same form to somebody else", () => {
      const payload = words(96n, 160n, 5n);
      const transfer = message(1, { sender: ERA_A, recipient: ERA_B, payload });
      const other = message(2, { payload });
      const home = { totalSupplyWei: SUPPLY - 5n, lanes: [lane(2n, [transfer, other])] };
      const { total, difference } = makeLedger([books(1n, ERA_A, home), books(2n, ERA_B, {})]);
      expect([total.inFlight, difference]).to.deep.equal([5n, 0n]);
    });

    it("follows a bounty from its charge over the way to its booking", () => {
      const bounty = message(1, { kind: 1, payload: words(0n, 7n, 1_000n) });
      const supply = { totalSupplyWei: SUPPLY };
      const onTheWay = makeLedger([books(1n, ERA_A, { ...supply, lanes: [lane(2n, [bounty])] }), books(2n, ERA_B, {})]);
      expect([onTheWay.total.inFlight, onTheWay.difference]).to.deep.equal([1_000n * UNIT, 0n]);
      const swept = {
        totalSupplyWei: SUPPLY - 1_000n * UNIT,
        lanes: [lane(2n, [bounty], { sweptBountiesWei: 1_000n * UNIT })],
      };
      const booked = makeLedger([
        books(1n, ERA_A, swept),
        books(2n, ERA_B, { bounties: 1_000n, delivered: new Set([bounty.sendId]) }),
      ]);
      expect([booked.total.inFlight, booked.total.bounties, booked.difference]).to.deep.equal([0n, 1_000n * UNIT, 0n]);
    });

    it("keeps what fast deliveries cost apart, and names every other wei that is too many", () => {
      const home = books(1n, ERA_A, { totalSupplyWei: SUPPLY });
      const lost = makeLedger([home, books(2n, ERA_B, { earned: 3n, feesOfLost: 3n })]);
      expect([lost.total.lostToFast, lost.difference]).to.deep.equal([3n * UNIT, 0n]);
      const forged = makeLedger([home, books(2n, ERA_B, { totalSupplyWei: 1n })]);
      expect(forged.difference).to.equal(1n);
    });
  });

  describe("readLedger, on rollups", () => {
    let network: LocalNetwork;
    let sources: LedgerSource[] = [];

    before(async () => {
      const prices = {
        basePrice: 2_000n,
        pricePerByte: 5_000n,
        pricePerKGas: 20_000n,
        fundShare: 100n,
        burnShare: 50n,
      };
      network = await startLocalNetwork(2, { prices });
      sources = await Promise.all(
        network.nodes.map(async ({ name, chainId, url }) => {
          const { gateway, era, feeController, guardianSet } = network.metalayer.rollup(BigInt(chainId));
          const at = async (contract: { getAddress(): Promise<string> }): Promise<Address> =>
            (await contract.getAddress()) as Address; // CAST: ethers gives addresses.
          const contracts = {
            ...{ gateway: await at(gateway), era: await at(era) },
            ...{ feeController: await at(feeController), guardianSet: await at(guardianSet) },
          };
          const endpoints = [createEndpoint({ url })];
          const pool = createPool({ rollup: name, chainId: BigInt(chainId), blockTimeMs: 1_000, endpoints });
          return { pool, contracts, fromBlock: 0 };
        }),
      );
    });

    after(async () => {
      sources.forEach(({ pool }) => pool.close());
      await network.close();
    });

    const difference = async (): Promise<bigint> => (await readLedger(sources)).difference;

    it("adds up to the wei through credit, messages, transfers, bounties, sweeps and withdrawals", async () => {
      const [a, b] = [network.metalayer.rollup(8101n), network.metalayer.rollup(8102n)];
      const user = await a.signer.getAddress();
      await (await a.era.approve(a.feeController, parseEther("10"))).wait();
      await (await a.feeController.buyCredit(user, parseEther("10"))).wait();
      expect(await difference(), "credit").to.equal(0n);
      const { sendId } = await network.metalayer.client.send({
        from: 8101n,
        to: 8102n,
        recipient: user,
        payload: "0x12",
      });
      await (await a.gateway.requestRelay(8102n, 0n, sendId, 5_000_000n, user)).wait();
      await (await a.era.crosschainTransfer(await b.interop(user), parseEther("7"))).wait();
      expect(await difference(), "all on its way").to.equal(0n);
      await network.metalayer.deliver();
      const delivered = await readLedger(sources);
      expect([delivered.difference, delivered.total.bounties > 0n, delivered.total.inFlight > 0n]).to.deep.equal([
        ...[0n, true, true],
      ]);
      await (await a.feeController.sweep(8102n)).wait();
      await (await b.feeController.withdraw(1n, user)).wait();
      expect(await difference(), "swept and withdrawn").to.equal(0n);
    });

    it("finds a single wei that was never minted on home", async () => {
      const [node, source] = [network.nodes[1], sources[1]];
      const era = network.metalayer.rollup(8102n).era;
      const from = source?.contracts.feeController ?? "0x";
      await node?.rpc("anvil_setBalance", from, toQuantity(parseEther("1")));
      await node?.rpc("anvil_impersonateAccount", from);
      const data = era.interface.encodeFunctionData("mint", [ERA_A, 1n]);
      const transaction = { from, to: await era.getAddress(), data };
      if (node !== undefined) await receiptOf(node, await node.rpc("eth_sendTransaction", transaction));
      expect(await difference()).to.equal(1n);
    });
  });
});
