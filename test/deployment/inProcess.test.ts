import { expect } from "chai";
import { deployRollup } from "../../sdk/src/deployment/execute.ts";
import { inspectRollup } from "../../sdk/src/deployment/inspect.ts";
import { planRollup } from "../../sdk/src/deployment/plan.ts";
import { providerReader } from "../../sdk/src/deployment/view.ts";
import { loadArtifacts } from "../../deploy/artifacts.ts";
import { openRollup, type RollupName } from "../helpers/rollup.ts";
import { testParameters } from "../helpers/deployment.ts";

const artifacts = loadArtifacts(process.cwd());

describe("deployment in one process", () => {
  it("works", async () => {
    const names: RollupName[] = ["rollupA", "rollupB", "rollupC"];
    const rollups = await Promise.all(names.map((name) => openRollup(name)));
    const [home] = rollups;
    if (!home) throw new Error();
    const homeGenesisHash = (await home.ethers.provider.getBlock(0))?.hash ?? "";
    const parameters = testParameters(artifacts, {
      deployer: home.deployer.address,
      homeGenesisHash,
      chainIds: [8101n, 8102n, 8103n],
    });
    for (const rollup of rollups) {
      const plan = planRollup(parameters, (await rollup.ethers.provider.getNetwork()).chainId, artifacts);
      const start = Date.now(); (globalThis as any).GAS=[];
      const { gas, transactions } = await deployRollup(plan, rollup.deployer);
      console.log(plan.rollup.name, gas, transactions, Date.now() - start);
      const { differences } = await inspectRollup(plan, providerReader(rollup.ethers.provider));
      console.log(differences,(globalThis as any).GAS);
      for (const c of plan.contracts) console.log(c.name, (c.initCode.length - 2) / 2);
    }
    expect(1).to.equal(1);
  });
});
