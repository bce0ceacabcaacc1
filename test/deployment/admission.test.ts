import { expect } from "chai";
import { ZeroHash, type Signer } from "ethers";
import type { Address } from "../../sdk/src/bytes.ts";
import { admissionProposal, type AdmissionSite } from "../../sdk/src/deployment/admission.ts";
import { inspectRollup } from "../../sdk/src/deployment/inspect.ts";
import type { NetworkParameters } from "../../sdk/src/deployment/parameters.ts";
import { planRollup } from "../../sdk/src/deployment/plan.ts";
import { providerReader } from "../../sdk/src/deployment/view.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import type { Proposal } from "../../sdk/src/governance.ts";
import { readProposal, type SentLeg } from "../../sdk/src/proposalRead.ts";
import {
  Era__factory,
  EraGovernor__factory,
  EraVotes__factory,
  GovernanceExecutor__factory,
  GuardianSet__factory,
} from "../../typechain-types/index.js";
import { artifacts, deployOn, namesOf, openNetwork, type DeployedRollup } from "../helpers/deployedNetwork.ts";
import { interop } from "../helpers/network.ts";
import type { Rollup } from "../helpers/rollup.ts";
import { ERA } from "../helpers/votes.ts";

const NEWCOMER = 8103n;
const DEPOSIT = 800_000_000n * ERA;
const FOR = 1;

/** Two rollups that know each other, and a third that is deployed nowhere yet. */
async function fixture() {
  const { rollups, parameters } = await openNetwork(["rollupA", "rollupB", "rollupC"]);
  const before: NetworkParameters = { ...parameters, rollups: parameters.rollups.slice(0, 2) };
  const [a, b, c] = rollups as [Rollup, Rollup, Rollup]; // CAST: three were asked for
  const old = [await deployOn(a, before), await deployOn(b, before)] as const;
  const sites = await Promise.all([a, b, c].map((rollup) => siteOf(rollup, parameters)));
  return { parameters, a, b, c, old, sites };
}

async function siteOf(rollup: Rollup, parameters: NetworkParameters): Promise<AdmissionSite> {
  const { chainId } = await rollup.ethers.provider.getNetwork();
  return { plan: planRollup(parameters, chainId, artifacts), reader: providerReader(rollup.ethers.provider) };
}

async function signAs({ networkHelpers, ethers }: Rollup, account: Address): Promise<Signer> {
  await networkHelpers.impersonateAccount(account);
  await networkHelpers.setBalance(account, 10n ** 20n);
  return ethers.getSigner(account);
}

/** The holder of most ERA deposits it, proposes, votes, and has home's part executed. */
async function decide({ rollup, plan }: DeployedRollup, holder: Address, proposal: Proposal): Promise<void> {
  const { time } = rollup.networkHelpers;
  const { addresses, parameters } = plan;
  const signer = await signAs(rollup, holder);
  await Era__factory.connect(addresses.Era, signer).approve(addresses.EraVotes, DEPOSIT);
  await EraVotes__factory.connect(addresses.EraVotes, signer).deposit(DEPOSIT);
  await time.increase(10);
  const governor = EraGovernor__factory.connect(addresses.EraGovernor, signer);
  const calls: [string[], bigint[], string[]] = [[...proposal.targets], [...proposal.values], [...proposal.payloads]];
  await governor.propose(...calls, proposal.description);
  await time.increaseTo((await governor.proposalSnapshot(proposal.proposalId)) + 1n);
  await governor.castVote(proposal.proposalId, FOR);
  await time.increaseTo((await governor.proposalDeadline(proposal.proposalId)) + 1n);
  await governor.queue(...calls, proposal.descriptionHash);
  await time.increase(parameters.timelockDelay);
  await governor.execute(...calls, proposal.descriptionHash);
}

/** Hands a leg to its rollup as the gateway does, and executes it after its delay. */
async function arrive({ rollup, plan }: DeployedRollup, home: DeployedRollup, leg: SentLeg): Promise<void> {
  const gateway = await signAs(rollup, plan.addresses.MetalayerGateway);
  const sender = interop({ chainId: home.plan.rollup.chainId }, home.plan.addresses.RollupTimelock);
  await GovernanceExecutor__factory.connect(leg.executor, gateway).receiveMessage(ZeroHash, sender, leg.schedule);
  await rollup.networkHelpers.time.increase(leg.delay);
  await rollup.stranger.sendTransaction({ to: leg.timelock, data: leg.execute });
}

async function expectCode(task: Promise<unknown>, code: string): Promise<void> {
  const found = await task.then(
    () => "done",
    (error: unknown) => (error instanceof MetalayerError ? error.code : String(error)),
  );
  expect(found).to.equal(code);
}

describe("admission of a rollup by vote", () => {
  it("is one proposal with a leg for every old rollup; executed, all is as the parameters say, and nothing was done by hand", async () => {
    const { parameters, c, old, sites } = await fixture();
    await deployOn(c, parameters);
    const { proposal, changes } = await admissionProposal(sites, NEWCOMER, "Admit rollup 8103");
    expect(changes.map(({ chainId }) => chainId)).to.deep.equal([8101n, 8102n]);
    for (const { differences } of changes) {
      expect(namesOf(differences)).to.include.members([
        "RollupRegistry.rollup(8103).status",
        "Era.source(8103).counterpart",
      ]);
    }
    const { home, legs } = readProposal(old[0].plan.addresses.MetalayerGateway, proposal);
    expect([home.calls.length > 3, legs.map(({ chainId }) => chainId)]).to.deep.equal([true, [8102n]]);

    await decide(old[0], parameters.genesis[0]?.to as Address, proposal); // CAST: the first part goes to an account
    for (const leg of legs) await arrive(old[1], old[0], leg);
    for (const { rollup, plan } of old) {
      // The tables' time has passed meanwhile; anyone forms the next.
      await GuardianSet__factory.connect(plan.addresses.GuardianSet, rollup.stranger).rotate();
    }
    for (const { plan, reader } of sites) {
      expect(namesOf((await inspectRollup(plan, reader)).differences), String(plan.rollup.chainId)).to.deep.equal([]);
    }
    await expectCode(admissionProposal(sites, NEWCOMER, "again"), "ADMISSION_NOTHING");
  });

  it("asks for the newcomer's deployment first, and refuses what no decision can change", async () => {
    const { parameters, a, c, sites } = await fixture();
    await expectCode(admissionProposal(sites, NEWCOMER, "too early"), "ADMISSION_NOT_DEPLOYED");
    await deployOn(c, parameters);
    await expectCode(admissionProposal(sites.slice(1), NEWCOMER, "without home"), "ADMISSION_NOT_DEPLOYED");
    const canceller = parameters.deployer;
    const others = { ...parameters, genesis: parameters.genesis.map((part) => ({ ...part, to: canceller })) };
    const known = { ...others, rollups: others.rollups.slice(0, 2) };
    await expectCode(admissionProposal([await siteOf(a, known)], NEWCOMER, "another beginning"), "ADMISSION_BEYOND");
  });
});
