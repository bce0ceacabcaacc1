import { defineConfig } from "hardhat/config";
import config from "../../hardhat.config.ts";

/** Instrumented code is longer than EIP-170 allows and must never be taken for the code that gets deployed. */
const networks = Object.fromEntries(
  Object.entries(config.networks ?? {}).map(([name, network]) => [
    name,
    network.type === "edr-simulated" ? { ...network, allowUnlimitedContractSize: true } : network,
  ]),
);

/** Hardhat's configuration for `npm run coverage`: the same compiler and tests. */
export default defineConfig({
  ...config,
  networks,
  coverage: { skipFiles: ["contracts/mocks/**"] },
});
