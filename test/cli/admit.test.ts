import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect } from "chai";
import { DEFAULT_LIMITS, DEFAULT_PRICES, oneHolder } from "../../deploy/params/defaults.ts";
import { loadParameters, resolveParameters } from "../../deploy/params/load.ts";
import { deployNetwork } from "../../deploy/run.ts";
import type { Anvil } from "../../scripts/devnet/anvil.ts";
import { toJson } from "../../scripts/cli/output.ts";
import { predictAddresses, networkIdOf } from "../../sdk/src/deployment/addresses.ts";
import type { NetworkParameters } from "../../sdk/src/deployment/parameters.ts";
import { provePossession } from "../../sdk/src/possession.ts";
import { publicKey } from "../../sdk/src/schnorr.ts";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import { devKey, genesisHash, startNodes, targetsOf } from "../helpers/anvilNetwork.ts";
import { artifacts } from "../helpers/deployedNetwork.ts";
import { ERA } from "../helpers/votes.ts";
import { failureOf, run, runJson } from "./run.ts";

const CHAIN_IDS = [8_101n, 8_102n, 8_103n];
const NAMES = ["rollupA", "rollupB", "rollupC"];
const PACE = { confirmations: 1, pollingMs: 20, inFlight: 32 };
const HOLDER = ["--account", "1"];

const account = (index: number): Address => devKey(index).address as Address; // CAST: ethers returns an address

describe("command line: admit", () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "metalayer-admit-"));
  let nodes: readonly Anvil[] = [];
  let [withTwo, withThree, description] = ["", "", ""];

  before(async () => {
    nodes = await startNodes(CHAIN_IDS);
    withTwo = await parameterFile(2);
    withThree = await parameterFile(3);
    await deploy(withTwo, [0, 1]);
  });

  after(async () => {
    await Promise.all(nodes.map((node) => node.stop()));
    rmSync(folder, { recursive: true, force: true });
  });

  /** Parameters that name so many of the rollups, with guardians that prove their keys for this network. */
  async function parameterFile(count: number): Promise<string> {
    const file = path.join(folder, `parameters-${count}.json`);
    const write = (bootstrap: readonly object[]): void => {
      const rollups: Record<string, object> = {};
      for (const [index, { url, chainId }] of nodes.slice(0, count).entries())
        rollups[NAMES[index] ?? ""] = { chainId, url, stack: "op", finality: "tag" };
      writeFileSync(file, toJson({ ...COMMON, guardians: { ...GUARDIANS, bootstrap }, rollups }));
    };
    write([]);
    const networkId = networkIdOf(await parametersOf(file), artifacts);
    write(
      [5, 6, 7, 8].map((index) => {
        const { x, y } = publicKey(BigInt(index));
        const proof = provePossession(BigInt(index), networkId, account(index));
        return { operator: account(index), key: { x, y }, proof, weight: 1_000, expiry: 2n ** 40n };
      }),
    );
    return file;
  }

  async function parametersOf(file: string): Promise<NetworkParameters> {
    const [home] = nodes;
    if (home === undefined) throw new Error("nodes run");
    return resolveParameters(await loadParameters(file), (await genesisHash(home)) as Hex); // CAST: a hash
  }

  /** Deploys on these rollups by the parameters of a file, and describes all that stand. */
  async function deploy(file: string, indexes: readonly number[]): Promise<void> {
    const parameters = await parametersOf(file);
    const targets = await targetsOf(
      indexes.flatMap((index) => nodes[index] ?? []),
      devKey(0).key,
    );
    const given = { parameters, artifacts, targets, folder: path.join(folder, "journals"), pace: PACE };
    const { failed, rollups } = await deployNetwork(given);
    await Promise.all(targets.map((target) => target.close()));
    expect([failed, rollups.flatMap(({ problems }) => problems)]).to.deep.equal([[], []]);
    const described = parameters.rollups.map(({ name, chainId }, index) => {
      const contracts = predictAddresses(parameters, chainId, artifacts);
      return { name, chainId: Number(chainId), rpc: [nodes[index]?.url], contracts };
    });
    description = path.join(folder, `network-${described.length}.json`);
    writeFileSync(description, toJson({ rollups: described }));
  }

  const admit = (...more: readonly string[]): readonly string[] => {
    return ["admit", "rollupC", "--params", withThree, "--network", description, ...HOLDER, ...more];
  };

  it("asks for the new rollup's deployment first, and for a rollup that the parameters name", async () => {
    expect((await failureOf(...admit("--dry-run"))).code).to.equal("ADMISSION_NOT_DEPLOYED");
    const unknown = ["admit", "rollupX", "--params", withThree, "--network", description];
    expect((await failureOf(...unknown)).code).to.equal("CLI_UNKNOWN_ROLLUP");
  });

  it("proposes what connects the new rollup to all others, and shows it setting by setting and call by call", async () => {
    await deploy(withThree, [2]);
    const deposit = ["lock", "deposit", "--on", "rollupA", "--amount", "5000", "--network", description, ...HOLDER];
    expect((await run(...deposit)).code).to.equal(0);
    await nodes[0]?.rpc("evm_increaseTime", 10);
    await nodes[0]?.rpc("evm_mine");
    const { out, code, err } = await run(...admit("--dry-run"));
    expect(code, err).to.equal(0);
    expect(out).to.contain("RollupRegistry.rollup(8103).status").and.to.contain("RollupRegistry.admit(");
    expect(out).to.contain("Nothing was sent");
    interface Proposed {
      readonly proposed: boolean;
      readonly home: { readonly calls: readonly object[] };
      readonly legs: readonly { readonly rollup: string; readonly calls: readonly object[] }[];
    }
    const { result } = await runJson<Proposed>(...admit());
    expect([result.proposed, result.legs.map(({ rollup }) => rollup)]).to.deep.equal([true, ["rollupB"]]);
    expect(result.home.calls.length > 3 && (result.legs[0]?.calls.length ?? 0) > 3).to.equal(true);
  });
});

const GUARDIANS = { epochLength: 2_000_000, grace: 1_000, minimumWeight: 1_000, floor: 1_000 };
const COMMON = {
  environment: "development",
  salt: "admission",
  deployer: account(0),
  home: "rollupA",
  genesis: oneHolder(account(1)),
  governance: {
    votingDelay: 60,
    votingPeriod: 600,
    tallyWindow: 120,
    proposalThreshold: ERA,
    quorum: 100,
    notice: 3_600,
    lockPeriod: 600,
  },
  canceller: account(2),
  pausers: [account(3)],
  fund: account(4),
  timelockDelay: 60,
  anchorHeartbeat: 10,
  staking: { unbonding: 12_000, evidenceWindow: 6_000 },
  slashing: { fraction: 1_000_000, reporterShare: 50_000, incidentDelay: 100, foreignFreeze: 120, fastSuspension: 120 },
  defaults: { prices: DEFAULT_PRICES, limits: DEFAULT_LIMITS },
};
