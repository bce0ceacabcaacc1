import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect } from "chai";
import { networkIdOf } from "../../sdk/src/deployment/addresses.ts";
import { ceilingShare, WEI_PER_ERA } from "../../sdk/src/deployment/parameters.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import { provePossession } from "../../sdk/src/possession.ts";
import { publicKey } from "../../sdk/src/schnorr.ts";
import { DEFAULT_BOUNDS, DEFAULT_GOVERNANCE, DEFAULT_LIMITS, DEFAULT_PRICES } from "../../deploy/params/defaults.ts";
import { developmentParameters } from "../../deploy/params/development.ts";
import { checkGuardians, loadParameters, parseParameters, resolveParameters } from "../../deploy/params/load.ts";
import type { NetworkInput } from "../../deploy/params/schema.ts";
import { artifacts } from "../helpers/deployedNetwork.ts";
import { account, changedGenesis, GENESIS, input, problemOf } from "../helpers/parameterFile.ts";

describe("deployment parameters", () => {
  it("are accepted with numbers, bigints and decimal texts, and completed by defaults", () => {
    const parameters = resolveParameters(parseParameters(input()), GENESIS);
    expect(parameters.home).to.equal(1_001n);
    expect(
      parameters.rollups.map(({ chainId, stackKind, incarnation }) => [chainId, stackKind, incarnation]),
    ).to.deep.equal([
      [1_001n, "evm", 1n],
      [1_002n, "arbitrum", 1n],
      [1_003n, "evm", 1n],
    ]);
    expect(parameters.rollups[1]?.prices).to.deep.equal(DEFAULT_PRICES);
    expect(parameters.guardians.bootstrap[0]?.key).to.deep.equal(publicKey(100n));
    expect(parameters.homeGenesisHash).to.equal(GENESIS);
  });

  it("share a ceiling among the destinations so that the shares never exceed it", () => {
    const parameters = resolveParameters(parseParameters(input()), GENESIS);
    for (const rollup of parameters.rollups) {
      const share = ceilingShare(parameters, rollup);
      expect(share % WEI_PER_ERA).to.equal(0n);
      expect(2n * share <= rollup.limits.ceiling && 2n * (share + WEI_PER_ERA) > rollup.limits.ceiling).to.equal(true);
    }
  });

  const refused: readonly [what: string, names: string, change: (given: NetworkInput) => unknown][] = [
    ["an unknown word", "timeLockDelay", (given) => ({ ...given, timeLockDelay: 1 })],
    ["a zero address", "fund", (given) => ({ ...given, fund: account(0) })],
    ["a deployer that keeps a role", "canceller", (given) => ({ ...given, canceller: given.deployer })],
    [
      "a deployer that can pause",
      "pausers",
      (given) => ({ ...given, pausers: [given.deployer.toUpperCase().replace("0X", "0x")] }),
    ],
    [
      "parts of ERA that are a wei too much",
      "genesis",
      (given) => ({ ...given, genesis: changedGenesis({ amount: 150_000_000n * WEI_PER_ERA + 1n }) }),
    ],
    [
      "parts of ERA that are a wei too little",
      "genesis",
      (given) => ({ ...given, genesis: changedGenesis({ amount: 150_000_000n * WEI_PER_ERA - 1n }) }),
    ],
    [
      "a part of two kinds",
      "genesis.0",
      (given) => ({ ...given, genesis: changedGenesis({ airdrop: { root: GENESIS, deadline: 1 } }) }),
    ],
    [
      "a reserve of rewards that vests",
      "genesis.0",
      (given) => ({ ...given, genesis: changedGenesis({ to: "guardian rewards" }) }),
    ],
    [
      "a name too long for the chain",
      "genesis.0.name",
      (given) => ({ ...given, genesis: changedGenesis({ name: "x".repeat(32) }) }),
    ],
    [
      "a notice that ends before a decision takes effect (R14)",
      "governance.notice",
      (given) => ({ ...given, governance: { ...DEFAULT_GOVERNANCE, notice: 9n * 86_400n - 1n } }),
    ],
    [
      "a tally window as long as the vote",
      "governance.tallyWindow",
      (given) => ({ ...given, governance: { ...DEFAULT_GOVERNANCE, tallyWindow: DEFAULT_GOVERNANCE.votingPeriod } }),
    ],
    [
      "a quorum below one percent",
      "governance.quorum",
      (given) => ({ ...given, governance: { ...DEFAULT_GOVERNANCE, quorum: 99 } }),
    ],
    [
      "a vote ceiling above a third (R4)",
      "defaults.limits.voteCeiling",
      (given) => ({ ...given, defaults: { ...given.defaults, limits: { ...DEFAULT_LIMITS, voteCeiling: 3_334 } } }),
    ],
    ["a deployer that keeps prices", "priceKeeper", (given) => ({ ...given, priceKeeper: given.deployer })],
    [
      "a floor of prices above its cap",
      "defaults.priceBounds.basePrice",
      (given) => ({
        ...given,
        defaults: { ...given.defaults, priceBounds: { ...DEFAULT_BOUNDS, basePrice: { floor: 2n, cap: 1n } } },
      }),
    ],
    ["no pauser", "pausers", (given) => ({ ...given, pausers: [] })],
    ["a short delay on a public network", "timelockDelay", (given) => ({ ...given, timelockDelay: 172_799 })],
    ["a home that is not there", "home", (given) => ({ ...given, home: "d" })],
    ["one rollup", "rollups", (given) => ({ ...given, rollups: { a: given.rollups["a"] } })],
    [
      "a chain id twice",
      "rollups.b.chainId",
      (given) => ({ ...given, rollups: { ...given.rollups, b: given.rollups["a"] } }),
    ],
    [
      "a chain id of 2^63",
      "rollups.a.chainId",
      (given) => ({ ...given, rollups: { ...given.rollups, a: { ...given.rollups["a"], chainId: 2n ** 63n } } }),
    ],
    [
      "a depth of 0",
      "rollups.a.finality",
      (given) => ({ ...given, rollups: { ...given.rollups, a: { ...given.rollups["a"], finality: { depth: 0 } } } }),
    ],
    [
      "fractions of ERA",
      "defaults.limits.ceiling",
      (given) => ({ ...given, defaults: { ...given.defaults, limits: { ...DEFAULT_LIMITS, ceiling: 1n } } }),
    ],
    [
      "shares of more than the fee",
      "defaults.prices",
      (given) => ({ ...given, defaults: { ...given.defaults, prices: { ...DEFAULT_PRICES, fundShare: 951n } } }),
    ],
    [
      "a gas limit that the gateway would round",
      "defaults.prices.maxGasLimit",
      (given) => ({
        ...given,
        defaults: { ...given.defaults, prices: { ...DEFAULT_PRICES, maxGasLimit: 1_000_000n } },
      }),
    ],
    [
      "a grace longer than an epoch",
      "guardians.grace",
      (given) => ({ ...given, guardians: { ...given.guardians, grace: 86_401 } }),
    ],
    [
      "an exit faster than evidence",
      "staking.unbonding",
      (given) => ({ ...given, staking: { unbonding: 608_399, evidenceWindow: 604_800 } }),
    ],
    [
      "a guardian twice",
      "guardians.bootstrap.4",
      (given) => ({
        ...given,
        guardians: { ...given.guardians, bootstrap: [...given.guardians.bootstrap, given.guardians.bootstrap[0]] },
      }),
    ],
    [
      "a guardian with a third of the weight",
      "guardians.bootstrap.0.weight",
      (given) => ({
        ...given,
        guardians: {
          ...given.guardians,
          bootstrap: given.guardians.bootstrap.map((guardian, index) =>
            index === 0 ? { ...guardian, weight: 150 } : guardian,
          ),
        },
      }),
    ],
  ];
  for (const [what, names, change] of refused) {
    it(`name what is wrong: ${what}`, () => {
      expect(problemOf(change(input()))).to.include(names);
    });
  }

  it("EXPLOITS C9: refuse a guardian whose proof is for another network, and fewer than four guardians", () => {
    const parameters = resolveParameters(parseParameters(input()), GENESIS);
    const proven = (networkId: `0x${string}`) => ({
      ...parameters,
      guardians: {
        ...parameters.guardians,
        bootstrap: parameters.guardians.bootstrap.map((guardian, index) => {
          return { ...guardian, proof: provePossession(BigInt(100 + index), networkId, guardian.operator) };
        }),
      },
    });
    const code = (given: typeof parameters): string => {
      try {
        checkGuardians(given, artifacts);
        return "none";
      } catch (error) {
        return error instanceof MetalayerError ? error.code : String(error);
      }
    };
    const networkId = networkIdOf(parameters, artifacts);
    expect(code(proven(networkId))).to.equal("none");
    expect(code(proven(networkIdOf({ ...parameters, homeGenesisHash: `0x${"22".repeat(32)}` }, artifacts)))).to.equal(
      "PARAMETERS_BAD_PROOF",
    );
    expect(code({ ...parameters, guardians: { ...parameters.guardians, bootstrap: [] } })).to.equal(
      "PARAMETERS_TOO_FEW_GUARDIANS",
    );
  });

  it("are made for development with proofs that hold", () => {
    const accounts = {
      deployer: account(1),
      genesisHolder: account(2),
      canceller: account(4),
      pauser: account(5),
      priceKeeper: account(7),
      fund: account(6),
    };
    const guardians = [1n, 2n, 3n, 4n].map((secretKey) => ({ operator: account(100 + Number(secretKey)), secretKey }));
    const rollups = [1n, 2n].map((chainId) => ({ name: `rollup${chainId}`, chainId, finality: "tag" as const }));
    const parameters = developmentParameters({ rollups, homeGenesisHash: GENESIS, accounts, guardians }, artifacts);
    expect(() => {
      checkGuardians(parameters, artifacts);
    }).not.to.throw();
  });

  describe("files", () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "metalayer-parameters-"));
    after(() => {
      rmSync(folder, { recursive: true, force: true });
    });
    const written = (name: string, text: string): string => {
      writeFileSync(path.join(folder, name), text);
      return path.join(folder, name);
    };
    const code = async (file: string): Promise<string> =>
      loadParameters(file).then(
        () => "none",
        (error: unknown) => (error instanceof MetalayerError ? error.code : String(error)),
      );

    it("may be JSON or a module", async () => {
      const text = JSON.stringify(input(), (_, value: unknown) =>
        typeof value === "bigint" ? value.toString() : value,
      );
      expect((await loadParameters(written("good.json", text))).rollups["b"]?.chainId).to.equal(1_002n);
      expect((await loadParameters(written("good.mjs", `export default ${text}`))).home).to.equal("a");
    });

    it("that are missing, broken or of another kind get a clear error", async () => {
      expect(await code(path.join(folder, "none.json"))).to.equal("PARAMETERS_INVALID");
      expect(await code(written("broken.json", "{"))).to.equal("PARAMETERS_INVALID");
      expect(await code(written("broken.mjs", "throw new Error('x')"))).to.equal("PARAMETERS_INVALID");
      expect(await code(written("empty.mjs", "export const other = 1"))).to.equal("PARAMETERS_INVALID");
    });
  });
});
