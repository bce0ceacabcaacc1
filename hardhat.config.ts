import { createRequire } from "node:module";
import path from "node:path";
import toolbox from "@nomicfoundation/hardhat-toolbox-mocha-ethers";
import { configVariable, defineConfig } from "hardhat/config";

const require = createRequire(import.meta.url);

/** Settings that decide the bytecode. Changing one changes every address that depends on code, and the gas table. */
const compiler = {
  version: "0.8.37",
  path: require.resolve("solc/soljson.js"),
  settings: {
    evmVersion: "prague",
    viaIR: true,
    optimizer: { enabled: true, runs: 200 },
    // Code that hashes its sources and settings would differ between a full and an incremental build, and every address with it.
    metadata: { bytecodeHash: "none" },
    outputSelection: { "*": { "*": ["storageLayout"] } },
  },
};

/** Independent in-process rollups. Tests open as many as they need with `network.create()`. */
const simulated = Object.fromEntries(
  [8101, 8102, 8103, 8104].map((chainId, index) => [
    `rollup${"ABCD"[index]}`,
    { type: "edr-simulated" as const, chainId, hardfork: "prague" },
  ]),
);

/** Public test networks. URLs and keys come from Hardhat's keystore or from the environment, never from this file. */
const testnets = Object.fromEntries(
  Object.entries({
    opSepolia: 11155420,
    baseSepolia: 84532,
    arbitrumSepolia: 421614,
    zksyncSepolia: 300,
    polygonCdkTestnet: 2442,
  }).map(([name, chainId]) => {
    const variable = name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
    return [
      name,
      {
        type: "http" as const,
        chainId,
        url: configVariable(`${variable}_RPC_URL`),
        accounts: [configVariable("DEPLOYER_KEY")],
      },
    ];
  }),
);

/** Rollups that parameter files bring along with a URL of their own. */
const local = { type: "http" as const, url: "http://127.0.0.1:8545", accounts: [configVariable("DEPLOYER_KEY")] };

export default defineConfig({
  plugins: [toolbox],
  solidity: {
    profiles: { default: compiler, production: compiler },
    npmFilesToBuild: [
      "@openzeppelin/contracts/access/manager/AccessManager.sol",
      "@openzeppelin/contracts/finance/VestingWallet.sol",
      "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol",
    ],
  },
  networks: { ...simulated, ...testnets, local },
  paths: { ignition: "deploy", tests: { mocha: "test", solidity: "test" } },
  typechain: { outDir: path.join(import.meta.dirname, "typechain-types") },
  test: {
    mocha: { timeout: 120_000 },
    solidity: {
      fuzz: { runs: Number(process.env["METALAYER_FUZZ_RUNS"] ?? 1_000), seed: "0x4d6574616c61796572" },
      invariant: { runs: 64, depth: 100, failOnRevert: true },
    },
  },
});
