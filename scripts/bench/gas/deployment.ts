import type { GasRow, Subject } from "./row.ts";

/** All transactions that bring up the core, the 4 guardians' registration included. */
export const deployment: Subject = {
  title: "Deployment of the core with 4 guardians",
  async rows(networks) {
    const { home, other } = await networks(4);
    const peer = "Hyperlane core 28.6 M";
    return [
      { name: "deployment on home", gas: Number(home.deployment.gas), budget: 38_000_000 },
      { name: "deployment on another rollup", gas: Number(other.deployment.gas), budget: 25_000_000, peer },
    ] satisfies GasRow[];
  },
};
