import { getCreateAddress, keccak256, ZeroAddress, type Signer } from "ethers";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import { buildProposal, type CodeBinding, type GovernanceCall, type Proposal } from "../../sdk/src/governance.ts";
import {
  EraGovernor__factory,
  RollupTimelock__factory,
  type DaoGovernor,
  type EraGovernor,
  type RollupTimelock,
} from "../../typechain-types/index.js";
import { addressOf } from "./economy.ts";
import type { Rollup } from "./rollup.ts";
import { DAY, deployVotes, ERA, type VotesFixture } from "./votes.ts";

export const DELAY = 2n * DAY;
export const TERMS = {
  votingDelay: DAY,
  votingPeriod: 5n * DAY,
  tallyWindow: DAY,
  proposalThreshold: 10n ** 18n,
  /** One percent of all ERA: 10,000,000. */
  quorum: 100n,
};
export const QUORUM = 10_000_000n * 10n ** 18n;
/** OpenZeppelin's numbers. */
export const PROPOSAL_STATE = {
  pending: 0n,
  active: 1n,
  canceled: 2n,
  defeated: 3n,
  succeeded: 4n,
  queued: 5n,
  executed: 7n,
};
export const SPOKE = 8102n;
export const CEILING = 3_333n;

export interface GovernorFixture extends VotesFixture {
  readonly governor: EraGovernor;
  readonly timelock: RollupTimelock;
  readonly canceller: Signer;
  /** An account that stands for the gateway. */
  readonly gateway: Signer;
  /** The account that stands for the collector on {@link SPOKE}. */
  readonly collector: Address;
  readonly proposals: Proposals;
}

/** Governor, timelock and deposits of home; gateway and collector are accounts. */
export async function deployGovernor(change: Partial<typeof TERMS> = {}): Promise<GovernorFixture> {
  const votes = await deployVotes("rollupA");
  const { rollup } = votes;
  const signers = await rollup.ethers.getSigners();
  const [gateway, canceller, collector] = signers.slice(10);
  if (!gateway || !canceller || !collector) throw new Error("not enough accounts");
  const from = rollup.deployer.address;
  const governorAddress = getCreateAddress({ from, nonce: (await rollup.deployer.getNonce()) + 1 });
  const timelock = await new RollupTimelock__factory(rollup.deployer).deploy(DELAY, governorAddress, canceller);
  const spokes = [{ chainId: SPOKE, collector: await collector.getAddress(), ceiling: CEILING }];
  const governor = await new EraGovernor__factory(rollup.deployer).deploy(
    gateway,
    timelock,
    votes.votes,
    { ...TERMS, ...change },
    spokes,
    ZeroAddress,
  );
  const proposals = new Proposals(rollup, governor, timelock);
  return { ...votes, governor, timelock, canceller, gateway, collector: await addressOf(collector), proposals };
}

/** {@link deployGovernor} with a holder of twice the quorum and a small one, both deposited, and a call to decide about. */
export async function deployVote(change?: Partial<typeof TERMS>) {
  const deployed = await deployGovernor(change);
  const { holders, era, votes, governor, rollup } = deployed;
  const [whale, small] = holders as [Signer, Signer]; // CAST: four were asked for
  await era.transfer(whale, 20_000_000n * ERA);
  await votes.connect(whale).deposit(20_000_000n * ERA);
  await votes.connect(small).deposit(1_000n * ERA);
  const setThreshold = {
    target: await addressOf(governor),
    data: governor.interface.encodeFunctionData("setProposalThreshold", [5n * ERA]) as Hex, // CAST: ethers returns hex
  };
  const { time } = rollup.networkHelpers;
  return { ...deployed, whale, small, setThreshold, time };
}

/** Takes proposals through their life on home. */
export class Proposals {
  #count = 0;

  constructor(
    readonly rollup: Rollup,
    readonly governor: EraGovernor | DaoGovernor,
    readonly timelock: RollupTimelock,
  ) {}

  async bindings(accounts: readonly Address[]): Promise<CodeBinding[]> {
    const { provider } = this.rollup.ethers;
    const codes = await Promise.all(accounts.map((account) => provider.getCode(account)));
    // CAST: a hash
    return accounts.map((account, index) => ({ account, codeHash: keccak256(codes[index] ?? "0x") as Hex }));
  }

  async build(
    calls: readonly GovernanceCall[],
    also: readonly Address[] = [],
    validity = 60n * DAY,
  ): Promise<Proposal> {
    const { chainId } = await this.rollup.ethers.provider.getNetwork();
    const bindings = await this.bindings([...calls.map(({ target }) => target), ...also]);
    const expiry = BigInt(await this.rollup.networkHelpers.time.latest()) + validity;
    const timelock = await addressOf(this.timelock);
    const home = { chainId, timelock, calls, bindings, expiry };
    return buildProposal(await addressOf(this.governor), home, `proposal ${this.#count++}`);
  }

  propose(by: Signer, { targets, values, payloads, description }: Proposal) {
    return this.governor.connect(by).propose([...targets], [...values], [...payloads], description);
  }

  queue({ targets, values, payloads, descriptionHash }: Proposal) {
    return this.governor.queue([...targets], [...values], [...payloads], descriptionHash);
  }

  execute({ targets, values, payloads, descriptionHash }: Proposal) {
    return this.governor.execute([...targets], [...values], [...payloads], descriptionHash);
  }

  /** Goes to the first moment in which votes count. */
  async open({ proposalId }: Proposal): Promise<void> {
    await this.rollup.networkHelpers.time.increaseTo((await this.governor.proposalSnapshot(proposalId)) + 1n);
  }

  async close({ proposalId }: Proposal): Promise<void> {
    await this.rollup.networkHelpers.time.increaseTo((await this.governor.proposalDeadline(proposalId)) + 1n);
  }

  /** Proposes, lets `by` vote for it, queues it and waits for the delay. */
  async pass(by: Signer, proposal: Proposal): Promise<void> {
    await this.propose(by, proposal);
    await this.open(proposal);
    await this.governor.connect(by).castVote(proposal.proposalId, 1);
    await this.close(proposal);
    await this.queue(proposal);
    await this.rollup.networkHelpers.time.increase(DELAY);
  }
}
