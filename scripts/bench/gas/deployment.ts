import type { DeploymentCost } from "../../../sdk/src/deployment/execute.ts";
import type { GasRow, Subject } from "./row.ts";

/** All transactions that bring up a rollup, the 4 guardians' registration included, and of them those that place services. */
export const deployment: Subject = {
  title: "Deployment of the core with 4 guardians",
  async rows(networks) {
    const { home, other } = await networks(4);
    const peer = "Hyperlane core 28.6 M";
    return [
      { name: "deployment on home", gas: coreOf(home.deployment), budget: 38_000_000 },
      { name: "deployment on another rollup", gas: coreOf(other.deployment), budget: 25_000_000, peer },
      { name: "deployment of the services upon it, on each rollup", gas: Number(other.deployment.servicesGas) },
    ] satisfies GasRow[];
  },
};

function coreOf({ gas, servicesGas }: DeploymentCost): number {
  return Number(gas - servicesGas);
}
