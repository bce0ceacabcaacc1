import { keccak256 } from "ethers";
import { network } from "hardhat";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import {
  buildLeg,
  buildProposal,
  legCall,
  type Ballot,
  type CodeBinding,
  type GovernanceCall,
  type Leg,
  type Proposal,
} from "../../sdk/src/governance.ts";
import { createNetwork, type TestNetwork, type TestRollup } from "../../sdk/src/testkit/index.ts";
import { addressOf } from "./economy.ts";
import { ERA, DAY } from "./votes.ts";

export const MILLION = 1_000_000n * ERA;
export const DELAY = 2n * DAY;
/** Test networks have a quorum of one percent, 10,000,000, of which each of the other rollups may bring a third. */
export const CEILING = 3_333_000n * ERA;
export const PRICES = {
  basePrice: 4_321n,
  pricePerByte: 1n,
  pricePerKGas: 1n,
  fundShare: 100n,
  burnShare: 50n,
  maxGasLimit: 1_024_000n,
};

/** Three rollups on which one holder has deposited: 8 million on home, 2 on B, 2 on C, there under a term. */
export async function decidingNetwork() {
  const connections = [];
  for (const name of ["rollupA", "rollupB", "rollupC"] as const) connections.push(await network.create(name));
  const net = await createNetwork({ rollups: connections });
  const [home, b, c] = net.rollups as [TestRollup, TestRollup, TestRollup]; // CAST: three were asked for
  const holder = await home.signer.getAddress();
  for (const spoke of [b, c]) await home.era.crosschainTransfer(await spoke.interop(holder), 2n * MILLION);
  await net.deliverAll();
  for (const [rollup, amount] of [
    [home, 8n * MILLION],
    [b, 2n * MILLION],
    [c, 2n * MILLION],
  ] as const) {
    await rollup.era.approve(rollup.eraVotes, amount);
    await rollup.eraVotes.deposit(amount);
  }
  const period = await c.eraVotes.period();
  const now = BigInt((await c.provider.getBlock("latest"))?.timestamp ?? 0);
  await c.eraVotes.lock(2n * MILLION, (now / period + 3n) * period);
  return { net, home, b, c, spokes: [b, c] as const, connections };
}

/** What changes the price of messages from a rollup to both others. */
async function priceCalls({ rollups }: TestNetwork, rollup: TestRollup): Promise<GovernanceCall[]> {
  const target = await addressOf(rollup.feeController);
  return rollups
    .filter((other) => other !== rollup)
    .map(({ chainId }) => ({
      target,
      data: rollup.feeController.interface.encodeFunctionData("setPrices", [chainId, PRICES]) as Hex, // CAST: hex
    }));
}

async function bindings(rollup: TestRollup, accounts: readonly Address[]): Promise<CodeBinding[]> {
  const codes = await Promise.all(accounts.map((account) => rollup.provider.getCode(account)));
  // CAST: a hash
  return accounts.map((account, index) => ({ account, codeHash: keccak256(codes[index] ?? "0x") as Hex }));
}

async function legFor(net: TestNetwork, rollup: TestRollup): Promise<Leg> {
  const calls = await priceCalls(net, rollup);
  const now = BigInt((await rollup.provider.getBlock("latest"))?.timestamp ?? 0);
  return buildLeg({
    chainId: rollup.chainId,
    timelock: await addressOf(rollup.rollupTimelock),
    calls,
    bindings: await bindings(rollup, [await addressOf(rollup.feeController)]),
    expiry: now + 60n * DAY,
    delay: DELAY,
  });
}

/** One proposal for the prices of all three rollups. */
export async function priceProposal(net: TestNetwork): Promise<{ proposal: Proposal; legs: readonly [Leg, Leg] }> {
  const [home, b, c] = net.rollups as [TestRollup, TestRollup, TestRollup]; // CAST: three rollups
  const legs = [await legFor(net, b), await legFor(net, c)] as const;
  const gateway = await addressOf(home.gateway);
  const sends = [
    legCall(gateway, await addressOf(b.governanceExecutor), legs[0]),
    legCall(gateway, await addressOf(c.governanceExecutor), legs[1]),
  ];
  const now = BigInt((await home.provider.getBlock("latest"))?.timestamp ?? 0);
  const input = {
    chainId: home.chainId,
    timelock: await addressOf(home.rollupTimelock),
    calls: [...(await priceCalls(net, home)), ...sends],
    bindings: await bindings(home, [await addressOf(home.feeController), gateway]),
    expiry: now + 60n * DAY,
  };
  return { proposal: buildProposal(await addressOf(home.eraGovernor), input, "new prices"), legs };
}

export const argsOf = ({ targets, values, payloads }: Proposal): [Address[], bigint[], Hex[]] => [
  [...targets],
  [...values],
  [...payloads],
];

export async function pass(net: TestNetwork, seconds: bigint): Promise<void> {
  for (const rollup of net.rollups) await rollup.passTime(Number(seconds));
}

/** Proposes, and lets the day pass until votes count. */
export async function open(net: TestNetwork, proposal: Proposal): Promise<Ballot> {
  const [{ eraGovernor: governor }] = net.rollups as [TestRollup]; // CAST: home
  await governor.propose(...argsOf(proposal), proposal.description);
  await pass(net, DAY + 10n);
  const [proposalId, snapshot, votesUntil] = await governor.ballot(proposal.proposalId);
  return { proposalId, snapshot, votesUntil };
}
